"""A bonus: decided by a person, then a payment like any other."""

from __future__ import annotations

import contextlib

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.records import Records
    from domain.ids import collaboration_workflow_id
    from domain.messages import (
        BONUS_GRANTED,
        BONUS_WORKFLOW,
        Begin,
        BonusGranted,
        DecisionRef,
        DecisionResult,
        Granted,
    )
    from workflows.births import start_payment
    from workflows.recording import record


@workflow.defn(name=BONUS_WORKFLOW)
class BonusWorkflow:
    """Applies one decision, also long after its collaboration has ended."""

    @workflow.run
    async def run(self, ref: DecisionRef) -> DecisionResult:
        """Write the payment, start it, and tell the collaboration, which may be suspended later."""
        granted: Granted = await record(
            Records.grant_bonus, Begin(ref=ref, at=workflow.now()), "grant a bonus"
        )
        payment = granted.payment
        if payment is None:
            return DecisionResult(applied=False, code=granted.code)
        await start_payment(payment, f"bonus of {payment.collaboration_id}")
        of = workflow.get_external_workflow_handle(
            collaboration_workflow_id(payment.collaboration_id)
        )
        with contextlib.suppress(FailureError):
            # A collaboration that is over is not suspended any more.
            await of.signal(BONUS_GRANTED, BonusGranted(payout_id=payment.payout_id))
        return DecisionResult(applied=True, code="applied")
