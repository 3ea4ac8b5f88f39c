"""A whole campaign: its roster, its collaborations and their payments."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.campaign import CampaignFile
from domain.decisions import DecisionKind, ResolveChoice
from domain.ids import (
    campaign_workflow_id,
    collaboration_id,
    collaboration_workflow_id,
    payout_workflow_id,
)
from domain.inbox import ItemKind
from domain.lifecycle import CampaignStatus, Role, Stage, StreamKind
from domain.messages import CampaignInput, DecisionResult
from domain.wishes import Change, Wish
from integrations.temporal import send_decision, start_campaign
from store import ledger, wishes
from store.accounts import Balances
from store.engine import session
from store.records import verify_stream
from store.tables import (
    Campaign,
    Candidate,
    Collaboration,
    Creator,
    CreatorPost,
    Event,
    InboxItem,
    Payout,
    Staff,
)
from tests import builders
from tests.workflows.clock import PATIENCE, Clock, Handle
from tests.workflows.people import ANSWERED, People, Plan
from tests.workflows.stage import STEPS
from tests.workflows.world import World, outside_workers, workflow_worker

CAPTIONS = (
    "My morning with this serum and a little patience for my skin",
    "The cream that I go back to when it is cold outside",
    "What I learned about sunscreen in the mountains this year",
)


@dataclass
class CampaignStage:
    """Everything that a test of a campaign looks at."""

    client: Client
    engine: AsyncEngine
    world: World
    people: People
    campaign_id: str
    creators: Sequence[Creator]
    clock: Clock

    @property
    def handle(self) -> Handle:
        """The campaign's workflow, whichever of its runs is the current one."""
        return self.client.get_workflow_handle(campaign_workflow_id(self.campaign_id))

    async def start(self, *, window: int = 100, recount_seconds: int = 300) -> None:
        """Start the campaign as the desk does."""
        row = await self.row()
        await start_campaign(
            self.client,
            CampaignInput(
                campaign_id=row.id,
                wanted=row.wanted,
                window=window,
                budget_minor=row.budget_minor,
                recount_seconds=recount_seconds,
            ),
        )

    async def play(self) -> Campaign:
        """Let people act and time pass until the campaign is over."""
        for _ in range(STEPS):
            await self.rests()
            if await self.people.act():
                continue
            if not await self.clock.is_running(self.handle):
                return await self.row()
            await self._pass_time()
        raise AssertionError(f"not over after {STEPS} steps: {await self.story()}")

    async def until(self, stage: Stage, count: int = 1) -> list[Collaboration]:
        """Let people act and time pass until so many collaborations rest in a stage."""
        for _ in range(STEPS):
            await self.rests()
            there = [each for each in await self.collaborations() if each.stage == stage]
            if len(there) == count:
                return there
            if not await self.people.act():
                await self._pass_time()
        raise AssertionError(f"never {count} in {stage}: {await self.story()}")

    async def until_started(self, count: int) -> list[Collaboration]:
        """Wait, without anybody's doing, until so many collaborations have been started."""
        async with asyncio.timeout(PATIENCE):
            while len(started := await self.collaborations()) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await self.rests()
        return started

    async def open_item(self, kind: ItemKind) -> InboxItem:
        """The open item of a kind."""
        async with session(self.engine) as db:
            found = await db.scalars(
                select(InboxItem).where(InboxItem.kind == kind.value, InboxItem.closed_at.is_(None))
            )
            return found.one()

    async def signs_off(self) -> None:
        """Let the manager sign off the shortlist, and the first be invited."""
        await self.rests()
        assert await self.people.act() == 1
        await self.rests()

    async def rests(self) -> None:
        """Wait until nobody has anything to do but to wait."""
        await self.clock.settle([self.handle])
        await self.clock.settle(await self._collaborations())
        await self.clock.settle(await self._payouts())

    async def says(self, kind: DecisionKind) -> DecisionResult:
        """A decision of the manager's that nobody asked for."""
        manager = self.people.staff[Role.MANAGER][0]
        said = await self.people.say(kind, StreamKind.CAMPAIGN, self.campaign_id, manager)
        assert said is not None
        return said

    async def in_order(self) -> list[str]:
        """Ids of the chosen and of those who wait, in the order of invitation."""
        async with session(self.engine) as db:
            rows = await db.scalars(
                select(Candidate).where(Candidate.status != "out").order_by(Candidate.place)
            )
            return [row.creator_id for row in rows]

    async def changes(self, asked: Mapping[str, Wish]) -> DecisionResult | None:
        """Let the manager pin and strike on the list that is open."""
        item = await self.open_item(ItemKind.SHORTLIST)
        manager = self.people.staff[Role.MANAGER][0]
        changes = [Change(key, wish, "A good reason.") for key, wish in asked.items()]
        async with session(self.engine) as db:
            change = await wishes.keep(
                db, self.campaign_id, manager, item.seen, changes, item.opened_at
            )
            campaign = await db.get_one(Campaign, self.campaign_id)
            person = await db.get_one(Staff, manager)
            ref = await builders.decision(
                db, campaign, person, ResolveChoice(content_id=change), seen=item.seen
            )
        return await send_decision(
            self.client, StreamKind.CAMPAIGN, self.campaign_id, ref, wait=ANSWERED
        )

    def deviate(self, creator: Creator, plan: Plan) -> None:
        """Let one creator answer otherwise than the others."""
        self.people.deviations[collaboration_id(self.campaign_id, creator.id)] = plan

    async def row(self) -> Campaign:
        """The read model."""
        async with session(self.engine) as db:
            return await db.get_one(Campaign, self.campaign_id)

    async def collaborations(self) -> list[Collaboration]:
        """Everybody who was started, in the order of starting."""
        async with session(self.engine) as db:
            query = select(Collaboration).order_by(Collaboration.created_at, Collaboration.id)
            return list(await db.scalars(query))

    async def money(self) -> Balances:
        """What the accounts of the campaign hold; the ledger adds up."""
        async with session(self.engine) as db:
            assert await ledger.check(db) == []
            return await ledger.balances(db, self.campaign_id)

    async def is_sound(self) -> bool:
        """The campaign's stream is unbroken, and its row agrees."""
        async with session(self.engine) as db:
            return await verify_stream(db, StreamKind.CAMPAIGN, self.campaign_id)

    async def story(self) -> list[str]:
        """The names of the campaign's events."""
        async with session(self.engine) as db:
            rows = await db.scalars(
                select(Event).where(Event.entity_id == self.campaign_id).order_by(Event.sequence)
            )
            return [row.event for row in rows]

    async def leave(self) -> None:
        """Let nothing of this test be carried on by the workers of the next one."""
        for each in (self.handle, *await self._collaborations(), *await self._payouts()):
            with contextlib.suppress(RPCError):
                await each.terminate()

    async def _pass_time(self) -> None:
        """Skip to the next thing of each collaboration; of its payments, while it has some.

        The campaign has no clock to move while collaborations run: it waits for their news.
        """
        async with session(self.engine) as db:
            rows = list(await db.scalars(select(Payout)))
        paying: set[str] = set()
        moved = False
        for row in rows:
            handle = self.client.get_workflow_handle(payout_workflow_id(row.id))
            if await self.clock.is_running(handle):
                paying.add(row.collaboration_id)
                moved |= await self.clock.skip_to_next_timer(handle)
        for each in await self.collaborations():
            handle = self.client.get_workflow_handle(collaboration_workflow_id(each.id))
            if each.id not in paying and await self.clock.is_running(handle):
                moved |= await self.clock.skip_to_next_timer(handle)
        if not moved:
            await asyncio.sleep(0.02)  # news is on its way to the campaign

    async def _collaborations(self) -> list[Handle]:
        return [
            self.client.get_workflow_handle(collaboration_workflow_id(row.id))
            for row in await self.collaborations()
        ]

    async def _payouts(self) -> list[Handle]:
        async with session(self.engine) as db:
            rows = await db.scalars(select(Payout.id).order_by(Payout.created_at))
            return [self.client.get_workflow_handle(payout_workflow_id(row)) for row in rows]


async def _roster(engine: AsyncEngine, count: int) -> list[Creator]:
    """Creators whom every brand would like, the best first."""
    async with session(engine) as db:
        made = []
        for number in range(count):
            who = await builders.creator(
                db, followers=12_000 - 100 * number, engagement_ppm=40_000 - 500 * number
            )
            for index, caption in enumerate(CAPTIONS):
                db.add(CreatorPost(creator_id=who.id, post_key=str(index), caption=caption))
            made.append(who)
        return made


@asynccontextmanager
async def set_up_campaign(
    environment: WorkflowEnvironment,
    engine: AsyncEngine,
    *,
    wanted: int,
    roster: int,
    file: CampaignFile | None = None,
    plan: Plan | None = None,
) -> AsyncIterator[CampaignStage]:
    """A campaign that has not begun, a roster, the staff and the workers."""
    client = environment.client
    file = file or builders.campaign_file(outreach={"any_time": True, "jitter": "0 seconds"})
    creators = await _roster(engine, roster)
    async with session(engine) as db:
        row = await builders.campaign(
            db, file, fund=False, status=CampaignStatus.VETTING.value, wanted=wanted
        )
    people = People(engine, client, plan or {})
    await people.hire()
    world = World()
    async with AsyncExitStack() as stack:
        for worker in (
            *outside_workers(client, engine, world), workflow_worker(client, engine),
        ):  # fmt: skip
            await stack.enter_async_context(worker)
        stage = CampaignStage(client, engine, world, people, row.id, creators, Clock(client))
        try:
            yield stage
        finally:
            await stage.leave()
