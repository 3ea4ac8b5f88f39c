"""Attempts to pay, recipients and onboarding links: everything that is remembered of paying.

An attempt's row is committed before the provider is called and gets its outcome afterwards; a row
without an outcome means that the provider may have been called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import ContentConflict, NotAllowed, NotFound
from domain.lifecycle import HoldReason, PayoutStatus
from domain.messages import TransferOutcome, TransferResult
from store.external_events import mark_applied, mark_dispatched, store_event, undispatched_events
from store.tables import (
    Collaboration,
    Creator,
    ExternalEvent,
    OnboardingLink,
    Payout,
    PayoutAttempt,
    Recipient,
)

__all__ = [
    "Payee", "adopt_transfer", "begin_attempt", "creator_for_onboarding", "fill_link",
    "get_attempt", "get_event", "held_payouts", "mark_applied", "mark_dispatched", "open_before",
    "open_link", "payee", "recipient_of_account", "refresh_recipient", "save_new_recipient",
    "settle_attempt", "store_event", "transferred_attempt", "undispatched_events",
]  # fmt: skip

UNSETTLED = (None, TransferOutcome.IN_DOUBT.value)
"""Outcomes after which nobody knows whether the money has moved."""

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


# --- attempts ------------------------------------------------------------------------------


async def get_attempt(session: AsyncSession, payout_id: str, number: int) -> PayoutAttempt | None:
    """One attempt."""
    return await session.get(PayoutAttempt, (payout_id, number))


async def transferred_attempt(session: AsyncSession, payout_id: str) -> PayoutAttempt | None:
    """The attempt that went through, if one did."""
    return await session.scalar(
        select(PayoutAttempt)
        .where(
            PayoutAttempt.payout_id == payout_id,
            PayoutAttempt.outcome == TransferOutcome.TRANSFERRED.value,
        )
        .order_by(PayoutAttempt.number)
        .limit(1)
    )


async def open_before(
    session: AsyncSession, payout_id: str, number: int
) -> Sequence[PayoutAttempt]:
    """Earlier attempts of which nobody knows whether the money has moved."""
    found = await session.scalars(
        select(PayoutAttempt)
        .where(PayoutAttempt.payout_id == payout_id, PayoutAttempt.number < number)
        .order_by(PayoutAttempt.number)
    )
    return [attempt for attempt in found if attempt.outcome in UNSETTLED]


async def begin_attempt(session: AsyncSession, attempt: PayoutAttempt) -> PayoutAttempt:
    """Insert an attempt, or read the one that is there; to be committed before the call.

    Raises:
        ContentConflict: the attempt exists with another request.
    """
    columns = ("payout_id", "number", "key", "request_hash", "account_id", "first_sent_at")
    await session.execute(
        insert(PayoutAttempt)
        .values({name: getattr(attempt, name) for name in columns} | {"code": ""})
        .on_conflict_do_nothing(index_elements=["payout_id", "number"])
    )
    stored = await session.get_one(PayoutAttempt, (attempt.payout_id, attempt.number))
    if stored.request_hash != attempt.request_hash:
        raise ContentConflict(
            f"attempt {attempt.number} of payout {attempt.payout_id} was made with another request",
            hint="account or amount changed after the attempt began: look at the payout's attempts",
        )
    return stored


async def settle_attempt(
    session: AsyncSession, payout_id: str, number: int, result: TransferResult, at: datetime
) -> None:
    """Write down what became of an attempt; a transfer is adopted once and never taken back.

    Raises:
        NotFound: there is no such attempt.
        ContentConflict: the attempt has another transfer already.
    """
    stored = await session.get(PayoutAttempt, (payout_id, number), with_for_update=True)
    if stored is None:
        raise NotFound(f"payout {payout_id} has no attempt {number}")
    if stored.transfer_id:
        if result.transfer_id not in {"", stored.transfer_id}:
            raise ContentConflict(f"attempt {number} of payout {payout_id} has two transfers")
        return
    if result.transfer_id:
        await _refuse_second_owner(session, result.transfer_id)
    stored.outcome = result.outcome.value
    stored.transfer_id = result.transfer_id or None
    stored.code = result.code
    stored.settled_at = at


async def _refuse_second_owner(session: AsyncSession, transfer_id: str) -> None:
    owner = await session.scalar(
        select(PayoutAttempt.payout_id).where(PayoutAttempt.transfer_id == transfer_id)
    )
    if owner is not None:
        raise ContentConflict(f"transfer {transfer_id} belongs to another attempt already")


async def adopt_transfer(
    session: AsyncSession, payout_id: str, attempt: str, transfer_id: str, at: datetime
) -> bool:
    """Write down a transfer that the provider told us of; False if the attempt is not ours."""
    number = int(attempt) if attempt.isdecimal() and len(attempt) < 6 else 0
    if await session.get(PayoutAttempt, (payout_id, number)) is None:
        return False
    result = TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id=transfer_id)
    await settle_attempt(session, payout_id, number, result, at)
    return True


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
    await session.execute(
        insert(Recipient)
        .values(creator_id=creator_id, **values)
        .on_conflict_do_update(index_elements=["creator_id"], set_=values)
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
