"""Claims as people read them: at the desk, in the portal, and beside the payments they shrink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.claims import SettledBy, kept_back
from domain.decisions import DecisionKind
from store.accounts import RECEIVABLE
from store.claims import open_minor, under_way
from store.netting import netted_parts, open_claims
from store.release_limit import LIMIT
from store.tables import (
    Campaign,
    Claim,
    ClaimPart,
    Creator,
    Decision,
    LedgerAccount,
    Payout,
    Staff,
    Statement,
)

MOST = 200
"""Claims that are read for one page."""


@dataclass(frozen=True)
class ClaimLine:
    """One claim with what is said of it."""

    claim: Claim
    creator: Creator
    campaign_name: str
    claimant_id: str
    claimant: str
    """Name of who asks for it."""
    reason: str
    """Why, in the words that the creator reads."""
    answer: str
    """What the second person said; empty before it was decided."""
    open_minor: int
    """Not kept back, repaid, taken back or waived yet; 0 of one that does not stand."""
    kept_back_minor: int
    """Kept back from payments that are not over yet."""
    solo: bool
    """True if the brand is one person, who says alone whether a claim stands."""
    limit_minor: int
    """Above this a release needs a second person."""

    def is_kept_from(self, staff_id: str) -> bool:
        """True if this person asks for it: others say whether it is owed, came, or is waived."""
        return self.claimant_id == staff_id and not self.solo


@dataclass(frozen=True)
class Settlement:
    """Something by which a claim became smaller."""

    kind: SettledBy
    amount_minor: int
    at: datetime
    payout_id: str
    by: str
    """Name of who decided it; empty if nobody did."""
    comment: str


@dataclass(frozen=True)
class Netted:
    """What a payment keeps back for one claim."""

    claim_id: str
    amount_minor: int
    reason: str
    campaign_name: str
    """The campaign in which the claim arose; it may be another one than the payment's."""


def _lines() -> Select[Claim, Creator, str, str, str, str, str, int, int, bool, int]:
    verdict = aliased(Decision)
    answer = (
        select(verdict.comment)
        .where(
            verdict.subject_id == Claim.id,
            verdict.kind == DecisionKind.DECIDE_CLAIM.value,
            verdict.status == "applied",
        )
        .correlate(Claim)
        .scalar_subquery()
    )
    solo: ColumnElement[bool] = func.coalesce(Campaign.file["staffing"].astext == "solo", False)
    return (
        select(
            Claim, Creator, Campaign.name, Staff.id, Staff.name, Decision.comment,
            func.coalesce(answer, ""), open_minor(), under_way(), solo, LIMIT,
        )
        .join(Creator, Creator.id == Claim.creator_id)
        .join(Campaign, Campaign.id == Claim.campaign_id)
        .join(Decision, Decision.id == Claim.decision_id)
        .join(Staff, Staff.id == Decision.actor_id)
    )  # fmt: skip


async def find(session: AsyncSession, claim_id: str) -> ClaimLine | None:
    """One claim."""
    row = (await session.execute(_lines().where(Claim.id == claim_id))).one_or_none()
    return ClaimLine(*row) if row else None


async def newest(
    session: AsyncSession, *, collaboration_id: str = "", creator_id: str = ""
) -> Sequence[ClaimLine]:
    """Claims, newest first: all, or of a collaboration, or on a creator; at most `MOST`."""
    query = _lines().order_by(Claim.created_at.desc(), Claim.id).limit(MOST)
    if collaboration_id:
        query = query.where(Claim.collaboration_id == collaboration_id)
    if creator_id:
        query = query.where(Claim.creator_id == creator_id)
    return [ClaimLine(*row) for row in await session.execute(query)]


async def settlements(session: AsyncSession, claim_id: str) -> Sequence[Settlement]:
    """By what a claim became smaller, oldest first."""
    rows = await session.execute(
        select(ClaimPart, Staff.name, Decision.comment)
        .outerjoin(Decision, Decision.id == ClaimPart.decision_id)
        .outerjoin(Staff, Staff.id == Decision.actor_id)
        .where(ClaimPart.claim_id == claim_id)
        .order_by(ClaimPart.at, ClaimPart.id)
    )
    return [
        Settlement(
            SettledBy(part.kind), part.amount_minor, part.at, part.payout_id or "", name or "",
            comment or "",
        )
        for part, name, comment in rows
    ]  # fmt: skip


async def statements(session: AsyncSession, claim_id: str) -> Sequence[Statement]:
    """What the creator said about a claim, oldest first."""
    said = select(Decision.choice["content_id"].astext).where(
        Decision.subject_id == claim_id,
        Decision.kind == DecisionKind.OBJECT.value,
        Decision.status == "applied",
    )
    found = await session.scalars(
        select(Statement).where(Statement.id.in_(said)).order_by(Statement.created_at)
    )
    return found.all()


async def netting_of(session: AsyncSession, payout: Payout, *, upcoming: bool) -> Sequence[Netted]:
    """What a payment keeps back, by claim.

    Args:
        session: a transaction.
        payout: the payment.
        upcoming: with what its next release would keep back besides.
    """
    amounts = {part.claim_id: part.amount_minor for part in await netted_parts(session, payout.id)}
    if upcoming:
        owed = await open_claims(session, payout, lock=False)
        more = kept_back(payout.sent_minor, payout.currency, owed)
        for part in more:
            amounts[part.claim_id] = amounts.get(part.claim_id, 0) + part.amount_minor
    if not amounts:
        return []
    rows = await session.execute(
        select(Claim.id, Decision.comment, Campaign.name)
        .join(Decision, Decision.id == Claim.decision_id)
        .join(Campaign, Campaign.id == Claim.campaign_id)
        .where(Claim.id.in_(list(amounts)))
        .order_by(Claim.created_at, Claim.id)
    )
    return [Netted(claim, amounts[claim], reason, name) for claim, reason, name in rows]


async def sums_by_kind(session: AsyncSession, claim_id: str) -> tuple[tuple[str, int], ...]:
    """How much of a claim was settled in which way; what was given back is not kept back."""
    sums: dict[str, int] = {}
    for each in await settlements(session, claim_id):
        kind = SettledBy.NETTED if each.kind is SettledBy.GIVEN_BACK else each.kind
        sums[kind.value] = sums.get(kind.value, 0) + each.amount_minor
    return tuple((kind, amount) for kind, amount in sums.items() if amount)


async def owed_by_creators(session: AsyncSession) -> dict[str, int]:
    """What creators owe, by currency; what payments under way keep back counts until they end."""
    rows = await session.execute(
        select(LedgerAccount.currency, func.sum(LedgerAccount.balance_minor))
        .where(LedgerAccount.name == RECEIVABLE)
        .group_by(LedgerAccount.currency)
        .order_by(LedgerAccount.currency)
    )
    return {currency: int(total) for currency, total in rows if total}
