"""Claims: what is open of them, and how the ledger has it.

What is open of a claim is its amount less its parts. A part that a release keeps back counts from
that release on, so that no two payments keep back the same; the ledger moves when that payment is
over, since a payment that is called off gives its part back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus, OpenClaim, SettledBy
from domain.lifecycle import PayoutStatus
from domain.messages import Posting, PostingKind
from store import crediting, ledger
from store.tables import Claim, ClaimPart, Payout

OVER = (
    PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value, PayoutStatus.ELSEWHERE.value,
    PayoutStatus.CANCELLED.value,
)  # fmt: skip
"""Where a payment ends: what it keeps back has come back, or was given back."""


def open_minor() -> ColumnElement[int]:
    """What is open of a claim, as SQL."""
    parts = (
        select(func.coalesce(func.sum(ClaimPart.amount_minor), 0))
        .where(ClaimPart.claim_id == Claim.id)
        .correlate(Claim)
        .scalar_subquery()
    )
    # A sum of integers is a decimal number in PostgreSQL.
    return cast(Claim.amount_minor - parts, BigInteger)


def under_way() -> ColumnElement[int]:
    """What payments that are not over keep back of a claim, as SQL."""
    kept = (
        select(func.coalesce(func.sum(ClaimPart.amount_minor), 0))
        .join(Payout, Payout.id == ClaimPart.payout_id)
        .where(ClaimPart.claim_id == Claim.id, Payout.status.not_in(OVER))
        .correlate(Claim)
        .scalar_subquery()
    )
    return cast(kept, BigInteger)


async def left_of(session: AsyncSession, claim_id: str) -> int:
    """What has not come back of a claim: what is open, and what payments under way keep back."""
    left = await session.scalar(select(open_minor() + under_way()).where(Claim.id == claim_id))
    return int(left or 0)


async def open_on(session: AsyncSession, collaboration_id: str) -> list[OpenClaim]:
    """Confirmed claims on a collaboration with what is open of each; locked."""
    query = select(Claim.id).where(
        Claim.collaboration_id == collaboration_id, Claim.status == ClaimStatus.CONFIRMED.value
    )
    query = query.order_by(Claim.created_at, Claim.id)
    locked = await session.scalars(query.with_for_update())
    rows = await session.execute(query.where(Claim.id.in_(locked.all())).add_columns(open_minor()))
    return [OpenClaim(claim, int(left)) for claim, left in rows if left > 0]


async def touched_by(session: AsyncSession, payout_id: str) -> Sequence[str]:
    """Claims that a payment has made smaller, or that are open again without it."""
    found = await session.scalars(
        select(ClaimPart.claim_id)
        .where(ClaimPart.payout_id == payout_id)
        .distinct()
        .order_by(ClaimPart.claim_id)
    )
    return found.all()


async def come_back(session: AsyncSession, campaign_id: str) -> Sequence[tuple[str, int]]:
    """What was kept back or repaid of a campaign's claims, by collaboration."""
    kinds = [SettledBy.NETTED, SettledBy.GIVEN_BACK, SettledBy.REPAID]
    rows = await session.execute(
        select(Claim.collaboration_id, func.sum(ClaimPart.amount_minor))
        .join(ClaimPart, ClaimPart.claim_id == Claim.id)
        .where(Claim.campaign_id == campaign_id, ClaimPart.kind.in_([each.value for each in kinds]))
        .group_by(Claim.collaboration_id)
    )
    return [(collaboration, int(amount)) for collaboration, amount in rows]


async def post(
    session: AsyncSession,
    claim: Claim,
    cause: str,
    amount: int,
    at: datetime,
    *,
    recovered: bool,
    payout_id: str | None = None,
) -> None:
    """Move a claim's money: it is less, and if it has come back, the budget has it."""
    kinds = [PostingKind.DISCHARGE, PostingKind.RECOVER] if recovered else [PostingKind.LIFT]
    postings = [
        Posting(kind=kind, key=f"{kind.value}:{claim.id}:{cause}", amount_minor=amount)
        for kind in kinds
    ]
    await ledger.post_all(
        session, claim.campaign_id, claim.creator_id, claim.collaboration_id, payout_id, postings,
        claim.currency, at,
    )  # fmt: skip
    if recovered:
        await crediting.credit_claim(session, claim, postings[-1].key, amount, at)
