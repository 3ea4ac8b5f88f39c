"""What arrives of a payment in an account of another currency."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.messages import TransferOutcome
from domain.payments import Credited
from store.engine import session
from store.payment_lines import Wanted, all_payments
from store.tables import Payout
from tests.activities.test_payouts import Scene
from tests.fixtures.stripe import StripeStandIn

POUNDS = {"currency": "GBP", "rate": "0.85"}


@pytest.fixture
async def scene(engine: AsyncEngine, stripe_standin: StripeStandIn) -> Scene:
    return await Scene(engine, stripe_standin).begin()


async def arrived(scene: Scene) -> Credited | None:
    """What finance's list says of the payment, once it is booked."""
    attempt = await scene.attempt()
    assert attempt is not None
    async with session(scene.engine) as db:
        (payout,) = await db.scalars(select(Payout).where(Payout.id == scene.payout_id))
        payout.transfer_id = attempt.transfer_id
    async with session(scene.engine) as db:
        (line,) = [line async for line in all_payments(db, Wanted())]
    return line.credited


async def test_what_an_account_in_pounds_got_for_euros_is_kept(scene: Scene) -> None:
    scene.standin.limit(scene.account, settles=POUNDS)
    assert (await scene.send()).outcome is TransferOutcome.TRANSFERRED
    assert await arrived(scene) == Credited(amount_minor=12_750, currency="GBP")
    scene.standin.limit(scene.account, settles=POUNDS | {"rate": "0.5"})
    await scene.send()
    assert await arrived(scene) == Credited(amount_minor=12_750, currency="GBP")


async def test_what_arrives_as_it_was_sent_is_no_news(scene: Scene) -> None:
    await scene.send()
    attempt = await scene.attempt()
    assert attempt is not None
    assert (attempt.credited_minor, attempt.credited_currency) == (15_000, "EUR")
    assert await arrived(scene) is None


@pytest.mark.parametrize("fault", ["403", "401", "500_before", "drop_before", "429"])
async def test_a_payment_does_not_depend_on_what_arrived_being_read(
    scene: Scene, fault: str
) -> None:
    scene.standin.limit(scene.account, settles=POUNDS)
    scene.standin.order_fault(fault, method="GET", path="/v1/charges", count=9)
    result = await scene.send()
    assert result.outcome is TransferOutcome.TRANSFERRED
    assert await arrived(scene) is None
    # Asked again, it is read after all, and nothing is sent again.
    scene.standin.heal()
    assert await scene.send() == result
    assert await arrived(scene) == Credited(amount_minor=12_750, currency="GBP")
    assert len(scene.transfers()) == 1


async def test_a_converted_payment_is_taken_back_and_paid_out_in_its_own_currency(
    scene: Scene,
) -> None:
    scene.standin.limit(scene.account, settles={"currency": "JPY", "rate": "160"})
    sent = await scene.send()
    assert await arrived(scene) == Credited(amount_minor=24_000, currency="JPY")
    scene.standin.reverse(sent.transfer_id, 5_000)
    payout = scene.standin.pay_out(scene.account, "jpy")
    assert scene.standin.bank_payout(scene.account, payout)["amount"] == 16_000
    found = await scene.rail.bank_payout(scene.account, payout)
    assert found is not None
    assert found.transfers == (sent.transfer_id,)
