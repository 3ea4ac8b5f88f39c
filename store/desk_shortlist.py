"""What the desk shows of a campaign's candidates."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from store.paging import PAGE, Page, mark, read_mark
from store.tables import Candidate, Creator


@dataclass(frozen=True)
class ShortlistPart:
    """How many candidates of one status, and what they cost together."""

    count: int
    fee_minor: int
    expected: int


async def shortlist_sums(session: AsyncSession, campaign_id: str) -> dict[str, ShortlistPart]:
    """Sums by status of a campaign's candidates."""
    rows = await session.execute(
        select(
            Candidate.status,
            func.count(),
            func.coalesce(func.sum(Candidate.fee_minor), 0),
            func.coalesce(func.sum(Candidate.expected), 0),
        )
        .where(Candidate.campaign_id == campaign_id)
        .group_by(Candidate.status)
    )
    return {
        status: ShortlistPart(int(count), int(fee), int(expected))
        for status, count, fee, expected in rows
    }


async def candidates(
    session: AsyncSession, campaign_id: str, status: str, after: str = ""
) -> Page[tuple[Candidate, Creator]]:
    """Candidates of one status in the order in which they are invited."""
    query = (
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .where(Candidate.campaign_id == campaign_id, Candidate.status == status)
        .order_by(Candidate.place, Candidate.creator_id)
        .limit(PAGE + 1)
    )
    position = read_mark(after, int, str)
    if position:
        query = query.where(
            tuple_(Candidate.place, Candidate.creator_id)
            > tuple_(int(position[0]), str(position[1]))
        )
    found = [(candidate, creator) for candidate, creator in (await session.execute(query))]
    last = found[PAGE - 1][0] if len(found) > PAGE else None
    return Page(tuple(found[:PAGE]), mark(last.place, last.creator_id) if last else "")


async def candidate(session: AsyncSession, campaign_id: str, creator_id: str) -> Candidate | None:
    """What the campaign thinks of one creator."""
    return await session.get(Candidate, (campaign_id, creator_id))
