"""An event that never arrived is asked for, and goes the way of the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.lost_events import KEPT, LOOK_BACK, LostEvents
from domain.messages import OnboardingTask, StripeEventTask
from integrations.stripe_webhooks import StripeEvent
from store import external_events, rail_stops
from store.engine import session
from store.tables import PayoutAttempt, Recipient
from tests.activities.test_payouts import Scene
from tests.fixtures.stripe import Mailbox, StripeStandIn, eventually
from tests.tampering import unguarded


async def test_an_event_that_was_lost_is_found_and_applied(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn, webhook_mailbox: Mailbox
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    await eventually(lambda: all(each["delivered_at"] for each in own_stripe_standin.events()))
    arrived = len(webhook_mailbox.received)
    own_stripe_standin.pause_deliveries()
    sent = await scene.send()
    own_stripe_standin.lose_events()
    own_stripe_standin.pause_deliveries(False)
    async with unguarded(engine) as db:
        # The answer was lost as well: only the event could tell that the money has moved.
        await db.execute(update(PayoutAttempt).values(outcome="in_doubt", transfer_id=None))
    lost = LostEvents(engine, scene.rail)
    assert await lost.find_lost_events() == 1
    assert await lost.find_lost_events() == 0
    assert len(webhook_mailbox.received) == arrived
    async with session(engine) as db:
        soon = datetime.now(UTC) + timedelta(minutes=1)
        (row,) = await external_events.undispatched_events(db, soon, 9)
    assert row.type == "transfer.created"
    await scene.payouts.apply_stripe_event(StripeEventTask(event_row_id=row.id))
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.transfer_id == sent.transfer_id


async def test_an_event_that_arrived_is_not_stored_again(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    await scene.send()
    for event in await scene.rail.events_since(datetime.now(UTC) - timedelta(hours=1)):
        async with session(engine) as db:
            await external_events.store_event(
                db, "stripe", event.id, event.type, event.model_dump(), datetime.now(UTC)
            )
    assert await LostEvents(engine, scene.rail).find_lost_events() == 0


async def test_it_looks_back_from_the_last_event_and_no_further_than_stripe_keeps_them(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    await scene.send()
    now = datetime.now(UTC)
    async with session(engine) as db:
        await external_events.store_event(db, "stripe", "evt_last", "topup.succeeded", {}, now)
    later = LostEvents(engine, scene.rail, clock=lambda: now + LOOK_BACK * 2)
    assert await later.find_lost_events() == 1
    assert KEPT > LOOK_BACK


async def test_what_became_of_money_on_its_way_to_the_bank_is_asked_for_account_by_account(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    """The one that took our access back leaves its own events out, and no others."""
    gone = await Scene(engine, stripe_standin).begin()
    scene = await Scene(engine, stripe_standin).begin()
    await gone.send()
    await scene.send()
    stripe_standin.limit(gone.account, revoked=True)
    lost = LostEvents(engine, scene.rail)
    await lost.find_lost_events()
    payout = stripe_standin.pay_out(scene.account)
    stripe_standin.cancel_payout(payout)
    assert await lost.find_lost_events() == 2
    assert await lost.find_lost_events() == 0
    async with session(engine) as db:
        soon = datetime.now(UTC) + timedelta(minutes=1)
        rows = await external_events.undispatched_events(db, soon, 999)
    found = [StripeEvent.model_validate(row.payload) for row in rows if "payout." in row.type]
    assert {each.type for each in found} == {"payout.paid", "payout.canceled"}
    assert {(each.account, each.object_id) for each in found} == {(scene.account, payout)}
    assert await rail_stops_of(engine) is None


async def rail_stops_of(engine: AsyncEngine) -> object:
    """What stands still, if anything does."""
    async with session(engine) as db:
        return await rail_stops.current(db)


async def look(scene: Scene, at: datetime) -> int:
    """The hourly look; what it finds is applied like any event."""
    found = await LostEvents(scene.engine, scene.rail, clock=lambda: at).find_lost_events()
    async with session(scene.engine) as db:
        rows = await external_events.undispatched_events(db, at + timedelta(days=9), 9)
    for row in rows:
        await scene.payouts.apply_stripe_event(StripeEventTask(event_row_id=row.id))
    return found


async def status(scene: Scene) -> str:
    async with session(scene.engine) as db:
        return (await db.get_one(Recipient, scene.creator_id)).status


async def test_an_account_of_which_no_event_told_is_read_until_it_can_be_paid(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin(onboarded=False)
    now = datetime.now(UTC)
    await look(scene, now)
    assert await status(scene) != "active"
    own_stripe_standin.pause_deliveries()
    own_stripe_standin.onboard(scene.account)
    own_stripe_standin.lose_events()
    assert await look(scene, now + timedelta(hours=1)) == 1
    assert await status(scene) == "active"


async def test_an_account_in_order_is_read_once_a_day_whether_an_event_came_or_not(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    midnight = datetime.now(UTC).replace(hour=0, minute=5)
    own_stripe_standin.pause_deliveries()
    own_stripe_standin.restrict(scene.account)
    own_stripe_standin.lose_events()
    found = [await look(scene, midnight + timedelta(hours=hour)) for hour in range(24)]
    assert sum(found) == 1
    assert await status(scene) != "active"


async def test_a_creator_who_sets_up_again_what_is_in_order_is_not_asked_any_more(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin(onboarded=False)
    own_stripe_standin.onboard(scene.account)
    await scene.payouts.prepare_onboarding(
        OnboardingTask(creator_id=scene.creator_id, link_id="lnk_again")
    )
    async with session(engine) as db:
        (row,) = await external_events.undispatched_events(
            db, datetime.now(UTC) + timedelta(days=1), 9
        )
    await scene.payouts.apply_stripe_event(StripeEventTask(event_row_id=row.id))
    assert await status(scene) == "active"
