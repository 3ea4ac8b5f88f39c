"""How a payment's workflow comes to life: the same way for what is earned and what came back."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from domain.ids import payout_workflow_id
    from domain.messages import PAYOUT_WORKFLOW, PayoutInput, PayoutResult
    from workflows.timeouts import TASK_TIMEOUT


async def start_payment(payment: PayoutInput, summary: str) -> None:
    """Start a payment; it outlives whoever started it.

    Args:
        payment: its row is written already.
        summary: for those who look at Temporal's pages.

    Raises:
        WorkflowAlreadyStartedError: it lives already.
    """
    await workflow.start_child_workflow(
        PAYOUT_WORKFLOW,
        payment,
        id=payout_workflow_id(payment.payout_id),
        result_type=PayoutResult,
        parent_close_policy=workflow.ParentClosePolicy.ABANDON,
        task_timeout=TASK_TIMEOUT,
        priority=Priority(fairness_key=payment.campaign_id),
        static_summary=summary,
    )
