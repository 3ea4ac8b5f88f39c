"""One earned payment: released by people, sent once, looked up when in doubt."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.holds import Holds
    from activities.payouts import Payouts
    from domain.bank_transfer import ACCOUNT_REFUSED, WRONG_ACCOUNT
    from domain.errors import RailStopped
    from domain.inbox import ItemKind
    from domain.lifecycle import HoldReason, PayoutStatus
    from domain.mails import Mail
    from domain.messages import (
        PAYOUT_WORKFLOW,
        RECIPIENT_CHANGED,
        TAKEN_ALONG,
        HeldPayout,
        OpenItem,
        PayoutChange,
        PayoutInput,
        PayoutResult,
        PlannedMail,
        PostingKind,
        Queue,
        TransferOutcome,
        TransferRequest,
        TransferResult,
    )
    from workflows.payout_endings import PayoutEndings
    from workflows.payout_release import NotOwed
    from workflows.payout_unpaid import ONE_MATTER, PaidElsewhere
    from workflows.questions import Question
    from workflows.recording import error_code
    from workflows.timeouts import HOLD_LOOK, LONG_WITHOUT_ANSWER, MONEY

HOLDS = {
    TransferOutcome.NOT_ONBOARDED: HoldReason.NOT_ONBOARDED,
    TransferOutcome.WAITING_FUNDS: HoldReason.WAITING_FUNDS,
    TransferOutcome.REFUSED: HoldReason.REFUSED,
    TransferOutcome.TOO_SMALL: HoldReason.BELOW_MINIMUM,
    TransferOutcome.RAIL_STOPPED: HoldReason.RAIL_STOPPED,
    TransferOutcome.PAUSED: HoldReason.PLATFORM_PAUSED,
    TransferOutcome.PAYEE_CHANGED: HoldReason.PAYEE_CHANGED,
}
"""Definite refusals: the money is back in ``payable``, and a corrected try is a new attempt."""

AGAIN_AFTER = (
    timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30),
)  # fmt: skip
"""Pauses after attempts that never happened, one after the other; then a person is asked."""

NEVER_ARRIVES = "never_arrives"
"""Code of the last of them: whatever keeps them from the provider does not go by itself."""

CAN_BE_READ = frozenset(
    {
        HoldReason.NOT_ONBOARDED,
        HoldReason.WAITING_FUNDS,
        HoldReason.RAIL_STOPPED,
        HoldReason.PLATFORM_PAUSED,
    }
)
"""Causes that can be seen to be there without an attempt."""


@workflow.defn(name=PAYOUT_WORKFLOW)
class PayoutWorkflow(PayoutEndings):
    """The life of a payment; what happens after the transfer is repair, started by its event."""

    @workflow.init
    def __init__(self, payout: PayoutInput) -> None:
        super().__init__(payout)

    @workflow.run
    async def run(self, payout: PayoutInput) -> PayoutResult:
        """Release, cool, send; held and doubtful attempts are taken up again until it is paid."""
        try:
            return await self._until_it_is_paid()
        except NotOwed:
            await self._give_up()
            return PayoutResult(status=PayoutStatus.CANCELLED)
        except PaidElsewhere as paid:
            await self._settle_elsewhere(paid.content_id)
            return PayoutResult(status=PayoutStatus.ELSEWHERE)

    async def _until_it_is_paid(self) -> PayoutResult:
        await self._release()
        while self._to_send or self._taken_along:
            taken_along = self._taken_along
            result = await self._attempt()
            if result.outcome is TransferOutcome.TRANSFERRED:
                await self._settle(result)
                return PayoutResult(status=PayoutStatus.TRANSFERRED)
            self._sending = False
            if result.outcome is TransferOutcome.NOT_FOUND:
                await self._pause()
            if result.outcome is TransferOutcome.PAYEE_CHANGED:
                self._forget_hold()
                await self._release(again=HoldReason.PAYEE_CHANGED)
                continue
            if taken_along:
                # Our books know of no such transfer: nothing is sent that nobody has released.
                self._forget_hold()
                await self._stream.append(
                    "not_taken_along",
                    {"attempt": self.attempt},
                    close_items=self._withdrawn_question(),
                )
                await self._release()
                continue
            if result.outcome in HOLDS:
                await self._wait_until_it_may_go(HOLDS[result.outcome], result.code)
            if not await self._cleared():
                self._forget_hold()
                await self._release()
        await self._settle_unsent()
        return PayoutResult(status=PayoutStatus.NETTED)

    async def _wait_until_it_may_go(self, reason: HoldReason, code: str) -> None:
        """Hold it, and without a word hold it on while its cause is certainly there.

        An attempt is booked before it is made, there and back: one that can only be refused would
        fill books and history with nothing.
        """
        held = HeldPayout(payout_id=self.payout.payout_id, reason=reason)
        while not await self._hold(reason, code) and reason in CAN_BE_READ:
            if self._stopped or self._taken_along:
                return
            try:
                still: bool = await workflow.execute_activity_method(
                    Holds.still_held,
                    held,
                    task_queue=Queue.PAYOUTS.value,
                    summary=reason.value,
                    **HOLD_LOOK,
                )
            except ActivityError:
                return
            if not still or self._stopped or self._taken_along:
                return

    # --- sending ------------------------------------------------------------------------

    async def _attempt(self) -> TransferResult:
        """One try, with a key of its own; an ambiguous answer is looked up before anything else."""
        self.attempt += 1
        self._asked_to_set_up = False
        await self._stream.append(
            "sending",
            {"attempt": self.attempt},
            payout=PayoutChange(status=PayoutStatus.SENDING, attempt=self.attempt, clear_hold=True),
            postings=(self._move(PostingKind.SEND),),
        )
        request = TransferRequest(payout_id=self.payout.payout_id, attempt=self.attempt)
        try:
            result = await self._send(request)
        except ActivityError as error:
            code = error_code(error)
            stopped = code == RailStopped.code
            outcome = TransferOutcome.RAIL_STOPPED if stopped else TransferOutcome.IN_DOUBT
            result = TransferResult(outcome=outcome, code=code)
        if result.outcome is TransferOutcome.IN_DOUBT:
            result = await self._look_up(request, result.code)
        if result.outcome is TransferOutcome.UNDER_WAY:
            result = await self._bank_answers(request)
        result = self._counted(result)
        if result.outcome in HOLDS:
            await self._return(HOLDS[result.outcome], result.code)
        elif result.outcome is TransferOutcome.NOT_FOUND:
            await self._never_happened()
        return result

    def _counted(self, result: TransferResult) -> TransferResult:
        """Count attempts that never happened: nothing that goes on by itself may go on for ever."""
        if result.outcome is not TransferOutcome.NOT_FOUND:
            self._in_vain = 0
            return result
        self._in_vain += 1
        if self._in_vain <= len(AGAIN_AFTER):
            return result
        return TransferResult(outcome=TransferOutcome.REFUSED, code=NEVER_ARRIVES)

    async def _never_happened(self) -> None:
        """The money is payable again, and another attempt follows in a while."""
        await self._stream.append(
            "never_happened",
            {"attempt": self.attempt},
            payout=PayoutChange(
                status=PayoutStatus.RELEASED, sends_at=workflow.now() + self._again_after
            ),
            postings=(self._move(PostingKind.RETURN),),
            close_items=(ItemKind.IN_DOUBT,),
        )

    @property
    def _again_after(self) -> timedelta:
        return min(AGAIN_AFTER[self._in_vain - 1], self._rules.retry_held_every)

    async def _pause(self) -> None:
        """Before the attempt after one that never happened; it can be stopped until then."""
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._recipient_changed or self._stopped,
                timeout=self._again_after,
                timeout_summary="never happened",
            )
        self._recipient_changed = False

    async def _send(self, request: TransferRequest) -> TransferResult:
        """Have it sent; finance hears of it if there is no answer for long, whatever the cause."""
        if self._adopts or self._taken_along:
            self._adopts = self._taken_along = False
            return await self._begin(Payouts.adopt_transfer, request, "adopt")
        call = self._begin(Payouts.send_transfer, request, "transfer")
        await workflow.wait([call], timeout=LONG_WITHOUT_ANSWER.total_seconds())
        if not call.done():
            await self._stream.append(
                "unanswered",
                {"attempt": self.attempt},
                open_items=(self._doubt("no_answer"),),
                close_items=self._withdrawn_question(),
            )
        return await call

    def _doubt(self, code: str) -> OpenItem:
        """What finance sees while nobody knows whether the money has moved."""
        return OpenItem(kind=ItemKind.IN_DOUBT, due_at=self.payout.pay_by, code=code)

    async def _look_up(self, request: TransferRequest, code: str) -> TransferResult:
        """Ask the provider's own list what became of the attempt; a person helps if that fails."""
        await self._stream.append(
            "in_doubt",
            {"attempt": self.attempt, "code": code},
            payout=PayoutChange(status=PayoutStatus.IN_DOUBT),
            open_items=(self._doubt(code),),
            close_items=self._withdrawn_question(),
        )
        while True:
            try:
                return await self._begin(Payouts.look_up_transfer, request, "look up")
            except ActivityError as error:
                if error_code(error) == RailStopped.code:
                    await self._stand_still()
                    continue
                question = Question(ItemKind.ATTENTION, seen=error_code(error), code="look_up")
                await self._park(
                    self._nudged(question, ItemKind.IN_DOUBT), "look_up", error_code(error)
                )

    async def _bank_answers(self, request: TransferRequest) -> TransferResult:
        """By bank transfer: ordered, and waiting for what people import of the bank's answer.

        Until it is in a file it may still be stopped; the attempt then has never happened.
        """
        await self._stream.append(
            "under_way",
            {"attempt": self.attempt},
            payout=PayoutChange(status=PayoutStatus.SENDING, clear_hold=True),
            close_items=(ItemKind.IN_DOUBT, *self._withdrawn_question()),
        )
        self._ordered = True
        while True:
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._recipient_changed or (self._ordered and self._held),
                    timeout=self.payout.policy.release.retry_held_every,
                    timeout_summary="the bank's answer",
                )
            self._recipient_changed, self._ordered = False, not self._held
            with contextlib.suppress(ActivityError):
                result = await self._begin(Payouts.look_up_transfer, request, "bank's answer")
                if result.outcome is not TransferOutcome.UNDER_WAY:
                    self._ordered = False
                    return result

    async def _stand_still(self) -> None:
        """Nobody can be asked what became of the attempt before the provider accepts our key."""
        await self._stream.append(
            "rail_stopped",
            {"attempt": self.attempt},
            payout=PayoutChange(hold_reason=HoldReason.RAIL_STOPPED),
        )
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._recipient_changed,
                timeout=self.payout.policy.release.retry_held_every,
                timeout_summary=HoldReason.RAIL_STOPPED.value,
            )
        self._recipient_changed = False
        await self._stream.append(
            "looked_up_again", {"attempt": self.attempt}, payout=PayoutChange(clear_hold=True)
        )

    def _begin(
        self, activity: Any, request: TransferRequest, name: str
    ) -> workflow.ActivityHandle[TransferResult]:
        begun: workflow.ActivityHandle[TransferResult] = workflow.start_activity_method(
            activity,
            request,
            task_queue=Queue.PAYOUTS.value,
            summary=f"{name} {request.attempt}",
            **MONEY,
        )
        return begun

    async def _return(self, reason: HoldReason, code: str) -> None:
        """The attempt definitely failed: the money is payable again, and the creator is told."""
        mails = self._told_of(code) if reason is HoldReason.NOT_ONBOARDED else ()
        self._asked_to_set_up = bool(mails)
        settled: tuple[ItemKind, ...] = (ItemKind.IN_DOUBT,)
        if reason is HoldReason.PAYEE_CHANGED or reason in ONE_MATTER:
            settled += self._withdrawn_question()
        await self._stream.append(
            "held",
            {"attempt": self.attempt, "reason": reason.value, "code": code},
            payout=PayoutChange(
                status=PayoutStatus.HELD,
                hold_reason=reason,
                rides=reason is HoldReason.BELOW_MINIMUM or None,
            ),
            postings=(self._move(PostingKind.RETURN),),
            close_items=settled,
            mails=mails,
        )
        for mail in mails:
            await self._send_mail(mail)

    def _told_of(self, code: str) -> tuple[PlannedMail, ...]:
        """What the creator has to do for a payment that waits for them."""
        if code in WRONG_ACCOUNT:
            step = f"account_refused:{self.attempt}"
            return (self._mail(Mail.ACCOUNT_REFUSED, step, reason=code),)
        if code == ACCOUNT_REFUSED:
            return ()  # told of the payment that the bank had refused
        return (self._mail(Mail.PAYOUT_SETUP, "payout_setup"),)

    # --- what may come at any time ------------------------------------------------------

    @workflow.signal(name=RECIPIENT_CHANGED)
    def recipient_changed(self) -> None:
        """The payee's account, the balance or our key changed: a payment is worth another try."""
        self._wake()

    @workflow.signal(name=TAKEN_ALONG)
    def taken_along(self) -> None:
        """Another payment's transfer has paid it, wherever it stands: only our books are behind.

        The books are asked again before anything is written.
        """
        self._taken_along = self._recipient_changed = True
        self._questions.interrupt()
