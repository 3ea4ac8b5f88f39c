"""Decisions of people: a row first, which survives everything that happens on its way."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import Choice, DecisionKind
from domain.errors import NotFound
from domain.messages import DecisionRef, DecisionResult
from store.tables import Decision

_SUBMITTED = "submitted"


@dataclass(frozen=True)
class Unanswered:
    """A decision that is still on its way: what is sent again, and to whom."""

    ref: DecisionRef
    subject_kind: str
    subject_id: str


async def submit(
    session: AsyncSession,
    *,
    kind: DecisionKind,
    subject_kind: str,
    subject_id: str,
    actor_kind: str,
    actor_id: str,
    choice: Choice,
    seen: str,
    comment: str = "",
    at: datetime,
) -> str:
    """Write a decision's row and return its id; it counts once its workflow has applied it.

    A double click is one decision: the same person's same choice, still on its way, is found.

    Raises:
        ValueError: the choice is of another kind.
    """
    if choice.kind != kind:
        raise ValueError(f"a {kind} decision cannot carry the choice of a {choice.kind}")
    same: dict[str, Any] = {
        "kind": kind.value,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "actor_kind": actor_kind,
        "actor_id": actor_id,
        "choice": choice.model_dump(mode="json"),
        "seen": seen,
        "comment": comment,
        "status": _SUBMITTED,
    }
    # Two clicks in the same instant: the second waits until the first one's row can be seen.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(subject_id))))
    there = await session.scalar(select(Decision.id).filter_by(**same).limit(1))
    if there is not None:
        return there
    return (await write(session, at=at, **same)).id


async def write(session: AsyncSession, *, at: datetime, code: str = "", **columns: Any) -> Decision:
    """Add a decision's row under an id of its own; with a code, it is refused from the start."""
    row = Decision(id=f"dec_{secrets.token_hex(10)}", created_at=at, code=code, **columns)
    if code:
        row.status, row.settled_at = "refused", at
    session.add(row)
    await session.flush()
    return row


async def result(session: AsyncSession, decision_id: str) -> DecisionResult | None:
    """What became of a decision; None while it is being applied.

    Raises:
        NotFound: there is no such decision.
    """
    row = await session.get(Decision, decision_id, populate_existing=True)
    if row is None:
        raise NotFound(f"there is no decision {decision_id}")
    if row.status == _SUBMITTED:
        return None
    return DecisionResult(applied=row.status == "applied", code=row.code)


async def refuse(session: AsyncSession, decision_id: str, code: str, at: datetime) -> None:
    """Note that a decision cannot be applied; one that has been settled stays as it is."""
    await session.execute(
        update(Decision)
        .where(Decision.id == decision_id, Decision.status == _SUBMITTED)
        .values(status="refused", code=code, settled_at=at)
    )


async def unanswered(
    session: AsyncSession, older_than: datetime, limit: int = 100
) -> list[Unanswered]:
    """Decisions submitted before a moment and not settled, the oldest first."""
    rows = await session.scalars(
        select(Decision)
        .where(Decision.status == _SUBMITTED, Decision.created_at < older_than)
        .order_by(Decision.created_at)
        .limit(limit)
    )
    return [
        Unanswered(
            DecisionRef(decision_id=row.id, kind=DecisionKind(row.kind), seen=row.seen),
            row.subject_kind,
            row.subject_id,
        )
        for row in rows
    ]
