"""Payouts, recipients and onboarding links; the attempts to pay are in `store.attempts`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import DecisionKind
from domain.errors import NotAllowed, NotFound
from domain.inbox import ItemKind
from domain.lifecycle import ACCOUNT_LOST, HoldReason, PayoutStatus
from store.attempts import adopt_transfer, get_attempt, is_adopted, settle_attempt
from store.external_events import (
    mark_applied,
    mark_dispatched,
    mark_unread,
    store_event,
    undispatched_events,
)
from store.tables import (
    Collaboration,
    Creator,
    Decision,
    ExternalEvent,
    InboxItem,
    OnboardingLink,
    Payout,
    Recipient,
)

__all__ = [
    "Payee", "accounts_back", "adopt_transfer", "creator_for_onboarding", "fill_link",
    "get_attempt", "get_event", "held_payouts", "is_adopted", "lost_accounts", "mark_applied",
    "mark_dispatched", "mark_unread", "open_link", "payee", "recipient_of_account",
    "refresh_recipient", "save_new_recipient", "settle_attempt", "store_event",
    "undispatched_events",
]  # fmt: skip

_STANDS = [
    each.value for each in (PayoutStatus.REQUESTED, PayoutStatus.RELEASED, PayoutStatus.HELD)
]
"""States in which no money is on its way."""

_ON_HOLD = [
    HoldReason.BY_PERSON.value, HoldReason.TAKEN_BACK.value, HoldReason.REFUSED.value,
    *(each.value for each in ACCOUNT_LOST),
]  # fmt: skip
"""Reasons for which a person decides already."""

_WOKEN_AT_ONCE = 1000
"""Held payments that are tried again when money arrives; the others follow on their timers."""


@dataclass(frozen=True)
class Payee:
    """A payout with the account that it goes to, if there is one."""

    payout: Payout
    recipient: Recipient | None


async def payee(session: AsyncSession, payout_id: str) -> Payee:
    """Read a payout and its creator's account.

    Raises:
        NotFound: there is no such payout.
    """
    row = (
        await session.execute(
            select(Payout, Recipient)
            .outerjoin(Recipient, Recipient.creator_id == Payout.creator_id)
            .where(Payout.id == payout_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no payout {payout_id}")
    return Payee(row[0], row[1])


async def held_payouts(
    session: AsyncSession, *, creator_id: str | None = None, reason: HoldReason | None = None
) -> list[str]:
    """Ids of held payouts of a creator, or held for a reason; oldest due first."""
    query = select(Payout.id).where(Payout.status == PayoutStatus.HELD.value)
    if creator_id is not None:
        query = query.where(Payout.creator_id == creator_id)
    if reason is not None:
        query = query.where(Payout.hold_reason == reason.value)
    found = await session.scalars(query.order_by(Payout.pay_by, Payout.id).limit(_WOKEN_AT_ONCE))
    return list(found)


async def lost_accounts(session: AsyncSession, at_most: int) -> list[tuple[str, HoldReason]]:
    """Payments that do not stand still yet although their creator's account is lost, and why.

    What is on its way is left alone, and so is what a person has let go on since that was learned.
    """
    let_go = exists().where(
        Decision.subject_id == Payout.id,
        Decision.kind == DecisionKind.RESUME_PAYOUT.value,
        Decision.status == "applied",
        Decision.created_at > Recipient.updated_at,
    )
    rejected = Recipient.requirements.contains([HoldReason.ACCOUNT_REJECTED.value])
    gone = Recipient.requirements.contains([HoldReason.ACCOUNT_GONE.value])
    found = await session.execute(
        select(Payout.id, rejected)
        .join(Recipient, Recipient.creator_id == Payout.creator_id)
        .where(
            or_(rejected, gone),
            Payout.status.in_(_STANDS),
            Payout.sequence > 0,
            or_(Payout.hold_reason.is_(None), Payout.hold_reason.not_in(_ON_HOLD)),
            ~let_go,
        )
        .order_by(Payout.pay_by, Payout.id)
        .limit(at_most)
    )
    reasons = {True: HoldReason.ACCOUNT_REJECTED, False: HoldReason.ACCOUNT_GONE}
    return [(payout, reasons[bool(for_good)]) for payout, for_good in found]


async def accounts_back(session: AsyncSession, at_most: int) -> list[str]:
    """Payments on hold for an account that was gone, whose creator has one now that can be paid.

    One of which somebody has said that it was paid another way waits for the second person.
    """
    asked = exists().where(
        InboxItem.subject_id == Payout.id, InboxItem.kind == ItemKind.ON_HOLD.value,
        InboxItem.closed_at.is_(None), InboxItem.seen == "",
    )  # fmt: skip
    lost = or_(*(Recipient.requirements.contains([each.value]) for each in ACCOUNT_LOST))
    found = await session.scalars(
        select(Payout.id)
        .join(Recipient, Recipient.creator_id == Payout.creator_id)
        .where(
            Payout.status == PayoutStatus.HELD.value,
            Payout.hold_reason == HoldReason.ACCOUNT_GONE.value,
            Recipient.status == "active",
            ~lost,
            asked,
        )
        .order_by(Payout.pay_by, Payout.id)
        .limit(at_most)
    )
    return list(found)


# --- recipients and onboarding -------------------------------------------------------------


async def recipient_of_account(session: AsyncSession, account_id: str) -> Recipient | None:
    """Whose account it is."""
    return await session.scalar(select(Recipient).where(Recipient.account_id == account_id))


async def save_new_recipient(
    session: AsyncSession, creator_id: str, account_id: str, status: str,
    requirements: Sequence[str], at: datetime,
) -> None:  # fmt: skip
    """Remember a creator's account; a closed account is replaced by the new one."""
    values = {
        "account_id": account_id,
        "status": status,
        "requirements": list(requirements),
        "updated_at": at,
    }
    since = case((Recipient.account_id == account_id, Recipient.since), else_=at)
    await session.execute(
        insert(Recipient)
        .values(creator_id=creator_id, since=at, **values)
        .on_conflict_do_update(index_elements=["creator_id"], set_=values | {"since": since})
    )


async def refresh_recipient(
    session: AsyncSession, seen: Recipient, status: str, requirements: Sequence[str], at: datetime
) -> bool:
    """Write what was just read from the provider; False if somebody wrote since ``seen``.

    Two events may be applied at the same time: without this, the older answer could win.
    """
    later = max(at, seen.updated_at + timedelta(microseconds=1))
    changed = await session.execute(
        update(Recipient)
        .where(
            Recipient.creator_id == seen.creator_id,
            Recipient.account_id == seen.account_id,
            Recipient.updated_at == seen.updated_at,
        )
        .values(status=status, requirements=list(requirements), updated_at=later)
        .returning(Recipient.creator_id)
    )
    return changed.one_or_none() is not None


async def creator_for_onboarding(
    session: AsyncSession, creator_id: str
) -> tuple[Creator, Recipient | None, str]:
    """The creator, the account if there is one, and the collaboration to come back to.

    Raises:
        NotFound: there is no such creator.
    """
    creator = await session.get(Creator, creator_id)
    if creator is None:
        raise NotFound(f"there is no creator {creator_id}")
    newest = await session.scalar(
        select(Collaboration.id)
        .where(Collaboration.creator_id == creator_id)
        .order_by(Collaboration.ended_at.is_not(None), Collaboration.created_at.desc())
        .limit(1)
    )
    return creator, await session.get(Recipient, creator_id), newest or ""


async def open_link(
    session: AsyncSession, link_id: str, creator_id: str, at: datetime
) -> OnboardingLink:
    """The row that receives the link; made here if the page has not made it.

    Raises:
        NotAllowed: the row is another creator's.
    """
    await session.execute(
        insert(OnboardingLink)
        .values(id=link_id, creator_id=creator_id, url="", created_at=at)
        .on_conflict_do_nothing(index_elements=["id"])
    )
    link = await session.get_one(OnboardingLink, link_id)
    if link.creator_id != creator_id:
        raise NotAllowed(f"link {link_id} is another creator's")
    return link


async def fill_link(
    session: AsyncSession, link_id: str, url: str, expires_at: datetime
) -> None:  # fmt: skip
    """Put the provider's single-use link into its row."""
    await session.execute(
        update(OnboardingLink)
        .where(OnboardingLink.id == link_id)
        .values(url=url, expires_at=expires_at)
    )


async def get_event(session: AsyncSession, row_id: str) -> ExternalEvent:
    """One stored event.

    Raises:
        NotFound: there is no such event.
    """
    event = await session.get(ExternalEvent, row_id)
    if event is None:
        raise NotFound(f"there is no stored event {row_id}")
    return event
