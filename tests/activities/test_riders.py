"""What is too small to be sent alone goes along with a later payment, once, whatever happens."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

import activities.payouts
from domain.correspondence import PayoutFigures
from domain.decisions import DecisionKind, PlainChoice
from domain.errors import RailStopped, Unavailable
from domain.lifecycle import BankStatus, HoldReason, PayoutStatus, Role, StreamKind
from domain.messages import (
    ApplyDecision,
    Posting,
    PostingKind,
    StreamHead,
    TransferOutcome,
    TransferRequest,
    TransferResult,
)
from domain.payments import RailTransfer
from domain.reconciliation import DifferenceCode, not_ours
from store import attempts, comparisons, ledger, records, riders
from store.engine import session
from store.remittances import remittance
from store.tables import (
    Collaboration,
    InboxItem,
    Payout,
    PayoutAttempt,
    Rider,
    StoredDifference,
)
from tests import builders
from tests.activities.test_payouts import Scene, resume
from tests.activities.test_reconciliation import compared, kept
from tests.fixtures.stripe import StripeStandIn
from tests.integrations.test_payout_fence import OVER, StoppedBeforeTheCall, other_worker
from tests.tampering import unguarded

T = TransferOutcome
RETRY = PlainChoice(kind=DecisionKind.RETRY_PAYOUT)
HOLD = PlainChoice(kind=DecisionKind.HOLD_PAYOUT)
BIG, SMALL, MINIMUM = 15_000, 300, 500


@pytest.fixture
async def scene(
    engine: AsyncEngine, stripe_standin: StripeStandIn, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """A payment that can be sent, to an account that takes nothing below a minimum."""
    monkeypatch.setattr(activities.payouts, "BUSY_POLL", timedelta(milliseconds=20))
    scene = await Scene(engine, stripe_standin).begin()
    scene.standin.limit(scene.account, minimum=MINIMUM)
    return scene


async def more(scene: Scene, amount: int = BIG, number: int = 1) -> str:
    """Another payment to the same creator."""
    async with session(scene.engine) as db:
        of = await db.scalar(
            select(Collaboration).where(Collaboration.creator_id == scene.creator_id)
        )
        made = await builders.payout(
            db, of, kind="bonus", number=number, amount_minor=amount, releases=1,
            payee_account=scene.account,
        )  # fmt: skip
    return made.id


async def send(scene: Scene, payout_id: str, attempt: int = 1) -> TransferResult:
    return await scene.payouts.send_transfer(TransferRequest(payout_id=payout_id, attempt=attempt))


async def small(scene: Scene, amount: int = SMALL, number: int = 1) -> str:
    """A payment that was refused since it is too small, and waits, as its workflow has it."""
    payout_id = await more(scene, amount, number)
    assert (await send(scene, payout_id)).outcome is T.TOO_SMALL
    await change(scene, payout_id, **WAITS)
    return payout_id


WAITS: dict[str, Any] = {
    "status": PayoutStatus.HELD.value, "hold_reason": HoldReason.BELOW_MINIMUM.value, "rides": True,
}  # fmt: skip


async def change(scene: Scene, payout_id: str, **values: Any) -> None:
    async with unguarded(scene.engine) as db:
        await db.execute(update(Payout).where(Payout.id == payout_id).values(**values))


async def book(scene: Scene, payout_id: str, result: TransferResult) -> None:
    """What the payment's workflow writes when the money has moved."""
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, payout_id)
        payout.status, payout.rides = PayoutStatus.TRANSFERRED.value, False
        payout.transfer_id = result.transfer_id or None
        payout.shared_transfer_id = result.shared_transfer_id or None
        for kind in (PostingKind.SEND, PostingKind.SETTLE):
            moved = Posting(
                kind=kind, key=f"{kind}:{payout_id}:9", amount_minor=payout.amount_minor
            )
            await ledger.post(
                db, payout.campaign_id, payout.creator_id, payout.collaboration_id, payout_id,
                moved, "EUR", scene.clock(),
            )  # fmt: skip


async def sent_together(scene: Scene) -> tuple[str, str]:
    """Two payments in one transfer, both booked: the small one, and the transfer."""
    rider = await small(scene)
    paid = await scene.send()
    await book(scene, scene.payout_id, paid)
    await book(scene, rider, await send(scene, rider, 2))
    return rider, paid.transfer_id


async def amounts(scene: Scene) -> list[int]:
    """Of the transfers to the account, by the stand-in."""
    every = scene.standin.transfers()
    return [each["amount"] for each in every if each["destination"] == scene.account]


async def differences(scene: Scene, *payout_ids: str) -> set[DifferenceCode]:
    found = (await compared(scene)).differences
    return {each.code for each in found if each.payout_id in {scene.payout_id, *payout_ids}}


async def told(scene: Scene) -> list[str]:
    """Whom the sweep tells that they are paid."""
    async with session(scene.engine) as db:
        return await riders.to_be_booked(db, 10)


async def figures(scene: Scene, payout_id: str) -> PayoutFigures:
    async with session(scene.engine) as db:
        found = await remittance(db, payout_id)
    assert found is not None
    assert found.about.payout is not None
    return found.about.payout


async def test_one_transfer_pays_a_payment_and_what_was_too_small_before(scene: Scene) -> None:
    one, two = await small(scene), await small(scene, 150, number=2)
    paid = await scene.send()
    assert await amounts(scene) == [BIG + SMALL + 150]
    assert await told(scene) == sorted([one, two])
    for each in (one, two):
        along = await send(scene, each, 2)
        assert along == TransferResult(outcome=T.TRANSFERRED, shared_transfer_id=paid.transfer_id)
        assert await send(scene, each, 3) == along
        request = TransferRequest(payout_id=each, attempt=4)
        assert await scene.payouts.adopt_transfer(request) == along
        assert await scene.payouts.look_up_transfer(request) == along
        await book(scene, each, along)
    assert await scene.send() == await scene.look_up() == paid
    await book(scene, scene.payout_id, paid)
    assert await told(scene) == []
    assert await differences(scene, one, two) == set()
    assert len(await amounts(scene)) == 1


async def test_statements_say_what_else_was_in_the_transfer(scene: Scene) -> None:
    rider, transfer = await sent_together(scene)
    main, other = await figures(scene, scene.payout_id), await figures(scene, rider)
    assert (main.sent_minor, main.together, main.together_minor) == (BIG, (rider,), BIG + SMALL)
    assert (other.sent_minor, other.together) == (SMALL, (scene.payout_id,))
    assert main.transfer_id == other.transfer_id == transfer


async def test_two_that_are_too_small_alone_go_together_as_soon_as_they_suffice(
    scene: Scene,
) -> None:
    one, two = await small(scene, 100), await small(scene, 150, number=2)
    assert await amounts(scene) == []
    three = await more(scene, 260, number=3)
    assert (await send(scene, three)).outcome is T.TRANSFERRED
    assert await amounts(scene) == [510]
    assert set(await told(scene)) == {one, two}


async def test_of_payments_that_are_sent_at_once_one_takes_it_along(scene: Scene) -> None:
    rider = await small(scene)
    others = [scene.payout_id, *[await more(scene, number=number) for number in (2, 3, 4)]]
    await asyncio.gather(*(send(scene, each) for each in others))
    assert sorted(await amounts(scene)) == [BIG, BIG, BIG, BIG + SMALL]
    assert await told(scene) == [rider]


async def test_what_somebody_is_just_deciding_about_is_not_taken_along(scene: Scene) -> None:
    rider = await small(scene)
    async with session(scene.engine) as db:
        await db.get_one(Payout, rider, with_for_update=True)
        await asyncio.wait_for(scene.send(), 5)
    assert await amounts(scene) == [BIG]
    assert await told(scene) == []


@pytest.mark.parametrize(
    "otherwise",
    [
        {"rides": False},
        {"payee_account": "acct_another"},
        {"currency": "USD"},
    ],
)
async def test_only_what_was_released_for_this_account_and_waits_goes_along(
    scene: Scene, otherwise: dict[str, Any]
) -> None:
    await change(scene, await small(scene), **otherwise)
    assert (await scene.send()).outcome is T.TRANSFERRED
    assert await amounts(scene) == [BIG]


@pytest.mark.parametrize("why", ["suspended", "other brand", "may still be sent", "paid by hand"])
async def test_what_stands_still_or_may_still_be_sent_does_not_go_along(
    scene: Scene, why: str
) -> None:
    rider = await small(scene)
    async with unguarded(scene.engine) as db:
        payout = await db.get_one(Payout, rider)
        if why == "suspended":
            (await db.get_one(Collaboration, payout.collaboration_id)).suspended = True
        elif why == "other brand":
            other = await builders.campaign(db, brand={"name": "Another brand"})
            payout.campaign_id = other.id
        elif why == "paid by hand":
            by_hand = RailTransfer(
                id="tr_by_hand", account_id=scene.account, amount_minor=SMALL, currency="EUR",
                transfer_group=rider, created_at=scene.clock(),
            )  # fmt: skip
            await comparisons.note(db, not_ours(by_hand), scene.clock())
        else:
            own = await db.get_one(PayoutAttempt, (rider, 1))
            own.late_until = scene.clock() + timedelta(minutes=1)
    assert (await scene.send()).outcome is T.TRANSFERRED
    assert await amounts(scene) == [BIG]


async def test_a_definite_failure_frees_it_and_the_next_attempt_takes_it_along(
    scene: Scene,
) -> None:
    rider = await small(scene)
    scene.standin.set_balance("eur", BIG + SMALL - 1)
    assert (await scene.send()).outcome is T.WAITING_FUNDS
    async with session(scene.engine) as db:
        assert not await riders.is_riding(db, rider, scene.clock())
    scene.clock.pass_(seconds=1)
    # What there is reaches for it alone.
    assert (await scene.send(attempt=2)).outcome is T.TRANSFERRED
    assert await amounts(scene) == [BIG]
    scene.standin.set_balance("eur", 100_000_000)
    await send(scene, await more(scene, number=2))
    assert sorted(await amounts(scene)) == [BIG, BIG + SMALL]


async def attempt_of(scene: Scene, payout_id: str, number: int) -> PayoutAttempt | None:
    async with session(scene.engine) as db:
        return await attempts.get_attempt(db, payout_id, number)


async def decides(scene: Scene, payout_id: str, choice: Any) -> str:
    async with session(scene.engine) as db:
        person = await builders.staff(db, [Role.FINANCE])
        payout = await db.get_one(Payout, payout_id)
        ref = await builders.decision(db, payout, person, choice)
        head = StreamHead(
            kind=StreamKind.PAYOUT, entity_id=payout.id, sequence=payout.sequence,
            digest=payout.digest,
        )  # fmt: skip
    said = await records.apply_decision(
        scene.engine, ApplyDecision(head=head, ref=ref, at=scene.clock())
    )
    return said.code


async def test_while_nobody_knows_whether_it_was_paid_it_has_no_other_way_out(
    scene: Scene,
) -> None:
    rider = await small(scene)
    scene.standin.order_fault("drop_before", method="POST")
    assert (await scene.send()).outcome is T.IN_DOUBT
    assert (await send(scene, rider, 2)).outcome is T.TOO_SMALL
    assert await attempt_of(scene, rider, 2) is None
    with pytest.raises(Unavailable):
        await by_hand(scene, rider)
    async with session(scene.engine) as db:
        assert await attempts.sent_or_unsettled(db, rider)
    assert await decides(scene, rider, RETRY) == "taken_along"
    assert await decides(scene, rider, HOLD) == "taken_along"
    other = await more(scene, number=2)
    await send(scene, other)
    assert await amounts(scene) == [BIG]
    scene.clock.pass_(seconds=OVER)
    assert (await scene.look_up()).outcome is T.TRANSFERRED
    assert sorted(await amounts(scene)) == [BIG, BIG + SMALL]
    assert (await send(scene, rider, 2)).shared_transfer_id


async def by_hand(scene: Scene, payout_id: str) -> None:
    async with session(scene.engine) as db:
        transfer = RailTransfer(
            id="tr_by_hand", account_id=scene.account, amount_minor=SMALL, currency="EUR",
            transfer_group=payout_id, attempt="", created_at=scene.clock(),
        )  # fmt: skip
        await attempts.take_foreign(db, payout_id, 2, transfer)


@pytest.mark.parametrize("heard", [True, False])
async def test_what_is_paid_by_hand_while_our_key_is_refused_is_left_out_when_it_is_mended(
    scene: Scene, heard: bool
) -> None:
    rider, other = await small(scene), await small(scene, 150, number=2)
    scene.standin.order_fault("401", "/v1/transfers", method="POST")
    with pytest.raises(RailStopped):
        await scene.send()
    await scene.rail.transfer(scene.account, MINIMUM, "EUR", f"by-hand:{rider}", rider, {})
    await resume(scene)
    if not heard:  # of the refusal, as the worker died: the same attempt is sent again
        assert (await scene.send()).outcome is T.NOT_FOUND
    # Its event waits its turn: the list is asked.
    assert (await scene.send(attempt=2)).outcome is T.TRANSFERRED
    assert sorted(await amounts(scene)) == [MINIMUM, BIG + 150]
    assert await told(scene) == [other]
    async with session(scene.engine) as db:
        assert await comparisons.has_foreign(db, rider)
    refused = await send(scene, rider, 2)
    assert (refused.outcome, refused.code) == (T.REFUSED, "foreign_transfer")


async def test_what_was_paid_by_hand_and_reversed_goes_along_again(scene: Scene) -> None:
    rider = await small(scene)
    made = await scene.rail.transfer(scene.account, MINIMUM, "EUR", f"by-hand:{rider}", rider, {})
    await kept(scene)
    async with session(scene.engine) as db:
        assert await comparisons.has_foreign(db, rider)
    scene.standin.reverse(made.transfer_id, MINIMUM)
    await kept(scene)
    await scene.send()
    assert await told(scene) == [rider]


async def test_whatever_is_decided_about_it_ends_its_waiting_for_company(scene: Scene) -> None:
    rider = await small(scene)
    assert await decides(scene, rider, HOLD) == "applied"
    await scene.send()
    assert await amounts(scene) == [BIG]


async def test_a_worker_killed_after_it_took_it_along_is_followed_with_the_same_amount(
    scene: Scene,
) -> None:
    one = await small(scene)
    rail = StoppedBeforeTheCall(scene.rail)
    request = TransferRequest(payout_id=scene.payout_id, attempt=1)
    dying = asyncio.create_task(other_worker(scene, rail).send_transfer(request))
    await asyncio.wait_for(rail.reached.wait(), 10)
    dying.cancel()
    await asyncio.wait({dying})
    scene.clock.pass_(seconds=OVER)
    two = await small(scene, 200, number=2)
    assert (await scene.send()).outcome is T.TRANSFERRED
    assert await amounts(scene) == [BIG + SMALL]
    assert await told(scene) == [one]
    async with session(scene.engine) as db:
        assert not await riders.is_riding(db, two, scene.clock())


async def test_an_answer_that_was_lost_is_adopted_with_all_that_it_paid(scene: Scene) -> None:
    rider = await small(scene)
    scene.standin.order_fault("drop_after", method="POST")
    assert (await scene.send()).outcome is T.IN_DOUBT
    assert await told(scene) == []
    scene.clock.pass_(seconds=OVER)
    assert (await scene.look_up()).outcome is T.TRANSFERRED
    assert await told(scene) == [rider]
    assert await amounts(scene) == [BIG + SMALL]


async def test_it_is_not_free_while_an_earlier_worker_may_still_send_the_attempt(
    scene: Scene,
) -> None:
    """Its successor was refused; the one before may wake up when that is not so any more."""
    rider = await small(scene)
    rail = StoppedBeforeTheCall(scene.rail)
    request = TransferRequest(payout_id=scene.payout_id, attempt=1)
    asleep = asyncio.create_task(other_worker(scene, rail).send_transfer(request))
    await asyncio.wait_for(rail.reached.wait(), 10)
    scene.standin.restrict(scene.account)
    assert (await scene.send()).outcome is T.NOT_ONBOARDED
    scene.standin.onboard(scene.account)
    await send(scene, await more(scene, number=2))
    assert await amounts(scene) == [BIG]
    assert await decides(scene, rider, RETRY) == "taken_along"
    asleep.cancel()
    await asyncio.wait({asleep})
    scene.clock.pass_(seconds=OVER)
    await send(scene, await more(scene, number=3))
    assert sorted(await amounts(scene)) == [BIG, BIG + SMALL]


async def test_a_transfer_that_is_reported_after_all_has_paid_what_went_along(
    scene: Scene,
) -> None:
    rider = await small(scene)
    scene.standin.set_balance("eur", 0)
    assert (await scene.send()).outcome is T.WAITING_FUNDS
    late = TransferResult(outcome=T.TRANSFERRED, transfer_id="tr_late")
    async with session(scene.engine) as db:
        await attempts.settle_attempt(db, scene.payout_id, 1, late, scene.clock())
    paid = await send(scene, rider, 2)
    assert paid == TransferResult(outcome=T.TRANSFERRED, shared_transfer_id="tr_late")
    # Released anew meanwhile with something kept back: what was sent of it is what counts.
    await change(scene, rider, netted_minor=100)
    assert await send(scene, rider, 2) == paid.model_copy(update={"amount_minor": SMALL})


async def test_the_database_itself_lets_nothing_ride_twice(scene: Scene) -> None:
    rider = await small(scene)
    await scene.send()
    other = await more(scene, number=2)
    await send(scene, other)
    async with session(scene.engine) as db:
        again = Rider(
            payout_id=other, number=1, rider_id=rider, amount_minor=1, bound_at=scene.clock()
        )
        db.add(again)
        with pytest.raises(Exception, match="uq_rider_rides_once"):
            await db.flush()
        await db.rollback()


async def test_what_is_taken_back_is_counted_to_each_for_as_much_as_was_sent_of_it(
    scene: Scene,
) -> None:
    rider, transfer = await sent_together(scene)
    scene.transfer = transfer
    scene.standin.reverse(transfer, BIG + 100)
    await scene.event("transfer.reversed", object_id=transfer)
    owed = [(each.payment.amount_minor, each.outbox_id) for each in scene.applied.taken_back]
    assert sorted(amount for amount, _ in owed) == [100, BIG]
    assert len({outbox for _, outbox in owed}) == 2
    assert await differences(scene, rider) == set()
    scene.standin.reverse(transfer, SMALL - 100)
    for _ in range(2):
        await scene.event("transfer.reversed", object_id=transfer)
    async with session(scene.engine) as db:
        rows = [await db.get_one(Payout, each) for each in (scene.payout_id, rider)]
        assert [row.reversed_minor for row in rows] == [BIG, SMALL]
        assert await ledger.check(db) == []
    assert await differences(scene, rider) == set()


async def test_books_that_are_behind_or_amounts_that_differ_are_found(scene: Scene) -> None:
    rider = await small(scene)
    await book(scene, scene.payout_id, await scene.send())
    assert await differences(scene, rider) == {DifferenceCode.LEDGER_BEHIND}
    await book(scene, rider, await send(scene, rider, 2))
    async with unguarded(scene.engine) as db:
        await db.execute(update(Rider).values(amount_minor=SMALL - 1))
    assert await differences(scene, rider) == {DifferenceCode.AMOUNT}


async def test_what_became_of_it_at_the_bank_is_known_of_each(scene: Scene) -> None:
    rider = await small(scene)
    paid = await scene.send()
    await book(scene, scene.payout_id, paid)
    payout = scene.standin.pay_out(scene.account)
    with pytest.raises(Unavailable):
        await scene.event("payout.paid", account=scene.account, object_id=payout)
    await book(scene, rider, await send(scene, rider, 2))
    scene.standin.fail_payout(payout)
    await scene.event("payout.failed", account=scene.account, object_id=payout)
    async with session(scene.engine) as db:
        for each in (scene.payout_id, rider):
            assert (await db.get_one(Payout, each)).bank_status == BankStatus.FAILED


async def given_up(scene: Scene) -> str:
    """What went along with an attempt that was made, and that the provider's list did not have."""
    rider = await small(scene)
    scene.standin.order_fault("drop_after", method="POST")
    assert (await scene.send()).outcome is T.IN_DOUBT
    async with session(scene.engine) as db:
        await attempts.give_up_attempt(db, scene.payout_id, 1, "", scene.clock(), spent=True)
    return rider


async def turns_up(scene: Scene) -> str:
    (late,) = scene.transfers()
    await scene.event("transfer.created", object_id=late)
    return late


async def taken_back(scene: Scene, transfer: str, amount: int) -> list[int]:
    scene.standin.reverse(transfer, amount)
    await scene.event("transfer.reversed", object_id=transfer)
    return [each.payment.amount_minor for each in scene.applied.taken_back]


async def in_inbox(scene: Scene) -> list[tuple[str, int | None, int | None]]:
    async with session(scene.engine) as db:
        rows = await db.scalars(
            select(StoredDifference).join(InboxItem, InboxItem.subject_id == StoredDifference.id)
        )
        return [(row.transfer_id, row.ours_minor, row.theirs_minor) for row in rows]


@pytest.mark.parametrize("otherwise", ["elsewhere", "along with another"])
async def test_what_was_paid_otherwise_is_too_much_of_a_transfer_that_turns_up_and_taken_back_first(
    scene: Scene, otherwise: str
) -> None:
    rider, other = await given_up(scene), await more(scene, number=2)
    if otherwise == "elsewhere":
        await change(scene, rider, status=PayoutStatus.ELSEWHERE.value, rides=False)
    await book(scene, other, await send(scene, other))
    if otherwise != "elsewhere":
        await book(scene, rider, await send(scene, rider, 2))
    late = await turns_up(scene)
    assert await in_inbox(scene) == [(late, BIG, BIG + SMALL)]
    await book(scene, scene.payout_id, await scene.send())
    assert await told(scene) == []
    assert await differences(scene, rider, other) == {DifferenceCode.SENT_TOO_MUCH}
    assert await taken_back(scene, late, SMALL) == []
    assert await differences(scene, rider, other) == set()
    assert await taken_back(scene, late, BIG) == [BIG]
    async with session(scene.engine) as db:
        assert (await db.get_one(Payout, rider)).reversed_minor == 0
        assert await ledger.check(db) == []
    assert await differences(scene, rider, other) == set()


async def test_a_transfer_of_what_was_paid_otherwise_still_pays_what_went_along(
    scene: Scene,
) -> None:
    rider = await given_up(scene)
    await change(scene, scene.payout_id, status=PayoutStatus.ELSEWHERE.value)
    late = await turns_up(scene)
    assert await in_inbox(scene) == [(late, SMALL, BIG + SMALL)]
    assert await told(scene) == [rider]
    await book(scene, rider, await send(scene, rider, 2))
    assert await differences(scene, rider) == {DifferenceCode.SENT_TOO_MUCH}
    assert await taken_back(scene, late, BIG) == []
    assert await differences(scene, rider) == set()


async def test_a_transfer_that_turns_up_when_a_newer_attempt_has_paid_still_pays_what_went_along(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    rider = await given_up(scene)
    await change(scene, rider, rides=False)  # somebody is just asked about it
    (late,) = scene.transfers()

    async def nothing(_: str) -> tuple[RailTransfer, ...]:
        return ()

    with monkeypatch.context() as unseen:
        unseen.setattr(scene.rail, "find_transfers", nothing)
        await book(scene, scene.payout_id, await scene.send(2))
    for _ in range(2):
        await scene.event("transfer.created", object_id=late)
    assert await in_inbox(scene) == [(late, SMALL, BIG + SMALL)]
    assert await told(scene) == [rider]
    await book(scene, rider, await send(scene, rider, 2))
    assert sorted(await amounts(scene)) == [BIG, BIG + SMALL]
    assert await differences(scene, rider) == {DifferenceCode.SENT_TOO_MUCH}
    assert await taken_back(scene, late, BIG) == []
    assert await differences(scene, rider) == set()


async def test_what_is_bound_to_another_attempt_when_its_transfer_turns_up_is_paid_once(
    scene: Scene,
) -> None:
    rider, other = await given_up(scene), await more(scene, number=2)
    scene.standin.order_fault("drop_before", method="POST")
    assert (await send(scene, other)).outcome is T.IN_DOUBT
    late = await turns_up(scene)
    await book(scene, scene.payout_id, await scene.send())
    with pytest.raises(Unavailable):
        await taken_back(scene, late, 1)
    async with session(scene.engine) as db:
        await attempts.give_up_attempt(db, other, 1, "", scene.clock(), spent=True)
    assert await told(scene) == [rider]
    await send(scene, other, 2)
    assert sorted(await amounts(scene)) == [BIG, BIG + SMALL]
    await book(scene, rider, await send(scene, rider, 2))
    assert await taken_back(scene, late, 1) == [2]
