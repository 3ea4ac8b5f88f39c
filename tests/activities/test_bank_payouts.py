"""After the transfer: the creator's bank has the money, or has sent it back."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import Unavailable
from domain.inbox import ItemKind
from domain.lifecycle import BankStatus, StreamKind
from store import ledger
from store.engine import session
from store.streams import verify_stream
from store.tables import Event, InboxItem, OutboxMail, Payout
from tests.activities.test_payouts import Scene
from tests.activities.test_reconciliation import book
from tests.fixtures.stripe import StripeStandIn


@pytest.fixture
async def scene(engine: AsyncEngine, stripe_standin: StripeStandIn) -> Scene:
    """A payment that was sent and booked."""
    scene = await Scene(engine, stripe_standin).begin()
    await scene.send()
    await _written(scene)
    await book(scene)
    return scene


async def _written(scene: Scene) -> None:
    attempt = await scene.attempt()
    assert attempt is not None
    async with session(scene.engine) as db:
        (await db.get_one(Payout, scene.payout_id)).transfer_id = attempt.transfer_id


async def news(scene: Scene, payout: str, kind: str = "paid") -> tuple[str, ...]:
    await scene.event(f"payout.{kind}", account=scene.account, object_id=payout)
    return scene.applied.mails


async def bank(scene: Scene) -> tuple[str | None, str | None]:
    async with session(scene.engine) as db:
        row = await db.get_one(Payout, scene.payout_id)
        return row.bank_status, row.bank_payout_id


async def to_do(scene: Scene) -> list[str]:
    async with session(scene.engine) as db:
        return list(await db.scalars(select(InboxItem.kind).where(InboxItem.closed_at.is_(None))))


async def test_a_payment_that_has_reached_the_bank_says_so(scene: Scene) -> None:
    payout = scene.standin.pay_out(scene.account)
    assert await news(scene, payout) == ()
    assert await news(scene, payout) == ()
    assert await bank(scene) == (BankStatus.PAID_OUT, payout)
    async with session(scene.engine) as db:
        told = await db.scalars(select(Event.event).where(Event.entity_id == scene.payout_id))
        assert list(told) == ["paid_out"]
        assert await verify_stream(db, StreamKind.PAYOUT, scene.payout_id)


async def test_paid_can_become_sent_back_and_the_next_payout_makes_it_good(scene: Scene) -> None:
    first = scene.standin.pay_out(scene.account)
    await news(scene, first)
    scene.standin.fail_payout(first)
    (mail,) = await news(scene, first, "failed")
    assert await bank(scene) == (BankStatus.FAILED, first)
    assert await to_do(scene) == [ItemKind.BANK_FAILED]
    async with session(scene.engine) as db:
        assert (await db.get_one(OutboxMail, mail)).mail == "bank_failed"
        payout = await db.get_one(Payout, scene.payout_id)
        money = await ledger.balances(db, payout.campaign_id)
        assert (payout.status, money.paid) == ("transferred", payout.amount_minor)
    second = scene.standin.pay_out(scene.account)
    await news(scene, second)
    assert await bank(scene) == (BankStatus.PAID_OUT, second)
    assert await to_do(scene) == []
    assert len(scene.transfers()) == 1


async def test_a_payout_that_stripe_cancels_is_told_like_one_that_was_sent_back(
    scene: Scene,
) -> None:
    """As after a pause of payouts: the money is in the creator's account again."""
    first = scene.standin.pay_out(scene.account)
    scene.standin.cancel_payout(first)
    assert len(await news(scene, first, "canceled")) == 1
    assert await bank(scene) == (BankStatus.FAILED, first)
    assert await to_do(scene) == [ItemKind.BANK_FAILED]
    second = scene.standin.pay_out(scene.account)
    await news(scene, second)
    assert (await bank(scene), await to_do(scene)) == ((BankStatus.PAID_OUT, second), [])
    assert len(scene.transfers()) == 1


async def test_a_bank_that_is_quicker_than_our_books_is_asked_again(
    engine: AsyncEngine, stripe_standin: StripeStandIn
) -> None:
    """The answer to the call was lost, and nobody has booked the payment as sent yet."""
    scene = await Scene(engine, stripe_standin).begin()
    stripe_standin.order_fault("drop_after")
    await scene.send()
    payout = stripe_standin.pay_out(scene.account)
    with pytest.raises(Unavailable, match="quicker"):
        await news(scene, payout)
    await _written(scene)
    await book(scene)
    await news(scene, payout)
    assert await bank(scene) == (BankStatus.PAID_OUT, payout)


async def test_news_that_comes_while_our_key_is_refused_waits_for_another(scene: Scene) -> None:
    payout = scene.standin.pay_out(scene.account)
    scene.standin.order_fault("401", path="/v1/payouts")
    with pytest.raises(Unavailable, match="an event waits"):
        await news(scene, payout)
    await news(scene, payout)
    assert await bank(scene) == (BankStatus.PAID_OUT, payout)


async def test_money_that_fills_a_negative_account_is_at_the_bank_when_it_is_paid_out(
    scene: Scene,
) -> None:
    """An account that owes Stripe takes the money first; paying once more would pay twice."""
    (transfer,) = scene.transfers()
    scene.standin.set_balance("eur", -100, scene.account)
    with pytest.raises(httpx.HTTPStatusError):
        scene.standin.pay_out(scene.account)
    with pytest.raises(httpx.HTTPStatusError):
        scene.standin.reverse(transfer, 1)
    assert await bank(scene) == (None, None)
    assert (await scene.send()).transfer_id == transfer
    await scene.rail.transfer(scene.account, 500, "EUR", f"{transfer}:more", "another", {})
    payout = scene.standin.pay_out(scene.account)
    await news(scene, payout)
    assert await bank(scene) == (BankStatus.PAID_OUT, payout)
    assert scene.standin.bank_payout(scene.account, payout)["amount"] == 400
    assert scene.transfers() == [transfer]


async def test_old_news_change_nothing(scene: Scene) -> None:
    """The events of a failed payout come after those of the one that made it good."""
    first = scene.standin.pay_out(scene.account)
    scene.standin.fail_payout(first)
    second = scene.standin.pay_out(scene.account)
    await news(scene, second)
    assert await news(scene, first, "failed") == ()
    assert await bank(scene) == (BankStatus.PAID_OUT, second)
    assert await to_do(scene) == []


async def test_payouts_of_others_and_refused_looks_change_nothing(scene: Scene) -> None:
    payout = scene.standin.pay_out(scene.account)
    await scene.event("payout.paid", account="acct_nobody", object_id=payout)
    scene.standin.order_fault("403", path="/v1/payouts")
    assert await news(scene, payout) == ()
    assert await bank(scene) == (None, None)
