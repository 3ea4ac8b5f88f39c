"""Time in workflow tests: each workflow has a clock of its own, which the server can move.

The server moves it only while nothing is under way, and never while a child of the workflow runs.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import TimeSkippingConfig, WorkflowExecution
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflow.v1 import PendingActivityInfo, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryReverseRequest,
    UpdateWorkflowExecutionOptionsRequest,
)
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

Handle = WorkflowHandle[Any, Any]

A_SECOND = timedelta(seconds=1)
"""Further than what is due: the clock goes on while the server is asked to move it."""

FAR = datetime.max.replace(tzinfo=UTC)

PATIENCE = 20.0
"""Seconds of ours after which a test says what it waits for, instead of hanging."""


@dataclass
class Timers:
    """The open timers of one run, as far as its history has been read."""

    run_id: str
    read_to: int = 0
    open: dict[int, datetime] = field(default_factory=dict)
    """When each fires, by the event that started it."""

    def take(self, event: HistoryEvent) -> None:
        """What one event, the next one, changes about them."""
        if event.HasField("timer_started_event_attributes"):
            duration = event.timer_started_event_attributes.start_to_fire_timeout
            started = event.event_time.ToDatetime(tzinfo=UTC)
            self.open[event.event_id] = started + duration.ToTimedelta()
        elif event.HasField("timer_fired_event_attributes"):
            self.open.pop(event.timer_fired_event_attributes.started_event_id, None)
        elif event.HasField("timer_canceled_event_attributes"):
            self.open.pop(event.timer_canceled_event_attributes.started_event_id, None)
        self.read_to = event.event_id

    def next(self) -> datetime:
        """The moment at which the first of them fires."""
        return min(self.open.values(), default=FAR)


class Clock:
    """Looks whether workflows rest, and moves their clocks.

    A test looks, decides that what it waits for is not there yet, and lets time pass. On a busy
    machine the workflow may have gone on in between; time is then not moved, but looked again.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._timers: dict[str, Timers] = {}
        self._rested: dict[str, tuple[str, int]] = {}
        """Where each workflow was when it was last seen at rest: its run, and its last event."""

    async def settle(self, handles: Sequence[Handle]) -> None:
        """Wait until every workflow rests: it waits for a person, for time, or has ended."""
        async with asyncio.timeout(PATIENCE):
            for each in handles:
                while not await self._is_at_rest(each):  # noqa: ASYNC110 - only the server knows
                    await asyncio.sleep(0.025)

    async def is_running(self, handle: Handle) -> bool:
        """True until the workflow has ended; also before its parent has started it."""
        found = await self._describe(handle)
        return found is None or _runs(found)

    async def skip(self, handle: Handle, by: timedelta) -> None:
        """Move a workflow's clock, and wait until everything that is due by then has begun.

        A timer that has fired may start the next one, which is due as well.
        """
        await self.settle([handle])
        found = await self._found(handle)
        end = _now(found) + by
        while (due := await self._next_due(handle, found)) <= end:
            await self._jump(handle, due - _now(found) + A_SECOND)
            await self._has_fired(handle, due)
            await self.settle([handle])
            found = await self._found(handle)
        if _runs(found):
            await self._jump(handle, end - _now(found))

    async def skip_to_next_timer(self, handle: Handle) -> bool:
        """Move a workflow's clock to the moment at which something is next due by itself.

        Returns:
            False if nothing is: no timer runs, and no activity waits for its next attempt.
        """
        found = await self._describe(handle)
        if found is None or found.pending_children:
            return False  # its parent is about to start it, or hears of its child's end
        if self._rested.get(handle.id) != _place(found) or not _rests(found):
            return True  # by itself, since it was looked at
        due = await self._next_due(handle, found)
        if due == FAR:
            return False
        await self._jump(handle, due - _now(found) + A_SECOND)
        await self._has_fired(handle, due)
        return True

    async def _next_due(self, handle: Handle, found: DescribeWorkflowExecutionResponse) -> datetime:
        if not _runs(found):
            return FAR
        moments = [_next_attempt(each) for each in found.pending_activities if _waits(found, each)]
        return min([(await self._read_timers(handle, found)).next(), *moments])

    async def _jump(self, handle: Handle, at_most: timedelta) -> None:
        """Move a clock once: to what is next due, or as far as it may.

        Whatever follows happens with the clock at its natural pace. If the server is asked to go on
        to a moment that has come before it has looked whether it has, it does not stop there, but
        at the next timer (1.32.0): on a busy machine, days too late.
        """
        if at_most <= timedelta(0):
            return
        once = TimeSkippingConfig(enabled=True, max_session_skip_count=1)
        once.fast_forward_config.id = secrets.token_hex(8)
        once.fast_forward_config.duration.FromTimedelta(at_most)
        await self._client.workflow_service.update_workflow_execution_options(
            UpdateWorkflowExecutionOptionsRequest(
                namespace=self._client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=handle.id),
                workflow_execution_options=WorkflowExecutionOptions(time_skipping_config=once),
                update_mask=FieldMask(paths=["time_skipping_config"]),
            )
        )
        async with asyncio.timeout(PATIENCE):
            while _moves(await self._found(handle)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def _has_fired(self, handle: Handle, due: datetime) -> None:
        """Wait for the timers until a moment: the clock may show it before they have fired."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = await self._describe(handle)
                if not found or not _runs(found):
                    return
                if (await self._read_timers(handle, found)).next() > due:
                    return
                await asyncio.sleep(0.02)

    async def _is_at_rest(self, handle: Handle) -> bool:
        found = await self._describe(handle)
        if found is None or not _rests(found):
            return False  # without a workflow: its row is written, its parent is about to start it
        self._rested[handle.id] = _place(found)
        return True

    async def _describe(self, handle: Handle) -> DescribeWorkflowExecutionResponse | None:
        """What the server knows of it; None if it is not there yet."""
        try:
            return await self._found(handle)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise

    async def _found(self, handle: Handle) -> DescribeWorkflowExecutionResponse:
        """Asked a hundred times in a test: as the server says it, without the client's classes."""
        return await self._client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=self._client.namespace,
                execution=WorkflowExecution(workflow_id=handle.id, run_id=handle.run_id or ""),
            )
        )

    async def _read_timers(
        self, handle: Handle, found: DescribeWorkflowExecutionResponse
    ) -> Timers:
        """Read on where its history was left: the newest events come first."""
        execution = found.workflow_execution_info.execution
        timers = self._timers.get(handle.id)
        if timers is None or timers.run_id != execution.run_id:
            timers = self._timers[handle.id] = Timers(execution.run_id)
        request = GetWorkflowExecutionHistoryReverseRequest(
            namespace=self._client.namespace, execution=execution, maximum_page_size=50
        )
        news: list[HistoryEvent] = []
        while not news or news[-1].event_id > timers.read_to + 1:
            page = await self._client.workflow_service.get_workflow_execution_history_reverse(
                request, retry=True
            )
            news += page.history.events
            if not page.next_page_token:
                break
            request.next_page_token = page.next_page_token
        for event in reversed(news):
            if timers.read_to < event.event_id:
                timers.take(event)
        return timers


def _runs(found: DescribeWorkflowExecutionResponse) -> bool:
    status = WorkflowExecutionStatus(found.workflow_execution_info.status)
    return status is WorkflowExecutionStatus.RUNNING


def _place(found: DescribeWorkflowExecutionResponse) -> tuple[str, int]:
    known = found.workflow_execution_info
    return known.execution.run_id, known.history_length


def _now(found: DescribeWorkflowExecutionResponse) -> datetime:
    """The workflow's own time."""
    extended = found.workflow_extended_info
    if not extended.HasField("time_skipping_info"):
        return datetime.now(UTC)  # it has never been moved
    return extended.time_skipping_info.current_time.ToDatetime(tzinfo=UTC)


def _moves(found: DescribeWorkflowExecutionResponse) -> bool:
    """True if the server has still to move the clock of a workflow that has not ended."""
    known = found.workflow_extended_info.time_skipping_info
    return _runs(found) and known.effective_config.enabled


def _rests(found: DescribeWorkflowExecutionResponse) -> bool:
    """True if no task, no call and no start of a child is under way."""
    at_work = [each for each in found.pending_activities if not _waits(found, each)]
    unborn = [each for each in found.pending_children if not each.run_id]
    return not (at_work or unborn or found.HasField("pending_workflow_task"))


def _waits(found: DescribeWorkflowExecutionResponse, activity: PendingActivityInfo) -> bool:
    """True if the server will call it again at a moment that it knows.

    It gives the moment of a first attempt, too, if the workflow's clock was moved: by its own clock
    that lies ahead.
    """
    scheduled = activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    later = activity.HasField("next_attempt_schedule_time")
    return scheduled and later and activity.attempt > 1 and _next_attempt(activity) > _now(found)


def _next_attempt(activity: PendingActivityInfo) -> datetime:
    return activity.next_attempt_schedule_time.ToDatetime(tzinfo=UTC)
