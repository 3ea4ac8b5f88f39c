"""One round of Troupe: a whole campaign on the running stack, timed by the server's clock."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from bench import histories
from bench.histories import Cost
from bench.people import AT_ONCE, People
from bench.result import Round
from domain.ids import collaboration_workflow_id, payout_workflow_id
from domain.lifecycle import CampaignStatus, Outcome, PayoutStatus
from domain.messages import OnboardingTask
from integrations.temporal import request_onboarding
from local import rehearsal
from local.rehearsal import Material
from local.stack import Stack
from store import portal
from store.engine import session
from store.tables import Campaign, Collaboration, Creator, ExternalEvent, Payout, Recipient

LOOK_EVERY = 0.5
AT_MOST = 900.0
"""Seconds for a round; after that something is wrong."""


@dataclass(frozen=True)
class Played:
    """A round of Troupe with the histories behind it."""

    result: Round
    collaborations: list[Cost]
    payouts: list[Cost]

    @property
    def decisions(self) -> int:
        """Human decisions in one life, payouts included."""
        return self._each("decisions")

    @property
    def activities(self) -> int:
        """Ordinary activities in one life, payouts included."""
        return self._each("activities")

    def _each(self, name: str) -> int:
        everything = [*self.collaborations, *self.payouts]
        total: int = sum(getattr(cost, name) for cost in everything)
        return round(total / len(self.collaborations))


async def run(
    stack: Stack,
    engine: AsyncEngine,
    client: Client,
    material: Material,
    *,
    think_seconds: float = 0.0,
) -> Played:
    """Play one campaign from its start to the report; the clock runs for collaborations only."""
    staff = {account.role: account.staff_id for account in stack.accounts}
    campaign = await rehearsal.start(stack, engine, material, staff["manager"])
    people = People(
        engine, client, material.file, campaign, staff, stack.addresses.social, think_seconds
    )
    living = asyncio.create_task(people.live())
    ended = asyncio.create_task(_ended(engine, campaign))
    try:
        async with asyncio.timeout(AT_MOST):
            await asyncio.wait({living, ended}, return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            living.result()
        ended.result()
    finally:
        for task in (living, ended):
            task.cancel()
        await asyncio.gather(living, ended, return_exceptions=True)
    return await _played(engine, client, campaign, people.times)


async def _ended(engine: AsyncEngine, campaign: str) -> None:
    status = ""
    while status != CampaignStatus.COMPLETED:
        await asyncio.sleep(LOOK_EVERY)
        async with session(engine) as db:
            status = (await db.get_one(Campaign, campaign)).status


async def _played(engine: AsyncEngine, client: Client, campaign: str, times: list[float]) -> Played:
    async with session(engine) as db:
        lives = (await db.scalars(select(Collaboration).filter_by(campaign_id=campaign))).all()
        money = (await db.scalars(select(Payout).filter_by(campaign_id=campaign))).all()
    quiet = all(each.outcome == Outcome.COMPLETED for each in lives)
    if not quiet or any(each.status != PayoutStatus.TRANSFERRED for each in money):
        raise RuntimeError("not every collaboration was completed and paid")
    collaborations = [
        await histories.read(client, collaboration_workflow_id(each.id)) for each in lives
    ]
    payouts = [await histories.read(client, payout_workflow_id(each.id)) for each in money]
    costs = [*collaborations, *payouts]
    result = Round.of(len(lives), histories.seconds_of(costs), times, costs)
    return Played(result, collaborations, payouts)


async def set_up_payments(stack: Stack, engine: AsyncEngine, client: Client) -> None:
    """Give every creator of the roster a payout account, and finish its set-up at the stand-in."""
    async with session(engine) as db:
        creators = list(await db.scalars(select(Creator.id)))
    at_once = asyncio.Semaphore(AT_ONCE)

    async def make(creator: str) -> None:
        async with at_once, session(engine) as db:
            link = await portal.add_onboarding_link(db, creator, datetime.now(UTC))
        async with at_once:
            await request_onboarding(client, OnboardingTask(creator_id=creator, link_id=link))

    await asyncio.gather(*(make(each) for each in creators))
    async with session(engine) as db:
        accounts = list(await db.scalars(select(Recipient.account_id)))
    async with httpx.AsyncClient(base_url=stack.addresses.stripe, trust_env=False) as stripe:
        for account in accounts:
            answer = await stripe.post(f"/_standin/accounts/{account}/onboard")
            answer.raise_for_status()
    async with asyncio.timeout(AT_MOST):
        while True:
            if await _all_active(engine):
                return
            await asyncio.sleep(LOOK_EVERY)


async def _all_active(engine: AsyncEngine) -> bool:
    """True once every account's news has arrived and been applied."""
    async with session(engine) as db:
        waiting = await db.scalar(
            select(func.count()).select_from(Recipient).where(Recipient.status != "active")
        )
        news = await db.scalar(
            select(func.count())
            .select_from(ExternalEvent)
            .where(ExternalEvent.applied_at.is_(None))
        )
    return not waiting and not news
