"""The ledger and the event streams looked over by the clock: every fault is an item of finance's.

The ledger is looked at whole. Of the streams those are verified that have changed since the last
night, those that a fault was found in, and a share of the others, which comes round in four weeks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ids import derived_id
from domain.inbox import ItemKind
from domain.lifecycle import StreamKind
from domain.messages import OpenItem
from store import items, ledger_reports
from store.streams import TABLES, verify_stream
from store.tables import Decision, Event, InboxItem

SUBJECT = "books"
LEDGER = "ledger"
"""Code of an item about the ledger; that of one about a stream is its kind and id."""

CHANGED_WITHIN = timedelta(hours=26)
"""A night, and what its start may be late by."""

NIGHTS = 28
"""After so many, every stream was looked at."""

MOST = 50
"""Items of one night: whoever has so many reads them all with `troupe ledger check --events`."""

_AT_ONCE = 200


@dataclass(frozen=True)
class Stream:
    """One chain of events."""

    kind: StreamKind
    id: str

    @property
    def code(self) -> str:
        """As an item about it says which one it is."""
        return f"{self.kind.value}/{self.id}"


@dataclass(frozen=True)
class Fault:
    """Something that is not as it was written."""

    code: str
    says: str
    """Ids and amounts only; what comes before the first colon and space is what it is about."""

    @property
    def subject(self) -> str:
        """The same fault is the same subject every night, whatever its amounts are by then."""
        return derived_id("flt", self.code, self.says.partition(": ")[0])


async def ledger_faults(session: AsyncSession) -> list[Fault]:
    """Everything in which the ledger does not hold."""
    return [Fault(LEDGER, says) for says in await ledger_reports.check(session)]


async def streams_of_tonight(session: AsyncSession, now: datetime) -> list[Stream]:
    """What is to be verified now, each stream once."""
    changed = await session.execute(
        select(Event.kind, Event.entity_id).where(Event.at >= now - CHANGED_WITHIN).distinct()
    )
    found = {Stream(StreamKind(kind), id_) for kind, id_ in changed}
    for item in await _open_items(session):
        if item.code != LEDGER:
            kind, _, id_ = item.code.partition("/")
            found.add(Stream(StreamKind(kind), id_))
    found |= await _streams(session, now.toordinal() % NIGHTS)
    return sorted(found, key=lambda each: each.code)


async def every_stream(session: AsyncSession) -> list[Stream]:
    """All of them, for who can wait."""
    return sorted(await _streams(session, None), key=lambda each: each.code)


async def _streams(session: AsyncSession, night: int | None) -> set[Stream]:
    found: set[Stream] = set()
    for kind, table in TABLES.items():
        query = select(table.id)
        if night is not None:
            share = func.abs(cast(func.hashtext(table.id), BigInteger)) % NIGHTS
            query = query.where(share == night)
        found |= {Stream(kind, id_) for id_ in await session.scalars(query)}
    return found


def in_pages(streams: Sequence[Stream]) -> list[Sequence[Stream]]:
    """In parts that one transaction each can look at."""
    return [streams[at : at + _AT_ONCE] for at in range(0, len(streams), _AT_ONCE)]


async def stream_faults(session: AsyncSession, streams: Sequence[Stream]) -> list[Fault]:
    """The streams that were changed, and decisions that are somebody else's by now.

    Everything is read as it was at one moment, so that what is being written is no fault.
    """
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    broken = [each for each in streams if not await verify_stream(session, each.kind, each.id)]
    named = await session.execute(
        select(Event.kind, Event.entity_id, Decision.id)
        .join(Decision, Decision.id == Event.decision_id)
        .where(
            Event.entity_id.in_([each.id for each in streams]),
            Event.data["by"].astext != Decision.actor_id,
        )
        .order_by(Decision.id)
    )
    return [
        *(
            Fault(each.code, f"events of {each.kind.value} {each.id}: not as they were written")
            for each in broken
        ),
        *(
            Fault(f"{kind}/{id_}", f"decision {decision}: its event names another person")
            for kind, id_, decision in named
        ),
    ]


async def record(
    session: AsyncSession, faults: Sequence[Fault], looked_at: Collection[Stream], now: datetime
) -> None:
    """Open an item for each fault; close those that are about what is in order again.

    Args:
        session: a transaction.
        faults: what was found in the ledger, and in these streams.
        looked_at: the streams.
        now: the time now.
    """
    known = {item.subject_id: item for item in await _open_items(session)}
    still = {each.subject for each in faults}
    looked = {LEDGER, *(each.code for each in looked_at)}
    for subject, item in known.items():
        if subject not in still and item.code in looked:
            await items.close_items(session, subject, (ItemKind.BOOKS,), now)
    for each in faults[:MOST]:
        there = known.get(each.subject)
        if there is None or there.seen != each.says:
            told = OpenItem(kind=ItemKind.BOOKS, code=each.code, seen=each.says)
            moment = int(now.timestamp())
            await items.open_item(session, told, SUBJECT, each.subject, None, moment, now)


async def _open_items(session: AsyncSession) -> Sequence[InboxItem]:
    found = await session.scalars(
        select(InboxItem).where(
            InboxItem.kind == ItemKind.BOOKS.value, InboxItem.closed_at.is_(None)
        )
    )
    return found.all()
