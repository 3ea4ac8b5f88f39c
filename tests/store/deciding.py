"""How tests take decisions: the row, then what the subject's workflow would do with it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.decisions import (
    Choice,
    DecisionKind,
    PlainChoice,
    ReleaseChoice,
    ReviewChoice,
)
from domain.messages import (
    AppliedDecision,
    ApplyDecision,
    DecisionRef,
    StreamHead,
)
from store.engine import session
from store.records import apply_decision
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    Decision,
    Payout,
    Staff,
)
from tests import builders
from tests.builders import NOW

Subject = Campaign | Collaboration | Payout
APPROVE = ReviewChoice(answer="approve")
RELEASE = ReleaseChoice()
SIGN_OFF = PlainChoice(kind=DecisionKind.SIGN_OFF_SHORTLIST)


async def decide(
    engine: AsyncEngine,
    subject: Subject,
    actor: Staff | Creator,
    choice: Choice,
    *,
    head: StreamHead | None = None,
    earlier: tuple[str, ...] = (),
    **parts: Any,
) -> tuple[DecisionRef, AppliedDecision]:
    """Write a decision and let the subject's workflow apply it."""
    async with session(engine) as db:
        ref = await builders.decision(db, subject, actor, choice, **parts)
        current: Subject = await db.get_one(type(subject), subject.id)
        command = ApplyDecision(
            head=head or builders.head_of(current), at=NOW, ref=ref, earlier=earlier
        )
    return ref, await apply_decision(engine, command)


async def status_of(engine: AsyncEngine, ref: DecisionRef) -> tuple[str, str]:
    async with session(engine) as db:
        row = await db.get_one(Decision, ref.decision_id)
    return row.status, row.code


async def creator_of(engine: AsyncEngine, of: Collaboration) -> Creator:
    async with session(engine) as db:
        return await db.get_one(Creator, of.creator_id)
