"""Having the books compared with the payment provider, from a process that has no key for it."""

from __future__ import annotations

import contextlib
import uuid
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
    WorkflowFailureError,
)
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, TimeoutType
from temporalio.service import RPCError

from domain.errors import RailStopped, TroupeError, Unavailable
from domain.ids import reconciliation_workflow_id
from domain.messages import BALANCE_WORKFLOW, LOST_EVENTS_WORKFLOW, RECONCILIATION_WORKFLOW, Queue
from domain.reconciliation import ReconcileResult, ReconcileTask
from integrations.temporal import TASK_TIMEOUT

NIGHTLY_SCHEDULE = "troupe-reconcile"
LOST_EVENTS_SCHEDULE = "troupe-lost-events"
BALANCE_SCHEDULE = "troupe-balance"
BALANCE_EVERY = timedelta(minutes=15)
NIGHTLY_AT = (2, 40)
"""Hour and minute, in UTC."""

_DOCTOR = "./troupe doctor says whether the workers run"


async def ensure_nightly(client: Client) -> None:
    """Create the schedule of the nightly comparison, once for the whole installation."""
    hour, minute = (ScheduleRange(each) for each in NIGHTLY_AT)
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            RECONCILIATION_WORKFLOW,
            ReconcileTask(record=True, patient=True),
            id=reconciliation_workflow_id("nightly"),
            task_queue=Queue.WORKFLOWS.value,
        ),
        spec=ScheduleSpec(calendars=[ScheduleCalendarSpec(hour=[hour], minute=[minute])]),
        # A night that the server slept through is made up for in the morning.
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=12)
        ),
    )
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(NIGHTLY_SCHEDULE, schedule)


async def ensure_lost_events(client: Client) -> None:
    """Create the schedule that asks for lost events every hour, once for the installation."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            LOST_EVENTS_WORKFLOW, id=LOST_EVENTS_SCHEDULE, task_queue=Queue.WORKFLOWS.value
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(hours=1))]),
        policy=SchedulePolicy(
            overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=1)
        ),
    )
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(LOST_EVENTS_SCHEDULE, schedule)


async def ensure_balance(client: Client) -> None:
    """Create the schedule that reads the balance at the provider, once for the installation."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            BALANCE_WORKFLOW, id=BALANCE_SCHEDULE, task_queue=Queue.WORKFLOWS.value
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=BALANCE_EVERY)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=BALANCE_EVERY),
    )
    with contextlib.suppress(ScheduleAlreadyRunningError):
        await client.create_schedule(BALANCE_SCHEDULE, schedule, trigger_immediately=True)


async def compare_now(client: Client, task: ReconcileTask, wait: timedelta) -> ReconcileResult:
    """Start a comparison and wait for what it finds.

    Raises:
        Unavailable: no worker took it up, it took longer than ``wait``, or the provider does not
            answer.
        RailStopped: the provider refuses the payout worker's key.
        TroupeError: it failed for another reason; its code is in the message.
    """
    try:
        result: ReconcileResult = await client.execute_workflow(
            RECONCILIATION_WORKFLOW,
            task,
            id=reconciliation_workflow_id(uuid.uuid4().hex),
            task_queue=Queue.WORKFLOWS.value,
            execution_timeout=wait,
            task_timeout=TASK_TIMEOUT,
            result_type=ReconcileResult,
        )
    except WorkflowFailureError as error:
        raise _reason(error.cause, wait) from error
    except RPCError as error:
        raise Unavailable("Temporal does not answer", hint="./troupe doctor says more") from error
    return result


def _reason(cause: BaseException | None, wait: timedelta) -> TroupeError:
    if isinstance(cause, ActivityError):
        cause = cause.cause
        if isinstance(cause, TimeoutError) and cause.type is TimeoutType.SCHEDULE_TO_START:
            return Unavailable("no payout worker has taken up the comparison", hint=_DOCTOR)
    if isinstance(cause, TimeoutError):
        return Unavailable(
            f"the comparison was not done within {wait.total_seconds():g} seconds",
            hint=f"{_DOCTOR}; a long list of transfers wants a longer --wait",
        )
    code = cause.type if isinstance(cause, ApplicationError) else None
    if code == RailStopped.code:
        return RailStopped(
            "Stripe refuses the payout worker's key", hint="check the key in TROUPE_STRIPE_KEY"
        )
    if code == Unavailable.code:
        return Unavailable("Stripe does not answer", hint="try again later")
    return TroupeError(
        f"the comparison failed ({code or type(cause).__name__})",
        hint="the payout worker's log says more",
    )
