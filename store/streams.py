"""Event streams: numbered without gaps, chained by digest, written by their own workflow only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound, StreamConflict
from domain.lifecycle import StreamKind
from domain.messages import StreamHead
from store.tables import Campaign, Claim, Collaboration, Decision, Event, Payout

Entity = Campaign | Collaboration | Payout | Claim
"""A read-model row: it carries the head of its stream."""

TABLES: dict[StreamKind, type[Campaign | Collaboration | Payout | Claim]] = {
    StreamKind.CAMPAIGN: Campaign,
    StreamKind.COLLABORATION: Collaboration,
    StreamKind.PAYOUT: Payout,
    StreamKind.CLAIM: Claim,
}
"""The read model of each kind of stream."""


@dataclass(frozen=True)
class NewEvent:
    """What is to be written next in a stream."""

    key: str
    """What the step is known by: the same when it is asked for again, whatever came between."""
    event: str
    data: Mapping[str, Any]
    at: datetime
    decision_id: str | None = None


def decided(row: Decision, data: Mapping[str, Any], at: datetime) -> NewEvent:
    """The event of a decision that is applied: the chain holds who decided, not only the row."""
    return NewEvent(f"decision:{row.id}", row.kind, {**data, "by": row.actor_id}, at, row.id)


async def lock_entity(session: AsyncSession, head: StreamHead) -> Entity:
    """The stream's read-model row, locked until the transaction ends: one writer at a time.

    Raises:
        NotFound: there is no such entity.
    """
    table = TABLES[head.kind]
    query = select(table).where(table.id == head.entity_id).with_for_update()
    found: Entity | None = await session.scalar(query)
    if found is None:
        raise NotFound(f"there is no {head.kind} {head.entity_id}")
    return found


async def already_written(
    session: AsyncSession, entity: Entity, head: StreamHead, new: NewEvent
) -> StreamHead | None:
    """The stream's head if this event was written before; None if it is to be written now.

    A worker may die after an event was committed and before Temporal knows of it. The step is
    then asked for again, perhaps after another one that has arrived meanwhile: so an event is
    known by its key and not by its place, and the time does not count.

    Raises:
        StreamConflict: the caller's head is not in this stream, or its key stands for another
            event.
    """
    await known(session, entity, head)
    query = select(Event).where(
        Event.kind == head.kind.value, Event.entity_id == head.entity_id, Event.key == new.key
    )
    there = (await session.scalars(query)).one_or_none()
    if there is None:
        return None
    same = (there.event, there.data, there.decision_id) == (
        new.event, dict(new.data), new.decision_id,
    )  # fmt: skip
    if not same:
        raise StreamConflict(f"{head.kind} {head.entity_id}: '{new.key}' stands for another event")
    return tail_of(entity, head)


async def known(session: AsyncSession, entity: Entity, head: StreamHead) -> None:
    """Make sure that what the workflow believes is part of what is written.

    The stream may be ahead of the workflow, by events whose answer was lost; never behind it.
    """
    if (entity.sequence, entity.digest) == (head.sequence, head.digest):
        return
    if entity.sequence > head.sequence:
        there = await session.get(Event, (head.kind.value, head.entity_id, head.sequence))
        if head.sequence == 0 or (there is not None and there.digest == head.digest):
            return
    raise StreamConflict(
        f"{head.kind} {head.entity_id} is at event {entity.sequence}, and does not know "
        f"the {head.sequence} that is to be followed"
    )


def tail_of(entity: Entity, head: StreamHead) -> StreamHead:
    """Where the stream ends now."""
    return head.model_copy(update={"sequence": entity.sequence, "digest": entity.digest})


def write_event(
    session: AsyncSession, entity: Entity, head: StreamHead, new: NewEvent
) -> StreamHead:
    """Add an event at the end and move the head; the caller holds the row's lock."""
    row = Event(
        kind=head.kind.value,
        entity_id=head.entity_id,
        sequence=entity.sequence + 1,
        key=new.key,
        event=new.event,
        at=new.at,
        data=dict(new.data),
        decision_id=new.decision_id,
        previous=entity.digest,
    )
    row.digest = digest_of(row)
    session.add(row)
    entity.sequence, entity.digest = row.sequence, row.digest
    return head_at(row)


def head_at(event: Event) -> StreamHead:
    """The stream's head just after an event."""
    return StreamHead(
        kind=StreamKind(event.kind),
        entity_id=event.entity_id,
        sequence=event.sequence,
        digest=event.digest,
    )


def digest_of(event: Event) -> str:
    """SHA-256 over everything that the event says and over the event before it."""
    content = {
        "previous": event.previous,
        "kind": event.kind,
        "id": event.entity_id,
        "sequence": event.sequence,
        "key": event.key,
        "event": event.event,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "data": event.data,
        "decision": event.decision_id,
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


async def verify_stream(session: AsyncSession, kind: StreamKind, entity_id: str) -> bool:
    """True if no event was changed, removed or slipped in, and the read model agrees."""
    table = TABLES[kind]
    entity: Entity | None = await session.get(table, entity_id, populate_existing=True)
    events = await session.stream_scalars(
        select(Event)
        .where(Event.kind == kind.value, Event.entity_id == entity_id)
        .order_by(Event.sequence)
        .execution_options(populate_existing=True, yield_per=500)
    )
    sequence, digest = 0, ""
    async for event in events:
        sequence += 1
        linked = (event.sequence, event.previous) == (sequence, digest)
        if not linked or event.digest != digest_of(event):
            return False
        digest = event.digest
    return entity is not None and (entity.sequence, entity.digest) == (sequence, digest)
