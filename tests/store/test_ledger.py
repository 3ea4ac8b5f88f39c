"""Money: counted twice, never overspent, never rewritten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.errors import ContentConflict, Overdrawn
from domain.messages import Posting, PostingKind
from store import ledger
from store.accounts import MOVEMENTS
from store.engine import make_engine, session
from store.tables import Campaign, Collaboration, LedgerAccount, LedgerEntry, LedgerTransaction
from tests import builders
from tests.builders import NOW
from tests.conftest import Database


async def move(
    db: AsyncSession, of: Collaboration, kind: PostingKind, amount: int, key: str = ""
) -> None:
    posting = Posting(kind=kind, key=key or builders.unique("key"), amount_minor=amount)
    await ledger.post(db, of.campaign_id, of.creator_id, of.id, None, posting, of.currency, NOW)


async def prepared(engine: AsyncEngine, budget: str = "1000 EUR") -> Collaboration:
    file = builders.campaign_file(budget={"total": budget, "per_collaboration": "500 EUR"})
    async with session(engine) as db:
        return await builders.collaboration(db, await builders.campaign(db, file))


async def test_money_goes_from_the_budget_to_the_creator(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    async with session(engine) as db:
        await move(db, of, PostingKind.RESERVE, 40_000)
        await move(db, of, PostingKind.EARN, 20_000)
        await move(db, of, PostingKind.SEND, 20_000)
        await move(db, of, PostingKind.SETTLE, 20_000)
        await move(db, of, PostingKind.FREE, 5_000)
    async with session(engine) as db:
        assert await ledger.balances(db, of.campaign_id) == ledger.Balances(
            currency="EUR", funding=100_000, available=65_000, reserved=15_000, paid=20_000
        )
        assert await ledger.check(db) == []


async def test_a_failed_attempt_gives_the_money_back_to_the_payable(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    async with session(engine) as db:
        for kind in (PostingKind.RESERVE, PostingKind.EARN, PostingKind.SEND, PostingKind.RETURN):
            await move(db, of, kind, 10_000)
        assert (await ledger.balances(db, of.campaign_id)).payable == 10_000
        await move(db, of, PostingKind.FORFEIT, 10_000)
        assert (await ledger.balances(db, of.campaign_id)).available == 100_000


async def test_opposite_movements_at_once_do_not_deadlock(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    async with session(engine) as db:
        await move(db, of, PostingKind.RESERVE, 50_000)

    async def back_and_forth(number: int) -> None:
        kinds = (PostingKind.FREE, PostingKind.RESERVE)
        both = [
            Posting(kind=kind, key=f"{number}:{kind}", amount_minor=100)
            for kind in (kinds if number % 2 else reversed(kinds))
        ]
        async with session(engine) as db:
            await ledger.post_all(db, of.campaign_id, of.creator_id, of.id, None, both, "EUR", NOW)

    await asyncio.gather(*(back_and_forth(number) for number in range(40)))
    async with session(engine) as db:
        assert (await ledger.balances(db, of.campaign_id)).reserved == 50_000
        assert await ledger.check(db) == []


async def test_one_creators_earnings_never_pay_another(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    async with session(engine) as db:
        campaign = await db.get_one(Campaign, of.campaign_id)
        other = await builders.collaboration(db, campaign)
        await move(db, of, PostingKind.RESERVE, 20_000)
        await move(db, of, PostingKind.EARN, 20_000)
    with pytest.raises(Overdrawn) as refusal:
        async with session(engine) as db:
            await move(db, other, PostingKind.SEND, 1)
    assert refusal.value.account == "payable"


async def test_the_same_movement_twice_is_one(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    for _ in range(2):
        async with session(engine) as db:
            await move(db, of, PostingKind.RESERVE, 20_000, key="once")
    async with session(engine) as db:
        assert (await ledger.balances(db, of.campaign_id)).reserved == 20_000


async def test_a_key_with_another_amount_is_an_error(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    async with session(engine) as db:
        await move(db, of, PostingKind.RESERVE, 20_000, key="once")
    with pytest.raises(ContentConflict):
        async with session(engine) as db:
            await move(db, of, PostingKind.RESERVE, 20_001, key="once")


async def test_a_negative_amount_is_not_a_movement(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    with pytest.raises(ValueError, match="negative"):
        async with session(engine) as db:
            await move(db, of, PostingKind.RESERVE, -1)


async def test_the_check_finds_what_was_changed_by_hand(
    engine: AsyncEngine, database: Database
) -> None:
    of = await prepared(engine)
    async with session(engine) as db:
        await move(db, of, PostingKind.RESERVE, 20_000, key="tampered")
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE ledger_entries SET signed_minor = signed_minor + 1 WHERE id ="
                " (SELECT max(id) FROM ledger_entries)"
            )
        )
    owner.dispose()
    async with session(engine) as db:
        found = await ledger.check(db)
    assert any("transaction tampered" in line for line in found)
    assert any("balance" in line for line in found)


async def test_a_statement_shows_the_movements_until_a_moment(engine: AsyncEngine) -> None:
    of = await prepared(engine)
    async with session(engine) as db:
        await move(db, of, PostingKind.RESERVE, 20_000)
        later = Posting(kind=PostingKind.FREE, key="later", amount_minor=20_000)
        await ledger.post(
            db, of.campaign_id, None, None, None, later, "EUR", NOW + timedelta(days=1)
        )
        found = await ledger.statement(db, of.campaign_id, NOW)
        end = await ledger.statement(db, of.campaign_id, NOW + timedelta(days=2))
    assert [line.kind for line in found.lines] == [PostingKind.FUND, PostingKind.RESERVE]
    assert MOVEMENTS[found.lines[1].kind] == ("available", "reserved")
    assert found.balances.reserved == 20_000
    assert end.balances.reserved == 0
    assert end.balances.available == 100_000


_PAIR = "INSERT INTO ledger_entries (transaction_id, account_id, signed_minor) VALUES "
_ACCOUNT = (
    "INSERT INTO ledger_accounts (name, owner_id, currency, normal, guarded, balance_minor) VALUES "
)
WRONG = {
    "an entry too many": _PAIR + "(:of, :one, -777)",
    "two entries too many": _PAIR + "(:of, :one, -777), (:of, :two, 777)",
    "another account's entries": _PAIR + "(:of, :one, 0), (:of, :foreign, 0)",
    "a transaction without entries": (
        "INSERT INTO ledger_transactions (key, kind, amount_minor, currency, at)"
        " VALUES ('alone', 'fund', 5, 'EUR', now())"
    ),
    "an account that begins with something": _ACCOUNT
    + "('available', 'x', 'EUR', 'credit', true, 5)",
    "an account that may be overdrawn": _ACCOUNT + "('available', 'x', 'EUR', 'credit', false, 0)",
    "an account counted the other way": _ACCOUNT + "('available', 'x', 'EUR', 'debit', true, 0)",
    "another balance": "UPDATE ledger_accounts SET balance_minor = balance_minor + 500000",
}


async def test_what_makes_the_ledger_wrong_is_refused_by_the_database(engine: AsyncEngine) -> None:
    of, other = await prepared(engine), await prepared(engine)
    async with session(engine) as db:
        await move(db, of, PostingKind.RESERVE, 20_000, key="right")
        made = await db.scalar(select(LedgerTransaction.id).filter_by(key="right"))
        entered = await db.scalars(select(LedgerEntry.account_id).filter_by(transaction_id=made))
        foreign = await db.scalar(
            select(LedgerAccount.id).filter_by(campaign_id=other.campaign_id, name="available")
        )
    one, two = entered.all()
    ids = {"of": made, "one": one, "two": two, "foreign": foreign}
    for statement in WRONG.values():
        refused = pytest.raises(DBAPIError, match=r"violates|moves|no entries|nothing|denied")
        with refused:
            async with session(engine) as db:
                await db.execute(text(statement), ids)
    async with session(engine) as db:
        assert await ledger.check(db) == []


async def test_a_statement_of_a_moment_that_has_passed_never_changes(
    engine: AsyncEngine, database: Database
) -> None:
    of = await prepared(engine)
    owner = make_engine(database.owner_url)
    async with AsyncSession(owner) as db:  # and nothing of it is kept
        clock = (
            "CREATE OR REPLACE FUNCTION ledger_clock() RETURNS timestamptz LANGUAGE sql VOLATILE"
        )
        await db.execute(text(f"{clock} AS 'SELECT clock_timestamp()'"))
        moment = (await db.execute(select(func.clock_timestamp()))).scalar_one()
        before = await ledger.statement(db, of.campaign_id, moment)
        await move(db, of, PostingKind.RESERVE, 20_000)  # decided long ago, and written only now
        assert await ledger.statement(db, of.campaign_id, moment) == before
        now = await ledger.statement(db, of.campaign_id, moment + timedelta(minutes=1))
        assert now.balances.reserved == 20_000
        assert now.lines[-1].at > moment
        future = NOW + timedelta(days=36_500)
        later = Posting(kind=PostingKind.FREE, key="later", amount_minor=1)
        await ledger.post(db, of.campaign_id, None, None, None, later, "EUR", future)
        assert await db.scalar(select(LedgerTransaction.at).filter_by(key="later")) == future
    await owner.dispose()


async def test_a_statement_waits_for_what_is_being_written(engine: AsyncEngine) -> None:
    of = await prepared(engine)

    async def read() -> int:
        async with session(engine) as db:
            return (await ledger.statement(db, of.campaign_id, NOW)).balances.reserved

    waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with session(engine) as db:
        await move(db, of, PostingKind.RESERVE, 20_000)
        reading = asyncio.create_task(read())
        while not await db.scalar(waits):
            await db.execute(text("SELECT pg_sleep(0.01)"))
    assert await reading == 20_000


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(list(PostingKind)), st.integers(min_value=0, max_value=70_000)),
        max_size=25,
    )
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_order_of_movements_unbalances_the_ledger(
    database: Database, steps: list[tuple[PostingKind, int]]
) -> None:
    async def run() -> None:
        engine = make_engine(database.app_url)
        of = await prepared(engine)
        for kind, amount in steps:
            try:
                async with session(engine) as db:
                    await move(db, of, kind, amount)
            except Overdrawn:
                continue
        async with session(engine) as db:
            after = await ledger.balances(db, of.campaign_id)
            assert await ledger.check(db) == []
        await engine.dispose()
        spread = after.available + after.reserved + after.payable + after.in_transit + after.paid
        assert spread == after.funding + after.recovered
        assert after.claimed == after.creator_receivable

    asyncio.run(run())
