"""Comparing the books with the payment provider's list, and looking them over, by night."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.book_check import BookCheck
    from activities.reconciliation import Reconciliation
    from activities.standstills import Standstills
    from domain.messages import BOOK_CHECK_WORKFLOW, RECONCILIATION_WORKFLOW, Queue
    from domain.reconciliation import ReconcileResult, ReconcileTask
    from workflows.timeouts import COMPARE, COMPARE_PATIENTLY, CallOptions


@workflow.defn(name=RECONCILIATION_WORKFLOW)
class ReconciliationWorkflow:
    """One comparison; done by the payout worker, since it alone may ask the provider."""

    @workflow.run
    async def run(self, task: ReconcileTask) -> ReconcileResult:
        """Gives what was found; moves no money."""
        return await _compare(task, COMPARE_PATIENTLY if task.patient else COMPARE)


@workflow.defn(name=BOOK_CHECK_WORKFLOW)
class BookCheckWorkflow:
    """One look at the ledger, at the chains of events, and at who carries on what is open."""

    @workflow.run
    async def run(self) -> int:
        """Gives the number of faults; each is in finance's or the operators' inbox.

        Each look is done whatever becomes of the other; then it fails as the first of them did.
        """
        books = workflow.start_activity_method(
            BookCheck.look_over_books,
            task_queue=Queue.VETTING.value,
            summary="ledger and events",
            **COMPARE_PATIENTLY,
        )
        standing = workflow.start_activity_method(
            Standstills.look_who_carries_on,
            task_queue=Queue.VETTING.value,
            summary="workflows of what is open",
            **COMPARE_PATIENTLY,
        )
        await asyncio.gather(books, standing, return_exceptions=True)
        return await books + await standing


async def _compare(task: ReconcileTask, options: CallOptions) -> ReconcileResult:
    found: ReconcileResult = await workflow.execute_activity_method(
        Reconciliation.reconcile,
        task,
        task_queue=Queue.PAYOUTS.value,
        summary="compare with the provider",
        **options,
    )
    return found
