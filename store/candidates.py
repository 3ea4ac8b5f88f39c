"""Candidates of a campaign: what vetting found, and the shortlist's order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.addresses import address_hash
from domain.categories import category_of
from domain.lifecycle import Outcome
from domain.quotas import Traits
from domain.safety import CreatorVerdict
from domain.shortlist import Option
from domain.vetting import Vetted
from domain.wishes import STRUCK
from store.tables import (
    Campaign,
    Candidate,
    Collaboration,
    Creator,
    CreatorPost,
    Suppression,
)

POSTS_READ = 30
"""Newest posts of a creator that are read."""

CHOSEN, WAITLIST, OUT = "chosen", "waitlist", "out"

_SAID_NO = ("opt_out", "complaint")
"""Suppressions by the person's own will; a bounced address can still be asked by hand."""

_VETTED = (
    "status", "place", "verdict", "verdict_reasons", "judged_by", "judged_at", "out_rule",
    "reasons", "fit_percent", "quote", "fee_minor", "expected",
)  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """A candidate's place in the order of invitation; a struck one has none."""

    creator_id: str
    status: str
    place: int
    reasons: list[str]
    out_rule: str = ""


@dataclass(frozen=True)
class Suitable:
    """What choosing needs to know of a candidate."""

    option: Option
    reasons: list[str]


async def page_of_creators(session: AsyncSession, after: str, size: int) -> Sequence[Creator]:
    """The next creators of the roster by id."""
    found = await session.scalars(
        select(Creator).where(Creator.id > after).order_by(Creator.id).limit(size)
    )
    return found.all()


async def newest_captions(
    session: AsyncSession, creator_ids: Sequence[str], since: datetime
) -> dict[str, list[str]]:
    """The newest captions of each creator since a moment or without a date, newest first."""
    number = func.row_number().over(
        partition_by=CreatorPost.creator_id,
        order_by=(CreatorPost.posted_at.desc().nulls_last(), CreatorPost.id.desc()),
    )
    ranked = (
        select(CreatorPost.creator_id, CreatorPost.caption, number.label("number"))
        .where(
            CreatorPost.creator_id.in_(creator_ids),
            or_(CreatorPost.posted_at.is_(None), CreatorPost.posted_at >= since),
        )
        .subquery()
    )
    rows = await session.execute(
        select(ranked.c.creator_id, ranked.c.caption)
        .where(ranked.c.number <= POSTS_READ)
        .order_by(ranked.c.creator_id, ranked.c.number)
    )
    captions: dict[str, list[str]] = {creator_id: [] for creator_id in creator_ids}
    for creator_id, caption in rows:
        captions[creator_id].append(caption)
    return captions


async def save_vetted(
    session: AsyncSession, campaign_id: str, vetted: Sequence[Vetted], at: datetime
) -> None:
    """Write what vetting found; whoever was started already stays as is."""
    if not vetted:
        return
    rows = [
        {
            "campaign_id": campaign_id,
            "creator_id": each.creator_id,
            "status": WAITLIST if each.suitable else OUT,
            "place": 0,
            "verdict": each.verdict,
            "verdict_reasons": each.verdict_reasons,
            "judged_by": each.judged_by,
            "judged_at": at,
            "out_rule": each.out_rule,
            "reasons": each.reasons,
            "fit_percent": each.fit_percent,
            "quote": each.quote,
            "fee_minor": each.fee_minor,
            "expected": each.expected,
        }
        for each in vetted
    ]
    statement = insert(Candidate)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["campaign_id", "creator_id"],
            set_={name: getattr(statement.excluded, name) for name in _VETTED},
            where=Candidate.batch.is_(None),
        ),
        rows,
    )


async def count_vetted(session: AsyncSession, campaign_id: str) -> tuple[int, int]:
    """How many candidates there are, and how many of them no rule leaves out."""
    row = (
        await session.execute(
            select(func.count(), func.count().filter(Candidate.status != OUT)).where(
                Candidate.campaign_id == campaign_id
            )
        )
    ).one()
    return row[0], row[1]


async def count_by_status(session: AsyncSession, campaign_id: str) -> dict[str, int]:
    """How many candidates have each status."""
    rows = await session.execute(
        select(Candidate.status, func.count())
        .where(Candidate.campaign_id == campaign_id)
        .group_by(Candidate.status)
    )
    return {status: count for status, count in rows}


async def left_out_by_rule(session: AsyncSession, campaign_id: str) -> dict[str, int]:
    """How many candidates each rule leaves out, the strictest rule first."""
    rows = await session.execute(
        select(Candidate.out_rule, func.count())
        .where(Candidate.campaign_id == campaign_id, Candidate.status == OUT)
        .group_by(Candidate.out_rule)
        .order_by(func.count().desc(), Candidate.out_rule)
    )
    return {rule: count for rule, count in rows}


async def suitable(session: AsyncSession, campaign_id: str) -> list[Suitable]:
    """Every candidate whom no rule leaves out; a person's word is no rule."""
    rows = await session.execute(
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .where(
            Candidate.campaign_id == campaign_id,
            or_(Candidate.status != OUT, Candidate.out_rule == STRUCK),
        )
        .order_by(Candidate.creator_id)
    )
    known = await known_creators(session, campaign_id)
    return [
        Suitable(option_of(candidate, creator, known), candidate.reasons)
        for candidate, creator in rows
    ]


def option_of(candidate: Candidate, creator: Creator, known: Collection[str]) -> Option:
    """A candidate as choosing sees it."""
    return Option(creator.id, candidate.fee_minor, candidate.expected, traits_of(creator, known))


def traits_of(creator: Creator, known: Collection[str]) -> Traits:
    """What quotas ask of a creator."""
    return Traits(
        handle=creator.handle,
        platform=creator.platform,
        country=creator.audience_country or creator.country,
        category=category_of(creator.category),
        followers=creator.followers,
        known=creator.id in known,
    )


async def known_creators(session: AsyncSession, campaign_id: str) -> set[str]:
    """Those who completed a collaboration with the campaign's brand in another campaign."""
    brand = Campaign.file["brand"]["name"].astext
    this = select(brand).where(Campaign.id == campaign_id).scalar_subquery()
    rows = await session.scalars(
        select(Collaboration.creator_id)
        .join(Campaign, Campaign.id == Collaboration.campaign_id)
        .where(
            Collaboration.outcome == Outcome.COMPLETED.value,
            Collaboration.campaign_id != campaign_id,
            brand == this,
        )
    )
    return set(rows)


async def chosen_ids(session: AsyncSession, campaign_id: str) -> set[str]:
    """Who is chosen now."""
    rows = await session.scalars(
        select(Candidate.creator_id).where(
            Candidate.campaign_id == campaign_id, Candidate.status == CHOSEN
        )
    )
    return set(rows)


async def place(
    session: AsyncSession,
    campaign_id: str,
    places: Sequence[Placed],
    digest: str,
    record: dict[str, Any],
) -> None:
    """Write the order of invitation, how good it is, and the digest that the manager signs off."""
    if places:
        await session.execute(
            update(Candidate),
            [
                {
                    "campaign_id": campaign_id,
                    "creator_id": each.creator_id,
                    "status": each.status,
                    "place": each.place,
                    "reasons": each.reasons,
                    "out_rule": each.out_rule,
                }
                for each in places
            ],
        )
    await session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id)
        .values(shortlist_digest=digest, shortlist=record)
    )


async def opted_out(session: AsyncSession, emails: Sequence[str]) -> set[str]:
    """Those of the addresses whose owners never want to be asked again."""
    return await _suppressed(session, emails, Suppression.reason.in_(_SAID_NO))


async def suppressed(session: AsyncSession, emails: Sequence[str]) -> set[str]:
    """Those of the addresses that no mail is sent to, for whatever reason."""
    return await _suppressed(session, emails)


async def _suppressed(
    session: AsyncSession, emails: Sequence[str], *conditions: ColumnElement[bool]
) -> set[str]:
    hashes = {email: address_hash(email) for email in emails if email}
    found = set(
        await session.scalars(
            select(Suppression.address_hash).where(
                Suppression.address_hash.in_(set(hashes.values())), *conditions
            )
        )
    )
    return {email for email, hashed in hashes.items() if hashed in found}


async def save_verdict(
    session: AsyncSession,
    campaign_id: str,
    creator_id: str,
    verdict: CreatorVerdict,
    at: datetime,
) -> None:
    """Keep what the latest look at a creator's posts found."""
    await session.execute(
        update(Candidate)
        .where(Candidate.campaign_id == campaign_id, Candidate.creator_id == creator_id)
        .values(
            verdict=verdict.verdict.value,
            verdict_reasons=list(verdict.reasons),
            judged_by=verdict.engine,
            judged_at=at,
        )
    )
