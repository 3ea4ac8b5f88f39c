"""Figures of accounts day by day, and the marks of comments: what credibility looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.comments import Counts, count
from domain.growth import Figures
from domain.roster import CreatorRecord
from store.tables import CreatorFigures, CreatorPost

FIGURES = ("followers", "following", "posts_count", "engagement_ppm")
"""Columns of a creator that are of a day."""

KEPT_DAYS = 24
"""Newest days that are looked at."""


async def newest_days(session: AsyncSession, creator_ids: Sequence[str]) -> dict[str, date]:
    """The last day of which each creator's figures are known."""
    rows = await session.execute(
        select(CreatorFigures.creator_id, func.max(CreatorFigures.seen_on))
        .where(CreatorFigures.creator_id.in_(creator_ids))
        .group_by(CreatorFigures.creator_id)
    )
    return {creator_id: day for creator_id, day in rows}


async def note(session: AsyncSession, records: Mapping[str, CreatorRecord], at: datetime) -> None:
    """Keep what a list says of creators (by id); the same day again is written over."""
    if not records:
        return
    statement = insert(CreatorFigures)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["creator_id", "seen_on"],
            set_={
                "followers": statement.excluded.followers,
                "engagement_ppm": func.coalesce(
                    statement.excluded.engagement_ppm, CreatorFigures.engagement_ppm
                ),
            },
        ),
        [
            {
                "creator_id": creator_id,
                "seen_on": record.seen_on or at.date(),
                "followers": record.followers,
                "engagement_ppm": record.engagement_ppm,
            }
            for creator_id, record in records.items()
        ],
    )


async def histories(
    session: AsyncSession, creator_ids: Sequence[str]
) -> dict[str, tuple[Figures, ...]]:
    """The figures of each creator on the newest days, the newest first."""
    found: dict[str, list[Figures]] = {creator_id: [] for creator_id in creator_ids}
    rows = await session.execute(
        select(
            CreatorFigures.creator_id, CreatorFigures.seen_on, CreatorFigures.followers,
            CreatorFigures.engagement_ppm,
        )
        .where(CreatorFigures.creator_id.in_(creator_ids))
        .order_by(CreatorFigures.creator_id, CreatorFigures.seen_on.desc())
    )  # fmt: skip
    for creator_id, seen_on, followers, engagement_ppm in rows:
        if len(found[creator_id]) < KEPT_DAYS:
            found[creator_id].append(Figures(seen_on, followers, engagement_ppm))
    return {creator_id: tuple(days) for creator_id, days in found.items()}


async def comments(session: AsyncSession, creator_ids: Sequence[str]) -> dict[str, Counts]:
    """What was counted in the comments of each creator who has any."""
    found: dict[str, list[str]] = {}
    rows = await session.execute(
        select(CreatorPost.creator_id, CreatorPost.comment_marks).where(
            CreatorPost.creator_id.in_(creator_ids), CreatorPost.comment_marks.is_not(None)
        )
    )
    for creator_id, marks in rows:
        found.setdefault(creator_id, []).extend(marks or ())
    return {creator_id: count(marks) for creator_id, marks in found.items()}
