"""Starting collaborations from the shortlist, a batch at a time, within what the budget bears."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.addresses import usable_address
from domain.campaign import CampaignFile
from domain.errors import NotFound
from domain.ids import collaboration_id
from domain.lifecycle import Outcome, Stage, WaitingFor
from domain.shortlist import Option
from domain.vetting import without_place
from store import ledger
from store.candidates import (
    CHOSEN,
    OUT,
    WAITLIST,
    known_creators,
    opted_out,
    option_of,
    suppressed,
)
from store.tables import Campaign, Candidate, Collaboration, Creator

READ_AT_ONCE = 200
"""Candidates looked at in one query while a batch is filled."""

_UNSIGNED = [
    stage.value for stage in (Stage.SCREENING, Stage.INVITING, Stage.NEGOTIATING, Stage.CONTRACTING)
]


@dataclass(frozen=True)
class Start:
    """A collaboration that a batch started."""

    collaboration_id: str
    creator_id: str
    fee_minor: int
    has_address: bool
    timezone: str
    country: str


@dataclass(frozen=True)
class Subject:
    """Whose posts are looked at again, and for which campaign."""

    campaign_id: str
    creator_id: str
    language: str
    salt: str
    file: CampaignFile


async def subject_of(session: AsyncSession, collaboration_id: str) -> Subject:
    """What a look at a collaboration's creator needs.

    Raises:
        NotFound: there is no such collaboration.
    """
    row = (
        await session.execute(
            select(Collaboration, Creator.language, Campaign.file)
            .join(Creator, Creator.id == Collaboration.creator_id)
            .join(Campaign, Campaign.id == Collaboration.campaign_id)
            .where(Collaboration.id == collaboration_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("there is no such collaboration")
    collaboration, language, file = row
    return Subject(
        campaign_id=collaboration.campaign_id,
        creator_id=collaboration.creator_id,
        language=language,
        salt=collaboration.salt,
        file=CampaignFile.model_validate(file),
    )


async def lock_campaign(session: AsyncSession, campaign_id: str) -> Campaign:
    """The campaign's row, locked: starts are planned one batch at a time.

    Raises:
        NotFound: there is no such campaign.
    """
    row = await session.scalar(select(Campaign).where(Campaign.id == campaign_id).with_for_update())
    if row is None:
        raise NotFound("there is no such campaign")
    return row


async def of_batch(session: AsyncSession, campaign_id: str, batch: int) -> list[Start]:
    """The collaborations that a batch started, in the order of invitation."""
    rows = (
        await session.execute(
            select(Collaboration, Creator)
            .join(Candidate, Candidate.collaboration_id == Collaboration.id)
            .join(Creator, Creator.id == Collaboration.creator_id)
            .where(Candidate.campaign_id == campaign_id, Candidate.batch == batch)
            .order_by(Candidate.place, Candidate.creator_id)
        )
    ).all()
    silent = await suppressed(session, [creator.email for _, creator in rows])
    return [
        Start(
            collaboration_id=collaboration.id,
            creator_id=creator.id,
            fee_minor=collaboration.quoted_minor,
            has_address=usable_address(creator.email) is not None and creator.email not in silent,
            timezone=creator.timezone,
            country=creator.country,
        )
        for collaboration, creator in rows
    ]


async def free_money(session: AsyncSession, campaign_id: str) -> int:
    """What no signature has reserved and no open offer promises, in the smallest unit."""
    balances = await ledger.balances(session, campaign_id)
    return balances.available - await _offered(session, campaign_id)


async def start_chosen(
    session: AsyncSession, campaign: Campaign, batch: int, count: int, at: datetime
) -> int:
    """Write down up to ``count`` collaborations with the next of the chosen; returns how many.

    Whoever the free money does not bear, or asked not to be contacted, is passed over.
    """
    free = await free_money(session, campaign.id)
    begun, after = 0, (-1, "")
    while begun < count:
        page = await _next_in_line(session, campaign.id, after, Candidate.status == CHOSEN)
        if not page:
            break
        unwilling = await opted_out(session, [creator.email for _, creator in page])
        for candidate, creator in page:
            after = (candidate.place, candidate.creator_id)
            if begun == count or candidate.fee_minor > free or creator.email in unwilling:
                continue
            free -= candidate.fee_minor
            begun += 1
            _start(session, campaign, candidate, batch, at)
    await session.flush()
    return begun


async def waiting(session: AsyncSession, campaign_id: str, most_minor: int) -> list[Option]:
    """Those of the waitlist who cost no more than ``most_minor`` and have not been asked."""
    rows = await session.execute(
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .where(
            Candidate.campaign_id == campaign_id,
            Candidate.status == WAITLIST,
            Candidate.batch.is_(None),
            Candidate.fee_minor <= most_minor,
        )
    )
    known = await known_creators(session, campaign_id)
    return [option_of(candidate, creator, known) for candidate, creator in rows]


async def held(session: AsyncSession, campaign_id: str) -> list[Option]:
    """Those who take part: asked and not ended, or completed."""
    rows = await session.execute(
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .join(Collaboration, Collaboration.id == Candidate.collaboration_id)
        .where(
            Candidate.campaign_id == campaign_id,
            (Collaboration.stage != Stage.CLOSED.value)
            | (Collaboration.outcome == Outcome.COMPLETED.value),
        )
    )
    known = await known_creators(session, campaign_id)
    return [option_of(candidate, creator, known) for candidate, creator in rows]


async def start_these(
    session: AsyncSession,
    campaign: Campaign,
    batch: int,
    why: Mapping[str, str],
    at: datetime,
) -> list[str]:
    """Write down collaborations with creators by id, each with the sentence that says why.

    Returns:
        Those of them who asked not to be contacted, and so were not started.
    """
    rows = await session.execute(
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .where(Candidate.campaign_id == campaign.id, Candidate.creator_id.in_(list(why)))
        .order_by(Candidate.place, Candidate.creator_id)
    )
    found = [(candidate, creator) for candidate, creator in rows]
    refusing = await opted_out(session, [creator.email for _, creator in found])
    for candidate, creator in found:
        if creator.email not in refusing:
            candidate.reasons = [why[creator.id], *without_place(candidate.reasons)]
            _start(session, campaign, candidate, batch, at)
    await session.flush()
    return [creator.id for _, creator in found if creator.email in refusing]


async def is_exhausted(session: AsyncSession, campaign_id: str) -> bool:
    """True if nobody is left who could start, even if every open offer came to nothing."""
    balances = await ledger.balances(session, campaign_id)
    after = (-1, "")
    while page := await _next_in_line(session, campaign_id, after):
        unwilling = await opted_out(session, [creator.email for _, creator in page])
        for candidate, creator in page:
            after = (candidate.place, candidate.creator_id)
            if candidate.fee_minor <= balances.available and creator.email not in unwilling:
                return False
    return True


async def _next_in_line(
    session: AsyncSession, campaign_id: str, after: tuple[int, str], *only: ColumnElement[bool]
) -> Sequence[tuple[Candidate, Creator]]:
    rows = await session.execute(
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .where(
            Candidate.campaign_id == campaign_id,
            Candidate.status != OUT,
            Candidate.batch.is_(None),
            _beyond(after),
            *only,
        )
        .order_by(Candidate.place, Candidate.creator_id)
        .limit(READ_AT_ONCE)
    )
    return [(candidate, creator) for candidate, creator in rows]


def _beyond(after: tuple[int, str]) -> ColumnElement[bool]:
    place, creator_id = after
    return (Candidate.place > place) | (
        (Candidate.place == place) & (Candidate.creator_id > creator_id)
    )


async def _offered(session: AsyncSession, campaign_id: str) -> int:
    """What unsigned collaborations would cost if all of them signed."""
    total = await session.scalar(
        select(func.coalesce(func.sum(Collaboration.fee_minor), 0)).where(
            Collaboration.campaign_id == campaign_id, Collaboration.stage.in_(_UNSIGNED)
        )
    )
    return int(total or 0)


def _start(
    session: AsyncSession, campaign: Campaign, candidate: Candidate, batch: int, at: datetime
) -> None:
    candidate.batch = batch
    candidate.collaboration_id = collaboration_id(campaign.id, candidate.creator_id)
    session.add(
        Collaboration(
            id=candidate.collaboration_id,
            campaign_id=campaign.id,
            creator_id=candidate.creator_id,
            stage=Stage.SCREENING.value,
            waiting_for=WaitingFor.ENGINE.value,
            quoted_minor=candidate.fee_minor,
            fee_minor=candidate.fee_minor,
            currency=campaign.currency,
            salt=secrets.token_hex(16),
            created_at=at,
            updated_at=at,
        )
    )
