"""After the transfer: the creator's bank has the money, or has sent it back."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import KeyMayNot, TroupeError, Unavailable
from domain.inbox import ItemKind
from domain.lifecycle import BankStatus, PayoutStatus, StreamKind
from store import ledger, rail_stops
from store.engine import session
from store.streams import verify_stream
from store.tables import Event, ExternalEvent, InboxItem, OutboxMail, Payout
from tests.activities.test_payouts import Scene, resume
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


@pytest.mark.parametrize("over", [PayoutStatus.NETTED, PayoutStatus.ELSEWHERE])
async def test_a_payment_that_ended_otherwise_keeps_no_news_of_the_bank_waiting(
    scene: Scene, over: PayoutStatus
) -> None:
    async with session(scene.engine) as db:
        (await db.get_one(Payout, scene.payout_id)).status = over.value
    await news(scene, scene.standin.pay_out(scene.account))
    assert await bank(scene) == (None, None)


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


async def test_payouts_of_others_change_nothing(scene: Scene) -> None:
    payout = scene.standin.pay_out(scene.account)
    await scene.event("payout.paid", account="acct_nobody", object_id=payout)
    assert await bank(scene) == (None, None)


async def applied(scene: Scene) -> list[tuple[str, bool]]:
    """Of each event, why it could not be applied, and whether it is."""
    async with session(scene.engine) as db:
        rows = await db.scalars(select(ExternalEvent).order_by(ExternalEvent.received_at))
        return [(row.code, row.applied_at is not None) for row in rows]


@pytest.mark.parametrize(("fault", "raised"), [("401", Unavailable), ("403", KeyMayNot)])
async def test_money_sent_back_while_stripe_refuses_the_key_is_told_when_it_may_look_again(
    scene: Scene, fault: str, raised: type[TroupeError]
) -> None:
    """A key that may pay and not look stops no payment; one that is refused stops them all."""
    payout = scene.standin.pay_out(scene.account)
    scene.standin.fail_payout(payout)
    scene.standin.order_fault(fault, path="/v1/payouts")
    with pytest.raises(raised):
        await news(scene, payout, "failed")
    assert (await applied(scene), await bank(scene)) == ([("rail_stopped", False)], (None, None))
    async with session(scene.engine) as db:
        stop = await rail_stops.current(db)
    assert (stop is not None) == (fault == "401")
    if stop is not None:
        before = len(scene.standin.requests("/v1/"))
        with pytest.raises(Unavailable):
            await news(scene, payout, "failed")
        assert len(scene.standin.requests("/v1/")) == before
        await resume(scene)
    assert len(await news(scene, payout, "failed")) == 1
    assert (await applied(scene), await to_do(scene)) == ([("", True)], [ItemKind.BANK_FAILED])
    assert await bank(scene) == (BankStatus.FAILED, payout)
