"""What the desk's inbox and its items show."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from domain.inbox import ItemKind
from store.approvers import NOT_NAMED, kept_for_others
from store.four_eyes import obstacle_of
from store.paging import PAGE, Page, mark, read_mark
from store.tables import (
    Campaign,
    Check,
    Claim,
    Collaboration,
    Creator,
    Decision,
    Draft,
    Event,
    InboxItem,
    OutboxMail,
    Payout,
    Publication,
    Recipient,
    Staff,
    Statement,
)

FAR = datetime(9000, 1, 1, tzinfo=UTC)
"""Stands for "no due date" in the order of the inbox."""

OUR_ACCOUNT = "Your account at the payment provider"
"""Where an item stands that belongs to no campaign."""

_OVERDUE = "overdue"
"""Why a manager sees a release that finance has not given."""

_UNDECIDED = "undecided"
"""Why finance sees a kill fee that no manager has decided: the creator waits for money."""

_OF_THE_BANK = (ItemKind.BANK_FILE.value, ItemKind.BANK_ANSWER.value)
_LEFT_LYING = "left_lying"
"""Why a manager sees what only finance can do at the bank."""

_ELSEWHERE = 20
"""Releases of other people that an inbox mentions; the payments page has them all."""


@dataclass(frozen=True)
class InboxRow:
    """An item with the rows that its sentence speaks of."""

    item: InboxItem
    of: Campaign | None
    """None for a matter of the brand's own account at the provider."""
    collaboration: Collaboration | None
    creator: Creator | None
    payout: Payout | None
    claim: Claim | None

    @property
    def campaign(self) -> Campaign:
        """The campaign of an item that has one."""
        assert self.of is not None, f"{self.item.kind} belongs to no campaign"
        return self.of

    @property
    def where(self) -> str:
        """What it belongs to, by name."""
        if self.item.kind in _OF_THE_BANK:
            return "Bank transfers"
        return self.of.name if self.of else OUR_ACCOUNT


@dataclass(frozen=True)
class Inbox:
    """What waits for somebody: how much of each kind, and the first rows, worst due first."""

    counts: dict[str, int]
    page: Page[InboxRow]
    elsewhere: tuple[tuple[InboxRow, str], ...] = ()
    """The first items that only somebody else may give, each with the code of why."""

    @property
    def total(self) -> int:
        """Number of open items, shown or not."""
        return sum(self.counts.values())


def _mine(roles: Collection[str]) -> ColumnElement[bool]:
    """Open items of these roles; what was escalated is the manager's too, kill fees finance's."""
    whose: ColumnElement[bool] = InboxItem.role.in_(list(roles))
    if "manager" in roles:
        whose = or_(whose, and_(InboxItem.escalated, InboxItem.role != "creator"))
    if "finance" in roles:
        whose = or_(whose, and_(InboxItem.escalated, InboxItem.kind == "kill_fee"))
    return and_(InboxItem.closed_at.is_(None), whose)


def _rows() -> Select[InboxItem, Campaign, Collaboration, Creator, Payout, Claim]:
    return (
        select(InboxItem, Campaign, Collaboration, Creator, Payout, Claim)
        .outerjoin(Campaign, Campaign.id == InboxItem.campaign_id)
        .outerjoin(Payout, Payout.id == InboxItem.subject_id)
        .outerjoin(Claim, Claim.id == InboxItem.subject_id)
        .outerjoin(
            Collaboration,
            Collaboration.id
            == func.coalesce(Payout.collaboration_id, Claim.collaboration_id, InboxItem.subject_id),
        )
        .outerjoin(Creator, Creator.id == Collaboration.creator_id)
    )


def _obstacle(staff_id: str, roles: Collection[str]) -> ColumnElement[str]:
    """Why an item is not this person's to decide; empty if it is."""
    if not staff_id:
        return literal("")
    is_release = InboxItem.kind == "release"
    for_others = and_(
        InboxItem.kind == "draft",
        kept_for_others(staff_id, ItemKind.DRAFT, InboxItem.subject_id),
    )
    if "manager" in roles:
        for_others = and_(for_others, not_(InboxItem.escalated))
    mine = obstacle_of(staff_id) if "finance" in roles else literal(_OVERDUE)
    return case(
        (is_release, mine),
        (for_others, literal(NOT_NAMED)),
        (InboxItem.kind.in_(_OF_THE_BANK), literal("" if "finance" in roles else _LEFT_LYING)),
        (InboxItem.kind == "kill_fee", literal("" if "manager" in roles else _UNDECIDED)),
        else_=literal(""),
    )


def waits_for(staff_id: str, roles: Collection[str]) -> ColumnElement[bool]:
    """True of an item (campaign and payout joined) that this person decides, or has to chase.

    A late release or bank file is shown to the managers, and a late kill fee to finance, who may
    not give it, so that they see to it.
    """
    chased = ("", _OVERDUE, _UNDECIDED, _LEFT_LYING)
    return and_(_mine(roles), _obstacle(staff_id, roles).in_(chased))


async def inbox(
    session: AsyncSession,
    roles: Collection[str],
    after: str = "",
    size: int = PAGE,
    *,
    staff_id: str = "",
) -> Inbox:
    """Everything that waits for these roles, worst due first; three queries.

    Args:
        session: a transaction.
        roles: whose roles.
        after: where the page before ended.
        size: rows of a page.
        staff_id: who looks; releases that four eyes forbid them are then kept apart.
    """
    obstacle = _obstacle(staff_id, roles)
    mine = and_(_mine(roles), obstacle == "")
    counts = await session.execute(
        select(InboxItem.kind, func.count())
        .outerjoin(Campaign, Campaign.id == InboxItem.campaign_id)
        .outerjoin(Payout, Payout.id == InboxItem.subject_id)
        .where(mine)
        .group_by(InboxItem.kind)
    )
    due = func.coalesce(InboxItem.due_at, FAR)
    order = (due, InboxItem.opened_at, InboxItem.id)
    query = _rows().where(mine).order_by(*order)
    position = read_mark(after, str, str, str)
    if position:
        query = query.where(
            tuple_(*order)
            > tuple_(
                datetime.fromisoformat(str(position[0])),
                datetime.fromisoformat(str(position[1])),
                str(position[2]),
            )
        )
    found = [InboxRow(*row) for row in (await session.execute(query.limit(size + 1)))]
    shown = tuple(found[:size])
    last = shown[-1].item if len(found) > size else None
    next_mark = (
        mark((last.due_at or FAR).isoformat(), last.opened_at.isoformat(), last.id) if last else ""
    )
    others: tuple[tuple[InboxRow, str], ...] = ()
    if staff_id and not after:
        apart = _rows().add_columns(obstacle).where(_mine(roles), not_(obstacle == ""))
        rows = await session.execute(apart.order_by(*order).limit(_ELSEWHERE))
        others = tuple((InboxRow(*row[:-1]), str(row[-1])) for row in rows)
    return Inbox({kind: count for kind, count in counts}, Page(shown, next_mark), others)


async def next_due(session: AsyncSession, after: datetime) -> InboxRow | None:
    """What is due next for whomever: shown where the inbox is empty."""
    query = (
        _rows()
        .where(InboxItem.closed_at.is_(None), InboxItem.due_at > after)
        .order_by(InboxItem.due_at)
        .limit(1)
    )
    row = (await session.execute(query)).first()
    return InboxRow(*row) if row else None


async def item(session: AsyncSession, item_id: str) -> InboxRow | None:
    """One item, open or closed."""
    row = (await session.execute(_rows().where(InboxItem.id == item_id))).first()
    return InboxRow(*row) if row else None


async def obstacle(
    session: AsyncSession, item_id: str, roles: Collection[str], staff_id: str
) -> str:
    """Why an item is not this person's to decide, beyond their role; empty if it is."""
    found = await session.scalar(
        select(_obstacle(staff_id, roles))
        .select_from(InboxItem)
        .outerjoin(Campaign, Campaign.id == InboxItem.campaign_id)
        .outerjoin(Payout, Payout.id == InboxItem.subject_id)
        .where(InboxItem.id == item_id)
    )
    return found or ""


async def open_item(session: AsyncSession, kind: str, subject_id: str) -> InboxItem | None:
    """The open item of this kind on this subject."""
    return await session.scalar(
        select(InboxItem).where(
            InboxItem.kind == kind,
            InboxItem.subject_id == subject_id,
            InboxItem.closed_at.is_(None),
        )
    )


async def next_item(
    session: AsyncSession, roles: Collection[str], beside: str, staff_id: str
) -> str:
    """The item to go to after the one just decided; empty if nothing waits for this person."""
    query = (
        select(InboxItem.id)
        .outerjoin(Campaign, Campaign.id == InboxItem.campaign_id)
        .outerjoin(Payout, Payout.id == InboxItem.subject_id)
        .where(_mine(roles), InboxItem.id != beside, _obstacle(staff_id, roles) == "")
        .order_by(func.coalesce(InboxItem.due_at, FAR), InboxItem.opened_at, InboxItem.id)
        .limit(1)
    )
    return await session.scalar(query) or ""


# --- what stands beside an item ------------------------------------------------------------


async def drafts(session: AsyncSession, collaboration_id: str) -> list[Draft]:
    """All versions that were handed in, oldest first."""
    rows = await session.scalars(
        select(Draft)
        .where(Draft.collaboration_id == collaboration_id)
        .order_by(Draft.created_at, Draft.id)
        .limit(PAGE)
    )
    return list(rows)


async def last_publication(session: AsyncSession, collaboration_id: str) -> Publication | None:
    """Where the creator says the post is."""
    return await session.scalar(
        select(Publication)
        .where(Publication.collaboration_id == collaboration_id)
        .order_by(Publication.created_at.desc(), Publication.id)
        .limit(1)
    )


async def checks(session: AsyncSession, collaboration_id: str) -> list[Check]:
    """All looks at the publication, newest first."""
    rows = await session.scalars(
        select(Check)
        .where(Check.collaboration_id == collaboration_id)
        .order_by(Check.checked_at.desc(), Check.id.desc())
        .limit(PAGE)
    )
    return list(rows)


async def statements(session: AsyncSession, collaboration_id: str) -> list[Statement]:
    """What the creator objects, newest first."""
    rows = await session.scalars(
        select(Statement)
        .where(Statement.collaboration_id == collaboration_id)
        .order_by(Statement.created_at.desc())
        .limit(PAGE)
    )
    return list(rows)


async def payouts(session: AsyncSession, collaboration_id: str) -> list[Payout]:
    """All payments of a collaboration, oldest first."""
    rows = await session.scalars(
        select(Payout)
        .where(Payout.collaboration_id == collaboration_id)
        .order_by(Payout.created_at, Payout.number)
        .limit(PAGE)
    )
    return list(rows)


async def recipient(session: AsyncSession, creator_id: str) -> Recipient | None:
    """The creator's account at the payment provider."""
    return await session.get(Recipient, creator_id)


@dataclass(frozen=True)
class Decided:
    """A decision with the name of the member of staff who took it."""

    decision: Decision
    name: str


async def decisions(session: AsyncSession, subject_ids: Collection[str]) -> list[Decided]:
    """Decisions on these subjects, newest first, with who took them."""
    rows = await session.execute(
        select(Decision, Staff.name)
        .outerjoin(Staff, and_(Decision.actor_kind == "staff", Staff.id == Decision.actor_id))
        .where(Decision.subject_id.in_(list(subject_ids)))
        .order_by(Decision.created_at.desc())
        .limit(PAGE)
    )
    return [Decided(decision, name or "") for decision, name in rows]


async def mails(session: AsyncSession, collaboration_id: str) -> list[OutboxMail]:
    """Mails to the creator, newest first."""
    rows = await session.scalars(
        select(OutboxMail)
        .where(OutboxMail.collaboration_id == collaboration_id)
        .order_by(OutboxMail.planned_at.desc(), OutboxMail.id)
        .limit(PAGE)
    )
    return list(rows)


async def events_of(session: AsyncSession, ids: Collection[str]) -> list[Event]:
    """What happened to these collaborations and payouts, newest first."""
    rows = await session.scalars(
        select(Event)
        .where(Event.entity_id.in_(list(ids)), Event.kind.in_(("collaboration", "payout")))
        .order_by(Event.at.desc(), Event.sequence.desc())
        .limit(4 * PAGE)
    )
    return list(rows)


async def decision(session: AsyncSession, decision_id: str) -> Decision | None:
    """One decision's row."""
    return await session.get(Decision, decision_id)
