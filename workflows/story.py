"""What every long story of ours can do: write events, ask people, and take failed steps again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.campaigns import Campaigns
    from activities.outreach import Outreach
    from domain.decisions import DecisionKind
    from domain.inbox import ItemKind
    from domain.messages import (
        DECIDE,
        AppliedDecision,
        CollaborationNews,
        DecisionRef,
        DecisionResult,
        MailResult,
        PlannedMail,
        Queue,
        StreamHead,
    )
    from workflows.questions import Question, Questions, refuse
    from workflows.recording import error_code, record
    from workflows.stream import Stream
    from workflows.timeouts import MAIL, CallOptions, Data

ResultT = TypeVar("ResultT")


class Story:
    """Base of the workflows that people take part in."""

    def __init__(self, head: StreamHead, questions: Questions, stream: Stream) -> None:
        self._stream = stream
        self._questions = questions
        self._over = False
        """Its end is written: nothing is let in any more but that a failed step is done again."""

    async def _ask(
        self, question: Question, event: str, data: Data | None = None, **parts: Any
    ) -> AppliedDecision | None:
        """Write the event that asks, wait, and close the item again if nobody answered."""
        await self._open(question, event, data, **parts)
        return await self._answer(question)

    async def _open(
        self, question: Question, event: str, data: Data | None = None, **parts: Any
    ) -> None:
        """Write the event that asks; decisions are let in from now on."""
        self._questions.prepare(question)
        await self._stream.append(event, data, open_items=(question.as_item(),), **parts)

    async def _answer(self, question: Question) -> AppliedDecision | None:
        answer = await self._questions.wait(question)
        if answer is None:
            await self._stream.append(
                "not_answered", {"item": question.item.value}, close_items=(question.item,)
            )
        return answer

    async def _step(
        self,
        name: str,
        activity: Callable[..., Any],
        argument: object,
        queue: Queue,
        options: CallOptions,
    ) -> Any:
        """Do a step outside; if it cannot be done, a person mends the cause and it is done again.

        Never fails the workflow: the step is parked with an inbox item until `RETRY_STEP`.
        """
        while True:
            try:
                return await workflow.execute_activity_method(
                    activity, argument, task_queue=queue.value, summary=name, **options
                )
            except ActivityError as error:
                code = error_code(error)
            question = Question(ItemKind.ATTENTION, seen=code, code=f"{name}:{code}")
            await self._park(question, name, code)

    async def _park(self, question: Question, name: str, code: str) -> None:
        await self._ask(question, "step_failed", {"step": name, "code": code})

    async def _send_mail(self, mail: PlannedMail) -> str:
        """Send a planned mail; gives what became of it."""
        result: MailResult = await self._step(
            f"mail {mail.mail.value}", Outreach.send_mail, mail.outbox_id, Queue.OUTREACH, MAIL
        )
        return result.status

    async def _tell_campaign(self, news: CollaborationNews) -> None:
        """Wake the campaign; it counts in PostgreSQL, so lost news only costs it some minutes."""
        await record(Campaigns.tell_campaign, news, f"tell {news.phase.value}")

    # --- decisions ----------------------------------------------------------------------

    @workflow.update(name=DECIDE)
    async def decide(self, ref: DecisionRef) -> DecisionResult:
        """Apply a person's decision; returns after its event is committed."""
        return await self._decide(ref)

    @decide.validator
    def _may_decide(self, ref: DecisionRef) -> None:
        if self._over and ref.kind is not DecisionKind.RETRY_STEP:
            raise refuse("closed")
        self._questions.validate(ref)

    async def _decide(self, ref: DecisionRef) -> DecisionResult:
        return await self._questions.decide(ref)
