"""Mails to members of staff: what is news to whom, and what became of each mail.

``planned -> claimed -> accepted | bounced | in_doubt | expired``. News that come up while a mail is
unsent join it. A claim is committed before the mail server is spoken to and never taken over: the
desk has everything that such a mail says, so one too few is better than two.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.staff_mail import ESCALATED, HANDED_OVER, REMINDED, Wish, is_due, news_of
from store.approvers import handed_to
from store.desk import FAR, waits_for
from store.engine import session
from store.tables import Campaign, InboxItem, Payout, Staff, StaffMail, StaffMailNews

AT_A_TIME = 1000
"""Items of one person that are looked at; whoever has more than these knows."""

GIVEN_UP_AFTER = timedelta(minutes=5)
"""A claim this old belongs to an attempt that is dead: it is longer than an attempt may take."""


@dataclass(frozen=True)
class Line:
    """One thing that waits, as a mail speaks of it: nothing about any creator."""

    item_id: str
    kind: str
    campaign: str
    """Empty for a matter of the brand's own account."""
    opened_at: datetime
    due_at: datetime | None
    events: frozenset[str]

    @property
    def handed_over(self) -> bool:
        """The reader is the substitute, and it is their turn."""
        return HANDED_OVER in self.events

    @property
    def escalated(self) -> bool:
        """Nobody has answered, and the reader is a manager."""
        return ESCALATED in self.events

    @property
    def reminded(self) -> bool:
        """The time in which it was to be decided is over."""
        return any(event.startswith(REMINDED) for event in self.events)


@dataclass(frozen=True)
class Letter:
    """What a mail says, and to whom."""

    mail_id: str
    name: str
    timezone: str
    lines: tuple[Line, ...]
    """The most pressing first."""


@dataclass(frozen=True)
class Claim:
    """The right to speak to the server about this mail, once."""

    mail_id: str
    staff_id: str
    recipient: str
    at: datetime
    message: bytes


Write = Callable[[Letter, str], bytes]
"""The message for a recipient."""


async def plan(engine: AsyncEngine, now: datetime) -> int:
    """Plan a mail for everybody who has news to be told now; gives how many there are."""
    async with session(engine) as work:
        wanted = await work.scalars(
            select(Staff.id).where(Staff.active, Staff.mails == Wish.ON.value).order_by(Staff.id)
        )
        people = wanted.all()
    planned = 0
    for staff_id in people:
        async with session(engine) as work:
            planned += await _plan_for(work, staff_id, now)
    return planned


async def unsent(engine: AsyncEngine, now: datetime, limit: int) -> Sequence[str]:
    """Planned mails, those that were tried last at the end; dead claims are put in doubt."""
    async with session(engine) as work:
        await work.execute(
            update(StaffMail)
            .where(StaffMail.status == "claimed", StaffMail.claimed_at < now - GIVEN_UP_AFTER)
            .values(status="in_doubt", settled_at=now)
        )
        found = await work.scalars(
            select(StaffMail.id)
            .where(StaffMail.status == "planned")
            .order_by(StaffMail.claimed_at.asc().nulls_first(), StaffMail.planned_at)
            .limit(limit)
        )
        return found.all()


async def claim(engine: AsyncEngine, mail_id: str, now: datetime, write: Write) -> Claim | None:
    """Claim a planned mail; None if it is somebody else's, or if nothing waits any more."""
    async with session(engine) as work:
        mail = await work.get(StaffMail, mail_id, with_for_update=True)
        if mail is None or mail.status != "planned":
            return None
        person = await work.get_one(Staff, mail.staff_id)
        lines = await _lines(work, person, mail_id)
        if not lines or not person.active or person.mails != Wish.ON:
            mail.status, mail.settled_at = "expired", now
            return None
        mail.status, mail.claimed_at = "claimed", now
        letter = Letter(mail_id, person.name, person.timezone, lines)
        return Claim(mail_id, person.id, person.email, now, write(letter, person.email))


async def settle(
    engine: AsyncEngine, claimed: Claim, status: str, now: datetime, code: str = ""
) -> None:
    """Write down what became of a claimed mail."""
    values = {"status": status, "settled_at": now, "code": code}
    async with session(engine) as work:
        await work.execute(update(StaffMail).where(_is(claimed)).values(values))


async def release(engine: AsyncEngine, claimed: Claim) -> None:
    """Give a claim back: certainly nothing was sent."""
    async with session(engine) as work:
        await work.execute(update(StaffMail).where(_is(claimed)).values(status="planned"))


async def stop_writing_to(engine: AsyncEngine, claimed: Claim) -> None:
    """There is no such mailbox: no more mails, until somebody says that there is one."""
    async with session(engine) as work:
        await work.execute(
            update(Staff).where(Staff.id == claimed.staff_id).values(mails=Wish.BOUNCED.value)
        )


def _is(claimed: Claim) -> ColumnElement[bool]:
    return (
        (StaffMail.id == claimed.mail_id)
        & (StaffMail.status == "claimed")
        & (StaffMail.claimed_at == claimed.at)
    )


async def _plan_for(work: AsyncSession, staff_id: str, now: datetime) -> int:
    # Locked, so that two sweeps at the same time tell everything once.
    person = await work.get_one(Staff, staff_id, with_for_update=True)
    untold = await _untold(work, person)
    last = await work.scalar(
        select(func.max(StaffMail.planned_at)).where(StaffMail.staff_id == staff_id)
    )
    mail = await work.scalar(
        select(StaffMail).where(
            StaffMail.staff_id == staff_id, StaffMail.status.in_(("planned", "claimed"))
        )
    )
    if mail is not None and mail.status == "claimed":
        return 0  # it is being sent; whatever is new comes after it
    if mail is None:
        if not is_due({event for _, event in untold}, last, now):
            return 0
        mail = StaffMail(
            id=f"stm_{secrets.token_hex(10)}", staff_id=staff_id, status="planned", planned_at=now
        )
        work.add(mail)
        await work.flush()
    work.add_all(
        StaffMailNews(staff_id=staff_id, item_id=item, event=event, mail_id=mail.id)
        for item, event in untold
    )
    return 1


async def _untold(work: AsyncSession, person: Staff) -> list[tuple[str, str]]:
    news = [
        (item.id, event)
        for item, _, handed in await _waiting(work, person)
        for event in news_of(
            reminded=item.reminded,
            handed_to_them=handed,
            escalated_to_them=item.escalated and _chases(person, item),
        )
    ]
    rows = await work.execute(
        select(StaffMailNews.item_id, StaffMailNews.event).where(
            StaffMailNews.staff_id == person.id,
            StaffMailNews.item_id.in_({item for item, _ in news}),
        )
    )
    told = {(item, event) for item, event in rows}
    return [each for each in news if each not in told]


def _chases(person: Staff, item: InboxItem) -> bool:
    """Whom silence is told to: the managers; of a kill fee, whoever else has it in their inbox."""
    return Role.MANAGER.value in person.roles or item.kind == ItemKind.KILL_FEE


async def _waiting(
    work: AsyncSession, person: Staff, *only: ColumnElement[bool]
) -> list[tuple[InboxItem, str, bool]]:
    """What waits for a person, worst due first: item, campaign, handed to them or not."""
    rows = await work.execute(
        select(
            InboxItem,
            func.coalesce(Campaign.name, ""),
            func.coalesce(handed_to(person.email), False),
        )
        .outerjoin(Campaign, Campaign.id == InboxItem.campaign_id)
        .outerjoin(Payout, Payout.id == InboxItem.subject_id)
        .where(waits_for(person.id, person.roles), *only)
        .order_by(func.coalesce(InboxItem.due_at, FAR), InboxItem.opened_at, InboxItem.id)
        .limit(AT_A_TIME)
    )
    return [(item, campaign, handed) for item, campaign, handed in rows]


async def _lines(work: AsyncSession, person: Staff, mail_id: str) -> tuple[Line, ...]:
    events: dict[str, set[str]] = {}
    told = await work.execute(
        select(StaffMailNews.item_id, StaffMailNews.event).where(StaffMailNews.mail_id == mail_id)
    )
    for item_id, event in told:
        events.setdefault(item_id, set()).add(event)
    lines = [
        Line(item.id, item.kind, campaign, item.opened_at, item.due_at, frozenset(events[item.id]))
        for item, campaign, _ in await _waiting(work, person, InboxItem.id.in_(events))
    ]
    return tuple(sorted(lines, key=lambda line: (not line.handed_over, not line.escalated)))
