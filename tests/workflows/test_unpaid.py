"""A payment that was released and cannot be sent: finance is told, and has a way out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.maintenance import Maintenance
from domain.campaign import PayoutPolicy
from domain.decisions import DecisionKind, ReviewChoice, SettleChoice
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role
from domain.messages import (
    ACCOUNT_BACK,
    ACCOUNT_LOST,
    COLLABORATION_SUSPENDED,
    RECIPIENT_CHANGED,
    TAKEN_ALONG,
    AccountLost,
    AppliedDecision,
    DecisionResult,
    PayoutInput,
    PostingKind,
    Suspension,
    TransferOutcome,
    TransferResult,
)
from store import other_payments
from store.engine import session
from store.tables import (
    Collaboration,
    Decision,
    InboxItem,
    LedgerTransaction,
    OutboxMail,
    Rider,
)
from tests import builders
from tests.workflows.payment import Payment, payment
from tests.workflows.people import SILENCE, plain
from workflows.payout_unpaid import PaidElsewhere, PayoutUnpaid
from workflows.questions import Interrupted

ABOVE_LIMIT = 45_000
RETRY = plain(DecisionKind.RETRY_PAYOUT)
ADOPT = SettleChoice(answer="adopt")
QUIET = {ItemKind.UNPAID: SILENCE}
REJECTED = TransferResult(outcome=TransferOutcome.REFUSED, code="account_rejected")
TOO_SMALL = TransferResult(outcome=TransferOutcome.TOO_SMALL, code="amount_too_small")
BY_HAND = TransferResult(outcome=TransferOutcome.REFUSED, code="foreign_transfer")
NOT_ONBOARDED = TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="inactive")
PAYEE_CHANGED = TransferResult(outcome=TransferOutcome.PAYEE_CHANGED, code="payee_changed")


async def refused(pay: Payment, result: TransferResult = REJECTED) -> InboxItem:
    pay.stage.world.transfers.append(result)
    await pay.until(PayoutStatus.HELD)
    await waits(pay, ItemKind.UNPAID)
    return await pay.stage.open_item(ItemKind.UNPAID)


async def waits(pay: Payment, *kinds: ItemKind) -> None:
    """The rows may say so a moment after, or before, the workflow rests."""
    for _ in range(100):
        await pay.rests()
        if await open_items(pay) == list(kinds):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{await open_items(pay)}: {await pay.story()}")


async def open_items(pay: Payment) -> list[str]:
    async with session(pay.stage.engine) as db:
        found = await db.scalars(
            select(InboxItem.kind).where(
                InboxItem.subject_id == pay.payout_id, InboxItem.closed_at.is_(None)
            )
        )
        return list(found)


async def elsewhere(pay: Payment, reference: str = "Wire 7731") -> SettleChoice:
    async with session(pay.stage.engine) as db:
        kept = await other_payments.keep(
            db, pay.payout_id, builders.NOW.date().isoformat(), reference, builders.NOW
        )
    return SettleChoice(answer="elsewhere", content_id=kept)


async def mails(pay: Payment) -> list[str]:
    async with session(pay.stage.engine) as db:
        return list(await db.scalars(select(OutboxMail.mail).order_by(OutboxMail.planned_at)))


async def test_finance_is_asked_about_what_was_refused_reminded_and_may_try_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        item = await refused(pay)
        row = await pay.row()
        assert (item.role, item.code, item.due_at) == (Role.FINANCE, REJECTED.code, row.pay_by)
        rules = pay.stage.offer.payout_policy.release
        await pay.stage.clock.skip(pay.handle, rules.escalate_after)
        for _ in range(20):
            await pay.stage.clock.skip(pay.handle, timedelta(minutes=1))
            item = await pay.stage.open_item(ItemKind.UNPAID)
            if item.escalated:
                break
        assert item.reminded > 0
        assert item.escalated
        assert len(pay.stage.world.requests) == 1
        assert (await pay.stage.people.decide(item, RETRY)) == DecisionResult(
            applied=True, code="applied"
        )
        row = await pay.ends()
        assert (row.status, row.attempt) == (PayoutStatus.TRANSFERRED, 2)


async def test_what_was_paid_another_way_is_settled_and_is_no_transfer(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        item = await refused(pay)
        choice = await elsewhere(pay)
        async with session(engine) as db:
            both = await builders.staff(db, [Role.REVIEWER, Role.FINANCE])
            approve = ReviewChoice(answer="approve")
            ref = await builders.decision(db, pay.stage.collaboration, both, approve)
            (await db.get_one(Decision, ref.decision_id)).status = "applied"
        said = await pay.stage.people.decide(item, choice, actor=both.id)
        assert said == DecisionResult(applied=False, code="requester")
        assert (await pay.stage.people.decide(item, choice)) == DecisionResult(
            applied=True, code="applied"
        )
        row = await pay.ends()
        assert (row.status, row.other_payment_id) == (PayoutStatus.ELSEWHERE, choice.content_id)
        assert (row.transfer_id, row.hold_reason) == (None, None)
        async with session(engine) as db:
            moved = list(
                await db.scalars(
                    select(LedgerTransaction.kind)
                    .where(LedgerTransaction.payout_id == row.id)
                    .order_by(LedgerTransaction.id)
                )
            )
        assert moved == [PostingKind.SEND, PostingKind.RETURN, PostingKind.ELSEWHERE]
        assert await mails(pay) == ["paid_elsewhere"]
        assert await open_items(pay) == []
        assert len(pay.stage.world.requests) == 1


async def test_above_the_limit_a_second_person_confirms_the_same(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, ABOVE_LIMIT, plan=QUIET) as pay:
        people = pay.stage.people
        one, two = people.staff[Role.FINANCE]
        item = await refused(pay)
        choice = await elsewhere(pay)
        assert await people.decide(item, choice, actor=one)
        await waits(pay, ItemKind.UNPAID)
        item = await pay.stage.open_item(ItemKind.UNPAID)
        assert item.seen.endswith(choice.content_id)
        again = await people.decide(item, choice, actor=one)
        assert again == DecisionResult(applied=False, code="same_person")
        other = await people.decide(item, await elsewhere(pay, "Wire 9"), actor=two)
        assert other == DecisionResult(applied=False, code="stale")
        await pay.handle.signal(RECIPIENT_CHANGED)
        await pay.rests()
        assert len(pay.stage.world.requests) == 1
        assert await people.decide(item, choice, actor=two) == DecisionResult(
            applied=True, code="applied"
        )
        assert (await pay.ends()).status == PayoutStatus.ELSEWHERE


async def test_a_second_person_who_knows_better_has_it_tried_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, ABOVE_LIMIT, plan=QUIET) as pay:
        item = await refused(pay)
        assert await pay.stage.people.decide(item, await elsewhere(pay))
        await waits(pay, ItemKind.UNPAID)
        second = await pay.stage.open_item(ItemKind.UNPAID)
        assert await pay.stage.people.decide(second, RETRY)
        row = await pay.ends()
        assert (row.status, row.other_payment_id) == (PayoutStatus.TRANSFERRED, None)


async def test_what_waits_for_a_lost_account_may_have_been_paid_another_way_too(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    plan = {ItemKind.ON_HOLD: SILENCE}
    async with payment(temporal, engine, ABOVE_LIMIT, plan=plan) as pay:
        people = pay.stage.people
        one, two = people.staff[Role.FINANCE]
        await pay.until(PayoutStatus.RELEASED)
        await pay.handle.signal(ACCOUNT_LOST, AccountLost(reason=HoldReason.ACCOUNT_GONE))
        await waits(pay, ItemKind.ON_HOLD)
        item = await pay.stage.open_item(ItemKind.ON_HOLD)
        refused = await people.decide(item, ADOPT, actor=one)
        assert refused == DecisionResult(applied=False, code="wrong_stage")
        choice = await elsewhere(pay)
        assert await people.decide(item, choice, actor=one)
        for _ in range(100):
            await waits(pay, ItemKind.ON_HOLD)
            item = await pay.stage.open_item(ItemKind.ON_HOLD)
            if item.seen:
                break
            await asyncio.sleep(0.02)
        again = await people.decide(item, choice, actor=one)
        assert again == DecisionResult(applied=False, code="same_person")
        # Another account makes nobody send what somebody says was paid.
        await pay.handle.signal(ACCOUNT_BACK)
        await waits(pay, ItemKind.ON_HOLD)
        assert await people.decide(item, choice, actor=two) == DecisionResult(
            applied=True, code="applied"
        )
        row = await pay.ends()
        assert (row.status, row.other_payment_id) == (PayoutStatus.ELSEWHERE, choice.content_id)
        assert pay.stage.world.requests == []


async def test_a_transfer_made_by_hand_is_taken_for_the_payment(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        assert await pay.stage.people.decide(await refused(pay, BY_HAND), ADOPT)
        row = await pay.ends()
        assert (row.status, row.transfer_id) == (PayoutStatus.TRANSFERRED, "tr_by_hand")
        assert await mails(pay) == ["remittance"]


@pytest.mark.parametrize("hold", [False, True])
async def test_what_cannot_be_paid_may_be_not_owed_and_the_creator_is_told(
    temporal: WorkflowEnvironment, engine: AsyncEngine, hold: bool
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        await refused(pay)
        before = (await pay.stage.money()).available
        one, _ = pay.stage.people.staff[Role.FINANCE]
        if hold:
            pay.stage.people.plan = {ItemKind.ON_HOLD: SILENCE}
            assert (await pay.says(DecisionKind.HOLD_PAYOUT, one)).applied
            await waits(pay, ItemKind.ON_HOLD)
            said = await pay.says(DecisionKind.CANCEL_PAYOUT, one)
            assert said == DecisionResult(applied=False, code="wrong_stage")
            return
        assert (await pay.says(DecisionKind.CANCEL_PAYOUT, one)).applied
        row = await pay.ends()
        assert row.status == PayoutStatus.CANCELLED
        assert (await pay.stage.money()).available == before + row.amount_minor
        assert await mails(pay) == ["not_owed"]


async def test_finance_is_told_of_a_hold_that_lasts_and_no_more_when_its_cause_is_gone(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    rules = {"retry_held_every": "12 hours", "remind_after": "1 day", "escalate_after": "2 days"}
    file = builders.campaign_file(release={"second_person_above": "400 EUR"} | rules)
    async with payment(temporal, engine, plan=QUIET, file=file) as pay:
        pay.stage.world.transfers.extend([NOT_ONBOARDED] * 30)
        await pay.until(PayoutStatus.HELD)
        await pay.stage.clock.skip(pay.handle, timedelta(hours=20))
        await waits(pay)
        await pay.stage.clock.skip(pay.handle, timedelta(hours=5))
        await waits(pay, ItemKind.UNPAID)
        await pay.stage.clock.skip(pay.handle, timedelta(days=2, hours=1))
        await pay.rests()
        item = await pay.stage.open_item(ItemKind.UNPAID)
        assert item.reminded == 2
        assert item.escalated
        assert (await pay.story()).count("unpaid") == 1
        pay.stage.world.transfers.clear()
        await pay.handle.signal(RECIPIENT_CHANGED)
        await pay.until(PayoutStatus.TRANSFERRED)
        assert await open_items(pay) == []
        assert pay.stage.people.answered == [(ItemKind.RELEASE, pay.payout_id)]


async def test_what_is_released_anew_takes_the_question_away(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        item = await refused(pay)
        pay.stage.world.transfers.append(PAYEE_CHANGED)
        pay.stage.people.plan = QUIET | {ItemKind.RELEASE: SILENCE}
        assert await pay.stage.people.decide(item, RETRY)
        await waits(pay, ItemKind.RELEASE)
        assert (await pay.row()).hold_reason == HoldReason.PAYEE_CHANGED


async def test_finance_is_told_at_once_when_the_pay_by_date_has_passed(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    # Sooner than the next try; the clock has been moved on a little while it was released.
    async with payment(temporal, engine, plan=QUIET, pay_within=timedelta(hours=5)) as pay:
        pay.stage.world.transfers.extend([NOT_ONBOARDED] * 9)
        row = await pay.until(PayoutStatus.HELD)
        await pay.stage.clock.skip(pay.handle, timedelta(hours=6))
        await waits(pay, ItemKind.UNPAID)
        item = await pay.stage.open_item(ItemKind.UNPAID)
        assert item.opened_at >= row.pay_by


async def test_what_is_open_can_be_answered_also_when_the_cause_is_another_one_now(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        await refused(pay)
        pay.stage.world.transfers.extend([NOT_ONBOARDED] * 3)
        await pay.handle.signal(RECIPIENT_CHANGED)
        for _ in range(100):
            await waits(pay, ItemKind.UNPAID)
            item = await pay.stage.open_item(ItemKind.UNPAID)
            if item.code == NOT_ONBOARDED.code:
                break
            await asyncio.sleep(0.05)
        assert item.code == NOT_ONBOARDED.code
        assert (await pay.stage.people.decide(item, await elsewhere(pay))) == DecisionResult(
            applied=True, code="applied"
        )
        assert (await pay.ends()).status == PayoutStatus.ELSEWHERE


async def taken_along(pay: Payment) -> None:
    """Another payment's transfer has paid it too."""
    async with session(pay.stage.engine) as db:
        of = await db.get_one(Collaboration, (await pay.row()).collaboration_id)
        other = await builders.payout(db, of, kind="bonus", post=False, status="transferred")
        await builders.attempt(db, other, outcome="transferred", transfer_id="tr_other")
        db.add(
            Rider(
                payout_id=other.id, number=1, rider_id=pay.payout_id, amount_minor=15_000,
                bound_at=builders.NOW,
            )
        )  # fmt: skip
    along = TransferResult(outcome=TransferOutcome.TRANSFERRED, shared_transfer_id="tr_other")
    pay.stage.world.adopted = along


@pytest.mark.parametrize("stands", ["unpaid", "suspended"])
async def test_what_another_transfer_has_taken_along_is_paid_wherever_it_stands(
    temporal: WorkflowEnvironment, engine: AsyncEngine, stands: str
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        await refused(pay, TOO_SMALL)
        row = await pay.row()
        assert (row.hold_reason, row.rides) == (HoldReason.BELOW_MINIMUM, True)
        if stands == "suspended":
            await pay.handle.signal(COLLABORATION_SUSPENDED, Suspension(suspended=True))
            await waits(pay)
            assert not (await pay.row()).rides
        await taken_along(pay)
        for _ in range(2):
            await Maintenance(engine, temporal.client).sweep()
        row = await pay.ends()
        assert (row.status, row.transfer_id) == (PayoutStatus.TRANSFERRED, None)
        assert (row.shared_transfer_id, row.rides) == ("tr_other", False)
        assert len(pay.stage.world.requests) == 1
        assert await mails(pay) == ["remittance"]


async def test_a_step_that_waits_for_a_person_does_so_whatever_is_said_of_the_payment(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        pay.stage.people.plan = QUIET | {ItemKind.ATTENTION: SILENCE}
        pay.stage.world.broken_mails = 1
        pay.stage.world.transfers.append(
            TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code="no_account")
        )
        for _ in range(200):
            await pay.rests()
            if "step_failed" in await pay.story():
                break
            await pay._go_on()
        await taken_along(pay)
        for _ in range(2):
            await pay.handle.signal(TAKEN_ALONG)
            await pay.rests()
        assert (await pay.story()).count("step_failed") == 1
        pay.stage.people.plan = QUIET
        assert (await pay.ends()).shared_transfer_id == "tr_other"


async def test_nothing_is_sent_unreleased_because_somebody_says_that_it_was_taken_along(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine, plan=QUIET) as pay:
        await refused(pay, TOO_SMALL)
        pay.stage.world.adopted = TransferResult(
            outcome=TransferOutcome.REFUSED, code="foreign_gone"
        )
        pay.stage.people.plan = QUIET | {ItemKind.RELEASE: SILENCE}
        await pay.handle.signal(TAKEN_ALONG)
        await waits(pay, ItemKind.RELEASE)
        assert len(pay.stage.world.requests) == 1


class _Alone(PayoutUnpaid):
    """One of which a first person says it was paid, in the moment in which it is woken."""

    asked = 0
    said = SettleChoice(answer="elsewhere", content_id="oth_1")

    async def _one_answer(self, *_: object) -> AppliedDecision | None:
        self.asked += 1
        if self._questions.interrupted:
            raise Interrupted
        self._questions.interrupt()
        return AppliedDecision(
            head=self._stream.head, choice=self.said, decision_id=str(self.asked), releases_needed=2
        )


class _Confirmed(_Alone):
    """One that is suspended, and goes on, while a second person is asked for the same."""

    async def _one_answer(self, *asked: object) -> AppliedDecision | None:
        if self.asked == 1:
            self.asked += 1
            for suspended in (True, False):
                self.collaboration_suspended(Suspension(suspended=suspended))
            raise Interrupted
        return await super()._one_answer(*asked)


async def unpaid(of: type[_Alone] = _Alone) -> _Alone:
    row = builders.NOW
    pay = of(
        PayoutInput(
            payout_id="pay_1", collaboration_id="col_1", campaign_id="cmp_1", amount_minor=1,
            currency="EUR", pay_by=row, policy=PayoutPolicy.of(builders.campaign_file()),
        )
    )  # fmt: skip
    pay._asked_since = row
    return pay


async def test_what_wakes_it_while_somebody_says_that_it_was_paid_does_not_have_it_tried() -> None:
    pay = await unpaid()
    with pytest.raises(PaidElsewhere):
        await pay._ask_finance(HoldReason.NOT_ONBOARDED, "", None)
    assert pay.asked == 2


async def test_a_suspension_that_is_over_does_not_have_tried_what_somebody_said_was_paid() -> None:
    pay = await unpaid(_Confirmed)
    with pytest.raises(PaidElsewhere):
        await pay._ask_finance(HoldReason.NOT_ONBOARDED, "", None)
    assert pay.asked == 3


async def test_what_was_said_of_a_transfer_is_forgotten_when_the_payment_is_released_anew() -> None:
    pay = await unpaid()
    pay.said = SettleChoice(answer="adopt")
    await pay._ask_finance(HoldReason.REFUSED, "foreign_transfer", None)
    assert pay._adopts
    pay.collaboration_suspended(Suspension(suspended=True))
    assert not await pay._cleared()
    pay._in_vain = 4
    pay._forget_hold()
    assert (pay._adopts, pay._in_vain) == (False, 0)


async def test_a_suspension_that_is_over_before_it_is_noticed_interrupts_nothing_later() -> None:
    pay = await unpaid()
    pay.collaboration_suspended(Suspension(suspended=True))
    pay.collaboration_suspended(Suspension(suspended=False))
    assert pay._questions.interrupted
    await pay._while_stopped()
    assert not pay._questions.interrupted
    pay._questions.interrupt()
    assert await pay._cleared()
    assert not pay._questions.interrupted
