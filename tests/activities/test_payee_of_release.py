"""A release is for one account of the creator; no other one is paid with it."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.messages import TransferOutcome
from store.engine import session
from store.tables import Creator, Payout, Recipient
from tests.activities.test_payouts import Scene
from tests.fixtures.stripe import StripeStandIn

T = TransferOutcome


@pytest.fixture
async def scene(engine: AsyncEngine, stripe_standin: StripeStandIn) -> Scene:
    return await Scene(engine, stripe_standin).begin()


async def set_up_anew(scene: Scene) -> str:
    """The creator closes the account and makes another one that can be paid."""
    scene.standin.close_account(scene.account)
    async with session(scene.engine) as db:
        creator = await db.get_one(Creator, scene.creator_id)
        made = await scene.rail.ensure_recipient(creator.id, "DE", creator.email, scene.account)
        await db.execute(
            update(Recipient)
            .where(Recipient.creator_id == creator.id)
            .values(account_id=made.account_id)
        )
    assert made.account_id != scene.account
    scene.standin.onboard(made.account_id)
    return made.account_id


async def released_for(scene: Scene, account: str) -> None:
    async with session(scene.engine) as db:
        (await db.get_one(Payout, scene.payout_id)).payee_account = account


def posts(scene: Scene) -> int:
    every = scene.standin.requests("/v1/transfers")
    return sum(each["method"] == "POST" and scene.payout_id in each["key"] for each in every)


async def test_a_payment_that_was_released_for_another_account_is_not_sent(scene: Scene) -> None:
    await released_for(scene, scene.account)
    new = await set_up_anew(scene)
    refused = await scene.send()
    assert (refused.outcome, refused.code) == (T.PAYEE_CHANGED, "payee_changed")
    assert posts(scene) == 0
    assert await scene.attempt() is None
    await released_for(scene, new)
    assert (await scene.send(attempt=2)).outcome is T.TRANSFERRED


async def test_a_release_before_there_was_an_account_is_for_the_first_one(scene: Scene) -> None:
    scene.standin.set_balance("eur", 0)
    assert (await scene.send()).outcome is T.WAITING_FUNDS
    scene.standin.set_balance("eur", 100_000_000)
    await set_up_anew(scene)
    assert (await scene.send(attempt=2)).outcome is T.PAYEE_CHANGED
    assert scene.transfers() == []


async def test_an_open_attempt_for_the_old_account_is_looked_up_and_not_sent(scene: Scene) -> None:
    scene.standin.order_fault("429")
    with pytest.raises(Unavailable):
        await scene.send()
    await set_up_anew(scene)
    with pytest.raises(Unavailable):
        await scene.send(attempt=2)
    scene.clock.pass_(seconds=91)
    assert (await scene.send(attempt=2)).outcome is T.PAYEE_CHANGED
    assert posts(scene) == 1
    assert scene.transfers() == []
