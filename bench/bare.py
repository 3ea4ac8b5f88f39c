"""The yardstick: a workflow that asks people and calls activities, and does nothing else.

Runs as a worker of its own: ``python -m bench.bare``. It writes to its output who is asked what
(``workflow-id number``), which stands for the database that Troupe asks.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from datetime import timedelta

from pydantic import BaseModel
from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import PollerBehaviorAutoscaling, Worker

with workflow.unsafe.imports_passed_through():
    from integrations import temporal
    from worker import workflow_runner

QUEUE = "bench-bare"
WORKFLOW = "BareWorkflow"
DECIDE = "decide"


class BareInput(BaseModel):
    """How many decisions and activities there are in one life."""

    decisions: int
    activities: int
    """All of them do nothing; as many as there are decisions are used to ask."""


class BareDecision(BaseModel):
    """A person's answer to one question."""

    decision_id: str
    number: int


@activity.defn(name="ask")
async def ask(number: int) -> None:
    """Say who is asked."""
    sys.stdout.write(f"{activity.info().workflow_id} {number}\n")
    sys.stdout.flush()


@activity.defn(name="nothing")
async def nothing(number: int) -> None:
    """Do nothing."""


@workflow.defn(name=WORKFLOW)
class BareWorkflow:
    """Asks one question after the other, with activities in between."""

    @workflow.init
    def __init__(self, life: BareInput) -> None:
        self._asked = 0
        self._answered = 0

    @workflow.run
    async def run(self, life: BareInput) -> None:
        """Ask, wait, go on."""
        between = life.activities - life.decisions
        for number in range(1, life.decisions + 1):
            self._asked = number
            await self._call(ask, number)
            await workflow.wait_condition(
                lambda number=number: self._answered >= number,  # type: ignore[misc]
                timeout=timedelta(hours=2),
            )
            share = between * number // life.decisions - between * (number - 1) // life.decisions
            for _ in range(share):
                await self._call(nothing, number)
        await workflow.wait_condition(workflow.all_handlers_finished)

    async def _call(self, what: object, number: int) -> None:
        await workflow.execute_activity(
            what,  # type: ignore[arg-type]
            number,
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_attempts=5),
            summary="bare",
        )

    @workflow.update(name=DECIDE)
    async def decide(self, decision: BareDecision) -> bool:
        """Take an answer."""
        self._answered = decision.number
        return True

    @decide.validator
    def _may_decide(self, decision: BareDecision) -> None:
        if decision.number != self._asked or decision.number <= self._answered:
            raise ApplicationError("not asked", type="wrong_stage")


async def main() -> None:
    """Work until our input ends: the benchmark has stopped us, or was killed itself."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(stop.set)

    # A daemon, since nothing can wake a thread that reads.
    threading.Thread(target=watch, daemon=True).start()
    client = await temporal.connect(identity=f"bare@{os.getpid()}")
    # The same choices as in Troupe's own workers.
    pollers = PollerBehaviorAutoscaling(initial=2, maximum=10)
    async with Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareWorkflow],
        activities=[ask, nothing],
        workflow_runner=workflow_runner(),
        workflow_task_poller_behavior=pollers,
        activity_task_poller_behavior=pollers,
        disable_eager_activity_execution=True,
    ):
        sys.stdout.write("ready 0\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)
