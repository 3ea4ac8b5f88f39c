"""Our books, in the figures that others keep too: for comparing them with theirs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import PayoutStatus, StreamKind
from domain.messages import PostingKind
from store import ledger_reports
from store.streams import verify_stream
from store.tables import Decision, Event, LedgerTransaction, OutboxMail, Payout, Publication


@dataclass(frozen=True)
class Books:
    """What PostgreSQL says at one moment."""

    payouts: dict[str, int]
    """What was sent of all transferred payments, by the transfer's id at the provider."""
    settled_minor: int
    """What the ledger says was paid."""
    settled: int
    transferred_events: int
    mails: frozenset[str]
    """Message-Ids of the mails that the server took."""
    posts: frozenset[str]
    """The platforms' ids of the posts that creators reported."""
    ledger_faults: tuple[str, ...]
    broken_streams: int
    streams: int
    decisions: int
    decision_events: int
    open_decisions: int


async def read(session: AsyncSession) -> Books:
    """Read everything that is compared."""
    payouts = await session.execute(
        select(Payout.moved_by, func.sum(Payout.sent_minor))
        .where(Payout.status == PayoutStatus.TRANSFERRED.value)
        .group_by(Payout.moved_by)
    )
    settled = (
        await session.execute(
            select(func.count(), func.coalesce(func.sum(LedgerTransaction.amount_minor), 0)).where(
                LedgerTransaction.kind == PostingKind.SETTLE.value
            )
        )
    ).one()
    mails = await session.scalars(
        select(OutboxMail.message_id).where(OutboxMail.status == "accepted")
    )
    posts = await session.scalars(select(Publication.platform_post_id))
    streams, broken = await _streams(session)
    return Books(
        payouts={str(row[0]): int(row[1]) for row in payouts},
        settled=int(settled[0]),
        settled_minor=int(settled[1]),
        transferred_events=await _count(session, Event.event == "transferred"),
        mails=frozenset(mails),
        posts=frozenset(posts),
        ledger_faults=tuple(await ledger_reports.check(session)),
        broken_streams=broken,
        streams=streams,
        decisions=await _count(session, Decision.status == "applied"),
        decision_events=await _count(session, Event.decision_id.is_not(None)),
        open_decisions=await _count(session, Decision.status == "submitted"),
    )


async def _streams(session: AsyncSession) -> tuple[int, int]:
    rows = (await session.execute(select(Event.kind, Event.entity_id).distinct())).all()
    broken = 0
    for kind, entity in rows:
        broken += not await verify_stream(session, StreamKind(kind), entity)
    return len(rows), broken


async def _count(session: AsyncSession, where: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).where(where)) or 0
