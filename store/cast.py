"""Who is in the roster, for the process that plays them: simulated creators only."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.tables import Candidate, Creator


async def everybody(session: AsyncSession) -> Sequence[Creator]:
    """Every creator of the roster, by handle."""
    return (await session.scalars(select(Creator).order_by(Creator.handle_key, Creator.id))).all()


async def first_in_line(session: AsyncSession, campaign_id: str) -> Sequence[Creator]:
    """The chosen of a campaign in the order of invitation."""
    return (
        await session.scalars(
            select(Creator)
            .join(Candidate, Candidate.creator_id == Creator.id)
            .where(Candidate.campaign_id == campaign_id, Candidate.status == "chosen")
            .order_by(Candidate.place)
        )
    ).all()
