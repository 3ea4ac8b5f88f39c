"""What nobody carries on: found by night, told once, and over when somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.book_check import BookCheck
from activities.maintenance import Maintenance
from activities.standstills import Standstills
from domain.decisions import DecisionKind
from domain.ids import payout_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role, StreamKind
from domain.messages import BOOK_CHECK_WORKFLOW, OpenItem, Queue
from domain.standstill import Standstill
from local.temporal import program
from store import items, standstill
from store.engine import session
from store.standstill import Unfinished
from store.tables import InboxItem
from tests import builders
from tests.activities.doomed_look import killed_everywhere, standing
from tests.builders import NOW
from tests.conftest import Database
from tests.workflows.clock import PATIENCE, Handle
from tests.workflows.payment import payment
from worker import workflow_runner
from workflows.reconciliation import BookCheckWorkflow

LATER = NOW + timedelta(days=1)
NEXT = LATER + timedelta(days=1)
NIGHT = "a-night"
ENDS = {EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED}


async def looked(
    temporal: WorkflowEnvironment, engine: AsyncEngine, at: datetime
) -> dict[str, str]:
    """What the operators' inbox says after a look: what stands still, and why."""
    found = await Standstills(engine, temporal.client, clock=lambda: at).look_who_carries_on()
    there = await told(engine)
    assert len(there) == found
    assert {each.role for each in there} <= {Role.OPERATOR.value}
    return {each.subject_id: each.code for each in there}


async def told(engine: AsyncEngine) -> Sequence[InboxItem]:
    """What stands still as far as operators know."""
    async with session(engine) as db:
        rows = await db.scalars(
            select(InboxItem).where(
                InboxItem.kind == ItemKind.STANDSTILL.value, InboxItem.closed_at.is_(None)
            )
        )
        return rows.all()


async def command(temporal: WorkflowEnvironment, name: str, workflow_id: str, *more: str) -> None:
    """One of the commands that the item's page gives, or that lead to it."""
    done = await asyncio.create_subprocess_exec(
        program(), "workflow", name, "--workflow-id", workflow_id, *more, "--reason", "by mistake",
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
        one, two = pay.stage.people.staff[Role.FINANCE]
        workflow = payout_workflow_id(pay.payout_id)
        await command(temporal, "pause", workflow)
        assert await looked(temporal, engine, LATER) == never | {pay.payout_id: "paused"}
        with pytest.raises(RPCError, match="paused"):
            await pay.says(DecisionKind.HOLD_PAYOUT, one)  # kept, since that is no refusal
        await command(temporal, "unpause", workflow)
        assert await looked(temporal, engine, LATER) == never
        await Maintenance(engine, temporal.client).sweep()
        assert (await pay.until(PayoutStatus.HELD)).hold_reason == HoldReason.BY_PERSON
        await pay.handle.terminate("by mistake")
        assert (await pay.says(DecisionKind.RESUME_PAYOUT, two)).code == "closed"
        for _ in range(2):
            assert await looked(temporal, engine, NEXT) == never | {pay.payout_id: "terminated"}
        await command(temporal, "reset", workflow, "--type", "LastWorkflowTask")
        assert await looked(temporal, engine, NEXT) == never
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        assert await looked(temporal, engine, NEXT) == never
        assert (await pay.story()).count("transferred") == 1
        # It ended while Temporal was asked about it.
        async with session(engine) as db:
            ended = Unfinished(StreamKind.PAYOUT, pay.payout_id)
            assert not await standstill.tell(db, ended, Standstill.COMPLETED, NEXT)


async def test_a_look_that_is_killed_anywhere_has_told_of_each_once_and_the_next_tells_the_rest(
    temporal: WorkflowEnvironment, engine: AsyncEngine, database: Database
) -> None:
    async with session(engine) as db:
        await builders.payout(db)
        over = OpenItem(kind=ItemKind.STANDSTILL, code=Standstill.PAUSED.value)
        await items.open_item(db, over, StreamKind.PAYOUT.value, "pay_over", None, 1, NOW)
    seen: list[dict[str, datetime]] = []

    async def look_into_the_inbox() -> None:
        there = await told(engine)
        seen.append({each.subject_id: each.opened_at for each in there})
        assert len(seen[-1]) == len(there), "one item about each"

    server = temporal.client.service_client.config.target_host
    await killed_everywhere(standing, database.app_url, LATER, server, after=look_into_the_inbox)
    # What was read; payment, collaboration and campaign; what is over; and at the end.
    assert [len(each) for each in seen] == [1, 1, 2, 3, 4, 3]
    assert "pay_over" not in seen[-1]
    assert len(await looked(temporal, engine, LATER + timedelta(days=1))) == len(seen[-1])
    await look_into_the_inbox()
    assert seen[-1] == seen[-2], "since when is not forgotten"


async def test_a_look_that_gets_no_answer_fails_as_what_it_met_and_tells_of_nothing(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with session(engine) as db:
        await builders.payout(db)
    refused = Client(temporal.client.service_client, namespace="")
    with pytest.raises(RPCError, match="Namespace"):
        await Standstills(engine, refused, clock=lambda: LATER).look_who_carries_on()
    assert await told(engine) == []


class Unreadable(BookCheck):
    """Books that no look can read."""

    @activity.defn(name="look_over_books")
    async def look_over_books(self) -> int:
        """Fail for good."""
        raise ApplicationError("unreadable", non_retryable=True)


async def hears(night: Handle) -> bool:
    """True once a workflow has gone on after an end of one of its activities."""
    events = (await night.fetch_history()).events
    goes_on = (await night.describe()).raw_description.HasField("pending_workflow_task")
    return bool(ENDS & {each.event_type for each in events}) and not goes_on


class Last(Standstills):
    """Looks only when the workflow has heard how the look at the books ended."""

    @activity.defn(name="look_who_carries_on")
    async def look_who_carries_on(self) -> int:
        """Wait, and look."""
        night = self._client.get_workflow_handle(NIGHT)
        async with asyncio.timeout(PATIENCE):
            while not await hears(night):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.02)
        return await super().look_who_carries_on()


@pytest.mark.parametrize("look_at_books", [BookCheck, Unreadable])
async def test_the_look_of_a_night_finds_what_stands_still_whatever_becomes_of_that_at_the_books(
    temporal: WorkflowEnvironment, engine: AsyncEngine, look_at_books: type[BookCheck]
) -> None:
    async with session(engine) as db:
        await builders.campaign(db)
    books = look_at_books(engine, clock=lambda: LATER)
    who = Last(engine, temporal.client, clock=lambda: LATER)
    client, story = temporal.client, Queue.WORKFLOWS.value
    looks = [books.look_over_books, who.look_who_carries_on]
    async with (
        Worker(
            client, task_queue=story, workflows=[BookCheckWorkflow],
            workflow_runner=workflow_runner(),
        ),
        Worker(client, task_queue=Queue.VETTING.value, activities=looks),
    ):  # fmt: skip
        night = await client.start_workflow(BOOK_CHECK_WORKFLOW, id=NIGHT, task_queue=story)
        if look_at_books is BookCheck:
            assert await night.result() == 1
        else:
            with pytest.raises(WorkflowFailureError) as failed:
                await night.result()
            assert isinstance(failed.value.cause, ActivityError)
            assert failed.value.cause.activity_type == "look_over_books"
    done = [
        each.activity_task_completed_event_attributes.result.payloads[0].data
        for each in (await night.fetch_history()).events
        if each.HasField("activity_task_completed_event_attributes")
    ]
    assert done[-1:] == [b"1"], "one campaign stands still"
