"""Time in workflow tests: each workflow has a clock of its own, which the server can move.

The server moves it only while nothing is under way, and never while a child of the workflow runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper

Handle = WorkflowHandle[Any, Any]

A_MOMENT = timedelta(milliseconds=20)
"""Further than the timer, so that it has fired when the clock stands still again."""

A_SECOND = timedelta(seconds=1)

FAR = datetime.max.replace(tzinfo=UTC)

PATIENCE = 20.0
"""Seconds of ours after which a test says what it waits for, instead of hanging."""


class Clock:
    """Looks whether workflows rest, and moves their clocks."""

    def __init__(self, client: Client) -> None:
        self._skipper = TimeSkipper(client)

    async def settle(self, handles: Sequence[Handle]) -> None:
        """Wait until every workflow rests: it waits for a person, for time, or has ended."""
        async with asyncio.timeout(PATIENCE):
            for each in handles:
                while await self._is_busy(each):  # noqa: ASYNC110 - only the server knows
                    await asyncio.sleep(0.01)

    async def is_running(self, handle: Handle) -> bool:
        """True until the workflow has ended; also before its parent has started it."""
        try:
            found = await handle.describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        return found.status is WorkflowExecutionStatus.RUNNING

    async def skip(self, handle: Handle, by: timedelta) -> None:
        """Move a workflow's clock, and wait until everything that is due by then has begun.

        A timer that has fired may start the next one, which is due as well.
        """
        await self._move(handle, by)
        async with asyncio.timeout(PATIENCE):
            now = await self._skipper.get_current_time(handle)
            # What is overdue is given a timer of a millisecond.
            while min(await self._open_timers(handle), default=FAR) < now + A_SECOND:
                await asyncio.sleep(0.02)
                await self.settle([handle])

    async def _move(self, handle: Handle, by: timedelta) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._skipper.fast_forward(handle, by)

    async def skip_to_next_timer(self, handle: Handle) -> bool:
        """Move a workflow's clock to the moment at which something is next due by itself.

        Returns:
            False if nothing is: no timer runs, and no activity waits for its next attempt.
        """
        try:
            raw = (await handle.describe()).raw_description
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False  # its parent is about to start it
            raise
        moments = await self._open_timers(handle)
        moments += [_next_attempt(each) for each in raw.pending_activities if _waits(each)]
        if not moments:
            return False
        rest = min(moments) - await self._skipper.get_current_time(handle)
        await self._move(handle, max(rest, timedelta(0)) + A_MOMENT)
        return True

    async def _is_busy(self, handle: Handle) -> bool:
        try:
            raw = (await handle.describe()).raw_description
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True  # its row is written, and its parent is about to start it
            raise
        at_work = [each for each in raw.pending_activities if not _waits(each)]
        return bool(at_work) or raw.HasField("pending_workflow_task")

    async def _open_timers(self, handle: Handle) -> list[datetime]:
        moments: dict[int, datetime] = {}
        async for event in handle.fetch_history_events():
            if event.HasField("timer_started_event_attributes"):
                duration = event.timer_started_event_attributes.start_to_fire_timeout
                started = event.event_time.ToDatetime(tzinfo=UTC)
                moments[event.event_id] = started + duration.ToTimedelta()
            elif event.HasField("timer_fired_event_attributes"):
                moments.pop(event.timer_fired_event_attributes.started_event_id, None)
            elif event.HasField("timer_canceled_event_attributes"):
                moments.pop(event.timer_canceled_event_attributes.started_event_id, None)
        return list(moments.values())


def _waits(activity: PendingActivityInfo) -> bool:
    """True if the server will call it again at a moment that it knows."""
    later = activity.HasField("next_attempt_schedule_time")
    return later and activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED


def _next_attempt(activity: PendingActivityInfo) -> datetime:
    return activity.next_attempt_schedule_time.ToDatetime(tzinfo=UTC)
