"""What a publication check needs to know, and the looks that were taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.errors import NotFound
from domain.lifecycle import CheckState
from store.tables import Campaign, Check, Collaboration, Creator, Draft, Publication

_SEEN_LIVE = (CheckState.OK, CheckState.FAULTY, CheckState.UNSURE)


@dataclass(frozen=True)
class Reported:
    """A reported post beside what was agreed about it."""

    collaboration_id: str
    publication_id: str
    creator_id: str
    platform: str
    """Where the reported post is."""
    agreed_platform: str
    """Where the contracted account is."""
    url: str
    post_id: str
    reported_at: datetime
    handle: str
    account_id: str
    """The platform's id of the contracted account; empty if it was never learned."""
    country: str
    """Of the audience: whose disclosure rules hold."""
    language: str
    file: CampaignFile
    approved_caption: str
    seen_live: bool
    """True if an earlier look found the post."""


@dataclass(frozen=True)
class Look:
    """What one look found, as it is stored."""

    state: str
    level: str
    faults: Sequence[str]
    reasons: Sequence[str]
    evidence: dict[str, Any]
    checked_at: datetime


async def load(session: AsyncSession, collaboration_id: str, publication_id: str) -> Reported:
    """Read a publication with its campaign, creator and approved draft.

    Raises:
        NotFound: the collaboration has no such publication.
    """
    found = (
        await session.execute(
            select(Publication, Collaboration, Campaign, Creator, Draft.caption)
            .join(Collaboration, Collaboration.id == Publication.collaboration_id)
            .join(Campaign, Campaign.id == Collaboration.campaign_id)
            .join(Creator, Creator.id == Collaboration.creator_id)
            .outerjoin(
                Draft,
                (Draft.collaboration_id == Collaboration.id)
                & (Draft.version == Collaboration.draft_version),
            )
            .where(Publication.id == publication_id, Collaboration.id == collaboration_id)
            .order_by(Draft.created_at.desc())
            .limit(1)
        )
    ).one_or_none()
    if found is None:
        raise NotFound("the collaboration has no such publication")
    publication, collaboration, campaign, creator, caption = found
    file = CampaignFile.model_validate(campaign.file)
    return Reported(
        collaboration_id=collaboration.id,
        publication_id=publication.id,
        creator_id=creator.id,
        platform=publication.platform,
        agreed_platform=creator.platform,
        url=publication.url,
        post_id=publication.platform_post_id,
        reported_at=publication.created_at,
        handle=creator.handle,
        account_id=creator.platform_account_id,
        country=creator.audience_country or creator.country or file.markets[0],
        language=creator.language,
        file=file,
        approved_caption=caption or "",
        seen_live=await _seen_live(session, publication),
    )


async def _seen_live(session: AsyncSession, publication: Publication) -> bool:
    """True if an earlier look at the same post, under any report of it, found it live."""
    return bool(
        await session.scalar(
            select(
                exists().where(
                    Check.publication_id == Publication.id,
                    Publication.collaboration_id == publication.collaboration_id,
                    Publication.platform_post_id == publication.platform_post_id,
                    Check.state.in_([state.value for state in _SEEN_LIVE]),
                )
            )
        )
    )


async def find(session: AsyncSession, publication_id: str, number: int) -> Check | None:
    """The look with this number, if it was taken already."""
    return await session.scalar(
        select(Check).where(Check.publication_id == publication_id, Check.number == number)
    )


async def since(session: AsyncSession, publication_id: str, number: int) -> Sequence[Check]:
    """The looks at a publication from a number on, in order."""
    rows = await session.scalars(
        select(Check)
        .where(Check.publication_id == publication_id, Check.number >= number)
        .order_by(Check.number)
    )
    return rows.all()


async def record(session: AsyncSession, reported: Reported, number: int, look: Look) -> Check:
    """Store a look; if another worker stored this number first, that one counts."""
    await session.execute(
        insert(Check)
        .values(
            collaboration_id=reported.collaboration_id,
            publication_id=reported.publication_id,
            number=number,
            state=look.state,
            level=look.level,
            faults=list(look.faults),
            reasons=list(look.reasons),
            evidence=look.evidence,
            checked_at=look.checked_at,
        )
        .on_conflict_do_nothing(index_elements=["publication_id", "number"])
    )
    stored = await find(session, reported.publication_id, number)
    assert stored is not None
    return stored


async def learn_account(session: AsyncSession, reported: Reported, account_id: str) -> None:
    """Remember the platform's id of the contracted account; a known one is never replaced."""
    await session.execute(
        update(Creator)
        .where(Creator.id == reported.creator_id, Creator.platform_account_id == "")
        .values(platform_account_id=account_id)
    )


async def last_look(session: AsyncSession, collaboration_id: str) -> Check | None:
    """The newest look at any of a collaboration's posts."""
    return await session.scalar(
        select(Check)
        .where(Check.collaboration_id == collaboration_id)
        .order_by(Check.checked_at.desc(), Check.id.desc())
        .limit(1)
    )
