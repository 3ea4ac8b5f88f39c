"""Publishing and retaining: is the approved post live, and does it stay?

"Could not be checked" is a state of its own: nobody is paid, and nobody is punished, on the
absence of news.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from enum import StrEnum

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.publication import Publications
    from domain.campaign import MilestoneKind
    from domain.decisions import HearingChoice, PublicationChoice, PublicationJudgement
    from domain.inbox import ItemKind
    from domain.lifecycle import CheckState, Outcome, Stage, WaitingFor
    from domain.mails import Mail
    from domain.messages import (
        AppliedDecision,
        CheckResult,
        PlannedMail,
        Queue,
        WatchRequest,
        WatchResult,
    )
    from workflows.collaboration_base import Ended
    from workflows.interruptions import Interruptions
    from workflows.questions import Beat, Interrupted, Question
    from workflows.timeouts import WATCH


class Word(StrEnum):
    """What is known of the post after a look, a second look and, if need be, a person's."""

    FINE = "fine"
    FAULTY = "faulty"
    GONE = "gone"


class PublicationWatch(Interruptions):
    """The two stages that look at the published post."""

    publication_id: str = ""
    published_at: datetime | None = None
    faults: tuple[str, ...] = ()
    fixed: bool = False
    """True when an automatic look found the post mended before the creator said so."""
    _looks: int = 0

    async def _publish(self, draft_digest: str) -> None:
        """Have the post published and made right; then the publication is verified.

        Raises:
            Ended: not published, or not made right, in time.
        """
        self._enter(Stage.PUBLISHING)
        rules = self.policy.publication
        mail = self._plan(Mail.DRAFT_APPROVED, "draft_approved")
        within, remind, reminder = rules.publish_within, rules.remind_after, Mail.PUBLISH_REMINDER
        event, turn = "publication_asked", 0
        while True:
            self.fixed = False
            question = Question(
                ItemKind.PUBLISH, seen=draft_digest, code=",".join(self.faults), within=within
            )
            if self.faults:
                question.beats.append(
                    Beat(rules.recheck_every, self._mended, again_every=rules.recheck_every)
                )
            answer = await self._ask_creator(
                question, event, mail, reminder=reminder, remind_after=remind,
                data={"faults": ",".join(self.faults)},
                collaboration=self._change(WaitingFor.CREATOR),
            )  # fmt: skip
            if answer is not None and isinstance(answer.choice, PublicationChoice):
                self.publication_id = answer.choice.content_id
                self.published_at = self.published_at or workflow.now()
            elif not (self.faults and self.fixed):
                reason = "not_cured" if self.faults else "not_published"
                raise Ended(Outcome.BREACHED, reason, Mail.ENDED)
            if await self._verify() is Word.FINE:
                break
            turn += 1
            within, remind, event = rules.cure_within, (), "cure_asked"
            mail = self._faulty_mail(turn)
        await self._reach(
            "publication_verified",
            self._milestone(MilestoneKind.PUBLICATION_VERIFIED),
            collaboration=self._change(WaitingFor.ENGINE, clear_due=True, delivered=True),
        )

    async def _mended(self) -> bool:
        with contextlib.suppress(Interrupted):  # the question that we look for ends by it
            seen = await self._watch(workflow.now(), patient=False)
            self.fixed = seen.last.state is CheckState.OK
        return self.fixed

    async def _verify(self) -> Word:
        """Look until it is known how the post is; a person looks where the engine cannot tell."""
        return await self._word(await self._watch(workflow.now()))

    async def _word(self, seen: WatchResult) -> Word:
        """What the last look says, or a person if it says nothing."""
        if seen.last.state is CheckState.OK:
            self.faults = ()
            return Word.FINE
        if seen.last.state is CheckState.FAULTY:
            self.faults = seen.last.faults
            return Word.FAULTY
        if seen.last.state is CheckState.GONE:
            self.faults = ("gone",)
            return Word.GONE
        return await self._judged()

    async def _judged(self) -> Word:
        """A reviewer says whether the post is right."""
        question = self._nudges(
            Question(ItemKind.PUBLICATION, seen=str(self._looks)),
            self.policy.review.remind_after,
            self.policy.review.escalate_after,
        )
        answer = await self._ask(question, "publication_unsure", {"check": self._looks})
        choice = answer.choice if answer else None
        if isinstance(choice, PublicationJudgement) and choice.answer == "verified":
            self.faults = ()
            return Word.FINE
        self.faults = ("reviewer",)
        return Word.FAULTY

    async def _watch(self, *moments: datetime, patient: bool = True) -> WatchResult:
        """Have the post looked at until something is found or all moments have passed.

        One activity however many looks: it is retried when the next one is due. Looks that could
        not be made are `UNKNOWN`, never a verdict.

        Raises:
            Interrupted: the collaboration is to end.
        """
        request = WatchRequest(
            collaboration_id=self.offer.collaboration_id,
            publication_id=self.publication_id,
            first_number=self._looks + 1,
            moments=moments,
            again_after=self.policy.publication.recheck_every,
            patient=patient,
        )
        watch = workflow.start_activity_method(
            Publications.watch_publication,
            request,
            task_queue=Queue.PUBLICATION.value,
            summary=f"watch from look {request.first_number}",
            **WATCH,
        )
        await workflow.wait_condition(lambda: watch.done() or self._questions.interrupted)
        if not watch.done():
            watch.cancel()
        try:
            seen: WatchResult = await watch
        except ActivityError:
            if self._questions.interrupted:
                raise Interrupted from None
            seen = WatchResult(last=CheckResult(state=CheckState.UNKNOWN))
        self._looks += seen.looks
        return seen

    # --- retaining ----------------------------------------------------------------------

    async def _retain(self) -> None:
        """Look again until the period is over, and once unannounced after it.

        Raises:
            Ended: the post was removed or changed, the creator was heard, and a person confirmed.
        """
        self._enter(Stage.RETAINING)
        rules = self.policy.retention
        assert self.published_at is not None
        ends = self.published_at + rules.period
        await self._stream.append(
            "retention_began",
            {"until": ends.isoformat()},
            collaboration=self._change(WaitingFor.ENGINE, due_at=ends + rules.final_check_after),
        )
        looks = [each for each in rules.checks if each < rules.period]
        moments = [
            self.published_at + each for each in (*looks, rules.period + rules.final_check_after)
        ]
        while moments:
            seen = await self._watch(*moments)
            if seen.passed < len(moments):
                await self._stays_or_is_heard(await self._word(seen))
            moments = moments[seen.passed + 1 :]
        await self._reach(
            "retention_passed",
            self._milestone(MilestoneKind.RETENTION_PASSED),
            collaboration=self._change(WaitingFor.ENGINE, clear_due=True),
        )

    async def _stays_or_is_heard(self, word: Word) -> None:
        if word is Word.GONE:
            # One "not found" may be the platform's hiccup: look again before it counts.
            await self._sleep_until(workflow.now() + self.policy.retention.confirm_gone_after)
            word = await self._verify()
        if word is Word.FINE:
            return
        if await self._cured(word):
            self.faults = ()
            return
        await self._hear()

    async def _cured(self, word: Word) -> bool:
        """Tell the creator what is wrong and look again until the cure period is over."""
        rules = self.policy.retention
        gone = word is Word.GONE
        self.fixed = False
        mail = (
            self._plan(Mail.POST_MISSING, f"post_missing:{self._looks}",
                       due=(workflow.now() + rules.cure_within).isoformat())
            if gone
            else self._faulty_mail(self._looks)
        )  # fmt: skip
        every = min(self.policy.publication.recheck_every, rules.cure_within)
        question = Question(
            ItemKind.PUBLISH, seen=str(self._looks), code=",".join(self.faults),
            within=rules.cure_within, beats=[Beat(every, self._mended, again_every=every)],
        )  # fmt: skip
        answer = await self._ask_creator(
            question,
            "post_missing" if gone else "post_changed",
            mail,
            data={"check": self._looks, "faults": ",".join(self.faults)},
        )
        if answer is not None and isinstance(answer.choice, PublicationChoice):
            self.publication_id = answer.choice.content_id
        return self.fixed or await self._verify() is Word.FINE

    async def _hear(self) -> None:
        """Before money is withheld the creator may object, and a person decides.

        Raises:
            Ended: the manager withholds what was not earned yet.
        """
        rules = self.policy.retention
        seen = str(self._looks)
        statement = Question(ItemKind.STATEMENT, seen=seen, within=rules.hearing_within)
        due = (workflow.now() + rules.hearing_within).isoformat()
        objection = await self._ask_creator(
            statement,
            "hearing_opened",
            self._plan(Mail.HEARING, f"hearing:{seen}", due=due, reason=",".join(self.faults)),
            data={"check": self._looks, "faults": ",".join(self.faults)},
        )
        decision = self._nudges(
            Question(ItemKind.HEARING, seen=seen, code=",".join(self.faults)),
            self.policy.review.remind_after,
            None,
        )
        answer = await self._ask(decision, "hearing_to_decide", {"objected": objection is not None})
        if self._withheld(answer):
            raise Ended(Outcome.BREACHED, "withheld", Mail.PAYMENT_WITHHELD)
        self.faults = ()

    @staticmethod
    def _withheld(answer: AppliedDecision | None) -> bool:
        choice = answer.choice if answer else None
        return isinstance(choice, HearingChoice) and choice.answer == "withhold"

    def _faulty_mail(self, turn: int) -> PlannedMail:
        due = (workflow.now() + self.policy.publication.cure_within).isoformat()
        return self._plan(
            Mail.PUBLICATION_FAULTY, f"publication_faulty:{turn}:{self._looks}",
            due=due, reason=",".join(self.faults),
        )  # fmt: skip
