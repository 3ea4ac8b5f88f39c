"""Several payments to one creator at once: one call at a time, and nobody keeps the others long."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

import activities.payouts
from activities.turns import MARGIN, TURN
from domain.errors import AccountBusy, Unavailable
from domain.ids import attempt_key
from domain.messages import TransferOutcome, TransferRequest, TransferResult
from integrations.stripe_rail import StripeRail
from store import attempts
from store.engine import session
from store.tables import Collaboration, PayoutAttempt
from tests import builders
from tests.activities.test_payouts import Scene
from tests.fixtures.stripe import StripeStandIn
from tests.integrations.test_payout_fence import other_worker

T = TransferOutcome


@pytest.fixture
async def scene(
    engine: AsyncEngine, stripe_standin: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    monkeypatch.setattr(activities.payouts, "BUSY_POLL", timedelta(milliseconds=20))
    return await Scene(engine, stripe_standin).begin()


async def more_payments(scene: Scene, count: int) -> list[str]:
    """Further payments to the creator of the scene, released as the first one was."""
    async with session(scene.engine) as db:
        of = await db.scalar(
            select(Collaboration).where(Collaboration.creator_id == scene.creator_id)
        )
        made = [
            await builders.payout(db, of, kind="bonus", number=number + 1, amount_minor=4_000)
            for number in range(count)
        ]
    return [each.id for each in made]


class CountedCalls:
    """The real rail, and how many calls were under way at once."""

    def __init__(self, rail: StripeRail) -> None:
        self._rail = rail
        self.live = rail.live
        self.now = self.most = 0

    async def transfer(self, *args: Any, **more: Any) -> TransferResult:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.03)
        result = await self._rail.transfer(*args, **more)
        self.now -= 1
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rail, name)


async def test_payments_to_one_account_are_called_one_after_the_other(scene: Scene) -> None:
    rail = CountedCalls(scene.rail)
    every = [scene.payout_id, *await more_payments(scene, 3)]
    results = await asyncio.gather(
        *(
            other_worker(scene, rail).send_transfer(TransferRequest(payout_id=each, attempt=1))
            for each in every
        )
    )
    assert {each.outcome for each in results} == {T.TRANSFERRED}
    assert len({each.transfer_id for each in results}) == 4
    assert rail.most == 1


async def begun(scene: Scene, payout_id: str, sender: str) -> PayoutAttempt:
    """A worker has taken its turn; nobody knows whether it lives."""
    wanted = PayoutAttempt(
        payout_id=payout_id, number=1, key=attempt_key(payout_id, 1), request_hash="", code="",
        account_id=scene.account, amount_minor=4_000, first_sent_at=scene.clock(), sender=sender,
        sending_until=scene.clock() + TURN + MARGIN,
    )  # fmt: skip
    async with session(scene.engine) as db:
        return await attempts.take_turn(db, wanted, scene.clock())


async def test_a_killed_sender_keeps_the_account_no_longer_than_its_turn(scene: Scene) -> None:
    (dead,) = await more_payments(scene, 1)
    await begun(scene, dead, "died")
    with pytest.raises(AccountBusy):
        await begun(scene, scene.payout_id, "lives")
    async with session(scene.engine) as db:
        assert await attempts.get_attempt(db, scene.payout_id, 1) is None
    await begun(scene, dead, "takes over")
    scene.clock.pass_(seconds=(TURN + MARGIN).total_seconds() + 1)
    assert (await scene.send()).outcome is T.TRANSFERRED


@pytest.mark.parametrize("fault", ["lock_timeout", "500_after", "drop_after"])
async def test_an_attempt_that_waits_or_is_in_doubt_keeps_nobody(scene: Scene, fault: str) -> None:
    (other,) = await more_payments(scene, 1)
    scene.standin.order_fault(fault, method="POST")
    request = TransferRequest(payout_id=other, attempt=1)
    if fault == "lock_timeout":
        with pytest.raises(Unavailable):
            await scene.payouts.send_transfer(request)
    else:
        assert (await scene.payouts.send_transfer(request)).outcome is T.IN_DOUBT
    await begun(scene, scene.payout_id, "the other one")


async def test_two_that_begin_in_the_same_moment_have_one_call(scene: Scene) -> None:
    every = [scene.payout_id, *await more_payments(scene, 5)]
    results = await asyncio.gather(
        *(begun(scene, each, f"of {each}") for each in every), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, AccountBusy)]
    assert len(refused) == 5
