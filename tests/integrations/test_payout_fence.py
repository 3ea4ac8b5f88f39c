"""A worker is stopped in the middle of sending and wakes up when others have long gone on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.payouts import Payouts
from activities.turns import MARGIN, TURN
from domain.errors import NotAllowed, Unavailable
from domain.ids import attempt_key
from domain.messages import TransferOutcome, TransferRequest, TransferResult
from integrations.payout_rail import PayoutRail
from integrations.stripe_rail import StripeRail
from store import attempts
from store.engine import session
from store.tables import PayoutAttempt
from tests.activities.test_payouts import Scene
from tests.fixtures.stripe import KEY, StripeStandIn, eventually

T = TransferOutcome
OVER = (TURN + MARGIN).total_seconds() + 1


class StoppedBeforeTheCall:
    """The real rail in a process that stands still between the commit and the call."""

    def __init__(self, rail: StripeRail) -> None:
        self._rail = rail
        self.live = rail.live
        self.reached, self.wakes = asyncio.Event(), asyncio.Event()

    async def transfer(self, *args: Any, **more: Any) -> TransferResult:
        self.reached.set()
        await self.wakes.wait()
        return await self._rail.transfer(*args, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rail, name)


class SlowNetwork:
    """A network that has taken the bytes and delivers them when it likes."""

    def __init__(self, target: int) -> None:
        self._target = target
        self.taken, self.delivers, self.delivered = (asyncio.Event() for _ in range(3))
        self.port = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = await reader.readuntil(b"\r\n\r\n")
        length = int(sent.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        sent += await reader.readexactly(length)
        self.taken.set()
        await self.delivers.wait()
        answers, onward = await asyncio.open_connection("127.0.0.1", self._target)
        onward.write(sent)
        self.answer = await answers.readuntil(b"\r\n\r\n")
        onward.close()
        writer.close()
        self.delivered.set()


@contextlib.asynccontextmanager
async def slow_network(standin: StripeStandIn) -> AsyncIterator[SlowNetwork]:
    network = SlowNetwork(standin.port)
    server = await asyncio.start_server(network.carry, "127.0.0.1", 0)
    network.port = server.sockets[0].getsockname()[1]
    async with server:
        yield network


def other_worker(scene: Scene, rail: Any) -> Payouts:
    as_rail: PayoutRail = rail
    return Payouts(scene.engine, as_rail, "http://127.0.0.1:8000", clock=scene.clock)


def posts(scene: Scene) -> list[str]:
    return [
        entry["key"]
        for entry in scene.standin.requests("/v1/transfers")
        if entry["method"] == "POST" and scene.payout_id in entry["key"]
    ]


@pytest.fixture
async def scene(engine: AsyncEngine, stripe_standin: StripeStandIn) -> Scene:
    return await Scene(engine, stripe_standin).begin()


@contextlib.asynccontextmanager
async def stopped(scene: Scene) -> AsyncIterator[tuple[asyncio.Task[Any], asyncio.Event]]:
    """A worker that has committed its attempt and stands still; it goes on with the event."""
    rail = StoppedBeforeTheCall(scene.rail)
    request = TransferRequest(payout_id=scene.payout_id, attempt=1)
    sending = asyncio.create_task(other_worker(scene, rail).send_transfer(request))
    await asyncio.wait_for(rail.reached.wait(), 10)
    assert await scene.attempt() is not None
    yield sending, rail.wakes
    rail.wakes.set()
    with contextlib.suppress(Unavailable):
        await sending


async def test_nobody_gives_up_an_attempt_while_its_worker_may_still_call(scene: Scene) -> None:
    async with stopped(scene) as (sending, wakes):
        with pytest.raises(Unavailable):
            await scene.look_up()
        wakes.set()
        assert (await sending).outcome is T.TRANSFERRED
    assert len(scene.transfers()) == 1


async def test_a_worker_that_wakes_up_after_its_turn_sends_nothing(scene: Scene) -> None:
    async with stopped(scene) as (sending, wakes):
        scene.clock.pass_(seconds=OVER)
        paid = await scene.look_up()
        assert paid.outcome is T.TRANSFERRED
        wakes.set()
        with pytest.raises(Unavailable):
            await sending
    assert posts(scene) == [attempt_key(scene.payout_id, 1)]
    assert scene.transfers() == [paid.transfer_id]


async def test_a_worker_that_wakes_up_when_a_new_attempt_was_made_sends_nothing(
    scene: Scene,
) -> None:
    """Its key is too old to be sent again, so the list decided that it never happened."""
    async with stopped(scene) as (sending, wakes):
        scene.clock.pass_(hours=23, minutes=1)
        assert (await scene.look_up()).outcome is T.NOT_FOUND
        paid = await scene.send(attempt=2)
        assert paid.outcome is T.TRANSFERRED
        wakes.set()
        with pytest.raises(Unavailable):
            await sending
    assert posts(scene) == [attempt_key(scene.payout_id, 2)]
    assert scene.transfers() == [paid.transfer_id]


async def test_a_worker_whose_clock_stood_still_too_is_stopped_by_the_row(scene: Scene) -> None:
    """A paused machine does not know that time has passed; the attempt's row does."""
    rail = StoppedBeforeTheCall(scene.rail)
    asleep = scene.clock.now
    paused = Payouts(scene.engine, rail, "http://127.0.0.1:8000", clock=lambda: asleep)
    request = TransferRequest(payout_id=scene.payout_id, attempt=1)
    sending = asyncio.create_task(paused.send_transfer(request))
    await asyncio.wait_for(rail.reached.wait(), 10)
    scene.clock.pass_(hours=23, minutes=1)
    assert (await scene.look_up()).outcome is T.NOT_FOUND
    paid = await scene.send(attempt=2)
    rail.wakes.set()
    with pytest.raises(Unavailable):
        await sending
    assert scene.transfers() == [paid.transfer_id]


@pytest.mark.parametrize("fault", ["", "500_before"])
async def test_a_request_that_the_network_delivers_too_late_is_one_transfer(
    scene: Scene, fault: str
) -> None:
    """The worker is dead, its bytes are not: what is sent meanwhile has the same key."""
    async with slow_network(scene.standin) as network:
        rail = StripeRail(
            KEY, api_base=f"http://127.0.0.1:{network.port}", max_network_retries=0
        )  # fmt: skip
        request = TransferRequest(payout_id=scene.payout_id, attempt=1)
        dying = asyncio.create_task(other_worker(scene, rail).send_transfer(request))
        await asyncio.wait_for(network.taken.wait(), 10)
        dying.cancel()
        await asyncio.wait({dying})
        with pytest.raises(Unavailable):
            await scene.look_up()
        scene.clock.pass_(seconds=OVER)
        if fault:
            scene.standin.order_fault(fault, method="POST")
            with pytest.raises(Unavailable):
                await scene.look_up()
            scene.clock.pass_(seconds=OVER)
            assert (await scene.look_up()).outcome is T.NOT_FOUND
        paid = await scene.send(attempt=2)
        assert paid.outcome is T.TRANSFERRED
        network.delivers.set()
        await asyncio.wait_for(network.delivered.wait(), 10)
        assert b"idempotent-replayed: true" in network.answer.lower()
    assert scene.transfers() == [paid.transfer_id]


async def test_a_new_attempt_waits_for_the_worker_that_was_taken_over(scene: Scene) -> None:
    """Its successor was refused; it may itself not be refused any more when it wakes up."""
    async with stopped(scene) as (sending, wakes):
        scene.standin.restrict(scene.account)
        assert (await scene.send()).outcome is T.NOT_ONBOARDED
        scene.standin.onboard(scene.account)
        with pytest.raises(Unavailable):
            await scene.send(attempt=2)
        scene.clock.pass_(seconds=OVER)
        paid = await scene.send(attempt=2)
        assert paid.outcome is T.TRANSFERRED
        wakes.set()
        with pytest.raises(Unavailable):
            await sending
    assert scene.transfers() == [paid.transfer_id]


async def test_an_attempt_that_was_given_up_before_it_was_made_is_never_made(
    scene: Scene,
) -> None:
    assert (await scene.look_up()).outcome is T.NOT_FOUND
    closed = await scene.attempt()
    assert closed is not None
    assert (await scene.send()).outcome is T.NOT_FOUND
    assert posts(scene) == []
    paid = await scene.send(attempt=2)
    assert scene.transfers() == [paid.transfer_id]


async def test_an_attempt_older_than_the_newest_is_never_made(scene: Scene) -> None:
    scene.standin.set_balance("eur", 0)
    assert (await scene.send(attempt=2)).outcome is T.WAITING_FUNDS
    scene.standin.set_balance("eur", 100_000_000)
    with pytest.raises(NotAllowed):
        await scene.send(attempt=1)
    assert scene.transfers() == []


async def test_a_late_answer_does_not_open_an_attempt_again(scene: Scene) -> None:
    scene.standin.set_balance("eur", 0)
    assert (await scene.send()).outcome is T.WAITING_FUNDS
    unclear = TransferResult(outcome=T.IN_DOUBT, code="no_answer")
    async with session(scene.engine) as db:
        await attempts.settle_attempt(db, scene.payout_id, 1, unclear, scene.clock(), "of another")
    attempt = await scene.attempt()
    assert attempt is not None
    assert attempt.outcome == T.WAITING_FUNDS


async def test_two_workers_that_begin_at_once_have_one_turn(scene: Scene) -> None:
    results = await asyncio.gather(*(scene.send() for _ in range(8)), return_exceptions=True)
    assert {type(each) for each in results} <= {TransferResult, Unavailable}
    await eventually(lambda: len(scene.transfers()) == 1)
    assert (await scene.send()).transfer_id == scene.transfers()[0]
    async with session(scene.engine) as db:
        assert await db.get(PayoutAttempt, (scene.payout_id, 2)) is None
