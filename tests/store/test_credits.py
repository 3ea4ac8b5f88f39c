"""Invoices, credit notes and the ledger say the same, whatever becomes of the payments."""

from __future__ import annotations

import secrets
from collections import Counter
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.invoicing import amounts
from domain.lifecycle import PayoutStatus, Role
from store import credits, ledger
from store.credits import Credited
from store.earned import claimable
from store.engine import session
from store.invoices import Upload
from store.issuing import issue
from store.journal import FEES, VAT, journal
from store.tables import Collaboration, Invoice, InvoiceCredit, Payout
from store.totals import year_totals
from tests import books, builders
from tests.builders import NOW
from tests.store.test_claim_credits import repaid
from tests.store.test_issuing import french_campaign, mandated

SEED = secrets.randbelow(10**6)


async def some_payments(engine: AsyncEngine, random: Random) -> list[str]:
    """Sent payments with invoices that the brand issued, or that were handed in."""
    made = []
    async with session(engine) as db:
        of = await mandated(db, await french_campaign(db))
        for number in range(1, 6):
            amount = random.choice([random.randint(3, 30), random.randint(1_000, 100_000)])
            row = await books.earned(db, of, number=number, amount_minor=amount)
            if random.random() < 0.5:
                await issue(db, row, NOW)
            else:
                await books.invoiced(db, row, amounts(amount, 20).vat_minor, number=f"F-{number}")
            made.append((await books.sent(db, row)).id)
    return made


async def something_happens(engine: AsyncEngine, random: Random, payout: str) -> None:
    """Parts are taken back, and paid again (which may be taken back as well) or given up."""
    async with session(engine) as db:
        row = await db.get_one(Payout, payout)
    left = row.amount_minor - row.reversed_minor
    while left and random.random() < 0.6:
        back = random.randint(1, left)
        left -= back
        again = await books.taken_back(engine, payout, back)
        if random.random() < 0.5:
            await books.given_up(engine, again)
            continue
        async with session(engine) as db:
            await books.sent(db, await db.get_one(Payout, again))
        await something_happens(engine, random, again)


async def something_is_claimed(engine: AsyncEngine, random: Random, collaboration: str) -> None:
    """Of what is left the creator sends something back, in two parts."""
    async with session(engine) as db:
        most = await claimable(db, collaboration)
        if not most:
            return
        who = await builders.staff(db, (Role.FINANCE,))
        amount = random.randint(1, most)
        of = await db.get_one(Collaboration, collaboration)
        claim = await builders.claim(db, of, who, amount_minor=amount)
    first = random.randint(1, amount)
    for part in filter(None, (first, amount - first)):
        await repaid(engine, claim, part)


async def hand_in(engine: AsyncEngine, each: Credited) -> None:
    said = each.amounts
    number = f"A-{each.credit.id}"
    file = Upload(number, NOW.date(), said.vat_minor, said.gross_minor, "application/pdf", b"x")
    async with session(engine) as db:
        await credits.hand_in(db, each, file, NOW)


async def test_papers_books_and_totals_agree_to_the_unit(engine: AsyncEngine) -> None:
    random = Random(SEED)
    for payout in await some_payments(engine, random):
        await something_happens(engine, random, payout)
    async with session(engine) as db:
        of = str(await db.scalar(select(Payout.collaboration_id).limit(1)))
    await something_is_claimed(engine, random, of)
    async with session(engine) as db:
        _, missed = await credits.missing(db, 1_000)
    for wanted in missed:
        await hand_in(engine, wanted.credited)
    async with session(engine) as db:
        kept: Counter[str] = Counter()
        rows = await db.scalars(
            select(Payout).where(Payout.status == PayoutStatus.TRANSFERRED.value)
        )
        for row in rows.all():
            kept[row.first_of or row.id] += row.amount_minor - row.reversed_minor
        came_back = select(InvoiceCredit).where(InvoiceCredit.posting.is_not(None))
        for each in await db.scalars(came_back):
            kept[each.payout_id] -= each.amount_minor
        net = vat = 0
        for invoice in (await db.scalars(select(Invoice))).all():
            notes = [one.note for one in await credits.of_payment(db, invoice.payout_id)]
            assert None not in notes, SEED
            net += invoice.net_minor - sum(note.net_minor for note in notes if note)
            vat += invoice.vat_minor - sum(note.vat_minor for note in notes if note)
            left = invoice.gross_minor - sum(note.gross_minor for note in notes if note)
            assert left == kept[invoice.payout_id], SEED
        booked: Counter[str] = Counter()
        async for document in journal(db):
            for line in document:
                booked[line.account] += line.signed_minor
        assert (booked[FEES], booked[VAT]) == (net, vat), SEED
        (total,) = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        assert (total.net_minor, total.vat_minor) == (net, vat), SEED
        assert await ledger.check(db) == []
