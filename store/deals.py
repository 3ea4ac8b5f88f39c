"""Fees that were signed in earlier campaigns, beside what had been quoted."""

from __future__ import annotations

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.agreed import Deal, quoted_by_card
from store.tables import Candidate, Collaboration, Creator, Signature, Terms

_READ = 2_000
"""Newest deals that are read; what was agreed before them says little about today."""


async def deals(session: AsyncSession, campaign_id: str, currency: str) -> list[Deal]:
    """The newest deals of all other campaigns in one currency, the newest first."""
    rows = await session.execute(
        select(Candidate.creator_id, Creator.platform, Candidate.quote, Terms.fee_minor)
        .select_from(Signature)
        .join(Terms, Terms.id == Signature.terms_id)
        .join(Collaboration, Collaboration.id == Terms.collaboration_id)
        .join(
            Candidate,
            and_(
                Candidate.campaign_id == Collaboration.campaign_id,
                Candidate.creator_id == Collaboration.creator_id,
            ),
        )
        .join(Creator, Creator.id == Collaboration.creator_id)
        .where(Collaboration.campaign_id != campaign_id, Collaboration.currency == currency)
        .order_by(Signature.created_at.desc(), Signature.id)
        .limit(_READ)
    )
    return [
        Deal(creator_id, platform, quoted_by_card(quote), fee_minor)
        for creator_id, platform, quote, fee_minor in rows
    ]
