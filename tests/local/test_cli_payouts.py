"""`troupe payouts`: lists, and decisions that need a named person with a password."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import ReviewChoice
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.payees import account_digest
from local import cli_proof, cli_support
from store import staff
from store.engine import make_engine, session
from store.tables import Campaign, Collaboration, Creator, Decision, Payout, Staff
from tests import builders
from tests.builders import NOW
from tests.conftest import Database
from tests.local.test_cli import Terminal, connected, troupe
from tests.web.rows import wait_for

__all__ = ["connected", "troupe"]

PASSWORD = "a long enough password"
Found = TypeVar("Found")


class Books:
    """Rows that a test puts into the database and reads out of it."""

    def __init__(self, database: Database) -> None:
        self._url = database.app_url

    def run(self, work: Callable[[AsyncSession], Awaitable[Found]]) -> Found:
        async def inside() -> Found:
            engine = make_engine(self._url)
            async with session(engine) as db:
                found = await work(db)
            await engine.dispose()
            return found

        return asyncio.run(inside())

    def owed(self, amount_minor: int = 15_000, *, asked: bool = True, beside: str = "") -> str:
        """A payment, and the question whether it is released; in another one's campaign."""

        async def make(db: AsyncSession) -> str:
            campaign = None
            if beside:
                first = await db.get_one(Payout, beside)
                campaign = await db.get_one(Campaign, first.campaign_id)
            of = await builders.collaboration(db, campaign)
            payout = await builders.payout(db, of, amount_minor=amount_minor)
            if asked:
                await wait_for(
                    db, ItemKind.RELEASE, payout, payout.campaign_id, seen=f"{amount_minor}EUR",
                    code="1/2" if amount_minor > 40_000 else "1/1",
                )  # fmt: skip
            return payout.id

        return self.run(make)

    def hire(self, *roles: Role, email: str = "fin@brand.example") -> str:
        async def make(db: AsyncSession) -> str:
            return await staff.create_staff(
                db, email=email, name="Noor", roles=roles, password=PASSWORD, at=NOW
            )

        return self.run(make)

    def decisions(self) -> list[Decision]:
        async def read(db: AsyncSession) -> list[Decision]:
            return list(await db.scalars(select(Decision).order_by(Decision.created_at)))

        return self.run(read)


@pytest.fixture
def books(database: Database) -> Books:
    return Books(database)


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person's password, in the environment."""
    monkeypatch.setenv(cli_proof.PASSWORD_VARIABLE, PASSWORD)


def test_payments_are_listed_with_what_a_program_needs(connected: Terminal, books: Books) -> None:
    payout = books.owed()
    listed = connected("payouts", "list", "--json").json
    assert listed["next"] == ""
    (row,) = listed["payouts"]
    assert (row["id"], row["amount"], row["currency"]) == (payout, 15_000, "EUR")
    assert (row["status"], row["ready"], row["sent_at"]) == ("requested", False, None)
    assert connected("payouts", "list", "--status", "held", "--json").json["payouts"] == []
    assert "150.00 EUR" in connected("payouts", "list").out


def test_what_became_of_a_payment_after_it_was_sent_is_listed(
    connected: Terminal, books: Books
) -> None:
    payout = books.owed()

    async def back(db: AsyncSession) -> None:
        row = await db.get_one(Payout, payout)
        row.status, row.bank_status, row.bank_payout_id = "transferred", "failed", "po_1"

    books.run(back)
    [row] = connected("payouts", "list", "--json").json["payouts"]
    assert (row["bank_status"], row["bank_payout"], row["reversed"]) == ("failed", "po_1", 0)
    assert (row["account"], row["other_reference"]) == ("", None)
    assert "transferred, sent back by the bank" in connected("payouts", "list").out

    async def taken(db: AsyncSession) -> None:
        (await db.get_one(Payout, payout)).reversed_minor = 15_000

    books.run(taken)
    shown = connected("payouts", "list").out
    assert ("taken back" in shown, "transferred" in shown) == (True, False)


def test_an_id_can_be_copied_from_a_narrow_terminal(
    connected: Terminal, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    payout = books.owed()
    monkeypatch.setattr(cli_support.out, "width", 80)
    shown = connected("payouts", "list").out
    assert payout in shown
    assert "150.00 EUR" in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


@pytest.mark.usefixtures("password")
def test_a_release_is_a_row_of_the_named_person_before_anything_is_sent(
    connected: Terminal, books: Books
) -> None:
    payout, person = books.owed(), books.hire(Role.FINANCE)
    yes = ("--yes", "--amount", "150.00 EUR")
    answer = connected("payouts", "release", payout, "--as", "fin@brand.example", "--json", *yes)
    assert answer.code == 0, answer.err
    assert cli_proof.PASSWORD_VARIABLE in answer.err, "where the password comes from is said"
    assert (answer.json["released"], answer.json["of"]) == (0, 1), "nobody has taken it yet"
    (said,) = answer.json["decisions"]
    # There is no Temporal here: the row stands, and the sweep brings it there.
    assert (said["payout"], said["status"]) == (payout, "submitted")
    (row,) = books.decisions()
    assert (row.id, row.kind, row.actor_id) == (said["decision"], "release_payout", person)
    assert (row.subject_id, row.seen, row.status) == (payout, "15000EUR", "submitted")


@pytest.mark.usefixtures("password")
def test_one_payment_is_shown_and_released_for_what_the_person_named(
    connected: Terminal, books: Books
) -> None:
    payout = books.owed()
    books.hire(Role.FINANCE)

    async def changed(db: AsyncSession) -> None:
        """The creator was paid, and has another account since; and owes something."""
        of = await db.get_one(Payout, payout)
        collaboration = await db.get_one(Collaboration, of.collaboration_id)
        before = await builders.payout(
            db, collaboration, kind="retention_passed", status="transferred"
        )
        await builders.attempt(
            db, before, outcome="transferred", first_sent_at=NOW - timedelta(days=1)
        )
        who = await db.get_one(Creator, of.creator_id)
        await builders.recipient(db, who, account_id="acct_now")
        await builders.claim(db, collaboration, amount_minor=4_000)

    books.run(changed)
    words = ("payouts", "release", payout, "--as", "fin@brand.example")
    for said, why in (
        ((), '--yes --amount "110.00 EUR"'),
        (("--yes",), '--yes --amount "110.00 EUR"'),
        (("--yes", "--amount", "150"), "110.00 EUR would be sent"),
        (("--yes", "--amount", "110", "--account", "acct_then"), "another account"),
    ):
        answer = connected(*words, *said)
        assert (answer.code, why in answer.err) == (2, True), answer.err
        for shown in ("acct_now at Stripe", "40.00 EUR, for what the creator owes", "younger"):
            assert shown in answer.err
    assert [row.kind for row in books.decisions() if row.status == "submitted"] == []
    yes = ("--yes", "--amount", "110", "--account", "acct_now", "--json")
    assert connected(*words, *yes).code == 0
    row = books.decisions()[-1]
    assert row.choice["netted_minor"] == 4_000
    assert row.choice["account"] == account_digest("acct_now")


@pytest.mark.parametrize(
    ("email", "password", "code"),
    [
        ("fin@brand.example", "not the password", "proof_wrong"),
        ("nobody@brand.example", PASSWORD, "proof_wrong"),
        ("eyes@brand.example", PASSWORD, "not_allowed"),
    ],
    ids=["password", "address", "role"],
)
def test_nobody_else_releases_anything(
    connected: Terminal, books: Books, monkeypatch: pytest.MonkeyPatch,
    email: str, password: str, code: str,
) -> None:  # fmt: skip
    payout = books.owed()
    books.hire(Role.FINANCE)
    books.hire(Role.REVIEWER, email="eyes@brand.example")
    monkeypatch.setenv(cli_proof.PASSWORD_VARIABLE, password)
    answer = connected("payouts", "release", payout, "--as", email, "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, code)
    assert books.decisions() == []


def test_without_a_password_nothing_is_released(connected: Terminal, books: Books) -> None:
    payout = books.owed()
    books.hire(Role.FINANCE)
    answer = connected("payouts", "release", payout, "--as", "fin@brand.example")
    assert answer.code == 2
    assert cli_proof.PASSWORD_VARIABLE in answer.err
    assert books.decisions() == []


@pytest.mark.usefixtures("password")
def test_where_more_than_a_password_is_asked_for_the_terminal_decides_nothing_about_money(
    connected: Terminal, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    payout = books.owed()
    books.hire(Role.FINANCE)
    monkeypatch.setenv("TROUPE_STEP_UP", "our.passkeys:HOOK")
    answer = connected("payouts", "release", payout, "--as", "fin@brand.example", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "not_here")
    assert books.decisions() == []


@pytest.mark.usefixtures("password")
def test_who_approved_the_draft_does_not_release_its_payment(
    connected: Terminal, books: Books
) -> None:
    payout = books.owed()
    both = books.hire(Role.FINANCE, Role.REVIEWER)

    async def approve(db: AsyncSession) -> None:
        of = (await db.scalars(select(Collaboration))).one()
        person = await db.get_one(Staff, both)
        ref = await builders.decision(db, of, person, ReviewChoice(answer="approve"))
        (await db.get_one(Decision, ref.decision_id)).status = "applied"

    books.run(approve)
    answer = connected("payouts", "release", payout, "--as", "fin@brand.example", "--json")
    assert answer.code == 2
    assert answer.json["decisions"][0]["code"] == "requester"
    assert [row.kind for row in books.decisions()] == ["review_draft"]


@pytest.mark.usefixtures("password")
def test_each_of_several_payments_gets_its_own_answer(connected: Terminal, books: Books) -> None:
    waits, does_not = books.owed(), books.owed(asked=False)
    books.hire(Role.FINANCE)
    words = ("payouts", "release", waits, does_not, "--as", "fin@brand.example", "--json")
    answer = connected(*words, "--count", "2")
    assert answer.code == 2
    said = {one["payout"]: one["code"] for one in answer.json["decisions"]}
    assert said == {waits: "submitted", does_not: "wrong_stage"}
    assert (answer.json["released"], answer.json["of"]) == (0, 2)
    kept = {row.subject_id: (row.status, row.code) for row in books.decisions()}
    assert kept == {waits: ("submitted", ""), does_not: ("refused", "wrong_stage")}


@pytest.mark.usefixtures("password")
def test_several_payments_need_their_number_and_are_shown_with_their_sum(
    connected: Terminal, books: Books
) -> None:
    first = books.owed()
    second = books.owed(12_050, beside=first)
    books.hire(Role.FINANCE)
    words = ("payouts", "release", first, second, "--as", "fin@brand.example")
    for count in ((), ("--count", "3")):
        answer = connected(*words, *count)
        assert answer.code == 2
        assert "2 payments, 270.50 EUR" in answer.err
        assert "--count 2" in answer.err
    assert books.decisions() == []
    released = connected(*words, "--count", "2")
    assert (released.code, released.out.count("submitted")) == (0, 2)


@pytest.mark.usefixtures("password")
def test_a_campaigns_payments_that_are_not_one_decision_are_named_by_what_goes_together(
    connected: Terminal, books: Books
) -> None:
    first = books.owed()
    above = books.owed(45_000, beside=first)
    books.hire(Role.FINANCE)
    words = ("payouts", "release", "--campaign", "Spring serum", "--as", "fin@brand.example")
    answer = connected(*words, "--count", "2", "--json")
    assert (answer.code, answer.json["error"]["code"]) == (2, "mixed")
    assert f"one person releases, cannot be paid yet: {first}" in answer.json["error"]["hint"]
    assert f"two releases, cannot be paid yet: {above}" in answer.json["error"]["hint"]
    assert books.decisions() == []


def test_a_hold_needs_a_reason(connected: Terminal, books: Books) -> None:
    answer = connected("payouts", "hold", books.owed(), "--as", "a@b.example", "--comment", " ")
    assert answer.code == 2
    assert "reason" in answer.err


@pytest.mark.usefixtures("password")
def test_a_bonus_is_a_row_with_its_amount_and_reason(connected: Terminal, books: Books) -> None:
    payout, person = books.owed(), books.hire(Role.MANAGER)
    of = books.run(lambda db: db.get_one(Payout, payout)).collaboration_id
    who = ("--as", "fin@brand.example", "--json")
    answer = connected("payouts", "bonus", of, "50", "--reason", "It went so well.", *who)
    assert answer.code == 0, answer.err
    (row,) = books.decisions()
    assert (row.kind, row.subject_id, row.actor_id) == ("grant_bonus", of, person)
    assert (row.choice["amount_minor"], row.comment) == (5_000, "It went so well.")
    assert connected("payouts", "bonus", "col_x", "50", "--reason", "Because.", *who).code == 2
    assert connected("payouts", "bonus", of, "50 USD", "--reason", "Because.", *who).code == 2
    assert connected("payouts", "bonus", of, "50", "--reason", "", *who).code == 2
    # Withdrawing gives money back to the budget, which is finance's business.
    taken = connected("payouts", "withdraw", payout, "--comment", "A typing error.", *who)
    assert taken.json["error"]["code"] == "not_allowed"
