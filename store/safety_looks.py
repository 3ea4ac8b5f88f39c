"""Looks at the posts of those who take part: what was found, by what, when, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import SafetyVerdict, Stage
from domain.messages import ScandalFound
from domain.scandal import keys_of
from store.tables import Collaboration, CreatorPost, SafetyLook


@dataclass(frozen=True)
class Before:
    """What earlier looks at a collaboration's creator found."""

    verdict: SafetyVerdict
    keys: frozenset[str]


async def before(session: AsyncSession, collaboration_id: str) -> Before | None:
    """What was known until now; ``None`` if nobody has looked yet."""
    rows = (
        await session.scalars(
            select(SafetyLook)
            .where(SafetyLook.collaboration_id == collaboration_id)
            .order_by(SafetyLook.looked_at.desc(), SafetyLook.digest)
        )
    ).all()
    if not rows:
        return None
    return Before(
        SafetyVerdict(rows[0].verdict), frozenset(keys_of([row.evidence for row in rows]))
    )


async def newest_post(session: AsyncSession, creator_id: str) -> int:
    """The id of the post that came in last; 0 if there is none."""
    found = await session.scalar(
        select(func.max(CreatorPost.id)).where(CreatorPost.creator_id == creator_id)
    )
    return found or 0


async def keep(session: AsyncSession, values: dict[str, Any]) -> bool:
    """Write a look down; the same one again keeps what it said. Returns whether it is news."""
    statement = insert(SafetyLook).values(**values)
    again = {name: values[name] for name in ("looked_at", "newest_post_id")}
    news = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=["collaboration_id", "digest"], set_=again
        ).returning(SafetyLook.news)
    )
    return bool(news)


async def to_look_at(session: AsyncSession, limit: int) -> list[str]:
    """Collaborations under way whose creators have posts that nobody has read."""
    last = (
        select(func.max(SafetyLook.newest_post_id))
        .where(SafetyLook.collaboration_id == Collaboration.id)
        .scalar_subquery()
    )
    # The first look is the workflow's own, before the first mail.
    read = case((Collaboration.stage == Stage.SCREENING.value, last), else_=func.coalesce(last, -1))
    newest = (
        select(func.coalesce(func.max(CreatorPost.id), 0))
        .where(CreatorPost.creator_id == Collaboration.creator_id)
        .scalar_subquery()
    )
    rows = await session.scalars(
        select(Collaboration.id)
        .where(Collaboration.stage != Stage.CLOSED.value, newest > read)
        .order_by(Collaboration.id)
        .limit(limit)
    )
    return list(rows)


async def untold(session: AsyncSession, limit: int) -> list[tuple[str, ScandalFound]]:
    """News that no workflow has been told yet, by collaboration under way, the oldest first."""
    rows = await session.scalars(
        select(SafetyLook)
        .join(Collaboration, Collaboration.id == SafetyLook.collaboration_id)
        .where(
            SafetyLook.news,
            SafetyLook.told_at.is_(None),
            Collaboration.stage != Stage.CLOSED.value,
        )
        .order_by(SafetyLook.looked_at)
        .limit(limit)
    )
    return [
        (
            row.collaboration_id,
            ScandalFound(verdict=SafetyVerdict(row.verdict), digest=row.digest),
        )
        for row in rows
    ]


async def mark_told(
    session: AsyncSession, collaboration_id: str, digest: str, at: datetime
) -> None:
    """Note that the workflow knows."""
    await session.execute(
        update(SafetyLook)
        .where(SafetyLook.collaboration_id == collaboration_id, SafetyLook.digest == digest)
        .values(told_at=at)
    )


async def look(session: AsyncSession, collaboration_id: str, digest: str) -> SafetyLook | None:
    """One look, as an inbox item names it."""
    return await session.get(SafetyLook, (collaboration_id, digest))


async def of_collaboration(session: AsyncSession, collaboration_id: str) -> Sequence[SafetyLook]:
    """Every look, the newest first."""
    rows = await session.scalars(
        select(SafetyLook)
        .where(SafetyLook.collaboration_id == collaboration_id)
        .order_by(SafetyLook.looked_at.desc(), SafetyLook.digest)
    )
    return rows.all()
