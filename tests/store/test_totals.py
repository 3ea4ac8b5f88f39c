"""The totals of a year: what was taken back when, and where creators are taxed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.reporting import Standing
from store.engine import session
from store.tables import TaxProfile
from store.totals import CreatorTotal, year_totals
from tests import books, builders
from web.totals import brands, of_brand, of_payers, sums

DECEMBER, JANUARY = datetime(2025, 12, 20, tzinfo=UTC), datetime(2026, 1, 10, tzinfo=UTC)


async def the_year(db: AsyncSession, year: int) -> tuple[CreatorTotal, ...]:
    return await year_totals(db, year, ZoneInfo("UTC"))


async def test_what_is_taken_back_in_january_leaves_the_year_before_as_it_was_reported(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        row = await books.paid(db, at=DECEMBER, amount_minor=10_001)
        await books.invoiced(db, row, 1_667)
        (before,) = await the_year(db, 2025)
        await books.reverse(db, row, 3_333, JANUARY)
        await books.reverse(db, row, 2_000, JANUARY)
        assert await the_year(db, 2025) == (before,)
        assert (before.amount_minor, before.taken_back_minor, before.vat_minor) == (10_001, 0, 1667)
        (after,) = await the_year(db, 2026)
        assert (after.amount_minor, after.taken_back_minor) == (-5_333, 5_333)
        assert (after.payments, after.first, after.last) == (0, JANUARY, JANUARY)
        assert (after.vat_minor, after.uninvoiced_minor) == (-889, 0)
        (country,) = sums((after,), by_creator_country=True)
        assert country.net + country.vat == country.amount


async def test_what_is_taken_back_and_paid_again_in_the_same_year_is_paid_once(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        of = await builders.collaboration(db)
        first = await books.paid(db, of, at=JANUARY, amount_minor=9_000)
        await books.reverse(db, first, 4_000, JANUARY)
        await books.paid(
            db, of, at=JANUARY, kind="repayment", amount_minor=4_000, again_of=first.id,
            first_of=first.id, share_from=5_000,
        )  # fmt: skip
        (total,) = await the_year(db, 2026)
        assert (total.amount_minor, total.taken_back_minor, total.payments) == (9_000, 4_000, 2)
        assert total.uninvoiced_minor == 9_000


async def test_a_creator_counts_for_the_country_that_they_declared_last(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        who = await builders.creator(db, country="DE")
        await books.paid(db, await builders.collaboration(db, None, who), at=JANUARY)
        (told,) = await the_year(db, 2026)
        assert (told.country, told.declared_country) == ("DE", "")
        for country in ("US", "AT"):
            db.add(
                TaxProfile(
                    creator_id=who.id, status="private", country=country, legal_name="Jule Brandt",
                    address="", business_number="", vat_number="", created_at=JANUARY,
                )
            )  # fmt: skip
            await db.flush()
        (told,) = await the_year(db, 2026)
        assert (told.country, told.declared_country) == ("AT", "AT")
        assert [each.country for each in sums((told,), by_creator_country=True)] == ["AT"]


async def test_each_brand_reports_what_it_paid_itself_and_the_levy_looks_at_the_net(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        who = await builders.creator(db)
        for name, number, amount in (("Alpha", "HRB 1", 119_000), ("Beta", "", 59_500)):
            brand = {"name": name, "business_number": number}
            of = await builders.collaboration(db, await builders.campaign(db, brand=brand), who)
            row = await books.paid(db, of, at=JANUARY, amount_minor=amount)
            if number:
                await books.invoiced(db, row, 19_000)
        alpha, beta = rows = await the_year(db, 2026)
    assert (alpha.payer.name, alpha.payer.number, alpha.amount_minor) == ("Alpha", "HRB 1", 119_000)
    assert (beta.payer.name, beta.payer.number, beta.amount_minor) == ("Beta", "", 59_500)
    assert (alpha.together_minor, brands(rows)) == (119_000, ["Alpha", "Beta"])
    assert of_brand(rows, "beta") == of_brand(rows, "BETA ") == (beta,)
    assert of_brand(rows, "hrb 1") == (alpha,)
    levies = [
        (total.compared(rule).minor, standing) for rule, total, standing in of_payers(rows, 2026)
    ]
    assert levies == [(100_000, Standing.BELOW), (59_500, Standing.BELOW)], "1,000 euros net"
