"""Repair and upkeep: events from the payment provider, and the sweep that forgets nothing."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.payouts import Payouts

    from activities.maintenance import Maintenance
    from domain.ids import payout_workflow_id
    from domain.messages import (
        MAINTENANCE_WORKFLOW,
        RECIPIENT_CHANGED,
        STRIPE_EVENT_WORKFLOW,
        Queue,
        StripeEventTask,
    )
    from workflows.timeouts import MONEY_TASK, SWEEP


@workflow.defn(name=STRIPE_EVENT_WORKFLOW)
class StripeEventWorkflow:
    """Apply one stored event: read the state at the provider, wake the payments that wait."""

    @workflow.run
    async def run(self, task: StripeEventTask) -> None:
        """Nothing in the event itself is believed; only that something may have changed."""
        waiting: list[str] = await workflow.execute_activity_method(
            Payouts.apply_stripe_event,
            task,
            task_queue=Queue.PAYOUTS.value,
            summary="re-read at the provider",
            **MONEY_TASK,
        )
        for payout in waiting:
            handle = workflow.get_external_workflow_handle(payout_workflow_id(payout))
            try:
                await handle.signal(RECIPIENT_CHANGED)
            except FailureError:
                workflow.logger.info("the payment is over already")


@workflow.defn(name=MAINTENANCE_WORKFLOW)
class MaintenanceWorkflow:
    """One sweep, started by a schedule: what a crash left behind is sent again."""

    @workflow.run
    async def run(self) -> int:
        """Gives the number of things taken up again."""
        swept: int = await workflow.execute_activity_method(
            Maintenance.sweep, task_queue=Queue.VETTING.value, summary="sweep", **SWEEP
        )
        return swept
