"""Invoices of the brand's own: numbered without a gap whatever comes at once, and never changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.invoicing import TaxFacts, TaxStatus
from store import invoices
from store.engine import session
from store.issuing import issue
from store.tables import Campaign, Collaboration, Creator, Invoice, Payout
from tests import books, builders
from tests.builders import NOW

FACTS = TaxFacts(
    TaxStatus.REGISTERED, "FR", "Anne Martin", "1 rue de la Paix, Paris", "732829320",
    "FR44732829320",
)  # fmt: skip
BRAND = {
    "country": "FR", "timezone": "Europe/Paris", "business_number": "552100554",
    "vat_number": "FR12552100554",
}  # fmt: skip
NEW_YEAR = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
"""Midnight in Paris."""

HOUR = timedelta(hours=1)


async def french_campaign(db: AsyncSession) -> Campaign:
    """One whose brand may issue invoices."""
    return await builders.campaign(db, brand=BRAND)


async def mandated(db: AsyncSession, of: Campaign, **creator: Any) -> Collaboration:
    """A collaboration whose creator has given the mandate."""
    found = await builders.collaboration(db, of, await builders.creator(db, **creator))
    await invoices.add_profile(db, found.creator_id, FACTS, NOW)
    await invoices.add_mandate(db, found.id, "words", "Anne Martin", NOW, agreed=True)
    return found


async def unpaid(db: AsyncSession, of: Collaboration, **parts: Any) -> Payout:
    return await builders.payout(db, of, post=False, **parts)


async def test_numbers_of_many_releases_at_once_follow_each_other_without_a_gap(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        campaign = await french_campaign(db)
        of = [await mandated(db, campaign) for _ in range(3)]
        for each in of:
            await issue(db, await unpaid(db, each, number=20), NEW_YEAR - HOUR)
        payouts = [await unpaid(db, each, number=n) for n in range(1, 13) for each in of]

    async def release(place: int, payout: Payout) -> None:
        async with session(engine) as db:
            row = await db.get_one(Payout, payout.id)
            await issue(db, row, NEW_YEAR - HOUR * (place % 2))
            if place % 4 == 0:
                raise InterruptedError("the release is lost, and its number with it")

    done = await asyncio.gather(
        *(release(place, payout) for place, payout in enumerate(payouts)), return_exceptions=True
    )
    lost = [each for each in done if each is not None]
    assert {type(each) for each in lost} == {InterruptedError}
    assert len(lost) == 9
    async with session(engine) as db:
        for each in of:
            found = await db.scalars(
                select(Invoice)
                .where(Invoice.creator_id == each.creator_id)
                .order_by(Invoice.series)
            )  # fmt: skip
            rows = found.all()
            assert [row.series for row in rows] == list(range(1, len(rows) + 1))
            assert len({row.number for row in rows}) == len(rows) == 10
            days = [row.issued_on for row in rows]
            assert days == sorted(days), "the days do not run back as the numbers go up"
            assert {day.year for day in days} == {2026, 2027}, "one series goes on in a new year"


async def test_each_brand_that_issues_for_a_creator_has_a_series_of_its_own(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        mine = await mandated(db, await french_campaign(db))
        brand = {"business_number": "732 829 320", "name": "Nacre"}
        other = await builders.campaign(db, brand=BRAND | brand)
        who = await db.get_one(Creator, mine.creator_id)
        theirs = await builders.collaboration(db, other, who)
        await invoices.add_mandate(db, theirs.id, "words", "Anne Martin", NOW, agreed=True)
        for number in (1, 2):
            # The second brand's first invoice is of an earlier moment, as a late workflow's may be.
            await issue(db, await unpaid(db, mine, number=number), NOW)
            await issue(db, await unpaid(db, theirs, number=number), NOW - HOUR)
        rows = (await db.scalars(select(Invoice).order_by(Invoice.issuer, Invoice.series))).all()
        root = f"AF-{mine.creator_id[-8:]}"
        assert [row.number for row in rows] == [
            f"{root}-0001", f"{root}-0002", f"{root}-2-0001", f"{root}-2-0002",
        ]  # fmt: skip
        assert {row.issuer for row in rows} == {"552100554", "732829320"}


async def test_the_day_of_an_invoice_is_that_of_the_brand(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout = await unpaid(db, await mandated(db, await french_campaign(db)))
        await issue(db, payout, NEW_YEAR)
        found = await db.get_one(Invoice, payout.id)
        assert found.issued_on == date(2027, 1, 1)


@pytest.mark.parametrize("change", ["vat_minor = vat_minor", "series = 2", "facts = '{}'"])
async def test_an_invoice_that_was_issued_never_changes(engine: AsyncEngine, change: str) -> None:
    async with session(engine) as db:
        payout = await unpaid(db, await mandated(db, await french_campaign(db)))
        await issue(db, payout, NOW)
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="never changed"):
            await connection.execute(text(f"UPDATE invoices SET {change}"))
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="permission denied"):
            await connection.execute(text("DELETE FROM invoices"))


async def test_the_database_takes_no_number_that_leaves_a_gap(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        of = await mandated(db, await french_campaign(db))
        await issue(db, await unpaid(db, of), NOW)
        second = await unpaid(db, of, number=2)
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="without a gap"):
            await connection.execute(
                text(
                    "INSERT INTO invoices SELECT (jsonb_populate_record(invoices, "
                    "jsonb_build_object('payout_id', cast(:other as text), 'series', 3, "
                    "'number', 'AF-3'))).* FROM invoices"
                ),
                {"other": second.id},
            )


async def test_a_file_that_was_handed_in_stays_once_its_payment_was_released(
    engine: AsyncEngine,
) -> None:
    change = text("UPDATE invoices SET number = '2026-8'")
    async with session(engine) as db:
        payout = await books.invoiced(db, await builders.payout(db), 2_500)
        await db.execute(change)
        payout.releases = 1
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="never changed"):
            await connection.execute(change)
    async with engine.connect() as connection:
        with pytest.raises(Exception, match="stays that of its payment"):
            await connection.execute(text("UPDATE invoices SET series = 1"))
