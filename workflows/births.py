"""How what has a row already comes to life: payments and claims, which outlive who starts them."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from domain.ids import claim_workflow_id, payout_workflow_id
    from domain.messages import (
        CLAIM_WORKFLOW,
        PAYOUT_WORKFLOW,
        ClaimInput,
        ClaimResult,
        PayoutInput,
        PayoutResult,
    )
    from workflows.timeouts import TASK_TIMEOUT


async def start_payment(payment: PayoutInput, summary: str) -> None:
    """Start a payment: what is earned, what came back and what was granted, in the same way.

    Args:
        payment: its row is written already.
        summary: for those who look at Temporal's pages.

    Raises:
        WorkflowAlreadyStartedError: it lives already.
    """
    await _start(
        PAYOUT_WORKFLOW, payment, payout_workflow_id(payment.payout_id), PayoutResult, summary
    )


async def start_claim(claim: ClaimInput) -> None:
    """Start a claim; its row is written already.

    Raises:
        WorkflowAlreadyStartedError: it lives already.
    """
    summary = f"claim on {claim.collaboration_id}"
    await _start(CLAIM_WORKFLOW, claim, claim_workflow_id(claim.claim_id), ClaimResult, summary)


async def _start(
    name: str, of: PayoutInput | ClaimInput, id_: str, result_type: type[Any], summary: str
) -> None:
    await workflow.start_child_workflow(
        name,
        of,
        id=id_,
        result_type=result_type,
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        task_timeout=TASK_TIMEOUT,
        priority=Priority(fairness_key=of.campaign_id),
        static_summary=summary,
    )
