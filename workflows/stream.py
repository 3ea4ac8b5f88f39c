"""The event stream of a workflow: the only way in which it writes its state."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import Records
    from domain.inbox import ItemKind
    from domain.messages import (
        Append,
        Appended,
        AppliedDecision,
        ApplyDecision,
        DecisionRef,
        StreamHead,
    )
    from workflows.recording import record
    from workflows.timeouts import Data


class Stream:
    """One entity's events, numbered and chained by its own workflow.

    A lock keeps the numbers in order while handlers and the main story write at the same time.
    Each step has a key that is the same when the step is taken again after a crash, so that a
    repeated write is harmless even if something else has come in between.
    """

    def __init__(self, head: StreamHead) -> None:
        self.head = head
        self._prefix = head.sequence
        self._times: Counter[str] = Counter()
        self._lock = asyncio.Lock()

    async def append(self, event: str, data: Data | None = None, **parts: Any) -> str:
        """Commit an event with its read-model change, items, mails, postings and payouts.

        Returns:
            Empty, or the code of a refusal (``over_budget``): then nothing was written.
        """
        self._times[event] += 1
        # The first number is where this run began: a continued workflow counts anew.
        key = f"{self._prefix}:{event}:{self._times[event]}"
        async with self._lock:
            command = Append(
                head=self.head, at=workflow.now(), key=key, event=event, data=data or {}, **parts
            )
            done: Appended = await record(Records.append, command, event)
            self.head = done.head
            return done.refused

    async def apply(
        self, ref: DecisionRef, close: tuple[ItemKind, ...], earlier: tuple[str, ...] = ()
    ) -> AppliedDecision:
        """Check a decision's row once more and commit it as an event."""
        async with self._lock:
            command = ApplyDecision(
                head=self.head, at=workflow.now(), ref=ref, close_items=close, earlier=earlier
            )
            done: AppliedDecision = await record(Records.apply_decision, command, ref.kind.value)
            self.head = done.head
            return done
