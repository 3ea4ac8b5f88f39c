"""What may come at any time while a collaboration lives: leaving, stopping, holding, a scandal."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.vetting import Vetting
    from domain.decisions import DecisionKind, ScandalChoice
    from domain.inbox import ItemKind
    from domain.lifecycle import Outcome, Stage
    from domain.mails import Mail
    from domain.messages import (
        CAMPAIGN_STOPPED,
        PAUSE_CLOCK,
        SCANDAL,
        AppliedDecision,
        CollaborationChange,
        CollaborationInput,
        DecisionRef,
        DecisionResult,
        PauseClock,
        Queue,
        ScandalFound,
        Screening,
    )
    from workflows.collaboration_base import CollaborationBase, Ended
    from workflows.questions import Interrupted, Question, Stop
    from workflows.recording import beside_the_story
    from workflows.timeouts import RULE_QUICK


class Interruptions(CollaborationBase):
    """Everything from outside the story of the stages."""

    def __init__(self, offer: CollaborationInput) -> None:
        super().__init__(offer)
        self._scandals: list[ScandalFound] = []
        """What the manager has not judged yet, the oldest first."""
        self._told: set[str] = set()
        """Looks that the manager was told of."""
        self._judging: asyncio.Task[None] | None = None
        always = self._questions.accept_always
        always(DecisionKind.WITHDRAW, self._withdrawn)
        always(DecisionKind.OPT_OUT, self._opted_out)
        always(DecisionKind.CANCEL_COLLABORATION, lambda _: self._stop("cancelled"))
        always(DecisionKind.SUSPEND_COLLABORATION, lambda _: self._stands_still(True))
        always(DecisionKind.RESUME_COLLABORATION, lambda _: self._stands_still(False))

    # --- leaving and stopping -----------------------------------------------------------

    def _leave(self, end: Ended) -> None:
        if not self._over and self.leaving is None:
            self.leaving = end
            self._questions.interrupt()

    def _withdrawn(self, _: AppliedDecision) -> None:
        outcome = Outcome.WITHDRAWN if self.signed else Outcome.DECLINED
        self._leave(Ended(outcome, "withdrawn"))

    def _opted_out(self, _: AppliedDecision) -> None:
        # After signing, "no more mail" is about advertising; the contract goes on in the portal.
        if not self.signed:
            self._leave(Ended(Outcome.DECLINED, "opted_out"))

    def _stop(self, reason: str) -> None:
        invited = self.stage is not Stage.SCREENING
        self._leave(Ended(Outcome.CANCELLED, reason, Mail.ENDED if invited else None))

    @workflow.signal(name=CAMPAIGN_STOPPED)
    def campaign_stopped(self) -> None:
        """The campaign was stopped by its manager."""
        self._stop("campaign_stopped")

    @workflow.signal(name=PAUSE_CLOCK)
    def pause_clock(self, news: PauseClock) -> None:
        """The campaign was paused or goes on; an end that has begun is not put off by it."""
        if not news.paused:
            self._questions.start_clock(Stop.PAUSE)
        elif self.leaving is None:
            self._questions.stop_clock(Stop.PAUSE)

    # --- a scandal ----------------------------------------------------------------------

    @workflow.signal(name=SCANDAL)
    def scandal_found(self, found: ScandalFound) -> None:
        """Brand safety found something new: the manager decides, while the story goes on."""
        self._have_it_judged(found)

    def _have_it_judged(self, found: ScandalFound) -> None:
        if self._over or found.digest in self._told:
            return
        self._told.add(found.digest)
        self._scandals.append(found)
        if self._judging is None or self._judging.done():
            self._judging = asyncio.create_task(beside_the_story(self._ask_the_manager()))

    async def _look_again(self) -> None:
        """Brand safety once more before the post goes out; what is new is judged first.

        Raises:
            Interrupted: the collaboration is to end.
        """
        screening: Screening = await self._step(
            "screening", Vetting.recheck_creator, self.offer.collaboration_id,
            Queue.VETTING, RULE_QUICK,
        )  # fmt: skip
        if screening.news:
            self._have_it_judged(ScandalFound(verdict=screening.verdict, digest=screening.digest))
        await self._nothing_to_judge()

    async def _nothing_to_judge(self) -> None:
        """Wait until the manager has judged what was found, and nothing stands still.

        Raises:
            Interrupted: the collaboration is to end.
        """
        questions = self._questions
        await workflow.wait_condition(
            lambda: questions.interrupted or not (self._scandals or questions.clock_stopped)
        )
        if questions.interrupted:
            raise Interrupted

    async def _nobody_judges(self) -> None:
        """Wait until whoever asks about a scandal has heard of the interruption as well."""
        await workflow.wait_condition(lambda: self._judging is None or self._judging.done())

    async def _ask_the_manager(self) -> None:
        """Ask about one after the other; whoever is asked sees what was found at that look."""
        while self._scandals and not self._over and not self._questions.interrupted:
            found = self._scandals[0]
            question = self._nudges(
                Question(ItemKind.SCANDAL, seen=found.digest, code=found.verdict.value),
                self.policy.review.remind_after,
                None,
            )
            self._questions.prepare(question)
            # Beside the story: whose move it is there, and until when, stays as it is.
            await self._stream.append(
                "scandal_found",
                {"verdict": found.verdict.value},
                open_items=(question.as_item(),),
            )
            try:
                answer = await self._answer(question)
            except Interrupted:
                return
            self._scandals.remove(found)
            if answer is not None and isinstance(answer.choice, ScandalChoice):
                await self._follow(answer.choice)

    async def _follow(self, choice: ScandalChoice) -> None:
        if choice.answer == "cancel":
            self._stop("cancelled")
        elif choice.answer == "suspend" and not self._over:  # which nobody could lift any more
            self._stands_still(True)
            await self._suspend(True)

    # --- decisions ----------------------------------------------------------------------

    def _stands_still(self, suspended: bool) -> None:
        if suspended:
            self._questions.stop_clock(Stop.SUSPENSION)
        else:
            self._questions.start_clock(Stop.SUSPENSION)

    async def _suspend(self, suspends: bool) -> None:
        await self._stream.append(
            "suspended" if suspends else "resumed",
            collaboration=CollaborationChange(suspended=suspends),
        )
        await self._suspend_payouts(suspends)

    async def _decide(self, ref: DecisionRef) -> DecisionResult:
        result = await super()._decide(ref)
        suspends = ref.kind is DecisionKind.SUSPEND_COLLABORATION
        if result.applied and (suspends or ref.kind is DecisionKind.RESUME_COLLABORATION):
            await self._suspend(suspends)
        return result
