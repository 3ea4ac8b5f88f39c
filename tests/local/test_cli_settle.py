"""`troupe payouts retry` and `paid-elsewhere`: the way out of what cannot be sent, by terminal."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.inbox import ItemKind
from domain.lifecycle import Role
from local.cli_support import now
from store.tables import OtherPayment, Payout
from tests import builders
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books, password
from tests.web.rows import wait_for

__all__ = ["books", "connected", "password", "troupe"]

WHO = ("--as", "fin@brand.example", "--json")
WHY = ("--comment", "Their bank is not served.")
SEEN = "refused|amount_too_small|"


def stuck(books: Books, status: str = "held") -> str:
    """A payment that was released and that Stripe refuses, and the question what becomes of it."""

    async def make(db: AsyncSession) -> str:
        of = await builders.collaboration(db)
        payout = await builders.payout(
            db, of, status=status, hold_reason="refused", releases=1, amount_minor=15_000
        )
        if status == "held":
            await wait_for(db, ItemKind.UNPAID, payout, payout.campaign_id, seen=SEEN)
        return payout.id

    return books.run(make)


def kept(books: Books) -> list[OtherPayment]:
    async def read(db: AsyncSession) -> list[OtherPayment]:
        return list(await db.scalars(select(OtherPayment)))

    return books.run(read)


@pytest.mark.usefixtures("password")
def test_what_cannot_be_sent_is_tried_again_by_a_named_person(
    connected: Terminal, books: Books
) -> None:
    payout, person = stuck(books), books.hire(Role.FINANCE)
    other = stuck(books, status="requested")
    answer = connected("payouts", "retry", payout[:12], other, *WHO)
    assert answer.code == 2
    said = {one["payout"]: one["status"] for one in answer.json["decisions"]}
    assert said == {payout: "submitted", other: "refused"}
    [row] = [each for each in books.decisions() if each.status == "submitted"]
    assert (row.kind, row.subject_id, row.actor_id) == ("retry_payout", payout, person)
    assert row.seen == SEEN


@pytest.mark.usefixtures("password")
def test_a_payment_that_was_made_another_way_is_said_with_its_day_and_reference(
    connected: Terminal, books: Books
) -> None:
    payout, person = stuck(books), books.hire(Role.FINANCE)
    paid = (now() - timedelta(days=2)).date()
    words = ("payouts", "paid-elsewhere", payout, *WHY, *WHO)
    soon = (now() + timedelta(days=3)).date()
    wrong = {
        (): "bad_day",
        ("--on", soon.isoformat(), "--reference", "wire 7"): "bad_day",
        ("--on", paid.isoformat(), "--reference", " "): "reference_needed",
    }
    for given, code in wrong.items():
        answer = connected(*words, *given)
        assert (answer.code, answer.json["error"]["code"]) == (2, code)
    assert (books.decisions(), kept(books)) == ([], [])
    answer = connected(*words, "--on", paid.isoformat(), "--reference", "wire 7")
    assert answer.code == 0, answer.err
    [row] = books.decisions()
    [other] = kept(books)
    assert (row.kind, row.subject_id, row.actor_id) == ("settle_payout", payout, person)
    assert (row.choice["answer"], row.choice["content_id"]) == ("elsewhere", other.id)
    assert row.comment == "Their bank is not served."
    assert (other.payout_id, other.reference) == (payout, "wire 7")
    assert isinstance(paid, date)
    assert other.paid_at.date() == paid
    status = books.run(lambda db: db.get_one(Payout, payout)).status
    assert status == "held", "a row, until its workflow has applied it"


@pytest.mark.usefixtures("password")
def test_a_transfer_made_by_hand_is_adopted_and_a_reason_is_needed(
    connected: Terminal, books: Books
) -> None:
    payout = stuck(books)
    books.hire(Role.FINANCE)
    books.hire(Role.REVIEWER, email="eyes@brand.example")
    words = ("payouts", "paid-elsewhere", payout, "--adopt")
    assert connected(*words, "--comment", " ", *WHO).code == 2
    eyes = connected(*words, *WHY, "--as", "eyes@brand.example", "--json")
    assert eyes.json["error"]["code"] == "not_allowed"
    assert books.decisions() == []
    assert connected(*words, *WHY, *WHO).code == 0
    [row] = books.decisions()
    assert (row.kind, row.choice["answer"]) == ("settle_payout", "adopt")
    assert kept(books) == []
