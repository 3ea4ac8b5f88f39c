"""What managers change in a shortlist: pins, strikes and swaps, each with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.campaign import CampaignFile
from domain.shortlist import spendable_of
from domain.wish_rules import Room, mistakes_in
from domain.wishes import Change, Known, Standing, Wish, handle_and_platform
from store.candidates import CHOSEN, OUT
from store.duties import Refused
from store.tables import Campaign, Candidate, Creator, ShortlistWish, Staff


async def keep(
    session: AsyncSession,
    campaign_id: str,
    staff_id: str,
    seen: str,
    changes: Sequence[Change],
    at: datetime,
) -> str:
    """Write the wishes of one form, in force only once they are applied; returns their id.

    The same form sent twice is one change: the id comes from what was asked, by whom, of what.
    """
    lines = [campaign_id, staff_id, seen]
    lines += [f"{c.creator_id} {c.wish} {c.other_id} {c.reason}" for c in changes]
    change_id = f"chg_{hashlib.sha256(chr(31).join(lines).encode()).hexdigest()[:20]}"
    rows = [
        {
            "change_id": change_id,
            "creator_id": change.creator_id,
            "campaign_id": campaign_id,
            "wish": change.wish.value,
            "reason": change.reason,
            "other_id": change.other_id or None,
            "staff_id": staff_id,
            "created_at": at,
        }
        for change in changes
    ]
    await session.execute(insert(ShortlistWish).on_conflict_do_nothing(), rows)
    return change_id


async def of_change(session: AsyncSession, campaign_id: str, change_id: str) -> list[Change]:
    """The wishes of one form, applied or not."""
    rows = await session.scalars(
        select(ShortlistWish)
        .where(ShortlistWish.campaign_id == campaign_id, ShortlistWish.change_id == change_id)
        .order_by(ShortlistWish.creator_id)
    )
    return [Change(row.creator_id, Wish(row.wish), row.reason, row.other_id or "") for row in rows]


async def people(session: AsyncSession, creator_ids: Collection[str]) -> dict[str, Creator]:
    """Creators by id."""
    rows = await session.scalars(select(Creator).where(Creator.id.in_(creator_ids)))
    return {row.id: row for row in rows}


async def standing(session: AsyncSession, campaign_id: str) -> dict[str, Standing]:
    """The wishes in force, by creator: the last word on each, unless it was taken back."""
    other = aliased(Creator)
    rows = await session.execute(
        select(ShortlistWish, Creator.handle, Staff.name, other.handle)
        .join(Creator, Creator.id == ShortlistWish.creator_id)
        .join(Staff, Staff.id == ShortlistWish.staff_id)
        .outerjoin(other, other.id == ShortlistWish.other_id)
        .where(ShortlistWish.campaign_id == campaign_id, ShortlistWish.number.is_not(None))
        .order_by(ShortlistWish.number, ShortlistWish.creator_id)
    )
    last = {
        row.creator_id: Standing(
            row.creator_id, handle, Wish(row.wish), row.reason, name, row.created_at,
            other_handle or "",
        )
        for row, handle, name, other_handle in rows
    }  # fmt: skip
    return {key: each for key, each in last.items() if each.wish is not Wish.FREE}


async def known(
    session: AsyncSession, campaign_id: str, who: Collection[str], wishes: Collection[Standing]
) -> list[Known]:
    """Candidates by id or handle, as the rules about wishes see them."""
    handles = {handle_and_platform(text)[0] for text in who}
    rows = await session.execute(
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .where(
            Candidate.campaign_id == campaign_id,
            or_(Creator.id.in_(who), Creator.handle_key.in_(handles)),
        )
    )
    holds = {each.creator_id: each.wish for each in wishes}
    return [
        Known(
            creator_id=creator.id, handle=creator.handle, platform=creator.platform,
            fee_minor=candidate.fee_minor, chosen=candidate.status == CHOSEN,
            out_rule=candidate.out_rule, why=str(next(iter(candidate.reasons), "")),
            wish=holds.get(creator.id),
        )
        for candidate, creator in rows
    ]  # fmt: skip


async def room(session: AsyncSession, campaign: Campaign, wishes: Collection[Standing]) -> Room:
    """What wishes for a campaign have to fit into."""
    file = CampaignFile.model_validate(campaign.file)
    pinned = [each.creator_id for each in wishes if each.wish is Wish.PIN]
    fees = await session.execute(
        select(Candidate.creator_id, Candidate.fee_minor).where(
            tuple_(Candidate.campaign_id, Candidate.creator_id).in_(
                [(campaign.id, creator_id) for creator_id in pinned]
            )
        )
    )
    suitable = await session.scalar(
        select(func.count())
        .select_from(Candidate)
        .where(Candidate.campaign_id == campaign.id, Candidate.status != OUT)
    )
    return Room(
        wanted=file.creators.wanted,
        spendable_minor=spendable_of(file.budget.total.minor),
        currency=file.currency,
        suitable=suitable or 0,
        pinned={creator_id: fee for creator_id, fee in fees},
    )


async def take(session: AsyncSession, campaign: Campaign, change_id: str) -> None:
    """Put the wishes of a form in force, after a last look; the campaign's row is locked.

    Raises:
        Refused: ``unknown_content``, ``already_decided``, or a rule's code.
    """
    changes = await of_change(session, campaign.id, change_id)
    if not changes:
        raise Refused("unknown_content")
    mine = ShortlistWish.change_id == change_id
    taken = select(func.max(ShortlistWish.number))
    if await session.scalar(taken.where(mine)) is not None:
        raise Refused("already_decided")
    wishes = (await standing(session, campaign.id)).values()
    found = await known(session, campaign.id, [each.creator_id for each in changes], wishes)
    about = {each.creator_id: each for each in found}
    for mistake in mistakes_in(changes, about, await room(session, campaign, wishes)):
        raise Refused(mistake.code)
    last = await session.scalar(taken.where(ShortlistWish.campaign_id == campaign.id))
    await session.execute(update(ShortlistWish).where(mine).values(number=(last or 0) + 1))
