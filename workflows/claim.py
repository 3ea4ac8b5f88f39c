"""A claim: the creator hears why, may object, a second person decides, and it is kept back."""

from __future__ import annotations

import contextlib
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.claims import Claims
    from domain.claims import ClaimStatus
    from domain.decisions import ClaimVerdict, DecisionKind
    from domain.inbox import ItemKind
    from domain.lifecycle import StreamKind
    from domain.mails import Mail
    from domain.messages import (
        CLAIM_BACK_WORKFLOW,
        CLAIM_CHANGED,
        CLAIM_WORKFLOW,
        AppliedDecision,
        Begin,
        ClaimChange,
        Claimed,
        ClaimInput,
        ClaimResult,
        DecisionRef,
        DecisionResult,
        PlannedMail,
        Posting,
        PostingKind,
        StreamHead,
    )
    from workflows.births import start_claim
    from workflows.questions import Beat, Question, Questions
    from workflows.recording import record
    from workflows.story import Story
    from workflows.stream import Stream

LOOK_AGAIN = timedelta(days=1)
"""How often a claim looks at what is left of it, even if nobody told it of a change."""


@workflow.defn(name=CLAIM_BACK_WORKFLOW)
class ClaimBackWorkflow:
    """Applies one decision, also long after its collaboration has ended."""

    @workflow.run
    async def run(self, ref: DecisionRef) -> DecisionResult:
        """Write the claim and start it; it outlives this."""
        made: Claimed = await record(
            Claims.claim_back, Begin(ref=ref, at=workflow.now()), "claim back"
        )
        claim = made.claim
        if claim is None:
            return DecisionResult(applied=False, code=made.code)
        await start_claim(claim)
        return DecisionResult(applied=True, code="applied")


@workflow.defn(name=CLAIM_WORKFLOW)
class ClaimWorkflow(Story):
    """The life of a claim, until nothing of it is open."""

    @workflow.init
    def __init__(self, claim: ClaimInput) -> None:
        stream = Stream(StreamHead(kind=StreamKind.CLAIM, entity_id=claim.claim_id))
        super().__init__(stream.head, Questions(stream, min_notice=claim.min_notice), stream)
        self.claim = claim
        self._objected = False
        self._confirmed = False
        self._changed = False
        for kind in (DecisionKind.WAIVE_CLAIM, DecisionKind.BOOK_REPAYMENT):
            self._questions.accept_always(kind, self._look, self._not_confirmed)

    @workflow.run
    async def run(self, claim: ClaimInput) -> ClaimResult:
        """Hear the creator, have it decided, and wait until it has come back or is waived."""
        await self._hear()
        if not await self._stands():
            return await self._end(ClaimStatus.DROPPED, self._mail(Mail.CLAIM_DROPPED))
        while await self._left():
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._changed, timeout=LOOK_AGAIN, timeout_summary="what is left"
                )
            self._changed = False
        return await self._end(ClaimStatus.SETTLED, self._mail(Mail.CLAIM_SETTLED))

    async def _hear(self) -> None:
        """Before money is kept back the creator is told why, and may object."""
        question = Question(ItemKind.STATEMENT, within=self.claim.hearing_within)
        due = (workflow.now() + self.claim.hearing_within).isoformat()
        mail = self._mail(Mail.CLAIM, due=due)
        await self._open(question, "hearing_opened", mails=(mail,))
        if await self._send_mail(mail) in {"accepted", "by_hand"}:
            self._questions.noticed_at = workflow.now()
        objection = await self._answer(question)
        self._objected = objection is not None

    async def _stands(self) -> bool:
        """A second person says whether the claim stands; then the books know it."""
        rules = self.claim.policy.release
        question = Question(
            ItemKind.CLAIM,
            seen=f"{self.claim.amount_minor}{self.claim.currency}",
            code="objected" if self._objected else "",
            beats=[
                Beat(rules.remind_after, self._remind, again_every=rules.remind_after),
                Beat(rules.escalate_after, self._escalate),
            ],
        )
        answer = await self._ask(
            question, "claim_to_decide", {"objected": self._objected},
            claim=ClaimChange(status=ClaimStatus.DECIDING),
        )  # fmt: skip
        choice = answer.choice if answer else None
        if not (isinstance(choice, ClaimVerdict) and choice.answer == "confirm"):
            return False
        mail = self._mail(Mail.CLAIM_CONFIRMED)
        await self._stream.append(
            "claim_confirmed",
            claim=ClaimChange(status=ClaimStatus.CONFIRMED),
            postings=(
                Posting(
                    kind=PostingKind.CLAIM, key=f"claim:{self.claim.claim_id}",
                    amount_minor=self.claim.amount_minor,
                ),
            ),
            mails=(mail,),
        )  # fmt: skip
        self._confirmed = True
        await self._send_mail(mail)
        return True

    async def _remind(self) -> None:
        await self._stream.append("staff_reminded", remind_items=(ItemKind.CLAIM,))

    async def _escalate(self) -> None:
        await self._stream.append("escalated", escalate_items=(ItemKind.CLAIM,))

    async def _left(self) -> int:
        left: int = await record(Claims.left_of_claim, self.claim.claim_id, "what is left")
        return left

    async def _end(self, status: ClaimStatus, *mails: PlannedMail) -> ClaimResult:
        self._over = True
        await self._stream.append(
            status.value, claim=ClaimChange(status=status), close_all_items=True, mails=mails
        )
        for mail in mails:
            await self._send_mail(mail)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ClaimResult(code=status.value)

    def _mail(self, mail: Mail, **facts: str) -> PlannedMail:
        step = f"{mail.value}:{self.claim.claim_id}"
        return PlannedMail.of(
            self.claim.collaboration_id, mail, step, claim_id=self.claim.claim_id,
            amount_minor=self.claim.amount_minor, **facts,
        )  # fmt: skip

    # --- what may come at any time ------------------------------------------------------

    def _not_confirmed(self) -> str:
        return "" if self._confirmed else "wrong_stage"

    def _look(self, _: AppliedDecision) -> None:
        self._changed = True

    @workflow.signal(name=CLAIM_CHANGED)
    def claim_changed(self) -> None:
        """A payment has kept something back, or was called off."""
        self._changed = True
