"""What all stages of a collaboration share: mails, stages, money and news to the campaign."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from domain.campaign import MilestoneKind
    from domain.ids import payout_id, payout_workflow_id
    from domain.inbox import ItemKind
    from domain.lifecycle import Outcome, Role, Stage, StreamKind, WaitingFor
    from domain.mails import STRANGER, Mail
    from domain.messages import (
        BONUS_GRANTED,
        COLLABORATION_SUSPENDED,
        AppliedDecision,
        BonusGranted,
        CollaborationChange,
        CollaborationInput,
        CollaborationNews,
        NewPayout,
        NewsPhase,
        PayoutInput,
        PlannedMail,
        Posting,
        PostingKind,
        StreamHead,
        Suspension,
    )
    from domain.money import split_by_percent
    from domain.search_attributes import STAGE
    from domain.sending_hours import next_moment
    from workflows.births import start_payment
    from workflows.questions import Beat, Interrupted, Question, Questions
    from workflows.story import Story
    from workflows.stream import Stream
    from workflows.timeouts import Data


class Ended(Exception):
    """The collaboration ends here, with this outcome and a reason code."""

    def __init__(self, outcome: Outcome, reason: str, mail: Mail | None = None) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.mail = mail
        """What the creator is told, if anything."""


@dataclass
class Earned:
    """A payment that is due, with what its event has to write."""

    payout: PayoutInput
    row: NewPayout
    posting: Posting


class CollaborationBase(Story):
    """State and vocabulary of the stages."""

    def __init__(self, offer: CollaborationInput) -> None:
        stream = Stream(StreamHead(kind=StreamKind.COLLABORATION, entity_id=offer.collaboration_id))
        questions = Questions(stream, min_notice=offer.policy.min_notice)
        super().__init__(stream.head, questions, stream)
        self.offer = offer
        self.policy = offer.policy
        self.stage = Stage.SCREENING
        self.fee_minor = offer.fee_minor
        self.reserved_minor = 0
        """What is still reserved for this creator in the ledger."""
        self.signed = False
        self._payouts: list[str] = []
        """Payments that have been earned or granted: a suspension holds them too."""
        self._payouts_suspended = False
        self._holding = asyncio.Lock()
        self.leaving: Ended | None = None
        """Set with an interruption: how the collaboration is to end."""

    # --- stages -------------------------------------------------------------------------

    def _enter(self, stage: Stage) -> None:
        if stage is self.stage:
            return
        self.stage = stage
        if stage in {Stage.DRAFTING, Stage.PUBLISHING, Stage.RETAINING}:
            # Each upsert is an event in the history: only the stages operators look for.
            workflow.upsert_search_attributes([STAGE.value_set(stage.value)])

    def _change(self, waiting_for: WaitingFor, **columns: Any) -> CollaborationChange:
        return CollaborationChange(stage=self.stage, waiting_for=waiting_for, **columns)

    async def _open(
        self, question: Question, event: str, data: Data | None = None, **parts: Any
    ) -> None:
        """Ask, and show on every list whose move it is and until when.

        Raises:
            Interrupted: the collaboration is to end: nobody is asked for anything more.
        """
        if self._questions.interrupted:
            raise Interrupted
        self._questions.prepare(question)
        workflow.set_current_details(
            f"**{self.stage.value}**: waits for {question.role.value} ({question.item.value})"
        )
        change = parts.pop("collaboration", None) or self._change(WaitingFor.ENGINE)
        await self._stream.append(
            event,
            data,
            open_items=(question.as_item(),),
            collaboration=change.model_copy(
                update={
                    "waiting_for": WAITS_FOR[question.role],
                    "due_at": question.due_at,
                    "clear_due": question.due_at is None,
                    "needs_attention": True if question.item is ItemKind.ATTENTION else None,
                }
            ),
            **parts,
        )

    async def _sleep_until(self, moment: datetime) -> None:
        """Rest, but wake for an interruption.

        Raises:
            Interrupted: the collaboration is to end.
        """
        rest = moment - workflow.now()
        if rest > timedelta(0):
            try:
                await workflow.wait_condition(
                    lambda: self._questions.interrupted, timeout=rest, timeout_summary="next look"
                )
            except TimeoutError:
                return
        if self._questions.interrupted:
            raise Interrupted

    # --- mails --------------------------------------------------------------------------

    def _plan(self, mail: Mail, step: str, **facts: str | int) -> PlannedMail:
        """A mail for the event's transaction; the step's name makes it happen once."""
        known = {"fee_minor": self.fee_minor} | facts
        return PlannedMail.of(self.offer.collaboration_id, mail, step, **known)

    async def _send_mail(self, mail: PlannedMail) -> str:
        """See `Story`; remembers that the creator has been told."""
        status = await super()._send_mail(mail)
        if status in {"accepted", "by_hand"}:
            self._questions.noticed_at = workflow.now()
        return status

    async def _ask_creator(
        self,
        question: Question,
        event: str,
        mail: PlannedMail,
        *,
        reminder: Mail | None = None,
        remind_after: tuple[timedelta, ...] = (),
        data: Data | None = None,
        **parts: Any,
    ) -> AppliedDecision | None:
        """Ask by mail and in the portal, remind, and wait for the answer or for silence."""
        question.beats += [
            Beat(self._polite(mail.mail, after), self._reminder(question, reminder, mail, number))
            for number, after in enumerate(remind_after, start=1)
            if reminder and (question.within is None or after < question.within)
        ]
        await self._open(question, event, data, mails=(mail,), **parts)
        status = ""
        with contextlib.suppress(Interrupted):  # an answer that came before it counts all the same
            status = await self._send_mail(mail)
        if mail.mail in STRANGER and status in {"bounced", "suppressed", "expired"}:
            raise Ended(Outcome.UNREACHABLE, status)
        return await self._answer(question)

    def _polite(self, mail: Mail, after: timedelta) -> timedelta:
        """Move a reminder to a stranger into their sending hours."""
        if mail not in STRANGER:
            return after
        now = workflow.now()
        moment = next_moment(
            now + after, self.offer.zone, self.policy.outreach, self.offer.collaboration_id
        )
        return moment - now

    def _reminder(
        self, question: Question, reminder: Mail | None, first: PlannedMail, number: int
    ) -> Any:
        async def remind() -> None:
            assert reminder is not None
            due = question.due_at.isoformat() if question.due_at else ""
            mail = self._plan(reminder, f"{first.step}:reminder:{number}", due=due, number=number)
            await self._stream.append(
                "reminded",
                {"item": question.item.value, "number": number},
                remind_items=(question.item,),
                mails=(mail,),
            )
            await self._send_mail(mail)

        return remind

    def _nudges(
        self, question: Question, remind_after: timedelta, escalate_after: timedelta | None,
        *, again: bool = False,
    ) -> Question:  # fmt: skip
        """Put a clock on a member of staff: a reminder, then the manager sees it too.

        Args:
            question: what they are asked.
            remind_after: of one reminder.
            escalate_after: of the escalation; None if there is none.
            again: remind once more each time that it takes as long again.
        """

        async def remind() -> None:
            await self._stream.append(
                "staff_reminded", {"item": question.item.value}, remind_items=(question.item,)
            )

        async def escalate() -> None:
            await self._stream.append(
                "escalated", {"item": question.item.value}, escalate_items=(question.item,)
            )

        question.beats.append(Beat(remind_after, remind, remind_after if again else None))
        if escalate_after is not None:
            question.beats.append(Beat(escalate_after, escalate))
        return question

    def _hands_over(self, question: Question, after: timedelta) -> None:
        """Let the substitute whom the campaign names take over from silent people."""

        async def hand_over() -> None:
            await self._stream.append(
                "handed_over", {"item": question.item.value}, hand_over_items=(question.item,)
            )

        question.beats.append(Beat(after, hand_over))

    # --- money --------------------------------------------------------------------------

    def _milestone(self, kind: MilestoneKind) -> Earned | None:
        """The payment that a milestone earns, if the campaign pays for it."""
        milestones = self.policy.milestones
        percents = [each.percent for each in milestones]
        amounts = split_by_percent(self.fee_minor, percents, self.policy.currency)
        for milestone, amount in zip(milestones, amounts, strict=True):
            if milestone.on is kind and amount > 0:
                return self._earned(kind.value, amount, milestone.pay_within)
        return None

    def _earned(self, kind: str, amount_minor: int, pay_within: timedelta) -> Earned:
        identity = payout_id(self.offer.collaboration_id, kind, 1)
        pay_by = workflow.now() + pay_within
        return Earned(
            payout=PayoutInput(
                payout_id=identity,
                collaboration_id=self.offer.collaboration_id,
                campaign_id=self.offer.campaign_id,
                amount_minor=amount_minor,
                currency=self.policy.currency,
                pay_by=pay_by,
                policy=self.offer.payout_policy,
            ),
            row=NewPayout(
                payout_id=identity, kind=kind, number=1, amount_minor=amount_minor, pay_by=pay_by
            ),
            posting=Posting(
                kind=PostingKind.EARN, key=f"earn:{identity}", amount_minor=amount_minor
            ),
        )

    async def _reach(self, event: str, earned: Earned | None, **parts: Any) -> None:
        """Write a milestone's event, and start the payment that it earns.

        While the collaboration is suspended nothing is earned.
        """
        await workflow.wait_condition(
            lambda: not self._questions.clock_stopped or self._questions.interrupted
        )
        if earned is None:
            await self._stream.append(event, **parts)
            return
        self.reserved_minor -= earned.posting.amount_minor
        await self._stream.append(
            event,
            {"payout_id": earned.row.payout_id, "amount_minor": earned.row.amount_minor},
            postings=(earned.posting,),
            new_payouts=(earned.row,),
            **parts,
        )
        await start_payment(earned.payout, f"{earned.row.kind} of {self.offer.collaboration_id}")
        await self._holds_too(earned.row.payout_id)

    async def _holds_too(self, identity: str) -> None:
        """A suspension holds a payment like those before it, also if it has come just before."""
        self._payouts.append(identity)
        async with self._holding:
            if self._payouts_suspended:
                await self._suspend_payout(identity, True)

    async def _suspend_payouts(self, suspended: bool) -> None:
        """Hold, or let go on, what was earned before; a payment that is over hears nothing.

        One after the other: of a suspension that is lifted at once, each hears the end last.
        """
        self._payouts_suspended = suspended
        async with self._holding:
            for identity in self._payouts:
                await self._suspend_payout(identity, self._payouts_suspended)

    async def _suspend_payout(self, identity: str, suspended: bool) -> None:
        payment = workflow.get_external_workflow_handle(payout_workflow_id(identity))
        with contextlib.suppress(FailureError):
            await payment.signal(COLLABORATION_SUSPENDED, Suspension(suspended=suspended))

    @workflow.signal(name=BONUS_GRANTED)
    async def bonus_granted(self, news: BonusGranted) -> None:
        """A suspension holds a bonus like what was earned."""
        await self._holds_too(news.payout_id)

    async def _tell(self, phase: NewsPhase, outcome: Outcome | None = None) -> None:
        """Tell the campaign that this creator has signed, or that it is over."""
        await self._tell_campaign(
            CollaborationNews(
                campaign_id=self.offer.campaign_id,
                collaboration_id=self.offer.collaboration_id,
                phase=phase,
                outcome=outcome,
            )
        )


WAITS_FOR: dict[Role, WaitingFor] = {
    Role.CREATOR: WaitingFor.CREATOR,
    Role.REVIEWER: WaitingFor.REVIEWER,
    Role.MANAGER: WaitingFor.MANAGER,
    Role.FINANCE: WaitingFor.FINANCE,
    Role.OPERATOR: WaitingFor.MANAGER,
}
