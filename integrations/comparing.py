"""Having the books compared with the payment provider, from a process that has no key for it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from temporalio.client import (
    Client,
    WorkflowFailureError,
)
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError, TimeoutType
from temporalio.service import RPCError

from domain.errors import RailStopped, TroupeError, Unavailable
from domain.ids import reconciliation_workflow_id
from domain.messages import RECONCILIATION_WORKFLOW, Queue
from domain.reconciliation import ReconcileResult, ReconcileTask
from integrations.temporal import TASK_TIMEOUT

_DOCTOR = "./troupe doctor says whether the workers run"


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
            "the payout worker's key for Stripe cannot be used",
            hint="the payments page of the desk says why",
        )
    if code == Unavailable.code:
        return Unavailable("Stripe does not answer", hint="try again later")
    return TroupeError(
        f"the comparison failed ({code or type(cause).__name__})",
        hint="the payout worker's log says more",
    )
