"""What is done about a payment that was released and cannot be sent: wait, ask, settle."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.decisions import DecisionKind, SettleChoice
    from domain.inbox import ItemKind
    from domain.lifecycle import ACCOUNT_LOST, HoldReason
    from domain.messages import ACCOUNT_BACK, AppliedDecision, PayoutInput
    from workflows.payout_release import NotOwed, PayoutRelease
    from workflows.questions import Beat, Interrupted, Question

NEEDS_A_PERSON = frozenset({HoldReason.REFUSED, HoldReason.BELOW_MINIMUM})
"""Trying again by itself would be refused again."""

ONE_MATTER = frozenset({HoldReason.RAIL_STOPPED, HoldReason.PLATFORM_PAUSED})
"""One matter for all payments that it stops, not one for each: they wait for its end."""


class PaidElsewhere(Exception):
    """As many people as its amount needs have said that it was paid another way."""

    def __init__(self, content_id: str) -> None:
        super().__init__(content_id)
        self.content_id = content_id
        """The row that says when, and under which reference."""


class PayoutUnpaid(PayoutRelease):
    """The part of a payment's life between an attempt that failed for certain and the next.

    Most causes go by themselves: the payee finishes the set-up, money arrives. Finance is asked
    when nothing else helps, when it has lasted for long, or when the pay-by date has passed.
    """

    def __init__(self, payout: PayoutInput) -> None:
        super().__init__(payout)
        self._recipient_changed = False
        self._adopts = False
        """People said that a transfer made by hand is this payment."""
        self._held_since: datetime | None = None
        self._asked_since: datetime | None = None
        self._asked_for = ""
        """What the open item is about; empty while there is none."""
        self._may_be_answered = False
        self._waits_for_account = False
        self._in_vain = 0
        """Attempts since the last release that never happened, one after the other."""

    async def _on_hold(self, reason: HoldReason) -> None:
        """See `PayoutRelease`; what waits for a lost account may also have been paid another way.

        Raises:
            PaidElsewhere: as many people as it needs have said so.
        """
        if reason not in ACCOUNT_LOST:
            await super()._on_hold(reason)
            return
        said: list[str] = []
        since, needed, settled = workflow.now(), self._people_needed, ""
        while not self._not_owed:
            try:
                answer = await self._about_account(reason, settled, tuple(said), since)
            except Interrupted:
                # A suspension changes nothing: it stands still already.
                self._questions.go_on()
                if self._taken_along:
                    return
                if self._account_back:
                    await self._stream.append("account_back", close_items=(ItemKind.ON_HOLD,))
                    return
                continue
            choice = answer.choice if answer else None
            if answer is None or not isinstance(choice, SettleChoice):
                return
            said.append(answer.decision_id)
            settled, needed = choice.content_id, max(needed, answer.releases_needed)
            if len(said) >= needed:
                raise PaidElsewhere(settled)
        raise NotOwed

    async def _about_account(
        self, reason: HoldReason, settled: str, said: tuple[str, ...], since: datetime
    ) -> AppliedDecision | None:
        """One answer: it goes on, or was paid another way; see `account_back` for the third."""
        question = Question(
            ItemKind.ON_HOLD, seen=settled, earlier=said, also=(DecisionKind.SETTLE_PAYOUT,)
        )
        self._waits_for_account = reason is HoldReason.ACCOUNT_GONE and not said
        try:
            return await self._ask(
                self._nudged(question, since=since),
                "stopped",
                {"reason": reason.value, "said": len(said)},
                **self._stands(reason),
            )
        finally:
            self._waits_for_account = False

    @workflow.signal(name=ACCOUNT_BACK)
    def account_back(self) -> None:
        """Another account can be paid: it is released anew, to that one, unless it was paid."""
        if self._waits_for_account:
            self._account_back = True
            self._questions.interrupt()

    async def _hold(self, reason: HoldReason, code: str) -> bool:
        """Wait until it is worth a look: the payee changed, time passed, a person acts.

        True if a person wants it to be tried.

        Raises:
            PaidElsewhere: it is not to be sent any more.
        """
        self._held_since = self._held_since or workflow.now()
        again = None if reason in NEEDS_A_PERSON else self._rules.retry_held_every
        quiet = self._quiet_for(reason)
        told = False
        if again is None or not quiet:
            with contextlib.suppress(Interrupted):
                told = await self._ask_finance(reason, code, again)
            if not self._stopped:
                self._questions.go_on()
        else:
            with contextlib.suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self._recipient_changed or self._stopped,
                    timeout=min(again, quiet),
                    timeout_summary=reason.value,
                )
        self._recipient_changed = False
        return told

    def _quiet_for(self, reason: HoldReason) -> timedelta:
        """How long finance is not troubled with it yet: zero if it is time."""
        if reason in ONE_MATTER:
            return timedelta.max
        if self._asked_for:
            # Whatever the last try said: what is open in the inbox can be answered.
            return timedelta(0)
        assert self._held_since is not None
        told = min(self._held_since + self._rules.tell_held_after, self.payout.pay_by)
        return max(told - workflow.now(), timedelta(0))

    async def _ask_finance(self, reason: HoldReason, code: str, again: timedelta | None) -> bool:
        """Ask until it is to be tried again: because a person says so (True), or it is time.

        What one of two people has said stops the trying: the other one confirms it, or has it
        tried again.
        """
        said: list[str] = []
        settled = ""
        needed = self._people_needed
        self._asked_since = self._asked_since or workflow.now()
        while True:
            try:
                answer = await self._one_answer(reason, code, settled, tuple(said), again)
            except Interrupted:
                if self._stopped or self._taken_along or not said:
                    raise
                self._questions.go_on()  # by a suspension that is over: what was said stands
                continue
            choice = answer.choice if answer else None
            if answer is None or not isinstance(choice, SettleChoice):
                return answer is not None
            said.append(answer.decision_id)
            if not self._stopped:
                # What woke it while this was being applied came too late: it is not tried again.
                self._questions.go_on()
            settled, again = choice.content_id or choice.answer, None
            needed = max(needed, answer.releases_needed)
            if len(said) < needed:
                continue
            if choice.answer == "elsewhere":
                raise PaidElsewhere(choice.content_id)
            self._adopts = True
            return True

    async def _one_answer(
        self,
        reason: HoldReason,
        code: str,
        settled: str,
        said: tuple[str, ...],
        again: timedelta | None,
    ) -> AppliedDecision | None:
        """One answer of finance; None if the time has come, or the cause has gone."""
        seen = "|".join((reason.value, code, settled))
        question = Question(
            ItemKind.UNPAID, seen=seen, code=code or reason.value, earlier=said,
            also=(DecisionKind.SETTLE_PAYOUT,), due_at=self.payout.pay_by,
        )  # fmt: skip
        self._nudged(question, since=self._asked_since)
        if again is not None:
            question.beats.append(Beat(again, self._end))
        if self._asked_for == seen:
            # Open since an earlier try: it was not answered, and says the same as before.
            self._questions.prepare(question)
        else:
            await self._open(question, "unpaid", {"reason": reason.value, "said": len(said)})
        self._asked_for = seen
        self._may_be_answered = not said
        try:
            answer = await self._questions.wait(question)
        finally:
            self._may_be_answered = False
        if answer is not None:
            self._asked_for = ""
        return answer

    async def _end(self) -> bool:
        return True

    def _wake(self) -> None:
        """The cause may have gone: try again, unless somebody has said that it is paid."""
        self._recipient_changed = True
        if self._may_be_answered:
            self._questions.interrupt()

    def _withdrawn_question(self) -> tuple[ItemKind, ...]:
        """What is closed when it is not finance's to say any more what becomes of the payment."""
        self._asked_for = ""
        return (ItemKind.UNPAID,)

    def _forget_hold(self) -> None:
        """It is released anew: what was asked and said before is over."""
        self._held_since = self._asked_since = None
        self._asked_for = ""
        self._adopts = False
        # Somebody may have taken an order back before it was in a file, as often as they like.
        self._in_vain = 0

    def _cannot_be_called_off(self) -> str:
        """What cannot be paid may also be not owed; else see `PayoutRelease`."""
        if self._asked_for and not self._sending and not self._not_owed:
            return ""
        return super()._cannot_be_called_off()
