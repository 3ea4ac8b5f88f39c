"""The balance at the provider is read where the key is, and kept with the moment of reading."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.balances import Balances
from domain.lifecycle import HoldReason
from domain.messages import StripeEventTask, TransferOutcome
from integrations.stripe_rail import StripeRail
from store import external_events, rail_balances, rail_stops
from store.engine import session
from store.rail_balances import Funds
from store.tables import Payout
from tests.activities.test_payouts import Scene
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
    scene.clock.pass_(minutes=3)
    assert (await scene.send(2)).outcome is TransferOutcome.WAITING_FUNDS
    async with session(engine) as db:
        (await db.get_one(Payout, scene.payout_id)).attempt = 2
    async with session(engine) as db:
        assert await rail_balances.to_be_woken(db, 10) == []
