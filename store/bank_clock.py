"""The clock on bank files: what waits for one, and what the bank has not answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain import bank_days
from domain.bank_transfer import ESCALATE_AFTER, REMIND_EVERY, OrderState
from domain.inbox import ItemKind
from domain.messages import OpenItem
from store import bank_orders, items
from store.tables import BankFile, BankOrder, Collaboration, InboxItem, Payout

SUBJECT = "bank"
NEXT_FILE = "bank_next_file"
"""Subject of the one item about what waits for a file; of the others, it is the file."""

_KINDS = (ItemKind.BANK_FILE.value, ItemKind.BANK_ANSWER.value)
_ONE_AT_A_TIME = 7_238_006
"""The lock of PostgreSQL that two looks at once queue up for."""


async def look(session: AsyncSession, now: datetime, *, by_bank: bool, answer_days: int) -> None:
    """Open, renew and close finance's items about bank files; looking again changes nothing.

    Args:
        session: a transaction.
        now: the time of this look.
        by_bank: payments go by bank transfer; if not, nothing is asked for.
        answer_days: bank days in which the bank should have answered about a file.
    """
    await session.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
    asked = {NEXT_FILE} if by_bank and await _next_file(session, now) else set()
    if by_bank:
        asked |= await _unanswered(session, now, answer_days)
    await session.execute(
        update(InboxItem)
        .where(
            InboxItem.kind.in_(_KINDS),
            InboxItem.closed_at.is_(None),
            InboxItem.subject_id.not_in(asked),
        )
        .values(closed_at=now)
    )
    await _nudge(session, now)


async def late(session: AsyncSession) -> set[str]:
    """The files about which finance has been asked to bring the bank's answer."""
    found = await session.scalars(
        select(InboxItem.subject_id).where(
            InboxItem.kind == ItemKind.BANK_ANSWER.value, InboxItem.closed_at.is_(None)
        )
    )
    return set(found)


async def _next_file(session: AsyncSession, now: datetime) -> bool:
    """One item, however much waits; due on the last bank day for the first of it to be in time."""
    count, total = await bank_orders.waiting(session)
    if not count:
        return False
    first = await session.scalar(
        select(func.min(Payout.pay_by))
        .join(BankOrder, BankOrder.payout_id == Payout.id)
        .join(Collaboration, Collaboration.id == Payout.collaboration_id)
        .where(BankOrder.state == OrderState.WAITING.value, Collaboration.suspended.is_(False))
    )
    due = bank_days.in_time(first) if first else None
    item = OpenItem(kind=ItemKind.BANK_FILE, seen=f"{count}:{total}", due_at=due)
    await items.open_item(session, item, SUBJECT, NEXT_FILE, None, _moment(now), now)
    return True


async def _unanswered(session: AsyncSession, now: datetime, answer_days: int) -> set[str]:
    rows = await session.execute(
        select(BankFile.id, BankFile.made_at, func.count(), func.sum(BankOrder.amount_minor))
        .join(BankOrder, BankOrder.file_id == BankFile.id)
        .where(BankOrder.state == OrderState.IN_FILE.value)
        .group_by(BankFile.id)
    )
    asked = set()
    for file_id, made_at, count, total in rows:
        due = bank_days.after(made_at, answer_days)
        if due > now:
            continue
        item = OpenItem(
            kind=ItemKind.BANK_ANSWER, seen=f"{count}:{total}", code=file_id, due_at=due
        )
        await items.open_item(session, item, SUBJECT, file_id, None, _moment(now), now)
        asked.add(file_id)
    return asked


async def _nudge(session: AsyncSession, now: datetime) -> None:
    """Remind and escalate by the age of an item: a look that was missed is made up for."""
    for item in await session.scalars(
        select(InboxItem).where(InboxItem.kind.in_(_KINDS), InboxItem.closed_at.is_(None))
    ):
        item.reminded = (now - item.opened_at) // REMIND_EVERY
        overdue = item.kind == ItemKind.BANK_FILE and item.due_at is not None and item.due_at < now
        item.escalated = item.escalated or overdue or now - item.opened_at >= ESCALATE_AFTER


def _moment(now: datetime) -> int:
    return int(now.timestamp() * 1000)
