"""One earned payment: released by people, sent once, looked up when in doubt."""

from __future__ import annotations

import contextlib
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.claims import Claims
    from activities.outreach import Outreach
    from activities.payouts import Payouts
    from domain.bank_transfer import ACCOUNT_REFUSED, WRONG_ACCOUNT
    from domain.errors import RailStopped
    from domain.ids import derived_id
    from domain.inbox import ItemKind
    from domain.lifecycle import HoldReason, PayoutStatus
    from domain.mails import Mail
    from domain.messages import (
        DECIDE,
        PAYOUT_WORKFLOW,
        RECIPIENT_CHANGED,
        CollaborationNews,
        DecisionRef,
        DecisionResult,
        Netting,
        NewsPhase,
        OpenItem,
        PayoutChange,
        PayoutInput,
        PayoutResult,
        PlannedMail,
        Posting,
        PostingKind,
        Queue,
        TransferOutcome,
        TransferRequest,
        TransferResult,
    )
    from workflows.payout_release import NotOwed, PayoutRelease
    from workflows.questions import Interrupted, Question, refuse
    from workflows.story import error_code
    from workflows.timeouts import LONG_WITHOUT_ANSWER, MAIL, MONEY, RECORD

HOLDS = {
    TransferOutcome.NOT_ONBOARDED: HoldReason.NOT_ONBOARDED,
    TransferOutcome.WAITING_FUNDS: HoldReason.WAITING_FUNDS,
    TransferOutcome.REFUSED: HoldReason.REFUSED,
    TransferOutcome.RAIL_STOPPED: HoldReason.RAIL_STOPPED,
    TransferOutcome.PAUSED: HoldReason.PLATFORM_PAUSED,
    TransferOutcome.PAYEE_CHANGED: HoldReason.PAYEE_CHANGED,
}
"""Definite refusals: the money is back in ``payable``, and a corrected try is a new attempt."""

NEEDS_A_PERSON = frozenset({HoldReason.REFUSED})
"""A stopped rail is one matter for all payments, not one for each: they wait for its end."""


@workflow.defn(name=PAYOUT_WORKFLOW)
class PayoutWorkflow(PayoutRelease):
    """The life of a payment; what happens after the transfer is repair, started by its event."""

    @workflow.init
    def __init__(self, payout: PayoutInput) -> None:
        super().__init__(payout)
        self.attempt = 0
        self._recipient_changed = False
        self._asked_to_set_up = False
        """The last attempt ended with a mail that asks for an account that can be paid."""
        self._over = False

    @workflow.run
    async def run(self, payout: PayoutInput) -> PayoutResult:
        """Release, cool, send; held and doubtful attempts are taken up again until it is paid."""
        try:
            return await self._until_it_is_paid()
        except NotOwed:
            await self._give_up()
            return PayoutResult(status=PayoutStatus.CANCELLED)

    async def _until_it_is_paid(self) -> PayoutResult:
        await self._release()
        while self._to_send:
            result = await self._attempt()
            if result.outcome is TransferOutcome.TRANSFERRED:
                await self._settle(result)
                return PayoutResult(status=PayoutStatus.TRANSFERRED)
            self._sending = False
            if result.outcome is TransferOutcome.PAYEE_CHANGED:
                await self._release(again=HoldReason.PAYEE_CHANGED)
                continue
            if result.outcome in HOLDS:
                with contextlib.suppress(Interrupted):
                    await self._hold(HOLDS[result.outcome], result.code)
            if not await self._cleared():
                await self._release()
        await self._settle_unsent()
        return PayoutResult(status=PayoutStatus.NETTED)

    @property
    def _to_send(self) -> int:
        return self.payout.amount_minor - self._netted

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
        if result.outcome in HOLDS:
            await self._return(HOLDS[result.outcome], result.code)
        elif result.outcome is TransferOutcome.NOT_FOUND:
            await self._stream.append(
                "never_happened", {"attempt": self.attempt},
                postings=(self._move(PostingKind.RETURN),), close_items=(ItemKind.IN_DOUBT,),
            )  # fmt: skip
        return result

    async def _send(self, request: TransferRequest) -> TransferResult:
        """Have it sent; finance hears of it if there is no answer for long, whatever the cause."""
        call = self._begin(Payouts.send_transfer, request, "transfer")
        await workflow.wait([call], timeout=LONG_WITHOUT_ANSWER.total_seconds())
        if not call.done():
            await self._stream.append(
                "unanswered", {"attempt": self.attempt}, open_items=(self._doubt("no_answer"),)
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
            close_items=(ItemKind.IN_DOUBT,),
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
        await self._stream.append(
            "held",
            {"attempt": self.attempt, "reason": reason.value, "code": code},
            payout=PayoutChange(status=PayoutStatus.HELD, hold_reason=reason),
            postings=(self._move(PostingKind.RETURN),),
            close_items=(ItemKind.IN_DOUBT,),
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

    async def _hold(self, reason: HoldReason, code: str) -> None:
        """Wait until it is worth trying again: the payee changed, time passed, a person acts."""
        again = self.payout.policy.release.retry_held_every
        if reason in NEEDS_A_PERSON:
            question = Question(ItemKind.ATTENTION, seen=reason.value, code=code)
            await self._ask(question, "attention_asked", {"reason": reason.value})
            return
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._recipient_changed or self._stopped,
                timeout=again,
                timeout_summary=reason.value,
            )
        self._recipient_changed = False

    async def _settle(self, result: TransferResult) -> None:
        """The money has moved: write it down and tell the creator."""
        remittance = self._mail(Mail.REMITTANCE, "remittance")
        self._over = True
        await self._stream.append(
            "transferred",
            {"attempt": self.attempt, "transfer_id": result.transfer_id},
            payout=PayoutChange(
                status=PayoutStatus.TRANSFERRED, transfer_id=result.transfer_id, clear_hold=True
            ),
            postings=(self._move(PostingKind.SETTLE),),
            netting=Netting.BOOK if self._netted else None,
            close_all_items=True,
            mails=(remittance,),
        )
        await self._paid(remittance)

    async def _settle_unsent(self) -> None:
        """The creator owed as much as this: nothing is sent, and both are settled by it."""
        remittance = self._mail(Mail.REMITTANCE, "remittance")
        self._over = True
        await self._stream.append(
            "netted",
            payout=PayoutChange(status=PayoutStatus.NETTED, clear_hold=True),
            netting=Netting.BOOK,
            close_all_items=True,
            mails=(remittance,),
        )
        await self._paid(remittance)

    async def _paid(self, remittance: PlannedMail) -> None:
        await self._send_mail(remittance)
        await self._tell_claims()
        await self._tell_campaign(
            CollaborationNews(
                campaign_id=self.payout.campaign_id,
                collaboration_id=self.payout.collaboration_id,
                phase=NewsPhase.PAID,
            )
        )
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _tell_claims(self) -> None:
        if self._netted:
            await workflow.execute_local_activity_method(
                Claims.tell_claims, self.payout.payout_id, summary="tell claims", **RECORD
            )

    async def _give_up(self) -> None:
        """It is not paid: the budget has it back. A creator who was told of it is told this too.

        Of a bonus creators hear when it is released, and no sooner.
        """
        granted = self.payout.granted
        mails = () if granted else (self._mail(Mail.NOT_REPAID, "not_repaid"),)
        self._over = True
        await self._stream.append(
            "withdrawn" if granted else "not_owed",
            payout=PayoutChange(status=PayoutStatus.CANCELLED, clear_hold=True),
            postings=(self._forfeit(),),
            netting=Netting.GIVE_BACK if self._netted else None,
            close_all_items=True,
            mails=mails,
        )
        for told in mails:
            await self._send_mail(told)
        await self._tell_claims()
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _tell_creator(self, reason: HoldReason) -> None:
        """Whose account is gone is asked for another one; of a bonus only once it is released."""
        knows = self.payout.granted or self._asked_to_set_up
        if reason is not HoldReason.ACCOUNT_GONE or knows:
            return
        told = self._mail(Mail.PAYOUT_SETUP, "account_gone")
        await self._stream.append("account_gone", mails=(told,))
        await self._send_mail(told)

    def _move(self, kind: PostingKind) -> Posting:
        key = f"{kind.value}:{self.payout.payout_id}:{self.attempt}"
        return Posting(kind=kind, key=key, amount_minor=self._to_send)

    def _forfeit(self) -> Posting:
        """All of it: what was kept back is given back by the same event."""
        kind = PostingKind.FORFEIT
        key = f"{kind.value}:{self.payout.payout_id}:{self.attempt}"
        return Posting(kind=kind, key=key, amount_minor=self.payout.amount_minor)

    def _mail(self, mail: Mail, step: str, **facts: str) -> PlannedMail:
        name = f"{step}:{self.payout.payout_id}"
        return PlannedMail(
            outbox_id=derived_id("out", self.payout.collaboration_id, name),
            mail=mail,
            step=name,
            facts={
                "payout_id": self.payout.payout_id,
                "amount_minor": self.payout.amount_minor,
                **facts,
            },
        )

    async def _send_mail(self, mail: PlannedMail) -> None:
        await self._step(
            f"mail {mail.mail.value}", Outreach.send_mail, mail.outbox_id, Queue.OUTREACH, MAIL
        )

    # --- what may come at any time ------------------------------------------------------

    @workflow.signal(name=RECIPIENT_CHANGED)
    def recipient_changed(self) -> None:
        """The payee's account, the balance or our key changed: a payment is worth another try."""
        self._recipient_changed = True

    @workflow.update(name=DECIDE)
    async def decide(self, ref: DecisionRef) -> DecisionResult:
        """Apply a person's decision; returns after its event is committed."""
        return await self._decide(ref)

    @decide.validator
    def _may_decide(self, ref: DecisionRef) -> None:
        if self._over:
            raise refuse("closed")
        self._questions.validate(ref)
