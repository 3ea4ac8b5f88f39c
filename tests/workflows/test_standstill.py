"""What nobody carries on: found by night, told once, and over when somebody does."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.book_check import BookCheck
from activities.standstills import Standstills
from domain.ids import payout_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role, StreamKind
from domain.messages import BOOK_CHECK_WORKFLOW, Queue
from domain.standstill import Standstill
from local.temporal import program
from store import standstill
from store.engine import session
from store.standstill import Unfinished
from store.tables import InboxItem
from tests import builders
from tests.builders import NOW
from tests.workflows.payment import payment
from worker import workflow_runner
from workflows.reconciliation import BookCheckWorkflow

LATER = NOW + timedelta(days=1)


async def looked(
    temporal: WorkflowEnvironment, engine: AsyncEngine, at: datetime
) -> dict[str, str]:
    """What the operators' inbox says after a look: what stands still, and why."""
    found = await Standstills(engine, temporal.client, clock=lambda: at).look_who_carries_on()
    async with session(engine) as db:
        rows = await db.scalars(
            select(InboxItem).where(
                InboxItem.kind == ItemKind.STANDSTILL.value, InboxItem.closed_at.is_(None)
            )
        )
        items = rows.all()
    assert len(items) == found
    assert {each.role for each in items} <= {Role.OPERATOR.value}
    return {each.subject_id: each.code for each in items}


async def reset(temporal: WorkflowEnvironment, workflow_id: str) -> None:
    """The command that the item's page gives."""
    done = await asyncio.create_subprocess_exec(
        program(), "workflow", "reset", "--workflow-id", workflow_id,
        "--type", "LastWorkflowTask", "--reason", "ended by mistake",
        "--address", temporal.client.service_client.config.target_host,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await done.wait() == 0


async def test_what_nobody_carries_on_is_told_until_somebody_does_or_it_is_over(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        await pay.waits_for_release()
        assert await looked(temporal, engine, NOW + timedelta(minutes=5)) == {}
        # Of campaign and collaboration there are rows only; the payment is carried on.
        never = {pay.stage.campaign.id: "not_there", pay.stage.collaboration.id: "not_there"}
        assert await looked(temporal, engine, LATER) == never
        await pay.handle.terminate("by mistake")
        for _ in range(2):
            assert await looked(temporal, engine, LATER) == never | {pay.payout_id: "terminated"}
        await reset(temporal, payout_workflow_id(pay.payout_id))
        assert await looked(temporal, engine, LATER) == never
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        assert await looked(temporal, engine, LATER) == never
        assert (await pay.story()).count("transferred") == 1
        # It ended while Temporal was asked about it.
        async with session(engine) as db:
            ended = Unfinished(StreamKind.PAYOUT, pay.payout_id)
            assert not await standstill.tell(db, ended, Standstill.COMPLETED, LATER)


async def test_the_look_of_a_night_finds_what_stands_still(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with session(engine) as db:
        await builders.campaign(db)
    books = BookCheck(engine, clock=lambda: LATER)
    standing = Standstills(engine, temporal.client, clock=lambda: LATER)
    client, story = temporal.client, Queue.WORKFLOWS.value
    looks = [books.look_over_books, standing.look_who_carries_on]
    async with (
        Worker(
            client, task_queue=story, workflows=[BookCheckWorkflow],
            workflow_runner=workflow_runner(),
        ),
        Worker(client, task_queue=Queue.VETTING.value, activities=looks),
    ):  # fmt: skip
        found = await client.execute_workflow(BOOK_CHECK_WORKFLOW, id="a-night", task_queue=story)
    assert found == 1
