"""Temporal from outside: connecting, starting, and handing decisions to workflows by name."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn

from temporalio.api.enums.v1 import WorkflowExecutionStatus as Status
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.decisions import DecisionKind
from domain.ids import (
    bonus_workflow_id,
    campaign_workflow_id,
    claim_back_workflow_id,
    claim_workflow_id,
    collaboration_workflow_id,
    onboarding_workflow_id,
    payout_workflow_id,
    stripe_event_workflow_id,
)
from domain.lifecycle import StreamKind
from domain.messages import (
    ACCOUNT_BACK,
    ACCOUNT_LOST,
    BONUS_WORKFLOW,
    CAMPAIGN_WORKFLOW,
    CLAIM_BACK_WORKFLOW,
    CLAIM_CHANGED,
    DECIDE,
    ONBOARDING_WORKFLOW,
    RECIPIENT_CHANGED,
    STRIPE_EVENT_WORKFLOW,
    TAKEN_ALONG,
    AccountLost,
    CampaignInput,
    DecisionRef,
    DecisionResult,
    OnboardingTask,
    Queue,
    StripeEventTask,
)
from domain.search_attributes import CAMPAIGN_ID
from domain.standstill import FAILS_OFTEN, Standstill

TASK_TIMEOUT = timedelta(seconds=5)
DESCRIBE_WITHIN = timedelta(seconds=10)
_WORKFLOW_ID = {
    StreamKind.CAMPAIGN: campaign_workflow_id,
    StreamKind.COLLABORATION: collaboration_workflow_id,
    StreamKind.PAYOUT: payout_workflow_id,
    StreamKind.CLAIM: claim_workflow_id,
}
_APPLIED_BY = {
    DecisionKind.GRANT_BONUS: (BONUS_WORKFLOW, bonus_workflow_id),
    DecisionKind.CLAIM_BACK: (CLAIM_BACK_WORKFLOW, claim_back_workflow_id),
}
"""Decisions from which something of its own begins, also long after the collaboration's end."""

_ENDED = {
    Status.WORKFLOW_EXECUTION_STATUS_COMPLETED: Standstill.COMPLETED,
    Status.WORKFLOW_EXECUTION_STATUS_FAILED: Standstill.FAILED,
    Status.WORKFLOW_EXECUTION_STATUS_CANCELED: Standstill.CANCELED,
    Status.WORKFLOW_EXECUTION_STATUS_TERMINATED: Standstill.TERMINATED,
    Status.WORKFLOW_EXECUTION_STATUS_TIMED_OUT: Standstill.TIMED_OUT,
    Status.WORKFLOW_EXECUTION_STATUS_PAUSED: Standstill.PAUSED,
}


async def connect(
    *,
    lazy: bool = False,
    identity: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Client:
    """Connect by Temporal's own environment configuration (``TEMPORAL_ADDRESS``, profile, TLS).

    Args:
        lazy: connect at the first call; for a process that must come up without Temporal.
        identity: name of this process in Temporal's UI.
        environment: read instead of the process's own, where another stack is spoken to.
    """
    config = ClientConfig.load_client_connect_config(override_env_vars=environment)
    config.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(
        **config, data_converter=pydantic_data_converter, lazy=lazy, identity=identity
    )


async def start_campaign(client: Client, campaign: CampaignInput) -> None:
    """Start a campaign's workflow; starting it twice is one start."""
    try:
        await client.start_workflow(
            CAMPAIGN_WORKFLOW,
            campaign,
            id=campaign_workflow_id(campaign.campaign_id),
            task_queue=Queue.WORKFLOWS.value,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            task_timeout=TASK_TIMEOUT,
            priority=Priority(fairness_key=campaign.campaign_id),
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(CAMPAIGN_ID, campaign.campaign_id)]
            ),
            static_summary=f"campaign for {campaign.wanted} creators",
        )
    except WorkflowAlreadyStartedError:
        return


async def send_decision(
    client: Client,
    subject: StreamKind,
    subject_id: str,
    ref: DecisionRef,
    wait: timedelta = timedelta(seconds=3),
) -> DecisionResult | None:
    """Hand a recorded decision to its workflow; the update's id is the decision's id.

    Returns:
        What became of it, or None: recorded, and being applied (the sweep sees to it).

    Raises:
        RPCError: Temporal refuses for a reason of its own.
    """
    handle = client.get_workflow_handle(_WORKFLOW_ID[subject](subject_id))
    try:
        async with asyncio.timeout(wait.total_seconds()):
            if ref.kind in _APPLIED_BY:
                return await _apply_alone(client, ref)
            result: DecisionResult = await handle.execute_update(
                DECIDE, ref, id=ref.decision_id, result_type=DecisionResult
            )
            return result
    except WorkflowUpdateFailedError as error:
        cause = error.cause
        code = cause.type if isinstance(cause, ApplicationError) and cause.type else "refused"
        # A workflow that ends while an update is on its way answers with a code of Temporal's own.
        closed = {"AcceptedUpdateCompletedWorkflow", "WorkflowUpdateFailed"}
        return DecisionResult(applied=False, code="closed" if code in closed else code)
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
        return None
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return DecisionResult(applied=False, code="closed")
        if error.status in {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED}:
            return None
        raise


async def _apply_alone(client: Client, ref: DecisionRef) -> DecisionResult:
    """Start a decision's own workflow, which needs no living collaboration; or hear its answer."""
    workflow, named = _APPLIED_BY[ref.kind]
    workflow_id = named(ref.decision_id)
    try:
        handle = await client.start_workflow(
            workflow,
            ref,
            id=workflow_id,
            task_queue=Queue.WORKFLOWS.value,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            task_timeout=TASK_TIMEOUT,
            result_type=DecisionResult,
        )
    except WorkflowAlreadyStartedError:
        handle = client.get_workflow_handle(workflow_id, result_type=DecisionResult)
    result: DecisionResult = await handle.result()
    return result


async def request_onboarding(client: Client, task: OnboardingTask) -> str:
    """Have a single-use set-up link made; returns the id of its row."""
    row: str = await client.execute_workflow(
        ONBOARDING_WORKFLOW,
        task,
        id=onboarding_workflow_id(task.link_id),
        task_queue=Queue.WORKFLOWS.value,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        task_timeout=TASK_TIMEOUT,
        result_type=str,
    )
    return row


async def dispatch_stripe_event(client: Client, task: StripeEventTask) -> None:
    """Start the workflow that applies a stored event.

    Dispatching twice is one workflow; one that failed, which has applied nothing, is begun anew.
    """
    try:
        await client.start_workflow(
            STRIPE_EVENT_WORKFLOW,
            task,
            id=stripe_event_workflow_id(task.event_row_id),
            task_queue=Queue.WORKFLOWS.value,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            task_timeout=TASK_TIMEOUT,
        )
    except WorkflowAlreadyStartedError:
        return


async def wake_claim(client: Client, claim_id: str) -> None:
    """Tell a claim that something of it was settled; one that is over needs nothing."""
    await _wake(client, claim_workflow_id(claim_id), CLAIM_CHANGED)


async def wake_payout(client: Client, payout_id: str) -> None:
    """Tell a payment that another try is worth it; one that is over needs nothing."""
    await _wake(client, payout_workflow_id(payout_id), RECIPIENT_CHANGED)


async def take_along(client: Client, payout_id: str) -> None:
    """Tell a payment that another one's transfer has paid it; one that is over needs nothing."""
    await _wake(client, payout_workflow_id(payout_id), TAKEN_ALONG)


async def lose_account(client: Client, payout_id: str, lost: AccountLost) -> None:
    """Tell a payment that its creator's account cannot be paid; one that is over needs nothing."""
    await _wake(client, payout_workflow_id(payout_id), ACCOUNT_LOST, lost)


async def account_back(client: Client, payout_id: str) -> None:
    """Tell a payment that its creator has another account; one that is over needs nothing."""
    await _wake(client, payout_workflow_id(payout_id), ACCOUNT_BACK)


async def _wake(client: Client, workflow_id: str, signal: str, *about: Any) -> None:
    try:
        await client.get_workflow_handle(workflow_id).signal(signal, args=about)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise


async def standstill(
    client: Client, kind: StreamKind, entity_id: str, *, often: int = FAILS_OFTEN
) -> Standstill | None:
    """Why the workflow of this does not carry it on; None if it does.

    Args:
        client: of the installation's Temporal.
        kind: what it is.
        entity_id: which one.
        often: so many tries of one task are too many.

    Raises:
        RPCError: Temporal does not answer.
    """
    # Asked for as it comes: the SDK's own description does not know of workflows that are paused.
    asked = DescribeWorkflowExecutionRequest(namespace=client.namespace)
    asked.execution.workflow_id = _WORKFLOW_ID[kind](entity_id)
    try:
        found = await client.workflow_service.describe_workflow_execution(
            asked, retry=True, timeout=DESCRIBE_WITHIN
        )
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return Standstill.NOT_THERE
        raise
    if found.pending_workflow_task.attempt >= often:
        return Standstill.FAILING
    return _ENDED.get(found.workflow_execution_info.status)


def leave(code: int) -> NoReturn:
    """End the process now, after its work is done and everything is closed.

    The SDK's runtime sometimes aborts while the interpreter unloads it (seen with 1.35), which
    would turn the exit code of work well done into that of a crash.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
