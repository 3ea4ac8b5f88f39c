"""Comparing the books with the payment provider's list, by night or when a person asks."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.reconciliation import Reconciliation
    from domain.messages import RECONCILIATION_WORKFLOW, Queue
    from domain.reconciliation import ReconcileResult, ReconcileTask
    from workflows.timeouts import COMPARE, COMPARE_PATIENTLY, CallOptions


@workflow.defn(name=RECONCILIATION_WORKFLOW)
class ReconciliationWorkflow:
    """One comparison; done by the payout worker, since it alone may ask the provider."""

    @workflow.run
    async def run(self, task: ReconcileTask) -> ReconcileResult:
        """Gives what was found; moves no money."""
        return await _compare(task, COMPARE_PATIENTLY if task.patient else COMPARE)


async def _compare(task: ReconcileTask, options: CallOptions) -> ReconcileResult:
    found: ReconcileResult = await workflow.execute_activity_method(
        Reconciliation.reconcile,
        task,
        task_queue=Queue.PAYOUTS.value,
        summary="compare with the provider",
        **options,
    )
    return found
