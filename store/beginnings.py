"""Decisions that begin something of their own: a bonus is a payment, a claim is a claim.

No workflow of that thing exists yet that could apply them, and its collaboration may be over long
since. So the decision's row is locked, and what it has made is made once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.decisions import DecisionKind
from domain.errors import Overdrawn
from domain.lifecycle import StreamKind
from domain.messages import ApplyDecision, Begin, StreamHead
from store import ledger
from store.duties import Refused, check_duties
from store.engine import session as transaction
from store.tables import Collaboration, Decision

Input = TypeVar("Input")
"""What the workflow of the thing is started with."""

Make = Callable[[AsyncSession, Collaboration, Decision, datetime], Awaitable[Input]]
"""Writes the thing with its money and the first event of its stream, which is the decision.

Gives what the decision has made before if it is applied already; raises `Refused` if it does not
hold.
"""


async def begin(
    engine: AsyncEngine, command: Begin, kind: DecisionKind, make: Make[Input]
) -> tuple[str, Input | None]:
    """Check a decision once more and make what it begins: its code, and what is to be started.

    The same decision again is the same answer, and nothing is made twice.
    """
    try:
        async with transaction(engine) as session:
            return await _begin(session, command, kind, make)
    except Overdrawn as refusal:
        if refusal.account != ledger.AVAILABLE:
            raise
    async with transaction(engine) as session:
        row = await session.get_one(Decision, command.ref.decision_id, with_for_update=True)
        return _settle(row, "refused", "over_budget", command.at), None


async def _begin(
    session: AsyncSession, command: Begin, kind: DecisionKind, make: Make[Input]
) -> tuple[str, Input | None]:
    row = await session.get(Decision, command.ref.decision_id, with_for_update=True)
    if row is None or row.kind != kind:
        return "unknown", None
    # Locked: what it has and may have is counted, and nobody suspends it meanwhile.
    of = await session.get(Collaboration, row.subject_id, with_for_update=True)
    if of is None:
        return _settle(row, "refused", "unknown", command.at), None
    if row.status == "applied":
        return row.code, await make(session, of, row, command.at)
    if row.status != "submitted":
        return row.code, None
    head = StreamHead(kind=StreamKind.COLLABORATION, entity_id=of.id)
    check = ApplyDecision(head=head, at=command.at, ref=command.ref)
    try:
        await check_duties(session, of, row, check)
        made = await make(session, of, row, command.at)
    except Refused as refusal:
        return _settle(row, "refused", refusal.code, command.at), None
    return _settle(row, "applied", "applied", command.at), made


def _settle(row: Decision, status: str, code: str, at: datetime) -> str:
    row.status, row.code, row.settled_at = status, code, at
    return code
