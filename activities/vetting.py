"""Choosing whom to work with: vetting the roster, the shortlist, the starts, the last look."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from temporalio import activity

from activities import choosing
from activities.creator_watch import look_at
from domain.agreed import History, history_of
from domain.campaign import CampaignFile, CollaborationPolicy, PayoutPolicy
from domain.findings import SafetyEngine
from domain.messages import (
    CollaborationInput,
    PlanStarts,
    Screening,
    ShortlistResult,
    SolveAgain,
    SolvedAgain,
    StartPlan,
    VettingResult,
)
from domain.quotas import limits_of
from domain.quote import CreatorFacts
from domain.rate_card import DEFAULT_RATE_CARD, RateCard
from domain.shortlist import choose
from domain.vetting import (
    Person,
    Vetted,
    replacement_sentence,
    vet,
)
from domain.word_lists import LEXICON
from domain.zones import zone_of
from integrations.highs import HIGHS
from store import candidates, creator_figures, reports, starts
from store.campaigns import campaign_file, get_campaign
from store.deals import deals
from store.engine import session
from store.overrulings import overrulings
from store.starts import Start
from store.tables import Campaign, Creator

ROSTER_PAGE = 500
"""Creators vetted in one transaction."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Vetting:
    """Applies the rules of `domain` to the roster, and keeps what they say."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        rate_card: RateCard = DEFAULT_RATE_CARD,
        safety: SafetyEngine = LEXICON,
        closer: SafetyEngine | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Make the activities.

        Args:
            engine: the database.
            rate_card: what a creator's work is worth.
            safety: what reads the posts of whole rosters.
            closer: what looks at those who were chosen; the same if there is nothing finer.
            clock: what time it is.
        """
        self._engine = engine
        self._card = rate_card
        self._safety = safety
        self._closer = closer or safety
        self._clock = clock

    @activity.defn(name="vet_roster")
    async def vet_roster(self, campaign_id: str) -> VettingResult:
        """Judge, quote and screen every creator of the roster for a campaign.

        Vetting twice gives the same rows: one candidate for each creator, written over.
        """
        async with session(self._engine) as work:
            file = await campaign_file(work, campaign_id)
            history = history_of(await deals(work, campaign_id, file.currency))
        after: str | None = ""
        while after is not None:
            after = await self._vet_page(campaign_id, file, history, after)
            if activity.in_activity():
                activity.heartbeat()
        async with session(self._engine) as work:
            total, suitable = await candidates.count_vetted(work, campaign_id)
        return VettingResult(candidates=total, suitable=suitable)

    @activity.defn(name="solve_shortlist")
    async def solve_shortlist(self, campaign_id: str) -> ShortlistResult:
        """Choose the set that brings most for the budget, and put everybody in order.

        Solving twice gives the same order and digest: the rule is deterministic.
        """
        async with session(self._engine) as work:
            campaign = await starts.lock_campaign(work, campaign_id)
            made = await choosing.put_in_order(work, campaign)
        return ShortlistResult(
            digest=made.digest, chosen=len(made.chosen), waitlisted=len(made.waitlist)
        )

    @activity.defn(name="resolve_shortlist")
    async def resolve_shortlist(self, asked: SolveAgain) -> SolvedAgain:
        """Solve once more, with what people pinned and struck, and keep what that changed.

        Solving twice for the same change is once: the list remembers for which it was made.
        """
        async with session(self._engine) as work:
            campaign = await starts.lock_campaign(work, asked.campaign_id)
            return await choosing.solve_again(work, campaign, asked.change_id)

    @activity.defn(name="plan_starts")
    async def plan_starts(self, wanted: PlanStarts) -> StartPlan:
        """Write down the next collaborations and hand over what their workflows need.

        Planning a batch twice starts nobody twice: a batch that has rows is answered from them.
        """
        async with session(self._engine) as work:
            campaign = await starts.lock_campaign(work, wanted.campaign_id)
            file = CampaignFile.model_validate(campaign.file)
            begun = await starts.of_batch(work, campaign.id, wanted.batch)
            if not begun:
                await self._start_batch(work, campaign, file, wanted)
                begun = await starts.of_batch(work, campaign.id, wanted.batch)
            exhausted = await starts.is_exhausted(work, campaign.id)
        return StartPlan(
            starts=tuple(_input(campaign.id, each, file) for each in begun), exhausted=exhausted
        )

    async def _start_batch(
        self, work: AsyncSession, campaign: Campaign, file: CampaignFile, wanted: PlanStarts
    ) -> None:
        """The next of the chosen; then whoever replaces those who said no.

        That is the set of the waitlist that brings most for the places and the money left now.
        """
        at = self._clock()
        begun = await starts.start_chosen(work, campaign, wanted.batch, wanted.count, at)
        refusing: set[str] = set()
        while begun < wanted.count:
            free = await starts.free_money(work, campaign.id)
            waiting = await starts.waiting(work, campaign.id, free)
            options = [option for option in waiting if option.creator_id not in refusing]
            if not options:
                return
            # A must-have who was asked and said no cannot be asked for again.
            limits = [limit for limit in limits_of(file.shortlist) if limit.quota]
            made = await asyncio.to_thread(
                choose, options, wanted.count - begun, free, HIGHS, limits,
                await starts.held(work, campaign.id), file.shortlist.overlap_percent,
            )  # fmt: skip
            why = {o.creator_id: replacement_sentence(o, free, file) for o in made.chosen}
            refused = await starts.start_these(work, campaign, wanted.batch, why, at)
            refusing |= set(refused)
            begun += len(why) - len(refused)
            if not refused:
                return

    @activity.defn(name="recheck_creator")
    async def recheck_creator(self, collaboration_id: str) -> Screening:
        """Judge a creator's posts once more, before the first mail and before publication.

        Looking twice is harmless: the candidate's row has the latest verdict, and the same posts
        with the same findings are one look.
        """
        async with session(self._engine) as work:
            return await look_at(work, collaboration_id, self._closer, self._clock())

    @activity.defn(name="write_report")
    async def write_report(self, campaign_id: str) -> str:
        """Make the campaign's report, keep it, and return its digest.

        Writing twice keeps the later one: a report is made from what the database says now.
        """
        async with session(self._engine) as work:
            campaign = await get_campaign(work, campaign_id)
            campaign.report = report = await reports.build(work, campaign_id, self._clock())
        content = json.dumps(report, sort_keys=True, separators=(",", ":"), default=str)
        return hashlib.sha256(content.encode()).hexdigest()

    async def _vet_page(
        self, campaign_id: str, file: CampaignFile, history: History, after: str
    ) -> str | None:
        async with session(self._engine) as work:
            page = await candidates.page_of_creators(work, after, ROSTER_PAGE)
            since = self._clock() - file.brand_safety.within
            people = await _people(work, page, campaign_id, since)
            # In a thread: reading a page of captions takes about a second of processor time.
            vetted = await asyncio.to_thread(self._vet_all, people, file, history)
            await candidates.save_vetted(work, campaign_id, vetted, self._clock())
        return page[-1].id if len(page) == ROSTER_PAGE else None

    def _vet_all(
        self, people: Sequence[Person], file: CampaignFile, history: History
    ) -> list[Vetted]:
        return [vet(person, file, self._card, self._safety, history) for person in people]


async def _people(
    work: AsyncSession, page: Sequence[Creator], campaign_id: str, since: datetime
) -> list[Person]:  # fmt: skip
    ids = [creator.id for creator in page]
    captions = await candidates.newest_captions(work, ids, since)
    earlier = await overrulings(work, ids, campaign_id)
    days = await creator_figures.histories(work, ids)
    comments = await creator_figures.comments(work, ids)
    unwilling = await candidates.opted_out(work, [creator.email for creator in page])
    return [
        Person(
            creator_id=creator.id,
            handle=creator.handle,
            category=creator.category,
            language=creator.language,
            facts=CreatorFacts(
                platform=creator.platform,
                followers=creator.followers,
                following=creator.following,
                posts_count=creator.posts_count,
                engagement_ppm=creator.engagement_ppm,
                country=creator.country,
                audience_country=creator.audience_country,
            ),
            captions=captions[creator.id],
            history=days[creator.id],
            comments=comments.get(creator.id),
            opted_out=creator.email in unwilling,
            overruled=earlier.get(creator.id),
        )
        for creator in page
    ]


def _input(campaign_id: str, start: Start, file: CampaignFile) -> CollaborationInput:
    return CollaborationInput(
        collaboration_id=start.collaboration_id,
        campaign_id=campaign_id,
        creator_id=start.creator_id,
        fee_minor=start.fee_minor,
        has_address=start.has_address,
        zone=zone_of(start.timezone, start.country),
        policy=CollaborationPolicy.of(file),
        payout_policy=PayoutPolicy.of(file),
    )
