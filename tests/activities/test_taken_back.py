"""Somebody takes a transfer back in Stripe's dashboard: booked once, and put to a person."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.creator_account import accounts
from domain.errors import Unavailable
from domain.lifecycle import HoldReason, StreamKind
from domain.messages import TakenBack
from domain.payments import REPAYMENT
from store import ledger
from store.claims import left_of
from store.creator_statements import creator_statement
from store.engine import session
from store.streams import verify_stream
from store.tables import Collaboration, Creator, OutboxMail, Payout
from tests import builders
from tests.activities.test_payouts import Scene, resume
from tests.activities.test_reconciliation import book, compared
from tests.fixtures.stripe import StripeStandIn

AMOUNT = 15_000


@pytest.fixture
async def scene(engine: AsyncEngine, stripe_standin: StripeStandIn) -> Scene:
    """A payment that was sent."""
    scene = await Scene(engine, stripe_standin).begin()
    scene.transfer = (await scene.send()).transfer_id
    return scene


async def taken_back(scene: Scene, amount: int) -> tuple[TakenBack, ...]:
    scene.standin.reverse(scene.transfer, amount)
    return await event(scene)


async def event(scene: Scene) -> tuple[TakenBack, ...]:
    await scene.event("transfer.reversed", object_id=scene.transfer)
    return scene.applied.taken_back


async def differences(scene: Scene) -> list[str]:
    """What books and Stripe disagree in about this payment; the stand-in has others as well."""
    found = (await compared(scene)).differences
    return [each.code for each in found if each.payout_id == scene.payout_id]


async def test_what_was_taken_back_is_owed_again_and_a_payment_on_hold(scene: Scene) -> None:
    await book(scene)
    (back,) = await taken_back(scene, AMOUNT)
    assert (back.payment.amount_minor, back.payment.on_hold) == (AMOUNT, HoldReason.TAKEN_BACK)
    async with session(scene.engine) as db:
        first = await db.get_one(Payout, scene.payout_id)
        again = await db.get_one(Payout, back.payment.payout_id)
        money = await ledger.balances(db, first.campaign_id)
        mail = await db.get_one(OutboxMail, back.outbox_id)
        assert (first.reversed_minor, first.status) == (AMOUNT, "transferred")
        assert (again.kind, again.again_of) == (REPAYMENT, first.id)
        assert (money.payable, money.paid) == (AMOUNT, 0)
        assert mail.facts == {"payout_id": first.id, "amount_minor": AMOUNT}
        assert await ledger.check(db) == []
        assert await verify_stream(db, StreamKind.PAYOUT, first.id)
        said = await creator_statement(
            db, await db.get_one(Creator, first.creator_id), scene.clock()
        )
    (account,) = accounts(said.lines)
    assert (account.paid_minor, account.owed_minor) == (0, AMOUNT)
    assert await differences(scene) == []


async def test_claims_that_are_less_by_what_was_taken_back_are_named_to_be_told(
    scene: Scene,
) -> None:
    await book(scene)
    async with session(scene.engine) as db:
        paid = await db.get_one(Payout, scene.payout_id)
        of = await db.get_one(Collaboration, paid.collaboration_id)
        claim = await builders.claim(db, of, amount_minor=1_000)
    (back,) = await taken_back(scene, 4_000)
    assert (back.payment.amount_minor, scene.applied.claims) == (3_000, (claim.id,))
    async with session(scene.engine) as db:
        assert await left_of(db, claim.id) == 0


async def test_the_same_news_again_books_nothing_again(scene: Scene) -> None:
    await book(scene)
    first = await taken_back(scene, 4_000)
    assert await event(scene) == first
    (_, second) = await taken_back(scene, 1_000)
    assert (second.payment.amount_minor, len(await event(scene))) == (1_000, 2)
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        again = (await db.scalars(select(Payout).where(Payout.kind == REPAYMENT))).all()
        parts = sorted((row.amount_minor, row.share_from, row.first_of) for row in again)
        assert parts == [(1_000, AMOUNT - 5_000, payout.id), (4_000, AMOUNT - 4_000, payout.id)]
        assert payout.reversed_minor == 5_000
        assert (await ledger.balances(db, payout.campaign_id)).paid == AMOUNT - 5_000
    assert await differences(scene) == []


async def test_news_that_come_before_the_payment_is_booked_are_taken_up_later(scene: Scene) -> None:
    scene.standin.reverse(scene.transfer, 4_000)
    with pytest.raises(Unavailable):
        await event(scene)
    await book(scene)
    assert len(await event(scene)) == 1


async def test_a_transfer_of_somebody_else_is_their_business(scene: Scene) -> None:
    other = await scene.rail.transfer(scene.account, 900, "EUR", "by hand", "order 7", {})
    scene.standin.reverse(other.transfer_id, 900)
    await scene.event("transfer.reversed", object_id=other.transfer_id)
    assert scene.applied.taken_back == ()


async def test_what_is_taken_back_while_stripe_refuses_the_key_is_booked_when_it_does_not(
    scene: Scene,
) -> None:
    await book(scene)
    scene.standin.order_fault("401", path=f"/v1/transfers/{scene.transfer}")
    with pytest.raises(Unavailable):
        await taken_back(scene, 4_000)
    assert await differences(scene) == ["reversed"]
    await resume(scene)
    (back,) = await event(scene)
    assert back.payment.amount_minor == 4_000
    assert await differences(scene) == []
