"""`troupe payouts stripe-account`: who says from which Stripe account payments are made."""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import Role
from store import rail_stops
from store.tables import RailAccount
from tests.builders import NOW
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books, password

__all__ = ["books", "connected", "password", "troupe"]

SHOW = ("payouts", "stripe-account")
AS = ("--as", "fin@brand.example")


def used(books: Books, *places: str) -> None:
    """A first key said of which account it is, and payments stand still."""

    async def write(db: AsyncSession) -> None:
        for place in places:
            db.add(RailAccount(place=place, number=1, account_id=f"acct_first_{place}", since=NOW))
        await rail_stops.stop(db, "this is a key of another account", "mark", NOW)

    books.run(write)


async def stopped(db: AsyncSession) -> bool:
    return await rail_stops.current(db) is not None


@pytest.mark.usefixtures("password")
def test_a_person_says_that_it_is_another_account_and_payments_go_on(
    connected: Terminal, books: Books
) -> None:
    assert "No key of Stripe has been used yet" in connected(*SHOW).out
    books.hire(Role.FINANCE)
    used(books, "live", "test")
    unclear = connected(*SHOW, "--change-to", "acct_second", *AS)
    assert (unclear.code, "which account is to change is not clear" in unclear.err) == (2, True)
    assert books.run(stopped)
    changed = connected(*SHOW, "--change-to", "acct_second", "--place", "live", *AS, "--json").json
    assert [(each["place"], each["account"], each["named_by"]) for each in changed["accounts"]] == [
        ("live", "acct_first_live", None),
        ("live", "acct_second", "fin@brand.example"),
        ("test", "acct_first_test", None),
    ]
    assert not books.run(stopped)
    shown = connected(*SHOW).out
    assert "live: acct_second since" in shown
    assert "as fin@brand.example said" in shown


@pytest.mark.usefixtures("password")
def test_nobody_else_says_so_and_nothing_else_is_taken_for_an_account(
    connected: Terminal, books: Books
) -> None:
    books.hire(Role.REVIEWER)
    used(books, "live")
    for words, why in (
        (("--change-to", "acct_second", *AS), "may not do that"),
        (("--change-to", "acct_second"), "who says so is missing"),
        (("--change-to", "sk_live_oops", *AS), "is no account of Stripe"),
    ):
        refused = connected(*SHOW, *words)
        assert (refused.code, why in refused.err) == (2, True)
    assert books.run(stopped)
