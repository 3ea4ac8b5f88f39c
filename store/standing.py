"""How many collaborations and payments of a campaign stand where."""

from __future__ import annotations

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import Outcome, PayoutStatus, Stage
from domain.messages import Standing
from store.tables import Collaboration, Payout

_BEFORE_SIGNING = [
    each.value for each in (Stage.SCREENING, Stage.INVITING, Stage.NEGOTIATING, Stage.CONTRACTING)
]
_SETTLED = [
    PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value, PayoutStatus.ELSEWHERE.value,
    PayoutStatus.CANCELLED.value,
]  # fmt: skip


async def count(session: AsyncSession, campaign_id: str) -> Standing:
    """Count a campaign's collaborations by what they mean for starting others."""
    stage, outcome = Collaboration.stage, Collaboration.outcome
    undecided = func.count().filter(stage.in_(_BEFORE_SIGNING))
    still_open = func.count().filter(stage != Stage.CLOSED.value)
    holding = func.count().filter(
        or_(
            (stage != Stage.CLOSED.value) & stage.not_in(_BEFORE_SIGNING),
            outcome == Outcome.COMPLETED.value,
            (stage == Stage.CLOSED.value) & Collaboration.delivered,
        )
    )
    row = (
        await session.execute(
            select(undecided, holding, still_open).where(Collaboration.campaign_id == campaign_id)
        )
    ).one()
    payouts = await session.scalar(
        select(func.count())
        .select_from(Payout)
        .where(Payout.campaign_id == campaign_id, Payout.status.not_in(_SETTLED))
    )
    return Standing(undecided=row[0], holding=row[1], open=row[2], open_payouts=payouts or 0)


async def running(session: AsyncSession, campaign_id: str) -> list[str]:
    """Ids of the collaborations that have not ended."""
    rows = await session.scalars(
        select(Collaboration.id)
        .where(Collaboration.campaign_id == campaign_id, Collaboration.stage != Stage.CLOSED.value)
        .order_by(Collaboration.id)
    )
    return list(rows)
