"""A collaboration or a payout on the time-skipping server, from start to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from domain.campaign import CampaignFile, CollaborationPolicy, PayoutPolicy
from domain.ids import collaboration_workflow_id, payout_workflow_id
from domain.inbox import ItemKind
from domain.messages import COLLABORATION_WORKFLOW, CollaborationInput, Queue
from domain.search_attributes import CAMPAIGN_ID
from store.engine import session
from store.tables import Campaign, Collaboration, Creator, Event, InboxItem, Payout
from tests import builders
from tests.workflows.people import People, Plan
from tests.workflows.world import World, workers

STEPS = 400


@dataclass
class Stage:
    """Everything that a lifecycle test looks at."""

    environment: WorkflowEnvironment
    engine: AsyncEngine
    world: World
    people: People
    campaign: Campaign
    creator: Creator
    collaboration: Collaboration
    offer: CollaborationInput

    async def start(self, **changes: Any) -> WorkflowHandle[Any, Any]:
        """Start the collaboration's workflow."""
        return await self.environment.client.start_workflow(
            COLLABORATION_WORKFLOW,
            self.offer.model_copy(update=changes),
            id=collaboration_workflow_id(self.collaboration.id),
            task_queue=Queue.WORKFLOWS.value,
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(CAMPAIGN_ID, self.campaign.id)]
            ),
        )

    async def play(
        self, handle: WorkflowHandle[Any, Any], step: timedelta = timedelta(hours=12)
    ) -> Collaboration:
        """Let people act and time pass until the collaboration and its payments are over."""
        for _ in range(STEPS):
            await self.settle(handle)
            if not await self.people.act():
                if await self._over(handle):
                    return await self.row()
                await self.pass_time(handle, step)
        raise AssertionError(f"not over after {STEPS} steps: {await self.story()}")

    async def settle(self, handle: WorkflowHandle[Any, Any]) -> None:
        """Wait until the collaboration and its payments have nothing to do but to wait.

        Time must not be skipped before: the server would let their tasks time out.
        """
        for each in (handle, *await self._payments()):
            for _ in range(500):
                raw = (await each.describe()).raw_description
                if not raw.pending_activities and not raw.HasField("pending_workflow_task"):
                    break
                await asyncio.sleep(0.02)

    async def pass_time(self, handle: WorkflowHandle[Any, Any], most: timedelta) -> None:
        """Skip to the moment of the next timer, or by ``most`` if none comes earlier.

        No further: while time is being skipped, the server lets the first tasks of a child
        workflow time out.
        """
        now = await self.environment.get_current_time()
        moments = [now + most]
        for each in (handle, *await self._payments()):
            moments += [moment for moment in await open_timers(each) if moment > now]
        await self.environment.sleep(min(moments) - now + timedelta(milliseconds=5))

    async def _payments(self) -> list[WorkflowHandle[Any, Any]]:
        client = self.environment.client
        return [
            client.get_workflow_handle(payout_workflow_id(row.id)) for row in await self.payouts()
        ]

    async def _over(self, handle: WorkflowHandle[Any, Any]) -> bool:
        described = await handle.describe()
        if described.status is WorkflowExecutionStatus.RUNNING:
            return False
        async with session(self.engine) as db:
            waiting = await db.scalars(
                select(Payout.id).where(Payout.status.not_in(["transferred", "cancelled"]))
            )
            return not waiting.all()

    async def until(self, handle: WorkflowHandle[Any, Any], event: str) -> None:
        """Let people act until an event has happened."""
        for _ in range(STEPS):
            await self.settle(handle)
            if event in await self.story():
                return
            if not await self.people.act():
                await self.pass_time(handle, timedelta(hours=1))
        raise AssertionError(f"no {event}: {await self.story()}")

    async def open_item(self, kind: ItemKind) -> InboxItem:
        """The open item of a kind."""
        async with session(self.engine) as db:
            found = await db.scalars(
                select(InboxItem).where(InboxItem.kind == kind.value, InboxItem.closed_at.is_(None))
            )
            return found.one()

    async def row(self) -> Collaboration:
        """The read model."""
        async with session(self.engine) as db:
            return await db.get_one(Collaboration, self.collaboration.id)

    async def payouts(self) -> list[Payout]:
        """The collaboration's payments in the order in which they were earned."""
        async with session(self.engine) as db:
            return list(await db.scalars(select(Payout).order_by(Payout.created_at)))

    async def story(self) -> list[str]:
        """The names of the collaboration's events."""
        async with session(self.engine) as db:
            rows = await db.scalars(
                select(Event)
                .where(Event.entity_id == self.collaboration.id)
                .order_by(Event.sequence)
            )
            return [row.event for row in rows]


async def open_timers(handle: WorkflowHandle[Any, Any]) -> list[datetime]:
    """When the running timers of a workflow fire."""
    moments: dict[int, datetime] = {}
    async for event in handle.fetch_history_events():
        if event.HasField("timer_started_event_attributes"):
            duration = event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
            started = event.event_time.ToDatetime(tzinfo=UTC)
            moments[event.event_id] = started + duration
        elif event.HasField("timer_fired_event_attributes"):
            moments.pop(event.timer_fired_event_attributes.started_event_id, None)
        elif event.HasField("timer_canceled_event_attributes"):
            moments.pop(event.timer_canceled_event_attributes.started_event_id, None)
    return list(moments.values())


@asynccontextmanager
async def set_up(
    environment: WorkflowEnvironment,
    engine: AsyncEngine,
    *,
    file: CampaignFile | None = None,
    plan: Plan | None = None,
    fee_minor: int = 30_000,
    cached: int = 0,
    creator: dict[str, Any] | None = None,
) -> AsyncIterator[Stage]:
    """A funded campaign, a creator, the staff and the workers."""
    file = file or builders.campaign_file()
    async with session(engine) as db:
        campaign = await builders.campaign(db, file)
        who = await builders.creator(db, **(creator or {}))
        row = await builders.collaboration(
            db, campaign, who, fee_minor=fee_minor, quoted_minor=fee_minor
        )
    world = World()
    people = People(engine, environment.client, plan or {})
    await people.hire()
    offer = CollaborationInput(
        collaboration_id=row.id,
        campaign_id=campaign.id,
        creator_id=who.id,
        fee_minor=fee_minor,
        has_address=bool(who.email),
        zone=who.timezone,
        policy=CollaborationPolicy.of(file),
        payout_policy=PayoutPolicy.of(file),
    )
    async with AsyncExitStack() as stack:
        for worker in workers(
            environment.client, engine, world, Queue.WORKFLOWS.value, cached=cached
        ):
            await stack.enter_async_context(worker)
        yield Stage(environment, engine, world, people, campaign, who, row, offer)
