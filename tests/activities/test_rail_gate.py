"""A refused key stops every payment, until another key is accepted or a person says so."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import worker
from activities.payouts import Payouts
from activities.rail_gate import RailGate
from domain.errors import RailStopped
from domain.messages import TransferOutcome, TransferRequest
from integrations.secret_source import mark_of
from integrations.stripe_rail import StripeRail
from settings import Settings
from store import rail_stops
from store.engine import session
from store.tables import RailStop
from tests.activities.test_payouts import Scene, resume
from tests.conftest import Database
from tests.fixtures.stripe import StripeStandIn

T = TransferOutcome


def calls(standin: StripeStandIn) -> int:
    return len(standin.requests("/v1/"))


def with_wrong_key(scene: Scene) -> Payouts:
    rail = StripeRail("sk_test_revoked", api_base=scene.standin.base, max_network_retries=0)
    return Payouts(scene.engine, rail, "http://127.0.0.1:8000", clock=scene.clock)


async def stops(engine: AsyncEngine) -> list[RailStop]:
    async with session(engine) as db:
        return list(await db.scalars(select(RailStop).order_by(RailStop.stopped_at)))


@pytest.mark.parametrize("fault", ["401", "403"])
async def test_after_one_refusal_no_payment_calls_the_provider(
    engine: AsyncEngine, stripe_standin: StripeStandIn, fault: str
) -> None:
    first = await Scene(engine, stripe_standin).begin()
    second = await Scene(engine, stripe_standin).begin()
    stripe_standin.order_fault("drop_before")
    assert (await second.send()).outcome is T.IN_DOUBT
    stripe_standin.order_fault(fault)
    with pytest.raises(RailStopped):
        await first.send()
    before = calls(stripe_standin)
    for _ in range(2):
        with pytest.raises(RailStopped):
            await first.send()
        with pytest.raises(RailStopped):
            await second.look_up()
        assert (await second.send(attempt=2)).outcome is T.IN_DOUBT
    assert calls(stripe_standin) == before
    [stop] = await stops(engine)
    assert stop.said.startswith("Stripe refuses our key (")

    await resume(first)
    assert (await first.send()).outcome is T.TRANSFERRED
    second.clock.pass_(seconds=61)
    assert (await second.look_up()).outcome is T.TRANSFERRED
    assert (len(first.transfers()), len(second.transfers())) == (1, 1)


async def test_what_was_paid_already_is_still_known_while_the_rail_is_stopped(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    paid = await Scene(engine, stripe_standin).begin()
    other = await Scene(engine, stripe_standin).begin()
    first = await paid.send()
    stripe_standin.order_fault("401")
    with pytest.raises(RailStopped):
        await other.send()
    assert await paid.send() == first


async def test_another_key_that_is_accepted_lets_payments_go_on(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, stripe_standin).begin()
    request = TransferRequest(payout_id=scene.payout_id, attempt=1)
    wrong = with_wrong_key(scene)
    with pytest.raises(RailStopped):
        await wrong.send_transfer(request)
    paid = await scene.send()
    assert scene.transfers() == [paid.transfer_id]
    [stop] = await stops(engine)
    assert (stop.resumed_at, stop.resumed_by) == (scene.clock(), None)


async def test_another_key_that_is_refused_too_changes_nothing(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, stripe_standin).begin()
    stripe_standin.order_fault("401")
    with pytest.raises(RailStopped):
        await scene.send()
    request = TransferRequest(payout_id=scene.payout_id, attempt=2)
    with pytest.raises(RailStopped):
        await with_wrong_key(scene).send_transfer(request)
    [stop] = await stops(engine)
    assert stop.resumed_at is None
    assert scene.transfers() == []


async def test_a_new_key_in_the_file_lets_payments_go_on_without_a_restart(
    engine: AsyncEngine,
    stripe_standin: StripeStandIn,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "stripe_key"
    file.write_text("sk_test_revoked")
    settings = Settings.from_environment(
        {
            "TROUPE_DATABASE_URL": database.app_url,
            "TROUPE_SECRET_KEY": "a secret that is only used in this test",
            "TROUPE_STRIPE_KEY_FILE": str(file),
            "TROUPE_STRIPE_API_BASE": stripe_standin.base,
        }
    )
    monkeypatch.setattr(worker, "KEY_LOOK_SECONDS", 0.02)
    tools = worker.Tools(settings, engine, cast("Client", None))
    rail = worker._rail(tools)
    scenes = [await Scene(engine, stripe_standin).begin() for _ in range(2)]
    for scene in scenes:
        scene.payouts = Payouts(engine, rail, "http://127.0.0.1:8000", clock=scene.clock)
        with pytest.raises(RailStopped):
            await scene.send()
    [stop] = await stops(engine)
    assert stop.key_mark == mark_of("sk_test_revoked")

    over = asyncio.Event()
    watching = asyncio.create_task(worker.try_new_keys(tools, over))
    file.write_text("sk_te")
    await asyncio.sleep(0)
    file.write_text(stripe_standin.key)
    for _ in range(500):
        if (await stops(engine))[0].resumed_at is not None:
            break
        await asyncio.sleep(0.02)
    over.set()
    await watching
    for scene in scenes:
        assert (await scene.send()).outcome is T.TRANSFERRED
        assert len(scene.transfers()) == 1
    assert (await stops(engine))[-1].resumed_by is None
    await rail.close()


async def test_a_late_refusal_of_the_old_key_says_nothing_of_the_new_one(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, stripe_standin).begin()
    gate = RailGate(engine, scene.rail, scene.clock)
    with pytest.raises(RailStopped):
        async with gate.passage():
            raise RailStopped("Stripe refuses our key (late)", key_mark=mark_of("sk_test_old"))
    assert (await scene.send()).outcome is T.TRANSFERRED


async def test_a_stop_ends_once(engine: AsyncEngine, stripe_standin: StripeStandIn) -> None:
    scene = await Scene(engine, stripe_standin).begin()
    async with session(engine) as db:
        await rail_stops.stop(db, "Stripe refuses our key (test)", "mark", scene.clock())
        await rail_stops.stop(db, "Stripe refuses our key (again)", "mark", scene.clock())
    [stop] = await stops(engine)
    assert stop.said == "Stripe refuses our key (again)"
    async with session(engine) as db:
        assert await rail_stops.resume(db, stop.id, scene.clock())
        assert not await rail_stops.resume(db, stop.id, scene.clock())
        assert await rail_stops.current(db) is None
