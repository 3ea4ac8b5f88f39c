"""The balance at the provider is read where the key is, and kept with the moment of reading."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.balances import Balances
from activities.lost_events import LostEvents
from activities.reconciliation import Reconciliation
from domain.errors import RailStopped
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, Role
from domain.messages import StripeEventTask, TransferOutcome
from domain.reconciliation import ReconcileTask
from integrations.stripe_rail import StripeRail
from store import account_matters, external_events, rail_balances, rail_stops
from store.engine import session
from store.rail_balances import Funds
from store.tables import InboxItem, Payout
from tests.activities.test_payouts import Scene, resume
from tests.builders import NOW
from tests.fixtures.stripe import StripeStandIn


async def funds(engine: AsyncEngine) -> dict[str, Funds]:
    async with session(engine) as db:
        return await rail_balances.funds(db)


def at(moment: datetime, engine: AsyncEngine, rail: StripeRail) -> Balances:
    return Balances(engine, rail, clock=lambda: moment)


async def test_the_balance_is_kept_and_a_key_that_may_not_read_it_stops_nothing(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    own_stripe_standin.set_balance("eur", 70_050)
    assert await at(NOW, engine, scene.rail).read_balance()
    assert (await funds(engine))["EUR"] == Funds(70_050, 0, NOW)
    own_stripe_standin.order_fault("403", "/v1/balance")
    assert not await at(NOW.replace(hour=11), engine, scene.rail).read_balance()
    assert (await funds(engine))["EUR"].read_at == NOW
    async with session(engine) as db:
        assert await rail_stops.current(db) is None


async def test_a_refused_key_that_the_reading_of_the_balance_meets_stops_all_payments(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    """And so do the other things that are read by the clock."""
    scene = await Scene(engine, own_stripe_standin).begin()
    own_stripe_standin.order_fault("401", "/v1/balance")
    assert not await at(scene.clock(), engine, scene.rail).read_balance()
    with pytest.raises(RailStopped, match="payments stand still"):
        await scene.send()
    assert own_stripe_standin.requests("/v1/transfers") == []
    await resume(scene)
    own_stripe_standin.order_fault("401", "/v1/events")
    with pytest.raises(RailStopped):
        await LostEvents(engine, scene.rail).find_lost_events()
    await resume(scene)
    comparing = Reconciliation(engine, scene.rail, clock=scene.clock)
    own_stripe_standin.order_fault("401", "/v1/transfers")
    with pytest.raises(RailStopped):
        await comparing.reconcile(ReconcileTask())
    await resume(scene)
    own_stripe_standin.order_fault("401", "/v1/balance_transactions")
    assert (await comparing.reconcile(ReconcileTask(record=True))).balance is None
    await resume(scene)
    assert (await scene.send()).outcome is TransferOutcome.TRANSFERRED


async def test_when_money_comes_in_the_balance_is_read_at_once(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    own_stripe_standin.set_balance("eur", 12_300)
    event = {"id": "evt_1", "type": "topup.succeeded", "thin": False, "livemode": False}
    async with session(engine) as db:
        row, _ = await external_events.store_event(
            db, "stripe", "evt_1", "topup.succeeded", event, NOW
        )
    await scene.payouts.apply_stripe_event(StripeEventTask(event_row_id=row))
    assert (await funds(engine))["EUR"].available == 12_300


async def test_money_that_came_a_moment_before_a_payment_was_on_hold_is_not_overlooked(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    """Woken once for each reading: if it is refused again, the next reading has to show more."""
    scene = await Scene(engine, own_stripe_standin).begin()
    own_stripe_standin.set_balance("eur", 0)
    assert (await scene.send()).outcome is TransferOutcome.WAITING_FUNDS
    await scene.held(HoldReason.WAITING_FUNDS)
    refused = scene.clock()

    async def woken(minutes: int, amount: int) -> list[str]:
        own_stripe_standin.set_balance("eur", amount)
        read = at(refused + timedelta(minutes=minutes), engine, scene.rail).read_balance
        assert await read()
        async with session(engine) as db:
            return list(await rail_balances.to_be_woken(db, 10))

    async with session(engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        payout.attempt, amount = 1, payout.amount_minor
    assert await woken(-1, amount) == []
    assert await woken(1, amount - 1) == []
    assert await woken(2, amount) == [scene.payout_id]
    own_stripe_standin.set_balance("eur", 0)
    other = await Scene(engine, own_stripe_standin).begin()
    assert (await other.send()).outcome is TransferOutcome.WAITING_FUNDS
    await other.held(HoldReason.WAITING_FUNDS)
    async with session(engine) as db:
        (await db.get_one(Payout, other.payout_id)).attempt = 1
    assert len(await woken(3, 2 * amount - 1)) == 1
    assert len(await woken(4, 2 * amount)) == 2
    await other.held(HoldReason.BY_PERSON)
    own_stripe_standin.set_balance("eur", 0)
    scene.clock.pass_(minutes=5)
    assert (await scene.send(2)).outcome is TransferOutcome.WAITING_FUNDS
    async with session(engine) as db:
        (await db.get_one(Payout, scene.payout_id)).attempt = 2
    async with session(engine) as db:
        assert await rail_balances.to_be_woken(db, 10) == []


async def open_items(engine: AsyncEngine) -> list[InboxItem]:
    async with session(engine) as db:
        rows = await db.scalars(select(InboxItem).where(InboxItem.closed_at.is_(None)))
        return [row for row in rows.all() if row.kind == ItemKind.ACCOUNT]


async def test_what_is_held_back_for_accounts_below_zero_is_read_and_told_to_finance_once(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    hour = iter(range(1, 20))

    async def read(below: int) -> list[InboxItem]:
        own_stripe_standin.set_balance("eur", -below, scene.account)
        assert await at(NOW.replace(hour=next(hour)), engine, scene.rail).read_balance()
        return await open_items(engine)

    own_stripe_standin.set_balance("eur", 70_000)
    assert await read(0) == []
    (item,) = await read(2_500)
    assert (item.code, item.seen, item.role) == ("connect_reserved", "2500EUR", Role.FINANCE)
    held = (await funds(engine))["EUR"]
    assert (held.available, held.reserved) == (67_500, 2_500)
    assert [each.id for each in await read(2_500)] == [item.id]
    (more,) = await read(4_000)
    assert (more.id, more.seen) == (item.id, "4000EUR")
    # A person has seen to it: it comes back only if it becomes more.
    async with session(engine) as db:
        assert await account_matters.settle(db, item.subject_id, NOW, None, "asked for it")
        assert not await account_matters.settle(db, item.subject_id, NOW, None, "again")
    assert await read(4_000) == await read(3_000) == []
    (again,) = await read(3_500)
    assert again.subject_id != item.subject_id
    assert await read(0) == []
    assert (await funds(engine))["EUR"].reserved == 0
    # What is held back cannot be sent.
    own_stripe_standin.set_balance("eur", 15_000)
    own_stripe_standin.set_balance("eur", -1, "acct_of_somebody_else")
    assert (await scene.send()).outcome is TransferOutcome.WAITING_FUNDS
