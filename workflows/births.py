"""How what has a row already comes to life: what outlives who starts it."""

from __future__ import annotations

import contextlib
from typing import Any

from temporalio import workflow
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

with workflow.unsafe.imports_passed_through():
    from domain.ids import claim_workflow_id, collaboration_workflow_id, payout_workflow_id
    from domain.messages import (
        CLAIM_WORKFLOW,
        COLLABORATION_WORKFLOW,
        PAYOUT_WORKFLOW,
        ClaimInput,
        ClaimResult,
        CollaborationInput,
        CollaborationResult,
        PayoutInput,
        PayoutResult,
    )
    from domain.search_attributes import CAMPAIGN_ID, NEEDS_ATTENTION, STAGE
    from workflows.timeouts import TASK_TIMEOUT


async def start_payment(payment: PayoutInput, summary: str) -> None:
    """Start a payment: what is earned, what came back and what was granted, in the same way.

    Args:
        payment: its row is written already.
        summary: for those who look at Temporal's pages.
    """
    await _start(
        PAYOUT_WORKFLOW, payment, payout_workflow_id(payment.payout_id), PayoutResult, summary
    )


async def start_claim(claim: ClaimInput) -> None:
    """Start a claim; its row is written already."""
    summary = f"claim on {claim.collaboration_id}"
    await _start(CLAIM_WORKFLOW, claim, claim_workflow_id(claim.claim_id), ClaimResult, summary)


async def start_collaboration(offer: CollaborationInput) -> None:
    """Start a collaboration; its row is written already."""
    await _start(
        COLLABORATION_WORKFLOW,
        offer,
        collaboration_workflow_id(offer.collaboration_id),
        CollaborationResult,
        f"collaboration of {offer.campaign_id}",
        TypedSearchAttributes(
            [
                SearchAttributePair(CAMPAIGN_ID, offer.campaign_id),
                SearchAttributePair(STAGE, "screening"),
                SearchAttributePair(NEEDS_ATTENTION, False),
            ]
        ),
    )


async def _start(
    name: str,
    of: PayoutInput | ClaimInput | CollaborationInput,
    id_: str,
    result_type: type[Any],
    summary: str,
    search_attributes: TypedSearchAttributes | None = None,
) -> None:
    """Start it once, also if whoever starts it was set back and does its last steps again."""
    with contextlib.suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            name,
            of,
            id=id_,
            result_type=result_type,
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            task_timeout=TASK_TIMEOUT,
            priority=Priority(fairness_key=of.campaign_id),
            search_attributes=search_attributes,
            static_summary=summary,
        )
