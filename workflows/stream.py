"""The event stream of a workflow: the only way in which it writes its state."""

from __future__ import annotations

import asyncio
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
    from workflows.timeouts import RECORD, Data


class Stream:
    """One entity's events, numbered and chained by its own workflow.

    A lock keeps the numbers in order while handlers and the main story write at the same time;
    the activity is idempotent by number, so a repeated write is harmless.
    """

    def __init__(self, head: StreamHead) -> None:
        self.head = head
        self._lock = asyncio.Lock()

    async def append(self, event: str, data: Data | None = None, **parts: Any) -> str:
        """Commit an event with its read-model change, items, mails, postings and payouts.

        Returns:
            Empty, or the code of a refusal (``over_budget``): then nothing was written.
        """
        async with self._lock:
            command = Append(
                head=self.head, at=workflow.now(), event=event, data=data or {}, **parts
            )
            done: Appended = await workflow.execute_local_activity_method(
                Records.append, command, summary=event, **RECORD
            )
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
            done: AppliedDecision = await workflow.execute_local_activity_method(
                Records.apply_decision, command, summary=ref.kind.value, **RECORD
            )
            self.head = done.head
            return done
