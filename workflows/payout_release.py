"""Letting a payment go: released by people, stopped by people, and never both at once."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.campaign import Release
    from domain.decisions import DecisionKind, ReleaseChoice
    from domain.inbox import ItemKind
    from domain.lifecycle import HoldReason, PayoutStatus, StreamKind
    from domain.messages import (
        ACCOUNT_LOST,
        COLLABORATION_SUSPENDED,
        AccountLost,
        AppliedDecision,
        PayoutChange,
        PayoutInput,
        StreamHead,
        Suspension,
    )
    from domain.nudging import nudges
    from workflows.questions import Beat, Interrupted, Question, Questions
    from workflows.story import Story
    from workflows.stream import Stream


MAY_BE_NOT_OWED = frozenset(
    {HoldReason.TAKEN_BACK, HoldReason.ACCOUNT_REJECTED, HoldReason.ACCOUNT_GONE}
)
"""Holds at which a person may also say that it will not be paid."""


class NotOwed(Exception):
    """A person said that what was taken back is not owed any more, or withdrew a bonus."""


class PayoutRelease(Story):
    """The part of a payment's life that people decide, until the money is on its way.

    Somebody may stop the payment at any time before an attempt begins. While it is stopped nobody
    is asked to release it, and when it goes on it is released anew.
    """

    def __init__(self, payout: PayoutInput) -> None:
        stream = Stream(StreamHead(kind=StreamKind.PAYOUT, entity_id=payout.payout_id))
        super().__init__(stream.head, Questions(stream), stream)
        self.payout = payout
        self._netted = 0
        """What the last release keeps back for what the creator owes; the rest is sent."""
        self._sending = False
        """Money may be moving: it is too late to stop it."""
        self._ordered = False
        """Unless it is ordered at the bank, where a row says whether it is in a file yet."""
        self._taken_along = False
        """Another payment's transfer has paid it: nobody is to be asked for anything any more."""
        self._held = payout.on_hold is not None
        self._hold_reason = payout.on_hold or HoldReason.BY_PERSON
        self._not_owed = False
        self._suspended = False
        self._account_back = False
        """It was on hold since the creator's account was gone, and there is another one."""
        self._anew = 0
        self._escalated: datetime | None = None
        """Since when that has been asked which the managers were shown too."""
        self._questions.accept_always(
            DecisionKind.HOLD_PAYOUT, lambda _: self._stop_by_hand(), self._cannot_be_held
        )
        self._questions.accept_always(
            DecisionKind.CANCEL_PAYOUT, lambda _: self._call_off(), self._cannot_be_called_off
        )

    async def _release(self, again: HoldReason | None = None) -> None:
        """Collect the releases that the amount needs, then let the cooling period pass.

        Args:
            again: why a payment that was released already is released anew; shown until it is.
        """
        if again:
            self._anew += 1
        needed = self._people_needed
        while True:
            await self._while_stopped()
            if self._taken_along and await self._cleared():
                return
            if self._account_back:
                again, self._account_back = HoldReason.PAYEE_CHANGED, False
                self._anew += 1
            released: list[str] = []
            with contextlib.suppress(Interrupted):
                of = needed
                while len(released) < of:
                    answer = await self._one_release(tuple(released), of, again)
                    released.append(answer.decision_id)
                    # The rest of the collaboration counts too, and is counted where it is applied.
                    of = max(of, answer.releases_needed)
                if await self._cooled_down(len(released)):
                    return

    @property
    def _rules(self) -> Release:
        return self.payout.policy.release

    @property
    def _people_needed(self) -> int:
        """How many different people let the money go, or say that it went another way."""
        above = self.payout.amount_minor > self._rules.second_person_above.minor
        return 2 if above and self.payout.policy.staffing != "solo" else 1

    async def _one_release(
        self, earlier: tuple[str, ...], needed: int, again: HoldReason | None
    ) -> AppliedDecision:
        # A page that was opened for an earlier release is stale: it does not show the reason.
        anew = f"#{self._anew}" if self._anew else ""
        question = Question(
            ItemKind.RELEASE, seen=f"{self.payout.amount_minor}{self.payout.currency}{anew}",
            code=f"{len(earlier) + 1}/{needed}", earlier=earlier, due_at=self.payout.pay_by,
        )  # fmt: skip
        answer = await self._ask(
            self._nudged(question),
            "release_asked",
            {"of": needed, "given": len(earlier)},
            payout=PayoutChange(
                status=PayoutStatus.REQUESTED,
                releases=len(earlier),
                hold_reason=again,
                clear_hold=again is None,
            ),
        )
        assert answer is not None, "a release has no deadline: it waits for a person"
        if isinstance(answer.choice, ReleaseChoice):
            self._netted = answer.choice.netted_minor
        return answer

    def _nudged(
        self, question: Question, *also: ItemKind, since: datetime | None = None
    ) -> Question:
        """Put the clock on people: reminders, then the managers see it too.

        Args:
            question: what is asked.
            also: other open items on the payment, whose people are nudged with it.
            since: the clock runs since then, for what is asked again; without it, from now on.
        """
        rules = self._rules
        item = question.item
        asked = since or workflow.now()
        passed = workflow.now() - asked
        times = nudges(
            asked, self.payout.pay_by, rules.remind_after, rules.substitute_after,
            rules.escalate_after,
        )  # fmt: skip

        async def remind() -> None:
            await self._stream.append("staff_reminded", remind_items=(item, *also))

        async def escalate() -> None:
            self._escalated = since
            await self._stream.append("escalated", escalate_items=(item, *also))

        async def hand_over() -> None:
            await self._stream.append("handed_over", hand_over_items=(item,))

        # Counted from when it was first asked: asking again must not put it off.
        next_reminder = times.remind - passed
        if next_reminder <= timedelta(0):
            next_reminder = rules.remind_after - (passed - times.remind) % rules.remind_after
        question.beats.append(Beat(next_reminder, remind, again_every=rules.remind_after))
        if since is None or self._escalated != since:
            question.beats.append(Beat(max(times.escalate - passed, timedelta(0)), escalate))
        if self.payout.policy.has_substitute and item is ItemKind.RELEASE:
            question.beats.append(Beat(times.hand_over, hand_over))
        return question

    async def _cooled_down(self, releases: int) -> bool:
        """Wait until a release can no longer be taken back; False if somebody stopped it."""
        cooling = self._rules.cooling
        await self._stream.append(
            "released",
            {"releases": releases},
            payout=PayoutChange(
                status=PayoutStatus.RELEASED,
                releases=releases,
                sends_at=workflow.now() + cooling,
                clear_hold=True,
            ),
        )
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._stopped or self._taken_along,
                timeout=cooling,
                timeout_summary="cooling",
            )
        return await self._cleared()

    async def _park(self, question: Question, name: str, code: str) -> None:
        """See `Story`; a step waits for its person whatever is said of the payment meanwhile.

        That is not lost: whoever looks next sees what was said.
        """
        await self._open(question, "step_failed", {"step": name, "code": code})
        while True:
            try:
                await self._answer(question)
                return
            except Interrupted:
                self._questions.go_on()
                self._questions.prepare(question)

    # --- stopping -----------------------------------------------------------------------

    @property
    def _stopped(self) -> bool:
        return (self._held or self._suspended) and not self._taken_along

    async def _cleared(self) -> bool:
        """True if the money may go now; from then on it is too late to stop it.

        A hold that has arrived is let through first: whoever was told "on hold" can rely on it.
        """
        await self._questions.let_through()
        self._sending = not self._stopped
        if self._sending:
            self._questions.go_on()
        return self._sending

    async def _while_stopped(self) -> None:
        """Stand still for as long as somebody's hold, or a suspension, lasts."""
        while self._stopped:
            self._questions.go_on()
            if self._held:
                await self._tell_creator(self._hold_reason)
                await self._on_hold(self._hold_reason)
                if not self._taken_along:
                    self._held, self._hold_reason = False, HoldReason.BY_PERSON
                continue
            reason = HoldReason.SUSPENDED
            await self._stream.append("stopped", {"reason": reason.value}, **self._stands(reason))
            await workflow.wait_condition(
                lambda: self._held or not self._suspended or self._taken_along
            )
        # A suspension may be over before it was noticed: what it interrupted is asked again, once.
        self._questions.go_on()

    async def _tell_creator(self, reason: HoldReason) -> None:
        """What a creator has to know of a hold, if anything."""

    async def _on_hold(self, reason: HoldReason) -> None:
        """Wait until a person lets the payment go on.

        Raises:
            NotOwed: a person said that it will not be paid.
        """
        question = self._nudged(Question(ItemKind.ON_HOLD))
        while not self._not_owed:
            try:
                await self._ask(
                    question, "stopped", {"reason": reason.value}, **self._stands(reason)
                )
                return
            except Interrupted:
                # A suspension changes nothing: it stands still already.
                self._questions.go_on()
                if self._taken_along:
                    return
        raise NotOwed

    def _stands(self, reason: HoldReason) -> dict[str, object]:
        """What the event that stops a payment changes: nobody is asked anything else meanwhile."""
        return {
            "payout": PayoutChange(status=PayoutStatus.HELD, hold_reason=reason, releases=0),
            "close_items": (ItemKind.RELEASE, ItemKind.UNPAID, ItemKind.ATTENTION),
        }

    def _cannot_be_held(self) -> str:
        if self._held:
            return "already_on_hold"
        return "too_late" if self._too_late else ""

    @property
    def _too_late(self) -> bool:
        return self._sending and not self._ordered

    def _stop_by_hand(self) -> None:
        self._held = True
        self._questions.interrupt()

    def _cannot_be_called_off(self) -> str:
        if self.payout.granted and not self._not_owed:
            return "too_late" if self._too_late else ""
        asked = self._held and self._hold_reason in MAY_BE_NOT_OWED
        return "" if asked and not self._not_owed else "wrong_stage"

    def _call_off(self) -> None:
        # Held as well, so that whatever it waits for now gives way.
        self._not_owed = self._held = True
        self._questions.interrupt()

    @workflow.signal(name=COLLABORATION_SUSPENDED)
    def collaboration_suspended(self, news: Suspension) -> None:
        """What was earned and is not on its way is held with its collaboration."""
        self._suspended = news.suspended
        if news.suspended and not self._sending and not self._held:
            self._questions.interrupt()

    @workflow.signal(name=ACCOUNT_LOST)
    def account_lost(self, news: AccountLost) -> None:
        """Every payment of the creator stands still, and finance decides about each.

        One that is on its way learns it from the provider, or is ordered at the bank: the sweep
        says it again if it is still so afterwards. One on hold stays on hold.
        """
        if self._sending or self._held:
            return
        self._held, self._hold_reason = True, news.reason
        self._questions.interrupt()
