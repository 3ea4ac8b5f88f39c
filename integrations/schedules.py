"""What happens by the clock: schedules at Temporal, each there once for the installation.

Workers make them when they start. Making one again changes nothing.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)

from domain.ids import reconciliation_workflow_id
from domain.messages import (
    BALANCE_WORKFLOW,
    BOOK_CHECK_WORKFLOW,
    FOLLOW_UP_WORKFLOW,
    LOST_EVENTS_WORKFLOW,
    MAINTENANCE_WORKFLOW,
    RECONCILIATION_WORKFLOW,
    STAFF_MAIL_WORKFLOW,
    Queue,
)
from domain.reconciliation import ReconcileTask

SWEEP_SCHEDULE = "troupe-sweep"
STAFF_MAIL_SCHEDULE = "troupe-staff-mail"
STAFF_MAIL_EVERY = timedelta(minutes=1)
NIGHTLY_SCHEDULE = "troupe-reconcile"
NIGHTLY_AT = (2, 40)
"""Hour and minute, in UTC."""
BOOK_CHECK_SCHEDULE = "troupe-books"
BOOK_CHECK_AT = (3, 20)
"""The same, after the comparison."""
LOST_EVENTS_SCHEDULE = "troupe-lost-events"
LOST_EVENTS_EVERY = timedelta(hours=1)
FOLLOW_UP_SCHEDULE = "troupe-follow-up"
FOLLOW_UP_EVERY = timedelta(minutes=5)
MADE_UP_FOR = timedelta(hours=12)
"""A night that the server slept through is made up for in the morning."""
BALANCE_SCHEDULE = "troupe-balance"
BALANCE_EVERY = timedelta(minutes=15)


async def ensure_sweep(client: Client, every: timedelta) -> None:
    """What was lost on its way is sent again."""
    await _ensure(
        client, SWEEP_SCHEDULE, _start(MAINTENANCE_WORKFLOW, SWEEP_SCHEDULE), _each(every),
        timedelta(minutes=1),
    )  # fmt: skip


async def ensure_staff_mail(client: Client) -> None:
    """Staff are told what waits for them."""
    action = _start(STAFF_MAIL_WORKFLOW, STAFF_MAIL_SCHEDULE)
    await _ensure(client, STAFF_MAIL_SCHEDULE, action, _each(STAFF_MAIL_EVERY), STAFF_MAIL_EVERY)


async def ensure_follow_up(client: Client) -> None:
    """Creators who cannot be paid are written to, and finance is asked for bank files."""
    action = _start(FOLLOW_UP_WORKFLOW, FOLLOW_UP_SCHEDULE)
    await _ensure(client, FOLLOW_UP_SCHEDULE, action, _each(FOLLOW_UP_EVERY), FOLLOW_UP_EVERY)


async def ensure_nightly(client: Client) -> None:
    """The books are compared with the provider's list, and looked over."""
    action = ScheduleActionStartWorkflow(
        RECONCILIATION_WORKFLOW,
        ReconcileTask(record=True, patient=True),
        id=reconciliation_workflow_id("nightly"),
        task_queue=Queue.WORKFLOWS.value,
    )
    await _ensure(client, NIGHTLY_SCHEDULE, action, _nightly(NIGHTLY_AT), MADE_UP_FOR)
    look = _start(BOOK_CHECK_WORKFLOW, BOOK_CHECK_SCHEDULE)
    await _ensure(client, BOOK_CHECK_SCHEDULE, look, _nightly(BOOK_CHECK_AT), MADE_UP_FOR)


async def ensure_lost_events(client: Client) -> None:
    """The provider is asked for events that never came."""
    action = _start(LOST_EVENTS_WORKFLOW, LOST_EVENTS_SCHEDULE)
    await _ensure(client, LOST_EVENTS_SCHEDULE, action, _each(LOST_EVENTS_EVERY), LOST_EVENTS_EVERY)


async def ensure_balance(client: Client) -> None:
    """The balance at the provider is read; at once, too, when the schedule is new."""
    action = _start(BALANCE_WORKFLOW, BALANCE_SCHEDULE)
    await _ensure(
        client, BALANCE_SCHEDULE, action, _each(BALANCE_EVERY), BALANCE_EVERY, at_once=True
    )


def _start(workflow: str, identity: str) -> ScheduleActionStartWorkflow:
    return ScheduleActionStartWorkflow(workflow, id=identity, task_queue=Queue.WORKFLOWS.value)


def _nightly(at: tuple[int, int]) -> ScheduleSpec:
    hour, minute = (ScheduleRange(each) for each in at)
    return ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[hour], minute=[minute])])


def _each(every: timedelta) -> ScheduleSpec:
    return ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)])


async def _ensure(
    client: Client,
    name: str,
    action: ScheduleActionStartWorkflow,
    spec: ScheduleSpec,
    catchup: timedelta,
    *,
    at_once: bool = False,
) -> None:
    """Create a schedule that is not there yet.

    Args:
        client: of the installation's Temporal.
        name: the schedule's id.
        action: what it starts; never a second time while the first runs.
        spec: when.
        catchup: how long a start that was missed is still made up for.
        at_once: start it now, too.
    """
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=catchup)
    schedule = Schedule(action=action, spec=spec, policy=policy)
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(name, schedule, trigger_immediately=at_once)
