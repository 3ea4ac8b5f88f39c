"""Claims on a creator's page: why, what they said, what was decided, and what came back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus, SettledBy
from domain.decisions import DecisionKind
from domain.inbox import ItemKind
from store import claim_reads
from store.claim_reads import Netted
from store.claims import OVER
from store.tables import Campaign, Claim, ClaimPart, Decision, InboxItem, Payout, Statement

_KEPT = (SettledBy.NETTED.value, SettledBy.GIVEN_BACK.value)


@dataclass(frozen=True)
class Said:
    """What the creator wrote about a claim, and the decision that carries it."""

    text: str
    at: datetime
    decision: Decision


@dataclass(frozen=True)
class CameBack:
    """Something by which a claim became smaller."""

    kind: SettledBy
    amount_minor: int
    at: datetime
    milestone: str
    """What the payment is for that it was kept back from, or that was taken back."""
    campaign_name: str
    """That payment's campaign, which may be another one than the claim's."""
    under_way: bool
    """True if that payment is not over yet."""


@dataclass(frozen=True)
class CreatorClaim:
    """One claim, as the creator reads it."""

    claim: Claim
    reason: str
    answer: str
    """What the second person said; empty before it was decided, or if nothing was said."""
    open_minor: int
    item: InboxItem | None
    """The open question; None once the creator has written, or the time ran out."""
    said: tuple[Said, ...]
    """Recorded or applied, oldest first."""
    parts: tuple[CameBack, ...]

    @property
    def asks(self) -> bool:
        """True if the creator may write now."""
        return self.item is not None and not self.said

    @property
    def status(self) -> ClaimStatus:
        """Where it is; one that the creator has objected to is looked at, from that moment on."""
        status = ClaimStatus(self.claim.status)
        heard = status is ClaimStatus.ANNOUNCED and not self.asks
        return ClaimStatus.DECIDING if heard else status


async def of_collaboration(
    session: AsyncSession, collaboration_id: str
) -> tuple[CreatorClaim, ...]:
    """The claims on a collaboration, newest first; as many queries however many there are."""
    lines = await claim_reads.newest(session, collaboration_id=collaboration_id)
    if not lines:
        return ()
    ids = [line.claim.id for line in lines]
    items = await session.scalars(
        select(InboxItem).where(
            InboxItem.subject_id.in_(ids),
            InboxItem.kind == ItemKind.STATEMENT.value,
            InboxItem.closed_at.is_(None),
        )
    )
    asked = {item.subject_id: item for item in items}
    said, parts = await _said(session, ids), await _parts(session, ids)
    return tuple(
        CreatorClaim(
            line.claim, line.reason, line.answer, int(line.open_minor), asked.get(line.claim.id),
            tuple(said.get(line.claim.id, ())), tuple(parts.get(line.claim.id, ())),
        )
        for line in lines
    )  # fmt: skip


async def lock(session: AsyncSession, claim_id: str, collaboration_id: str) -> bool:
    """Let nobody else object to a claim until the transaction ends; False if it is another's."""
    found = await session.scalar(
        select(Claim.id)
        .where(Claim.id == claim_id, Claim.collaboration_id == collaboration_id)
        .with_for_update()
    )
    return found is not None


async def _said(session: AsyncSession, ids: Collection[str]) -> dict[str, list[Said]]:
    rows = await session.execute(
        select(Decision, Statement)
        .join(Statement, Statement.id == Decision.choice["content_id"].astext)
        .where(
            Decision.subject_id.in_(ids),
            Decision.kind == DecisionKind.OBJECT.value,
            Decision.status.in_(["submitted", "applied"]),
        )
        .order_by(Statement.created_at, Statement.id)
    )
    said: dict[str, list[Said]] = {}
    for decision, statement in rows:
        each = Said(statement.text, statement.created_at, decision)
        said.setdefault(decision.subject_id, []).append(each)
    return said


async def _parts(session: AsyncSession, ids: Collection[str]) -> dict[str, list[CameBack]]:
    """By claim; what a payment gave back that was called off is neither here nor there."""
    rows = await session.execute(
        select(ClaimPart, Payout, Campaign.name)
        .outerjoin(Payout, Payout.id == ClaimPart.payout_id)
        .outerjoin(Campaign, Campaign.id == Payout.campaign_id)
        .where(ClaimPart.claim_id.in_(ids))
        .order_by(ClaimPart.at, ClaimPart.id)
    )
    found = [(part, payout, name) for part, payout, name in rows]
    kept: dict[tuple[str, str | None], int] = {}
    for part, _, _ in found:
        if part.kind in _KEPT:
            key = (part.claim_id, part.payout_id)
            kept[key] = kept.get(key, 0) + part.amount_minor
    parts: dict[str, list[CameBack]] = {}
    for part, payout, name in found:
        amount = part.amount_minor
        if part.kind in _KEPT:
            # Several rows of one payment are one line, where the first of them stands.
            amount = kept.pop((part.claim_id, part.payout_id), 0)
        if amount:
            each = CameBack(
                SettledBy(part.kind), amount, part.at, payout.kind if payout else "", name or "",
                payout is not None and payout.status not in OVER,
            )  # fmt: skip
            parts.setdefault(part.claim_id, []).append(each)
    return parts


async def kept_back(
    session: AsyncSession, payouts: Sequence[Payout]
) -> dict[str, tuple[Netted, ...]]:
    """What payments keep back, by payment and claim."""
    ids = [payout.id for payout in payouts if payout.netted_minor]
    if not ids:
        return {}
    total = func.sum(ClaimPart.amount_minor)
    rows = await session.execute(
        select(ClaimPart.payout_id, Claim.id, total, Decision.comment, Campaign.name)
        .join(Claim, Claim.id == ClaimPart.claim_id)
        .join(Decision, Decision.id == Claim.decision_id)
        .join(Campaign, Campaign.id == Claim.campaign_id)
        .where(ClaimPart.payout_id.in_(ids), ClaimPart.kind.in_(_KEPT))
        .group_by(ClaimPart.payout_id, Claim.id, Decision.comment, Campaign.name)
        .having(total > 0)
        .order_by(Claim.created_at, Claim.id)
    )
    kept: dict[str, tuple[Netted, ...]] = {}
    for payout_id, claim_id, amount, reason, name in rows:
        of = str(payout_id)
        kept[of] = (*kept.get(of, ()), Netted(claim_id, int(amount), reason, name))
    return kept
