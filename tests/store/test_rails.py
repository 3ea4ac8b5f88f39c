"""Only accounts at the rail that is in use count; the others come back with theirs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from store import bank_accounts, correspondence, finance, rails
from store.engine import session
from store.tables import Collaboration, Recipient, RecipientAside
from tests import builders
from tests.bank import IBAN, OTHER
from tests.builders import NOW


async def _signed(db: AsyncSession, currency: str = "EUR") -> Collaboration:
    """Somebody with a contract and an account at Stripe."""
    who = await builders.creator(db)
    await builders.recipient(db, who)
    of = await builders.campaign(db, currency=currency)
    return await builders.collaboration(db, of, who, stage="drafting", currency=of.currency)


async def _account(db: AsyncSession, of: Collaboration) -> str:
    found = await db.scalar(
        select(Recipient.account_id).where(Recipient.creator_id == of.creator_id)
    )
    return found or ""


async def _why(db: AsyncSession, *, by_bank: bool) -> list[tuple[str, ...]]:
    return [each.reasons for each in (await finance.readiness(db, by_bank=by_bank)).named]


async def test_an_account_at_stripe_is_none_for_bank_transfers_and_comes_back_with_stripe(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        of = await _signed(db)
        old = await _account(db, of)
        assert await _why(db, by_bank=False) == []
        assert not (await correspondence.load(db, of.id)).payee_missing
        await rails.use(db, by_bank=True)
        await rails.use(db, by_bank=True)
        assert await _why(db, by_bank=True) == [("not_begun",)]
        assert (await correspondence.load(db, of.id)).payee_missing
        given = await bank_accounts.give(db, of.creator_id, "Zoë", IBAN, NOW)
        assert await _why(db, by_bank=True) == []
        assert await _account(db, of) == given.id
        await rails.use(db, by_bank=False)
        assert await _account(db, of) == old
        await rails.use(db, by_bank=True)
        assert await _account(db, of) == given.id


async def test_an_account_given_before_the_worker_has_changed_over_loses_none_at_stripe(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        of = await _signed(db)
        old = await _account(db, of)
        for iban in (IBAN, OTHER):
            given = await bank_accounts.give(db, of.creator_id, "Zoë", iban, NOW)
        await rails.use(db, by_bank=False)
        assert await _account(db, of) == old
        assert list(await db.scalars(select(RecipientAside.account_id))) == [given.id]


async def test_of_two_accounts_that_come_back_the_newest_counts(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        of = await _signed(db)
        for day in (1, 2):
            db.add(
                RecipientAside(
                    account_id=f"bank_{day}", creator_id=of.creator_id, status="active",
                    requirements=[], since=NOW, updated_at=NOW + timedelta(days=day),
                )
            )  # fmt: skip
        await db.flush()
        await rails.use(db, by_bank=True)
        assert await _account(db, of) == "bank_2"
        assert await db.scalar(select(func.count()).select_from(RecipientAside)) == 1


async def test_another_currency_than_euros_cannot_be_paid_by_the_bank(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        of = await _signed(db, currency="USD")
        await bank_accounts.give(db, of.creator_id, "Zoë", IBAN, NOW)
        assert await _why(db, by_bank=True) == [("not_in_euro",)]
        assert await _why(db, by_bank=False) == []
