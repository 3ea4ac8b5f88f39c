"""What comes back of a claim makes invoices less, in papers, books and totals."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.creator_account import accounts
from domain.decisions import RepaymentChoice
from domain.lifecycle import PayoutStatus, Role
from domain.messages import ApplyDecision
from domain.payments import RailTransfer
from store import correspondence, credits, records, taken_back
from store.creator_statements import creator_statement
from store.engine import session
from store.issuing import issue
from store.journal import FEES, VAT, journal
from store.tables import Claim, Collaboration, Creator, CreditNote, Payout, PayoutAttempt, Staff
from store.totals import year_totals
from tests import books, builders
from tests.builders import NOW
from tests.store.test_claims import ends, released
from tests.store.test_issuing import french_campaign, mandated

DAY = timedelta(days=1)


@pytest.fixture
async def finance(engine: AsyncEngine) -> Staff:
    async with session(engine) as db:
        return await builders.staff(db, (Role.FINANCE,))


async def invoiced(db: AsyncSession, of: Collaboration, amount: int, **parts: Any) -> Payout:
    """A payment that was sent, with an invoice that the brand issued."""
    row = await books.earned(db, of, amount_minor=amount, **parts)
    await issue(db, row, NOW)
    return await books.sent(db, row)


async def booked(db: AsyncSession) -> Counter[str]:
    found: Counter[str] = Counter()
    async for document in journal(db):
        for line in document:
            found[line.account] += line.signed_minor
    return found


async def repaid(engine: AsyncEngine, claim: Claim, amount: int) -> None:
    """Booked by somebody else than who asked for it."""
    async with session(engine) as db:
        who = await builders.staff(db, [Role.FINANCE])
        current = await db.get_one(Claim, claim.id)
        choice = RepaymentChoice(amount_minor=amount)
        ref = await builders.decision(db, current, who, choice, comment="On the account.")
        command = ApplyDecision(head=builders.head_of(current), at=NOW, ref=ref)
    assert (await records.apply_decision(engine, command)).code == "applied"


async def test_what_is_kept_back_makes_the_newest_invoices_less_and_leaves_the_payments_whole(
    engine: AsyncEngine, finance: Staff
) -> None:
    async with session(engine) as db:
        of = await mandated(db, await french_campaign(db))
        first = await invoiced(db, of, 10_005, at=NOW - DAY)
        newest = await invoiced(db, of, 3_000, number=2)
        claim = await builders.claim(db, of, finance, amount_minor=4_000)
        later = await books.earned(db, of, NOW + DAY, number=3, amount_minor=9_001)
    code, row = await released(engine, later, finance, 4_000)
    assert (code, row.sent_minor) == ("applied", 5_001)
    async with session(engine) as db:
        assert await credits.of_claim(db, claim.id) == (), "nothing has come back yet"
    await ends(engine, row, PayoutStatus.TRANSFERRED)
    async with session(engine) as db:
        db.add(attempt(await db.get_one(Payout, row.id)))
        both = await credits.of_claim(db, claim.id)
        one, two = sorted(both, key=lambda each: each.amounts.gross_minor, reverse=True)
        assert [(each.invoice.payout_id, each.amounts.gross_minor) for each in (one, two)] == [
            (newest.id, 3_000), (first.id, 1_000),
        ]  # fmt: skip
        notes = [each.note for each in (one, two) if each.note]
        assert [(note.series, note.facts["reason"]) for note in notes] == [
            (1, "claimed"), (2, "claimed"),
        ], "the newest first"  # fmt: skip
        assert notes[0].vat_minor == one.invoice.vat_minor, "all of it, to the unit"
        said = await correspondence.load(db, of.id, {"claim_id": claim.id})
        assert [each.number for each in said.claim_credits] == [
            each.note.number for each in both if each.note
        ]
        money = await booked(db)
        (total,) = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        assert total.amount_minor == 10_005 + 3_000 + 9_001 - 4_000
        assert (total.vat_minor, total.uninvoiced_minor) == (money[VAT], 0)
        assert total.net_minor == money[FEES]


def attempt(row: Payout) -> PayoutAttempt:
    row.transfer_id = "tr_3"
    return PayoutAttempt(
        payout_id=row.id, number=1, key="key", request_hash="", account_id="acct_1",
        amount_minor=row.sent_minor, first_sent_at=NOW, outcome="transferred", transfer_id="tr_3",
        settled_at=NOW,
    )  # fmt: skip


async def test_a_payment_of_which_all_was_kept_back_has_its_tax_in_the_books(
    engine: AsyncEngine, finance: Staff
) -> None:
    async with session(engine) as db:
        of = await mandated(db, await french_campaign(db))
        await invoiced(db, of, 6_000)
        await builders.claim(db, of, finance, amount_minor=5_000)
        later = await books.earned(db, of, number=2, amount_minor=3_000)
    _, row = await released(engine, later, finance, 3_000)
    await ends(engine, row, PayoutStatus.NETTED)
    async with session(engine) as db:
        money = await booked(db)
        assert money[VAT] == 1_000 + 500 - 500
        (total,) = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        assert (total.amount_minor, total.vat_minor) == (6_000, 1_000)


async def test_what_a_creator_sends_back_comes_off_by_the_invoice_it_was_paid_by(
    engine: AsyncEngine, finance: Staff
) -> None:
    async with session(engine) as db:
        of = await mandated(db, await french_campaign(db))
        await invoiced(db, of, 6_000)
        claim = await builders.claim(db, of, finance, amount_minor=6_000)
    for amount in (1_999, 4_001):
        await repaid(engine, claim, amount)
    async with session(engine) as db:
        notes = (await db.scalars(select(CreditNote).order_by(CreditNote.series))).all()
        assert [note.gross_minor for note in notes] == [1_999, 4_001]
        assert [note.facts["left_vat_minor"] for note in notes] == [667, 0]
        (total,) = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        assert (total.amount_minor, total.vat_minor, total.net_minor) == (0, 0, 0)
        who = await db.get_one(Creator, of.creator_id)
        (account,) = accounts((await creator_statement(db, who, NOW)).lines)
        assert (account.paid_minor, account.vat_minor, account.uninvoiced_minor) == (0, 0, 0)
        assert (await booked(db))[VAT] == 0


async def test_what_the_provider_took_back_for_a_claim_is_credited_and_the_rest_is_not(
    engine: AsyncEngine, finance: Staff
) -> None:
    async with session(engine) as db:
        of = await mandated(db, await french_campaign(db))
        paid = await invoiced(db, of, 10_005)
        claim = await builders.claim(db, of, finance, amount_minor=2_000)
        transfer = RailTransfer(
            id=str(paid.transfer_id), amount_minor=10_005, currency="EUR", transfer_group=paid.id,
            attempt="1", account_id="acct_1", reversed_minor=5_000, created_at=NOW,
        )  # fmt: skip
        command = await taken_back.booking(db, transfer, NOW)
    assert command is not None
    for _ in range(2):
        await records.append(engine, command)
    async with session(engine) as db:
        (one,) = await credits.of_claim(db, claim.id)
        again = (await db.scalars(select(Payout).where(Payout.kind == "repayment"))).one()
        assert (again.share_from, again.amount_minor) == (5_005, 3_000)
        assert (one.credit.share_from, one.credit.amount_minor) == (8_005, 2_000)
    await books.given_up(engine, again.id)
    async with session(engine) as db:
        assert len(await credits.of_payment(db, paid.id)) == 2
        (total,) = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        money = await booked(db)
        assert (total.amount_minor, total.vat_minor) == (5_005, money[VAT])
        assert total.net_minor == money[FEES]


async def test_where_no_invoice_is_wanted_totals_come_down_by_what_came_back(
    engine: AsyncEngine, finance: Staff
) -> None:
    async with session(engine) as db:
        of = await builders.collaboration(db)
        await books.paid(db, of, amount_minor=6_000)
        claim = await builders.claim(db, of, finance, amount_minor=2_000)
    await repaid(engine, claim, 1_500)
    async with session(engine) as db:
        assert await credits.of_claim(db, claim.id) == ()
        (total,) = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        assert (total.amount_minor, total.uninvoiced_minor, total.net_minor) == (4_500, 4_500, 0)


@pytest.mark.parametrize("status", [PayoutStatus.NETTED, PayoutStatus.ELSEWHERE])
async def test_what_was_paid_again_without_being_sent_is_credited_when_it_comes_back(
    engine: AsyncEngine, finance: Staff, status: PayoutStatus
) -> None:
    async with session(engine) as db:
        of = await mandated(db, await french_campaign(db))
        paid = await invoiced(db, of, 6_000)
        transfer = RailTransfer(
            id=str(paid.transfer_id), amount_minor=6_000, currency="EUR", transfer_group=paid.id,
            attempt="1", account_id="acct_1", reversed_minor=6_000, created_at=NOW,
        )  # fmt: skip
        command = await taken_back.booking(db, transfer, NOW)
    assert command is not None
    await records.append(engine, command)
    async with session(engine) as db:
        again = (await db.scalars(select(Payout).where(Payout.kind == "repayment"))).one()
        again.status = status.value
        claim = await builders.claim(db, of, finance, amount_minor=6_000)
    await repaid(engine, claim, 6_000)
    async with session(engine) as db:
        (one,) = await credits.of_claim(db, claim.id)
        assert (one.invoice.payout_id, one.amounts.gross_minor) == (paid.id, 6_000)
