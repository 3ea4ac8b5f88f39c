"""Every brand-safety verdict of a campaign, with evidence, engine, date and what people said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import DecisionKind
from store.tables import Candidate, Collaboration, Creator, Decision, SafetyLook, Staff

_JUDGEMENTS = (DecisionKind.JUDGE_SCREENING.value, DecisionKind.JUDGE_SCANDAL.value)


@dataclass(frozen=True)
class VerdictLine:
    """One verdict on one creator."""

    creator_id: str
    handle: str
    platform: str
    occasion: str
    """``latest``: what holds for the candidate now; ``look``: one look after the selection."""
    verdict: str
    reasons: list[str]
    engine: str
    judged_at: datetime | None
    evidence: list[dict[str, Any]]
    """`domain.scandal.Evidence` as JSON; kept for looks after the selection."""
    news: bool = False
    decided: str = ""
    """What a person said to this look."""
    decided_by: str = ""
    why: str = ""


async def verdicts(session: AsyncSession, campaign_id: str) -> AsyncIterator[VerdictLine]:
    """All candidates' latest verdicts, then every look after the selection, the oldest first."""
    rows = await session.stream(
        select(Candidate, Creator)
        .join(Creator, Creator.id == Candidate.creator_id)
        .where(Candidate.campaign_id == campaign_id)
        .order_by(Creator.handle_key, Creator.id)
    )
    async for candidate, creator in rows:
        yield VerdictLine(
            creator.id, creator.handle, creator.platform, "latest", candidate.verdict,
            [str(reason) for reason in candidate.verdict_reasons], candidate.judged_by,
            candidate.judged_at, [],
        )  # fmt: skip
    said = and_(
        Decision.subject_id == SafetyLook.collaboration_id,
        Decision.kind.in_(_JUDGEMENTS),
        Decision.seen == SafetyLook.digest,
        Decision.status == "applied",
    )
    looks = await session.stream(
        select(SafetyLook, Creator, Decision, Staff.name)
        .join(Collaboration, Collaboration.id == SafetyLook.collaboration_id)
        .join(Creator, Creator.id == Collaboration.creator_id)
        .outerjoin(Decision, said)
        .outerjoin(Staff, Staff.id == Decision.actor_id)
        .where(Collaboration.campaign_id == campaign_id)
        .order_by(SafetyLook.looked_at, Creator.handle_key, SafetyLook.digest)
    )
    async for look, creator, decision, name in looks:
        yield VerdictLine(
            creator.id, creator.handle, creator.platform, "look", look.verdict,
            [str(reason) for reason in look.reasons], look.engine, look.looked_at, look.evidence,
            look.news, str(decision.choice.get("answer", "")) if decision else "",
            name or "", decision.comment if decision else "",
        )  # fmt: skip
