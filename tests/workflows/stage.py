"""A collaboration with its payments, from start to end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import WorkflowHistory
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from domain.campaign import CampaignFile, CollaborationPolicy, PayoutPolicy
from domain.ids import collaboration_workflow_id, payout_workflow_id
from domain.inbox import ItemKind
from domain.messages import COLLABORATION_WORKFLOW, CollaborationInput, Queue
from domain.search_attributes import CAMPAIGN_ID
from store import ledger
from store.accounts import Balances
from store.engine import session
from store.tables import Campaign, Collaboration, Creator, Event, InboxItem, Payout
from tests import builders
from tests.workflows.clock import Clock, Handle
from tests.workflows.people import People, Plan
from tests.workflows.world import World, outside_workers, workflow_worker
from worker import workflow_runner
from workflows.collaboration import CollaborationWorkflow
from workflows.payout import PayoutWorkflow

STEPS = 2_000

TASK_TIMEOUT = timedelta(seconds=2)
"""So long does the server wait for a worker that has died."""


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
    clock: Clock

    async def start(self, **changes: Any) -> Handle:
        """Start the collaboration's workflow."""
        return await self.environment.client.start_workflow(
            COLLABORATION_WORKFLOW,
            self.offer.model_copy(update=changes),
            id=collaboration_workflow_id(self.collaboration.id),
            task_queue=Queue.WORKFLOWS.value,
            task_timeout=TASK_TIMEOUT,
            search_attributes=TypedSearchAttributes(
                [SearchAttributePair(CAMPAIGN_ID, self.campaign.id)]
            ),
        )

    async def play(self, handle: Handle) -> Collaboration:
        """Let people act and time pass until the collaboration and its payments are over.

        Whatever happened is then replayed from its first event.
        """
        for _ in range(STEPS):
            await self.settle(handle)
            if await self.people.act():
                continue
            if await self._over(handle):
                await self.replay(handle)
                await handle.result()
                return await self.row()
            await self.pass_time(handle)
        raise AssertionError(f"not over after {STEPS} steps: {await self.story()}")

    async def replay(self, handle: Handle) -> None:
        """Replay all histories from their first event: the code decides the same again."""
        replayer = Replayer(
            workflows=[CollaborationWorkflow, PayoutWorkflow],
            workflow_runner=workflow_runner(),
            data_converter=pydantic_data_converter,
        )

        async def histories() -> AsyncIterator[WorkflowHistory]:
            for each in (handle, *await self.payments()):
                yield await each.fetch_history()

        await replayer.replay_workflows(histories())  # one sandbox for all

    async def settle(self, handle: Handle) -> None:
        """Wait until the collaboration and its payments have nothing to do but to wait."""
        await self.clock.settle([handle])
        await self.clock.settle(await self.payments())

    async def pass_time(self, handle: Handle) -> None:
        """Skip to the next thing that happens by itself: first in payments, then in the story."""
        running = [each for each in await self.payments() if await self.clock.is_running(each)]
        moved = [await self.clock.skip_to_next_timer(each) for each in running or [handle]]
        if not any(moved):
            await asyncio.sleep(0.02)  # a signal or a child's start is on its way

    async def payments(self) -> list[Handle]:
        """The workflows of the collaboration's payments."""
        client = self.environment.client
        return [
            client.get_workflow_handle(payout_workflow_id(row.id)) for row in await self.payouts()
        ]

    async def _over(self, handle: Handle) -> bool:
        return not any(
            [await self.clock.is_running(each) for each in (handle, *await self.payments())]
        )

    async def until(self, handle: Handle, event: str) -> None:
        """Let people act until an event has happened."""
        for _ in range(STEPS):
            await self.settle(handle)
            if event in await self.story():
                return
            if not await self.people.act():
                await self.pass_time(handle)
        raise AssertionError(f"no {event}: {await self.story()}")

    async def leave(self) -> None:
        """Let nothing of this test be carried on by the workers of the next one."""
        client = self.environment.client
        own = client.get_workflow_handle(collaboration_workflow_id(self.collaboration.id))
        for each in (own, *await self.payments()):
            with contextlib.suppress(RPCError):
                await each.terminate()

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

    async def money(self) -> Balances:
        """What the accounts of the campaign hold; the ledger adds up."""
        async with session(self.engine) as db:
            assert await ledger.check(db) == []
            return await ledger.balances(db, self.campaign.id)

    async def story(self) -> list[str]:
        """The names of the collaboration's events."""
        async with session(self.engine) as db:
            rows = await db.scalars(
                select(Event)
                .where(Event.entity_id == self.collaboration.id)
                .order_by(Event.sequence)
            )
            return [row.event for row in rows]


@asynccontextmanager
async def set_up(
    environment: WorkflowEnvironment,
    engine: AsyncEngine,
    *,
    file: CampaignFile | None = None,
    plan: Plan | None = None,
    fee_minor: int = 30_000,
    cached: int = 50,
    creator: dict[str, Any] | None = None,
    carried_on: bool = True,
) -> AsyncIterator[Stage]:
    """A funded campaign, a creator, the staff and the workers.

    With ``carried_on=False`` the test itself brings the worker that carries the workflows on.
    """
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
        running = outside_workers(environment.client, engine, world)
        if carried_on:
            running.append(workflow_worker(environment.client, engine, cached=cached))
        for worker in running:
            await stack.enter_async_context(worker)
        clock = Clock(environment.client)
        stage = Stage(environment, engine, world, people, campaign, who, row, offer, clock)
        try:
            yield stage
        finally:
            await stage.leave()
