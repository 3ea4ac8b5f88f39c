"""What people decided about brand safety in earlier campaigns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import DecisionKind
from domain.overruling import Overruling
from store.tables import Campaign, Candidate, Collaboration, Decision


async def overrulings(
    session: AsyncSession, creator_ids: Sequence[str], campaign_id: str
) -> dict[str, Overruling]:
    """The newest word of a person on each creator, from all campaigns but one."""
    rows = await session.execute(
        select(Decision, Collaboration.creator_id, Campaign.name, Candidate.verdict_reasons)
        .join(Collaboration, Collaboration.id == Decision.subject_id)
        .join(Campaign, Campaign.id == Collaboration.campaign_id)
        .join(
            Candidate,
            and_(
                Candidate.campaign_id == Collaboration.campaign_id,
                Candidate.creator_id == Collaboration.creator_id,
            ),
        )
        .where(
            Collaboration.creator_id.in_(creator_ids),
            Collaboration.campaign_id != campaign_id,
            Decision.kind == DecisionKind.JUDGE_SCREENING.value,
            Decision.status == "applied",
        )
        .order_by(Decision.created_at, Decision.id)
    )
    return {
        creator_id: Overruling(
            cleared=decision.choice.get("answer") == "clear",
            why=decision.comment,
            at=decision.created_at,
            campaign=name,
            findings=tuple(str(reason) for reason in reasons),
        )
        for decision, creator_id, name, reasons in rows
    }
