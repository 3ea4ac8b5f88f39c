"""Asking people: one small vocabulary of waiting, reminding and escalating for every stage.

A question opens an inbox item (or a form in the portal) and ends with a decision, with silence
past its deadline, or with an interruption. Deadlines stand still while the clock is stopped, and
nobody is timed out without notice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.decisions import DecisionKind
    from domain.inbox import DECIDED_BY, ROLE_OF, ItemKind
    from domain.lifecycle import Role
    from domain.messages import AppliedDecision, DecisionRef, DecisionResult, OpenItem
    from workflows.stream import Stream

Action = Callable[[], Awaitable[bool | None]]
"""Something done while waiting; True ends the wait without an answer."""


def refuse(code: str) -> ApplicationError:
    """A refusal that the person sees as a sentence for ``code``."""
    return ApplicationError(code, type=code, non_retryable=True)


@dataclass
class Beat:
    """Something that is done when a question has been open for a while."""

    after: timedelta
    action: Action
    again_every: timedelta | None = None


@dataclass
class Question:
    """What is asked, of whom, and until when."""

    item: ItemKind
    seen: str = ""
    code: str = ""
    within: timedelta | None = None
    """None: the question stays open; beats remind and escalate."""
    beats: list[Beat] = field(default_factory=list)
    also: tuple[DecisionKind, ...] = ()
    """Other decisions that end the wait; the answer says which one it was."""
    earlier: tuple[str, ...] = ()
    """Decisions already taken for the same purpose, by other people."""
    opened_at: datetime | None = None
    due_at: datetime | None = None
    """Shown with the item: the end of ``within``, or a date that the question is about."""
    stood_still_before: timedelta = timedelta(0)

    @property
    def kind(self) -> DecisionKind:
        """The decision that answers it."""
        return DECIDED_BY[self.item]

    @property
    def kinds(self) -> tuple[DecisionKind, ...]:
        """Every decision that ends the wait."""
        return (self.kind, *self.also)

    @property
    def role(self) -> Role:
        """Who answers it."""
        return ROLE_OF[self.item]

    @property
    def for_creator(self) -> bool:
        """True if the creator answers, whose deadlines are protected."""
        return self.role is Role.CREATOR

    def as_item(self) -> OpenItem:
        """The inbox item to open in the event that asks."""
        return OpenItem(kind=self.item, seen=self.seen, due_at=self.due_at, code=self.code)


class Stop(StrEnum):
    """Why the clock stands still; each lasts until it is lifted itself."""

    PAUSE = "pause"  # of the campaign
    SUSPENSION = "suspension"  # of the collaboration


class Interrupted(Exception):
    """The wait was ended from outside; the story decides what that means."""


@dataclass(frozen=True)
class _Always:
    """A decision that may come at any time: what it does, and when it is too late for it."""

    effect: Callable[[AppliedDecision], None]
    unless: Callable[[], str]


class Questions:
    """All questions that one workflow has open, and the decisions that may come at any time."""

    def __init__(self, stream: Stream, *, min_notice: timedelta = timedelta(0)) -> None:
        self._stream = stream
        self._min_notice = min_notice
        self._open: dict[DecisionKind, Question] = {}
        self._answers: dict[DecisionKind, AppliedDecision] = {}
        self._always: dict[DecisionKind, _Always] = {}
        self._taken: set[str] = set()
        """Ids of the decisions that have had their effect."""
        self._applying = asyncio.Lock()
        self._interrupted = False
        self._stops: set[Stop] = set()
        self._clock_stopped_at: datetime | None = None
        self._stood_still = timedelta(0)
        self.noticed_at: datetime | None = None
        """When the creator last got a mail about the open question."""

    # --- decisions, as they come in -----------------------------------------------------

    def accept_always(
        self,
        kind: DecisionKind,
        effect: Callable[[AppliedDecision], None],
        unless: Callable[[], str] = lambda: "",
    ) -> None:
        """Let a decision come at any time; ``effect`` changes state and must not wait.

        ``unless`` gives the code of a refusal, or nothing. It is asked when the decision arrives
        and once more when it is its turn: what it stops may have happened meanwhile.
        """
        self._always[kind] = _Always(effect, unless)

    def validate(self, ref: DecisionRef) -> None:
        """Refuse a decision that answers nothing asked now, or something else than was asked.

        Raises:
            ApplicationError: ``wrong_stage`` or ``stale``.
        """
        if ref.kind in self._always:
            if code := self._always[ref.kind].unless():
                raise refuse(code)
            return
        question = self._open.get(ref.kind)
        if question is None:
            raise refuse("wrong_stage")
        if question.seen != ref.seen:
            raise refuse("stale")

    async def decide(self, ref: DecisionRef) -> DecisionResult:
        """Apply a decision; the answer is returned after its event is committed."""
        async with self._applying:
            if ref.decision_id in self._taken:
                return DecisionResult(applied=False, code="already_decided")
            if always := self._always.get(ref.kind):
                if code := always.unless():
                    return DecisionResult(applied=False, code=code)
                applied = await self._stream.apply(ref, ())
                if applied.choice is not None:
                    self._taken.add(ref.decision_id)
                    always.effect(applied)
                return DecisionResult(applied=applied.choice is not None, code=applied.code)
            question = self._open.get(ref.kind)
            if question is None or question.kind in self._answers:
                # Answered, or timed out, while this one waited for the lock.
                return DecisionResult(applied=False, code="already_decided")
            applied = await self._stream.apply(ref, (question.item,), question.earlier)
            if applied.choice is not None:
                self._taken.add(ref.decision_id)
                self._answers[question.kind] = applied.model_copy(
                    update={"decision_id": ref.decision_id}
                )
            return DecisionResult(applied=applied.choice is not None, code=applied.code)

    async def let_through(self) -> None:
        """Let the decisions that have arrived have their effect, before something irrevocable."""
        async with self._applying:
            return

    # --- asking -------------------------------------------------------------------------

    def prepare(self, question: Question) -> Question:
        """Fix the question's times and let decisions for it in, before its event is written."""
        question.opened_at = workflow.now()
        if question.within:
            question.due_at = workflow.now() + question.within
        question.stood_still_before = self._stood_still
        if question.for_creator:
            self.noticed_at = None  # a question to the brand beside it takes no notice back
        self._answers.pop(question.kind, None)
        for kind in question.kinds:
            self._open[kind] = question
        return question

    async def wait(self, question: Question) -> AppliedDecision | None:
        """Wait for the answer; None is silence past the deadline, or the end set by a beat.

        Raises:
            Interrupted: `interrupt` was called.
        """
        beats = list(question.beats)
        try:
            while not await self._rest(question, beats):
                if self.clock_stopped:
                    continue
                elapsed = self._elapsed(question)
                ends = self._allowed(question) if question.within else timedelta.max
                beat = min(beats, key=lambda each: each.after, default=None)
                # What was due first goes first: a beat that comes again must not hide the end.
                if beat is not None and beat.after <= min(elapsed, ends):
                    beats.remove(beat)
                    if beat.again_every:
                        beats.append(replace(beat, after=elapsed + beat.again_every))
                    if await self._acts(beat):
                        return await self._close(question)
                elif elapsed >= ends:
                    return await self._close(question)
            return self._answers[question.kind]
        finally:
            self._forget(question)

    async def _acts(self, beat: Beat) -> bool:
        try:
            return bool(await beat.action())
        except Interrupted:
            return False  # an answer that came before it counts all the same: see `_rest`

    async def _rest(self, question: Question, beats: list[Beat]) -> bool:
        """Rest until there is an answer (True) or something may have to be done (False).

        Raises:
            Interrupted: `interrupt` was called before there was an answer or the time was up.
        """
        if self._interrupted:
            return await self._before_interruption(question)
        if question.kind in self._answers:
            return True
        moments = [beat.after for beat in beats]
        if question.within:
            moments.append(self._allowed(question))
        pause = None
        if moments and not self.clock_stopped:
            pause = max(min(moments) - self._elapsed(question), timedelta(milliseconds=1))
        stopped = self.clock_stopped
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: (
                    question.kind in self._answers
                    or self._interrupted
                    or self.clock_stopped != stopped
                ),
                timeout=pause,
                timeout_summary=question.item.value,
            )
        if self._interrupted:
            return await self._before_interruption(question)
        return question.kind in self._answers

    async def _before_interruption(self, question: Question) -> bool:
        """Let an answer, or a deadline, that came before the interruption have its effect.

        A worker may die after it has written down what followed from them. They are then worked
        through again, in one go with an interruption that has arrived meanwhile.
        """
        async with self._applying:
            if question.kind in self._answers:
                return True
        if question.within and not self.clock_stopped:
            if self._elapsed(question) >= self._allowed(question):
                return False
        raise Interrupted

    def _elapsed(self, question: Question) -> timedelta:
        """Time since the question was asked, without the time in which the clock stood still."""
        assert question.opened_at is not None
        moved = self._stood_still - question.stood_still_before
        return workflow.now() - question.opened_at - moved

    def _allowed(self, question: Question) -> timedelta:
        """The time a person has: moved on while the last notice is younger than promised."""
        assert question.within is not None
        assert question.opened_at is not None
        if not question.for_creator or self.noticed_at is None:
            return question.within
        return max(question.within, self.noticed_at - question.opened_at + self._min_notice)

    async def _close(self, question: Question) -> AppliedDecision | None:
        # A decision that is being applied right now was in time: it wins over the deadline.
        async with self._applying:
            self._forget(question)
            return self._answers.get(question.kind)

    def _forget(self, question: Question) -> None:
        for kind in question.kinds:
            self._open.pop(kind, None)

    # --- the clock ----------------------------------------------------------------------

    def interrupt(self) -> None:
        """End the current wait, and every later one, with `Interrupted`."""
        self._interrupted = True

    def go_on(self) -> None:
        """Let the story ask again after an interruption (a kill fee is still to be decided)."""
        self._interrupted = False

    @property
    def interrupted(self) -> bool:
        """True after `interrupt`."""
        return self._interrupted

    def stop_clock(self, why: Stop) -> None:
        """Let all deadlines stand still."""
        self._clock_stopped_at = self._clock_stopped_at or workflow.now()
        self._stops.add(why)

    def start_clock(self, *lifted: Stop) -> None:
        """Go on if nothing else stops it; every deadline has moved by the time it stood still."""
        self._stops -= {*lifted}
        if self._clock_stopped_at is not None and not self._stops:
            self._stood_still += workflow.now() - self._clock_stopped_at
            self._clock_stopped_at = None

    @property
    def clock_stopped(self) -> bool:
        """True while deadlines stand still."""
        return self._clock_stopped_at is not None
