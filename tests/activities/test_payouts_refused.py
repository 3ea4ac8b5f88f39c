"""What Stripe may have against one account, and what follows for its payments and no others."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import RailStopped
from domain.inbox import ItemKind
from domain.lifecycle import BankStatus, HoldReason, PayoutStatus
from domain.messages import HeldPayout, OnboardingTask, TransferOutcome
from domain.money import Money
from store import paused, rail_stops
from store import payouts as store
from store.engine import session
from store.tables import AccountMatter, InboxItem, Payout, Recipient
from tests.activities.doomed_look import killed_everywhere, still_held
from tests.activities.test_payouts import Scene, resume
from tests.conftest import Database
from tests.fixtures.stripe import StripeStandIn

T = TransferOutcome


@pytest.fixture
async def scene(engine: AsyncEngine, stripe_standin: StripeStandIn) -> Scene:
    return await Scene(engine, stripe_standin).begin()


async def sent(scene: Scene, attempt: int = 1) -> tuple[TransferOutcome, str]:
    result = await scene.send(attempt)
    return result.outcome, result.code


async def recipient(scene: Scene) -> Recipient:
    async with session(scene.engine) as db:
        return await db.get_one(Recipient, scene.creator_id)


async def test_a_rejected_account_is_a_matter_for_people_and_never_tried_by_itself(
    scene: Scene,
) -> None:
    scene.standin.reject(scene.account)
    assert await sent(scene) == (T.REFUSED, "account_rejected")
    assert await sent(scene) == (T.REFUSED, "account_rejected")
    assert (await recipient(scene)).requirements == ["account_rejected"]
    assert scene.transfers() == []


async def test_what_a_payment_waits_for_is_seen_without_an_attempt(scene: Scene) -> None:
    assert not await scene.waits(HoldReason.NOT_ONBOARDED)
    scene.standin.restrict(scene.account)
    assert (await scene.send()).outcome is TransferOutcome.NOT_ONBOARDED
    assert await scene.waits(HoldReason.NOT_ONBOARDED)
    scene.standin.onboard(scene.account)
    assert not await scene.waits(HoldReason.NOT_ONBOARDED)
    scene.standin.order_fault("401", "/v1/transfers")
    with pytest.raises(RailStopped):
        await scene.send(2)
    assert await scene.waits(HoldReason.RAIL_STOPPED)
    await resume(scene)
    assert not await scene.waits(HoldReason.RAIL_STOPPED)
    assert await scene.attempt(3) is None


async def test_a_look_that_is_killed_anywhere_pays_nothing_and_the_next_one_sees_the_same(
    scene: Scene, database: Database
) -> None:
    scene.standin.restrict(scene.account)
    assert (await sent(scene))[0] is T.NOT_ONBOARDED
    scene.standin.onboard(scene.account)
    held = HeldPayout(payout_id=scene.payout_id, reason=HoldReason.NOT_ONBOARDED)
    statuses: list[str] = []

    async def nothing_is_paid() -> None:
        assert scene.transfers() == []
        assert await scene.attempt(2) is None
        statuses.append((await recipient(scene)).status)

    kills = await killed_everywhere(
        still_held, database.app_url, scene.standin.key, scene.standin.base, held,
        after=nothing_is_paid,
    )  # fmt: skip
    assert kills > 4
    assert list(dict.fromkeys(statuses)) == ["restricted", "active"], "before and after it is kept"
    assert not await scene.waits(HoldReason.NOT_ONBOARDED)
    assert (await sent(scene, 2))[0] is T.TRANSFERRED
    assert len(scene.transfers()) == 1


async def test_money_that_a_payment_waits_for_is_seen_without_an_attempt(
    engine: AsyncEngine, own_stripe_standin: StripeStandIn
) -> None:
    scene = await Scene(engine, own_stripe_standin).begin()
    own_stripe_standin.set_balance("eur", 14_999)
    assert await scene.waits(HoldReason.WAITING_FUNDS)
    own_stripe_standin.set_balance("eur", 15_000)
    assert not await scene.waits(HoldReason.WAITING_FUNDS)


async def test_a_restriction_that_may_be_lifted_is_waited_for(scene: Scene) -> None:
    scene.standin.restrict(scene.account)
    assert (await sent(scene))[0] is T.NOT_ONBOARDED
    assert (await recipient(scene)).status == "restricted"
    scene.standin.onboard(scene.account)
    assert (await sent(scene, 2))[0] is T.TRANSFERRED


async def test_an_account_that_took_our_access_back_stops_its_own_payments_only(
    scene: Scene,
) -> None:
    other = await Scene(scene.engine, scene.standin).begin()
    scene.standin.limit(scene.account, revoked=True)
    assert await sent(scene) == (T.NOT_ONBOARDED, "account_gone")
    async with session(scene.engine) as db:
        assert await rail_stops.current(db) is None
    assert (await sent(other))[0] is T.TRANSFERRED
    gone = await recipient(scene)
    assert (gone.status, gone.requirements) == ("restricted", ["account_gone"])
    await scene.payouts.prepare_onboarding(
        OnboardingTask(creator_id=scene.creator_id, link_id="lnk_anew")
    )
    assert (await recipient(scene)).account_id != scene.account


async def lost(scene: Scene) -> list[tuple[str, HoldReason]]:
    async with session(scene.engine) as db:
        await db.execute(update(Payout).values(sequence=1))
        return await store.lost_accounts(db, 10)


async def test_whoever_learns_of_a_lost_account_has_all_payments_of_the_creator_held(
    scene: Scene,
) -> None:
    other = await Scene(scene.engine, scene.standin).begin()
    assert await lost(scene) == []
    scene.standin.limit(scene.account, revoked=True)
    await scene.event("account.application.deauthorized", account=scene.account)
    assert await lost(scene) == [(scene.payout_id, HoldReason.ACCOUNT_GONE)]
    other.standin.reject(other.account)
    assert await sent(other) == (T.REFUSED, "account_rejected")
    assert (other.payout_id, HoldReason.ACCOUNT_REJECTED) in await lost(scene)
    await scene.held(HoldReason.BY_PERSON)
    assert [payout for payout, _ in await lost(scene)] == [other.payout_id]


async def test_a_currency_that_the_account_cannot_take_is_a_matter_for_people(
    scene: Scene,
) -> None:
    scene.standin.limit(scene.account, currencies=["eur"])
    assert await sent(scene) == (T.REFUSED, "currency_refused")
    scene.standin.limit(scene.account)
    assert (await sent(scene, 2))[0] is T.TRANSFERRED


async def test_what_is_below_the_minimum_is_refused_as_too_small(scene: Scene) -> None:
    async with session(scene.engine) as db:
        amount = (await db.get_one(Payout, scene.payout_id)).amount_minor
    scene.standin.limit(scene.account, minimum=amount + 1)
    assert await sent(scene) == (T.TOO_SMALL, "amount_too_small")
    assert scene.transfers() == []


async def test_nothing_is_sent_to_an_account_that_is_not_paid_out_to_its_bank(
    scene: Scene,
) -> None:
    scene.standin.set_payouts(scene.account, "restricted")
    assert await scene.event("v2.core.account[requirements].updated", account=scene.account) == []
    assert await sent(scene) == (T.NOT_ONBOARDED, "payouts_disabled")
    assert (await recipient(scene)).status == "pending"
    assert scene.transfers() == []
    # Stripe lets it be paid out again without telling: the next attempt finds out.
    scene.standin.set_payouts(scene.account, "active")
    assert (await sent(scene, 2))[0] is T.TRANSFERRED


async def told(scene: Scene) -> list[tuple[str, int]]:
    async with session(scene.engine) as db:
        await paused.tell(db, scene.clock())
        rows = await db.scalars(select(AccountMatter).where(AccountMatter.settled_at.is_(None)))
        return [(row.code, row.amount_minor) for row in rows.all()]


async def test_an_account_that_the_brand_paused_is_waited_for_and_the_creator_not_asked(
    scene: Scene,
) -> None:
    scene.standin.set_payouts(scene.account, "paused")
    await scene.event("v2.core.account[requirements].updated", account=scene.account)
    assert (await recipient(scene)).status == "paused"
    assert await sent(scene) == (T.PAUSED, "platform_paused")
    assert scene.transfers() == []
    assert await told(scene) == await told(scene) == [("paused", 15_000)]
    for status, waits in (("elsewhere", 0), ("netted", 0), ("held", 1)):
        async with session(scene.engine) as db:
            (await db.get_one(Payout, scene.payout_id)).status = status
        assert len(await told(scene)) == waits, "what was settled another way waits for nothing"
    scene.standin.set_payouts(scene.account, "active")
    assert (await sent(scene, 2))[0] is T.TRANSFERRED
    assert await told(scene) == []


async def test_finance_is_told_how_much_waits_for_money_until_nothing_does(scene: Scene) -> None:
    scene.standin.set_balance("eur", 14_999)
    assert (await sent(scene))[0] is T.WAITING_FUNDS
    await scene.held(HoldReason.WAITING_FUNDS)
    assert await told(scene) == [("waiting_funds", 15_000)]
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        payout.hold_reason, payout.status = None, PayoutStatus.REQUESTED.value
    assert await told(scene) == []


async def test_a_payout_that_was_canceled_by_a_pause_is_held_and_arrives_with_a_later_one(
    scene: Scene,
) -> None:
    assert (await sent(scene))[0] is T.TRANSFERRED
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        payout.status, payout.transfer_id = PayoutStatus.TRANSFERRED, scene.transfers()[0]

    async def bank(payout: str, kind: str) -> tuple[str | None, tuple[str, ...]]:
        await scene.event(f"payout.{kind}", account=scene.account, object_id=payout)
        async with session(scene.engine) as db:
            row = await db.get_one(Payout, scene.payout_id)
            items = await db.scalar(
                select(func.count()).where(
                    InboxItem.kind == ItemKind.BANK_FAILED, InboxItem.subject_id == row.id
                )
            )
            assert items == 0
            return row.bank_status, scene.applied.mails

    scene.standin.set_payouts(scene.account, "paused")
    first = scene.standin.pay_out(scene.account)
    scene.standin.cancel_payout(first)
    assert await bank(first, "canceled") == ("paused", ())
    assert await told(scene) == [("paused", 15_000)]
    scene.standin.set_payouts(scene.account, "active")
    assert await bank(scene.standin.pay_out(scene.account), "paid") == ("paid_out", ())
    assert await told(scene) == []


def test_stripe_gets_whole_units_as_if_they_had_decimals() -> None:
    assert Money.model_validate("5,000 UGX").minor == 500_000
    assert Money.model_validate("5,000 ISK").minor == 500_000
    assert Money.model_validate("5,000 JPY").minor == 5_000
    with pytest.raises(ValueError, match="has none"):
        Money.model_validate("5,000.50 ISK")


async def test_less_than_a_whole_unit_waits_in_the_account_for_the_next_payout(
    scene: Scene,
) -> None:
    scene.standin.set_balance("huf", 1_000_000)

    async def through_the_bank(name: str, amount: int) -> dict[str, int]:
        result = await scene.rail.transfer(scene.account, amount, "HUF", name, name, {})
        payout = scene.standin.pay_out(scene.account, "huf")
        found = await scene.rail.bank_payout(scene.account, payout)
        assert found is not None
        assert (found.status, found.transfers) == (BankStatus.PAID_OUT, (result.transfer_id,))
        sent: dict[str, int] = scene.standin.bank_payout(scene.account, payout)
        return sent

    first, second = f"{scene.payout_id}:1", f"{scene.payout_id}:2"
    assert (await through_the_bank(first, 12_345))["amount"] == 12_300
    assert (await through_the_bank(second, 12_355))["amount"] == 12_400
