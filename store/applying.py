"""Applying a decision: the last word on who may decide what, taken where it becomes an event."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.decisions import Choice, DecisionKind
from domain.lifecycle import PayoutStatus, StreamKind, WaitingFor
from domain.messages import AppliedDecision, ApplyDecision
from store import bank_orders, payees, riders, settling
from store.contents import take_content
from store.duties import Refused, check_duties
from store.engine import session as transaction
from store.issuing import issue
from store.items import close_items, is_asked
from store.release_limit import count_release, people_needed
from store.streams import Entity, decided, known, lock_entity, tail_of, write_event
from store.tables import Campaign, Collaboration, Decision, Event, Payout

_CHOICE: TypeAdapter[Choice] = TypeAdapter(Choice)

BESIDE_THE_STORY = {
    DecisionKind.JUDGE_SCANDAL,
    DecisionKind.SUSPEND_COLLABORATION,
    DecisionKind.RESUME_COLLABORATION,
}
"""Decisions after which a collaboration goes on waiting for whom it waited."""


STOPS_A_PAYMENT = {DecisionKind.HOLD_PAYOUT, DecisionKind.CANCEL_PAYOUT}

_SAYS_WHAT_BECAME = {DecisionKind.SETTLE_PAYOUT, DecisionKind.CANCEL_PAYOUT}
"""Of these, statements ask whether and when it had been tried to pay it."""

_LETS_GO = {DecisionKind.RELEASE_PAYOUT, DecisionKind.RETRY_PAYOUT, DecisionKind.SETTLE_PAYOUT}

_NUDGES = ("staff_reminded", "escalated", "handed_over")
"""Events that may come between two decisions without anybody having acted on the first one."""


async def apply_decision(engine: AsyncEngine, command: ApplyDecision) -> AppliedDecision:
    """Check a decision's row once more and write its event, or the reason why not.

    Applying the same decision again gives the same answer and writes nothing.

    Raises:
        StreamConflict: the stream's head does not match.
    """
    async with transaction(engine) as session:
        return await _apply(session, command)


async def _apply(session: AsyncSession, command: ApplyDecision) -> AppliedDecision:
    entity = await lock_entity(session, command.head)
    row = await session.scalar(
        select(Decision).where(Decision.id == command.ref.decision_id).with_for_update()
    )
    if row is None or not _is_about(row, command):
        return AppliedDecision(head=command.head, code="unknown")
    written = await _event_of(session, command)
    if written is not None:
        return _same_answer(entity, command, row, written)
    await known(session, entity, command.head)
    if row.status != "submitted":
        return AppliedDecision(head=command.head, code=row.code or "already_decided")
    choice = _CHOICE.validate_python(row.choice)
    try:
        await _still_asked(session, entity, command)
        if row.kind != DecisionKind.RETRY_STEP:  # which decides nothing about the money
            await _not_taken_along(session, entity, command)
        account = await _account_of(session, entity, row)
        await check_duties(session, entity, row, command, account)
        await _not_overtaken(session, entity, row)
        await _stop_order(session, entity, row, command)
        seen_digest = await take_content(session, entity, choice)
        await settling.take_effect(session, entity, row, choice, command.at)
    except Refused as refusal:
        row.status, row.code, row.settled_at = "refused", refusal.code, command.at
        return AppliedDecision(head=command.head, code=refusal.code)
    if isinstance(entity, Payout) and row.kind == DecisionKind.RELEASE_PAYOUT:
        # A second release keeps to the account of the first, unless there was none then.
        before = entity.payee_account if command.earlier else None
        entity.payee_account = before or account or None
    return await _write(session, entity, row, command, choice, seen_digest)


async def _account_of(session: AsyncSession, entity: Entity, row: Decision) -> str:
    """Where the money of a release goes: read once, so that what is checked is what is kept."""
    if not isinstance(entity, Payout) or row.kind != DecisionKind.RELEASE_PAYOUT:
        return ""
    return await payees.account_of(session, entity.creator_id)


def _is_about(row: Decision, command: ApplyDecision) -> bool:
    return (row.kind, row.subject_kind, row.subject_id) == (
        command.ref.kind.value, command.head.kind.value, command.head.entity_id,
    )  # fmt: skip


async def _event_of(session: AsyncSession, command: ApplyDecision) -> Event | None:
    query = select(Event).where(
        Event.kind == command.head.kind.value,
        Event.entity_id == command.head.entity_id,
        Event.decision_id == command.ref.decision_id,
    )
    return (await session.scalars(query)).one_or_none()


def _same_answer(
    entity: Entity, command: ApplyDecision, row: Decision, event: Event
) -> AppliedDecision:
    """The answer again: the workflow knows by the decision's id whether it has had its effect."""
    return AppliedDecision(
        head=tail_of(entity, command.head),
        choice=_CHOICE.validate_python(row.choice),
        seen_digest=str(event.data.get("seen_digest", "")),
        releases_needed=int(event.data.get("of", 0)),
    )


async def _still_asked(session: AsyncSession, entity: Entity, command: ApplyDecision) -> None:
    """Make sure that the question is open: the workflow may not know yet that it was closed."""
    asked = command.close_items
    if asked and not await is_asked(session, entity.id, asked, command.ref.seen):
        raise Refused("too_late")


async def _not_overtaken(session: AsyncSession, entity: Entity, row: Decision) -> None:
    """Tell the second of two people who decide about a payment in the same moment of the first.

    The workflow writes an event when it acts on a decision. Until then the last one stands here.
    """
    if not isinstance(entity, Payout):
        return
    last = await session.scalar(
        select(Event)
        .where(
            Event.kind == StreamKind.PAYOUT.value, Event.entity_id == entity.id,
            Event.event.not_in(_NUDGES),
        )
        .order_by(Event.sequence.desc())
        .limit(1)
    )  # fmt: skip
    if last is None or last.decision_id is None:
        return
    before, kind = DecisionKind(last.event), DecisionKind(row.kind)
    if before is DecisionKind.CANCEL_PAYOUT or last.data.get("settles"):
        raise Refused("already_decided")
    if before is DecisionKind.RESUME_PAYOUT and kind is DecisionKind.CANCEL_PAYOUT:
        raise Refused("already_decided")
    if before is DecisionKind.HOLD_PAYOUT and kind in _LETS_GO:
        raise Refused("already_on_hold")


async def _not_taken_along(session: AsyncSession, entity: Entity, command: ApplyDecision) -> None:
    """Whatever is decided about a payment that goes along with another one comes too late, or soon.

    Under the payment's lock, which taking it along needs as well.
    """
    if isinstance(entity, Payout) and await riders.is_riding(session, entity.id, command.at):
        raise Refused("taken_along")


async def _stop_order(
    session: AsyncSession, entity: Entity, row: Decision, command: ApplyDecision
) -> None:
    """Take a payment that is ordered at the bank out of the next file, or say that it is in one.

    In the decision's own transaction: whoever reads "on hold" can rely on it.
    """
    if row.kind not in STOPS_A_PAYMENT or not isinstance(entity, Payout):
        return
    if entity.status != PayoutStatus.SENDING.value:
        return
    if not await bank_orders.withdraw(session, entity.id, row.actor_id, command.at):
        raise Refused("too_late")


async def _write(
    session: AsyncSession,
    entity: Entity,
    row: Decision,
    command: ApplyDecision,
    choice: Choice,
    seen_digest: str,
) -> AppliedDecision:
    data: dict[str, Any] = choice.model_dump(mode="json", exclude_none=True)
    if seen_digest:
        data["seen_digest"] = seen_digest
    needed = 0
    if isinstance(entity, Payout) and row.kind == DecisionKind.RELEASE_PAYOUT:
        needed = await count_release(session, entity, len(command.earlier) + 1)
        data["of"] = needed
    if isinstance(entity, Payout) and row.kind in _SAYS_WHAT_BECAME:
        data["attempt"] = entity.attempt
    if isinstance(entity, Payout) and row.kind == DecisionKind.SETTLE_PAYOUT:
        needed = data["of"] = await people_needed(session, entity.id)
        data["settles"] = len(command.earlier) + 1 >= needed
        # What was released has its invoice; what is on hold may never have been.
        await issue(session, entity, command.at)
    head = write_event(session, entity, command.head, decided(row, data, command.at))
    if not isinstance(entity, Campaign):
        entity.updated_at = command.at
    if isinstance(entity, Collaboration) and row.kind not in BESIDE_THE_STORY:
        # What has ended may still have had a last step to be done again.
        waits_for = WaitingFor.NOBODY if entity.outcome else WaitingFor.ENGINE
        entity.waiting_for, entity.due_at = waits_for.value, None
        if row.kind == DecisionKind.RETRY_STEP:
            entity.needs_attention = False
    if isinstance(entity, Payout):
        # Whatever was said, it is no longer only its size that keeps it from being sent.
        entity.rides = False
    if isinstance(entity, Payout) and row.kind == DecisionKind.RELEASE_PAYOUT:
        # Once for each payment; who needed no invoice at the first release may need one by now.
        await issue(session, entity, command.at)
    await close_items(session, entity.id, command.close_items, command.at, row.id)
    row.status, row.code, row.settled_at = "applied", "applied", command.at
    return AppliedDecision(
        head=head, choice=choice, seen_digest=seen_digest, releases_needed=needed
    )
