"""Net, value added tax and gross in the books: everything sums to what was paid."""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.creator_account import accounts
from domain.invoicing import TaxSplit, amounts, vat_between
from domain.lifecycle import PayoutStatus
from domain.messages import Posting, PostingKind
from domain.spreadsheet import Sheet
from store import ledger, other_payments
from store.creator_statements import creator_statement
from store.engine import session
from store.invoice_sums import OF_PAYMENT, vat_of
from store.journal import journal
from store.payment_lines import Wanted, all_payments
from store.remittances import remittance
from store.tables import Collaboration, Creator, Invoice, Payout, PayoutAttempt
from store.totals import year_totals
from tests import books, builders
from tests.builders import NOW
from web.exports import PAYMENT_COLUMNS, Export, Format, rows
from web.totals import sums

DAY = timedelta(days=1)
SEED = secrets.randbelow(10**6)


async def test_the_payments_and_the_year_tell_net_tax_and_what_has_no_invoice(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        of = await builders.collaboration(db)
        # What was taken back lies with the payment that replaces it, with its share of the tax.
        back = await books.invoiced(db, await books.paid(db, of, amount_minor=10_001), 1_667)
        await books.reverse(db, back, 3_333)
        again = await books.paid(
            db, of, kind="repayment", number=1, amount_minor=3_333, again_of=back.id,
            first_of=back.id, share_from=6_668,
        )  # fmt: skip
        plain = await books.paid(db, of, number=2, amount_minor=500)
        lines = {line.payout.id: line async for line in all_payments(db, Wanted())}
        told = [lines[row.id] for row in (back, again, plain)]
        assert [(line.invoice, line.vat_minor) for line in told] == [
            ("2026-7", 1_667), ("2026-7", 556), ("", None),
        ]  # fmt: skip
        written = [row async for row in rows(db, Export(Format.CSV, Wanted(), Sheet()))]
        at = PAYMENT_COLUMNS.index("amount")
        cells = {line.split(",")[0]: line.split(",")[at : at + 4] for line in written[1:]}
        assert cells[back.id] == ["100.01", "2026-7", "83.34", "16.67"]
        assert cells[plain.id] == ["5.00", "none", "", ""]
        found = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        (total,) = found
        assert (total.amount_minor, total.vat_minor, total.uninvoiced_minor) == (10_501, 1_667, 500)
        assert total.net_minor == 10_501 - 1_667 - 500
        (country,) = sums(found, by_creator_country=True)
        assert country.net + country.vat + country.uninvoiced == country.amount


async def test_the_tax_leaves_the_fees_when_the_money_and_the_invoice_are_there(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        paid = await books.invoiced(db, await books.paid(db), 2_500, at=NOW - DAY)
        late = await books.paid(db)
        await books.invoiced(db, late, 2_500, at=NOW + DAY)
        await books.invoiced(db, await books.earned(db), 2_500)  # nothing has arrived
        taxes = [each async for each in journal(db) if each[0].kind is None]
        assert [
            (line.document, line.at, line.account, line.signed_minor)
            for each in taxes
            for line in each
        ] == [
            (f"VAT-{paid.id}", NOW, "vat", 2_500), (f"VAT-{paid.id}", NOW, "fees", -2_500),
            (f"VAT-{late.id}", NOW + DAY, "vat", 2_500),
            (f"VAT-{late.id}", NOW + DAY, "fees", -2_500),
        ]  # fmt: skip
        written = [
            row async for row in rows(db, Export(Format.JOURNAL, Wanted(until=NOW), Sheet()))
        ]
        assert written[-2].split(",")[2:4] == ["vat", "25.00"]
        assert "VAT of invoice 2026-7" in written[-1]
        assert len([each async for each in journal(db, since=NOW + DAY)]) == 1
        assert [each async for each in journal(db, campaign_id="another")] == []


async def test_what_people_paid_is_in_the_books_when_they_say_so_with_the_invoice_of_then(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        of = await builders.collaboration(db)
        wired, by_hand = await books.earned(db, of), await books.earned(db, of, number=2)
        day = (NOW - 3 * DAY).date().isoformat()
        wired.other_payment_id = await other_payments.keep(db, wired.id, day, "Wire 7731", NOW)
        wired.status, wired.attempt = PayoutStatus.ELSEWHERE.value, 1
        await books.move(db, wired, PostingKind.ELSEWHERE, f"elsewhere:{wired.id}:1")
        await books.sent(db, by_hand)
        attempt = await db.get_one(PayoutAttempt, (by_hand.id, 1))
        attempt.code, attempt.settled_at = "by_hand", NOW - 3 * DAY
        for number, row in enumerate((wired, by_hand)):
            await books.invoiced(db, row, 2_500, at=NOW - DAY, number=f"2026-{number}")
        taxes = [each async for each in journal(db) if each[0].kind is None]
        assert {line.at for each in taxes for line in each} == {NOW}
        said = [await remittance(db, row.id) for row in (wired, by_hand)]
        assert [each.tax.vat_minor for each in said if each and each.tax] == [2_500, 2_500]
        assert {each.sent_at.date().isoformat() for each in said if each} == {day}


async def test_statements_know_the_invoices_that_were_there_then(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        of = await builders.collaboration(db)
        there = await books.invoiced(db, await books.paid(db, of), 2_500, at=NOW - DAY)
        late = await books.paid(db, of, number=2)
        await books.invoiced(db, late, 2_500, at=NOW + DAY, number="2026-8")
        said = [await remittance(db, row.id) for row in (there, late)]
        taxes = [each.tax for each in said if each]
        assert taxes == [TaxSplit("2026-7", (NOW - DAY).date(), 12_500, 2_500), None]
        who = await db.get_one(Creator, of.creator_id)
        for at, numbers in ((NOW, {"2026-7", ""}), (NOW + DAY, {"2026-7", "2026-8"})):
            lines = (await creator_statement(db, who, at)).lines
            paid = [line for line in lines if line.kind is PostingKind.SETTLE]
            assert {line.invoice for line in paid} == numbers
            assert {line.vat_minor for line in paid if line.invoice} == {2_500}


async def test_the_tax_of_what_was_taken_back_and_paid_again_adds_up_to_the_unit(
    engine: AsyncEngine,
) -> None:
    random = Random(SEED)
    async with session(engine) as db:
        of = await builders.collaboration(db)
        first: dict[str, int] = {}
        for number in range(1, 31):
            amount = random.choice([random.randint(2, 20), random.randint(1_000, 10**9)])
            row = await builders.payout(db, of, number=number, amount_minor=amount, post=False)
            first[row.id] = amounts(amount, random.choice([5, 19, 20])).vat_minor
            await books.invoiced(db, row, first[row.id], number=str(number))
            left = amount
            # Each repayment may be taken back in part as well, and be made again.
            for again in range(random.randint(1, 4)):
                back = random.randint(0, left - 1)
                if not back:
                    break
                row.reversed_minor = back
                row = await builders.payout(
                    db, of, kind="repayment", number=number * 10 + again, amount_minor=back,
                    post=False, again_of=row.id, first_of=row.first_of or row.id,
                    share_from=row.share_from + left - back,
                )  # fmt: skip
                left = back
        paid = Payout.amount_minor - Payout.reversed_minor
        query = select(Invoice, Payout.share_from, paid, vat_of(paid)).join(Payout, OF_PAYMENT)
        told: dict[str, int] = defaultdict(int)
        for invoice, start, part, vat in await db.execute(query):
            whole = invoice.vat_minor, invoice.gross_minor
            assert vat == vat_between(*whole, start, start + part), SEED
            told[invoice.payout_id] += vat
        assert told == first, SEED


async def test_a_statement_gives_back_the_tax_that_it_took_back(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        first = await books.invoiced(db, await books.paid(db, amount_minor=9), 1)
        of = await db.get_one(Collaboration, first.collaboration_id)
        for number, start in ((1, 6), (2, 3), (3, 0)):
            back = Posting(kind=PostingKind.TAKE_BACK, key=f"back:{number}", amount_minor=3)
            whole = first.campaign_id, first.creator_id, first.collaboration_id, first.id
            await ledger.post(db, *whole, back, first.currency, NOW)
            again = await builders.payout(
                db, of, kind="repayment", number=number, amount_minor=3, post=False,
                again_of=first.id, first_of=first.id, share_from=start,
            )  # fmt: skip
            for kind in (PostingKind.SEND, PostingKind.SETTLE):
                await books.move(db, again, kind, f"{kind}:{again.id}:1")
        who = await db.get_one(Creator, first.creator_id)
        (account,) = accounts((await creator_statement(db, who, NOW)).lines)
        assert (account.paid_minor, account.vat_minor, account.net_minor) == (9, 1, 8)
        taxes = [(row.paid_minor, row.line.vat_minor) for row in account.rows if row.paid_minor]
        assert taxes == [(9, 1), (-3, 0), (3, 0), (-3, 1), (3, 1), (-3, 0), (3, 0)]
