"""What collaborations have earned, and what is claimed of it: no claim is owed beyond that."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus, SettledBy
from domain.lifecycle import PayoutStatus
from store.tables import Claim, ClaimPart, Collaboration, Payout

_LOST_TOO = frozenset({SettledBy.TAKEN_BACK, SettledBy.NOT_EARNED})
"""What makes a claim smaller and is not earned any more either: not to be counted twice."""


async def lock(session: AsyncSession, collaboration_id: str) -> None:
    """What a collaboration has earned, and what of it is owed back, changes in one place at a time.

    To be taken before the ledger's accounts, as whoever settles a claim does.
    """
    mine = select(Collaboration.id).where(Collaboration.id == collaboration_id)
    await session.execute(mine.with_for_update(key_share=True))
    owed = select(Claim.id).where(
        Claim.collaboration_id == collaboration_id, Claim.status == ClaimStatus.CONFIRMED.value
    )
    await session.execute(owed.order_by(Claim.created_at, Claim.id).with_for_update())


async def claimable(session: AsyncSession, collaboration_id: str) -> int:
    """The most that a claim may ask for: what was earned, not taken back, and not claimed yet.

    What is earned and not sent counts too: the claim is then kept back from it.
    """
    return max(0, await earned_beyond_claims(session, collaboration_id))


async def earned_beyond_claims(session: AsyncSession, collaboration_id: str) -> int:
    """What was earned less all that is claimed of it; below zero if it was lost since."""
    claimed = await _claimed(session, collaboration_id, set(ClaimStatus) - {ClaimStatus.DROPPED})
    lost = await _settled(session, collaboration_id, _LOST_TOO)
    return await _earned(session, collaboration_id) + lost - claimed


async def owed_beyond_earned(
    session: AsyncSession, collaboration_id: str, *, without: str = ""
) -> int:
    """What a creator owes, or has given back already, beyond what was earned; 0 if it is not.

    Args:
        session: a transaction.
        collaboration_id: the collaboration.
        without: a payment that is reckoned as called off.
    """
    stand = {ClaimStatus.CONFIRMED, ClaimStatus.SETTLED}
    asked = await _claimed(session, collaboration_id, stand)
    let_go = await _settled(session, collaboration_id, _LOST_TOO | {SettledBy.WAIVED})
    return max(0, asked - let_go - await _earned(session, collaboration_id, without))


async def _earned(session: AsyncSession, collaboration_id: str, without: str = "") -> int:
    total = func.sum(Payout.amount_minor - Payout.reversed_minor)
    found = await session.scalar(
        select(func.coalesce(total, 0)).where(
            Payout.collaboration_id == collaboration_id,
            Payout.status != PayoutStatus.CANCELLED.value,
            Payout.id != without,
        )
    )
    return int(found or 0)


async def _claimed(
    session: AsyncSession, collaboration_id: str, statuses: Collection[ClaimStatus]
) -> int:
    found = await session.scalar(
        select(func.coalesce(func.sum(Claim.amount_minor), 0)).where(
            Claim.collaboration_id == collaboration_id,
            Claim.status.in_([each.value for each in statuses]),
        )
    )
    return int(found or 0)


async def _settled(
    session: AsyncSession, collaboration_id: str, ways: Collection[SettledBy]
) -> int:
    found = await session.scalar(
        select(func.coalesce(func.sum(ClaimPart.amount_minor), 0))
        .join(Claim, Claim.id == ClaimPart.claim_id)
        .where(
            Claim.collaboration_id == collaboration_id,
            ClaimPart.kind.in_([each.value for each in ways]),
        )
    )
    return int(found or 0)
