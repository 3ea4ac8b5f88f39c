"""The outbox: each row is a mail that is to be sent once, and what became of it.

``planned -> claimed -> accepted | bounced | in_doubt``, or from ``planned`` straight to
``suppressed``, ``expired`` or ``by_hand``. A claim is committed before the mail server is spoken
to, together with the text; whoever holds a claim knows it by its moment, so that an attempt that
was given up cannot settle the row of a later one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.addresses import address_hash, usable_address
from domain.correspondence import Correspondence, MailOrder
from domain.errors import NotFound
from domain.lifecycle import CampaignStatus, Stage
from domain.mails import OF_A_CONTRACT, STRANGER, Mail
from store import correspondence
from store.engine import session
from store.tables import OutboxMail, Suppression

AGAIN = "again"
"""``code`` of a row whose mail may already have been given to the server once before."""


OPT_OUT = "opt_out"
"""Reason of a suppression that the person asked for; the address itself works."""

_OVER = frozenset({CampaignStatus.STOPPING, CampaignStatus.STOPPED, CampaignStatus.COMPLETED})


@dataclass(frozen=True)
class Written:
    """A mail as written: what the row keeps, and what the server gets."""

    subject: str
    kept_text: str
    """The text for the row: links that act for the creator are left out, unless it is sent by
    hand."""
    message_id: str
    message: bytes


@dataclass(frozen=True)
class Settled:
    """Nothing to send: this is what became of the mail."""

    status: str


@dataclass(frozen=True)
class Claim:
    """The right to speak to the server about this mail, once."""

    outbox_id: str
    mail: str
    recipient: str
    at: datetime
    written: Written


@dataclass(frozen=True)
class Abandoned:
    """Claimed by an attempt that did not tell its end."""

    outbox_id: str
    mail: str
    message_id: str
    claimed_at: datetime
    again: bool


Write = Callable[[MailOrder, str | None], Written]
"""Writes the mail for a recipient, or for sending by hand if there is none."""


async def claim(
    engine: AsyncEngine, outbox_id: str, now: datetime, write: Write
) -> Claim | Settled | Abandoned:
    """Decide what is to be done with a mail and, if it is to be sent, claim it.

    Suppression is looked up here and not when the mail was planned: an opt-out between the two
    counts.
    """
    async with session(engine) as work:
        row = await _locked(work, outbox_id)
        if row.status == "claimed":
            return _abandoned(row)
        if row.status != "planned":
            return Settled(row.status)
        about = await correspondence.load(work, row.collaboration_id, row.facts)
        recipient = usable_address(about.email)
        status = await _not_to_be_sent(work, row, about, now)
        if status:
            return _settle(row, status, now)
        written = write(await _order(work, row, about), recipient)
        row.subject, row.text_body = written.subject, written.kept_text
        if recipient is None:
            return _settle(row, "by_hand", now)
        return _claimed(row, recipient, written, now)


async def claim_again(
    engine: AsyncEngine, abandoned: Abandoned, now: datetime, write: Write, *, certain: bool
) -> Claim | Settled | Abandoned:
    """Take over an abandoned claim; ``certain`` if the server is known not to have the mail."""
    async with session(engine) as work:
        row = await _locked(work, abandoned.outbox_id)
        if row.status != "claimed":
            return Settled(row.status)
        if row.claimed_at != abandoned.claimed_at:
            return _abandoned(row)
        about = await correspondence.load(work, row.collaboration_id, row.facts)
        recipient = usable_address(about.email)
        status = await _not_to_be_sent(work, row, about, now)
        if recipient is None or status:
            # It may be out already; that is all that can be said.
            return _settle(row, (status or "in_doubt") if certain else "in_doubt", now)
        if not certain:
            row.code = AGAIN
        written = write(await _order(work, row, about), recipient)
        return _claimed(row, recipient, written, now)


async def settle(engine: AsyncEngine, outbox_id: str, at: datetime, status: str, now: datetime,
                 code: str = "") -> bool:  # fmt: skip
    """Write down what became of the claim made ``at``; False if it is not the row's claim."""
    async with session(engine) as work:
        return await _settle_claim(work, outbox_id, at, status, now, code)


async def settle_bounced(
    engine: AsyncEngine, claimed: Claim, now: datetime, code: str, *, suppress_address: bool
) -> None:
    """The address does not take mail; a lasting refusal means never to write there again."""
    async with session(engine) as work:
        await _settle_claim(work, claimed.outbox_id, claimed.at, "bounced", now, code)
        if suppress_address:
            await suppress(work, claimed.recipient, "bounced", now)


async def release(engine: AsyncEngine, claimed: Claim) -> None:
    """Give a claim back: certainly nothing was sent."""
    async with session(engine) as work:
        await work.execute(
            update(OutboxMail)
            .where(_is_claim(claimed.outbox_id, claimed.at))
            .values(status="planned", claimed_at=None)
        )


async def suppress(work: AsyncSession, address: str, reason: str, at: datetime) -> None:
    """Never write to this address again: ``opt_out``, ``bounced``, ``complaint``, ``by_hand``."""
    await work.execute(
        insert(Suppression)
        .values(address_hash=address_hash(address), reason=reason, created_at=at)
        .on_conflict_do_nothing()
    )


async def is_suppressed(work: AsyncSession, address: str) -> bool:
    """True if this address, in any spelling, is never to be written to."""
    return await work.get(Suppression, address_hash(address)) is not None


async def stuck(
    work: AsyncSession, now: datetime, older_than: timedelta, limit: int
) -> list[OutboxMail]:
    """Mails that should be out and are not; for the sweep and the doctor, oldest first."""
    before = now - older_than
    rows = await work.scalars(
        select(OutboxMail)
        .where(
            or_(
                and_(OutboxMail.status == "planned", OutboxMail.planned_at < before),
                and_(OutboxMail.status == "claimed", OutboxMail.claimed_at < before),
            ),
            or_(OutboxMail.not_before.is_(None), OutboxMail.not_before < before),
        )
        .order_by(OutboxMail.planned_at)
        .limit(limit)
    )
    return list(rows)


async def of_collaboration(
    work: AsyncSession, collaboration_id: str, limit: int = 100
) -> list[OutboxMail]:
    """The mails of one collaboration, oldest first; for the desk."""
    rows = await work.scalars(
        select(OutboxMail)
        .where(OutboxMail.collaboration_id == collaboration_id)
        .order_by(OutboxMail.planned_at, OutboxMail.id)
        .limit(limit)
    )
    return list(rows)


async def _locked(work: AsyncSession, outbox_id: str) -> OutboxMail:
    row = await work.get(OutboxMail, outbox_id, with_for_update=True)
    if row is None:
        raise NotFound("there is no such mail in the outbox")
    return row


async def _not_to_be_sent(
    work: AsyncSession, row: OutboxMail, about: Correspondence, now: datetime
) -> str:
    if row.not_after and now > row.not_after:
        return "expired"
    if row.mail in STRANGER and _is_stale(row, about):
        return "expired"
    address = usable_address(about.email)
    reason = await _suppressed_because(work, address) if address else ""
    allowed = not reason or (reason == OPT_OUT and row.mail in OF_A_CONTRACT)
    return "" if allowed else "suppressed"


async def _suppressed_because(work: AsyncSession, address: str) -> str:
    row = await work.get(Suppression, address_hash(address))
    return row.reason if row else ""


def _is_stale(row: OutboxMail, about: Correspondence) -> bool:
    """Somebody who has answered, or whose campaign was stopped, is not invited any more."""
    if about.campaign_status in _OVER:
        return True
    if row.mail == Mail.INVITATION_REMINDER:
        return about.stage not in {Stage.SCREENING, Stage.INVITING}
    return about.stage == Stage.CLOSED


async def _order(work: AsyncSession, row: OutboxMail, about: Correspondence) -> MailOrder:
    earlier = await work.scalars(
        select(OutboxMail.message_id)
        .where(
            OutboxMail.collaboration_id == row.collaboration_id,
            OutboxMail.id != row.id,
            OutboxMail.status == "accepted",
        )
        .order_by(OutboxMail.settled_at)
    )
    return MailOrder(row.id, row.mail, row.facts, about, tuple(earlier))


def _abandoned(row: OutboxMail) -> Abandoned:
    assert row.claimed_at is not None
    return Abandoned(row.id, row.mail, row.message_id, row.claimed_at, row.code == AGAIN)


def _claimed(row: OutboxMail, recipient: str, written: Written, now: datetime) -> Claim:
    row.status, row.claimed_at, row.message_id = "claimed", now, written.message_id
    return Claim(row.id, row.mail, recipient, now, written)


def _settle(row: OutboxMail, status: str, now: datetime) -> Settled:
    row.status, row.settled_at = status, now
    return Settled(status)


def _is_claim(outbox_id: str, at: datetime) -> ColumnElement[bool]:
    return and_(
        OutboxMail.id == outbox_id, OutboxMail.status == "claimed", OutboxMail.claimed_at == at
    )


async def _settle_claim(work: AsyncSession, outbox_id: str, at: datetime, status: str,
                        now: datetime, code: str) -> bool:  # fmt: skip
    values = {"status": status, "settled_at": now} | ({"code": code} if code else {})
    done = await work.execute(
        update(OutboxMail).where(_is_claim(outbox_id, at)).values(values).returning(OutboxMail.id)
    )
    return done.first() is not None
