"""What a workflow writes: one event and everything that belongs to it, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.claims import ClaimStatus
from domain.errors import ContentConflict, Overdrawn
from domain.lifecycle import CampaignStatus, PayoutStatus, Stage
from domain.messages import (
    Append,
    Appended,
    CampaignChange,
    ClaimChange,
    CollaborationChange,
    Netting,
    NewPayout,
    PayoutChange,
    PlannedMail,
)
from domain.payments import REPAYMENT
from store import earned, ledger, netting, settling
from store.applying import apply_decision
from store.crediting import credit
from store.engine import session as transaction
from store.invoices import invoice
from store.items import close_all, close_items, escalate, hand_over, open_item, remind
from store.streams import (
    Entity,
    NewEvent,
    already_written,
    lock_entity,
    verify_stream,
    write_event,
)
from store.tables import Campaign, Claim, Collaboration, OutboxMail, Payout

__all__ = ["append", "apply_decision", "verify_stream"]

_CAMPAIGN_ENDS = frozenset({CampaignStatus.COMPLETED, CampaignStatus.STOPPED})


async def append(engine: AsyncEngine, command: Append) -> Appended:
    """Write an event with its read-model change, items, mails, postings and payouts.

    The same key again is not written twice and gives the stream's head.

    Raises:
        StreamConflict: the head is not in the stream, or the key stands for another event.
        ContentConflict: a mail's step, a posting's key or a payout stands for something else.
        Overdrawn: an account other than the free budget does not hold what is to be moved.
    """
    try:
        async with transaction(engine) as session:
            return await _append(session, command)
    except Overdrawn as refusal:
        # Only the free budget may run out in the ordinary course of things. Anything else that
        # lacks money is a fault, which a person has to see.
        if refusal.account != ledger.AVAILABLE:
            raise
        return Appended(head=command.head, refused="over_budget")


async def _append(session: AsyncSession, command: Append) -> Appended:
    entity = await lock_entity(session, command.head)
    new = NewEvent(command.key, command.event, command.data, command.at)
    before = await already_written(session, entity, command.head, new)
    if before is not None:
        return Appended(head=before)
    stands = _is_confirmed(command)
    if isinstance(entity, Payout | Claim) and (
        stands or _is_called_off(command) or command.discharges
    ):
        await earned.lock(session, entity.collaboration_id)
    head = write_event(session, entity, command.head, new)
    _change(entity, command)
    subject = _Subject(entity)
    await _change_items(session, entity.id, command)
    for item in command.open_items:
        await open_item(
            session, item, subject.kind, subject.id, subject.campaign_id, head.sequence, command.at
        )
    for mail in command.mails:
        await _plan_mail(session, subject, mail, command.at)
    for payout in command.new_payouts:
        await _request_payout(session, subject, payout, command.at)
    await session.flush()
    await ledger.post_all(
        session,
        subject.campaign_id,
        subject.creator_id,
        subject.collaboration_id,
        subject.payout_id,
        command.postings,
        subject.currency,
        command.at,
    )
    if isinstance(entity, Payout):
        await _change_claims(session, entity, command)
        if await _is_given_up(session, entity, command):
            await credit(session, entity.id, entity, entity.amount_minor, command.at)
    elif isinstance(entity, Claim) and stands:
        await settling.claim_confirmed(session, entity, command.at)
    return Appended(head=head)


def _is_called_off(command: Append) -> bool:
    return command.payout is not None and command.payout.status is PayoutStatus.CANCELLED


def _is_confirmed(command: Append) -> bool:
    return command.claim is not None and command.claim.status is ClaimStatus.CONFIRMED


async def _is_given_up(session: AsyncSession, payout: Payout, command: Append) -> bool:
    """True if what is invoiced is not owed any more: its invoice is less by that."""
    if not _is_called_off(command):
        return False
    return payout.kind == REPAYMENT or await invoice(session, payout.id) is not None


async def _change_claims(session: AsyncSession, payout: Payout, command: Append) -> None:
    if command.netting is Netting.BOOK:
        await netting.book(session, payout, command.at)
    elif command.netting is Netting.GIVE_BACK:
        await netting.give_back(session, payout, command.at)
    await settling.discharge(session, payout, command.discharges, command.at)
    if _is_called_off(command):
        await settling.payment_called_off(session, payout, command.at)


async def _change_items(session: AsyncSession, subject_id: str, command: Append) -> None:
    if command.close_all_items:
        await close_all(session, subject_id, command.at)
    await close_items(session, subject_id, command.close_items, command.at)
    await remind(session, subject_id, command.remind_items)
    await escalate(session, subject_id, command.escalate_items)
    await hand_over(session, subject_id, command.hand_over_items)


class _Subject:
    """Where an entity belongs: its campaign, its collaboration, its creator."""

    def __init__(self, entity: Entity) -> None:
        self.kind = type(entity).__name__.casefold()
        self.id = entity.id
        self.currency = entity.currency
        self.campaign_id = entity.id if isinstance(entity, Campaign) else entity.campaign_id
        self.creator_id = None if isinstance(entity, Campaign) else entity.creator_id
        self.payout_id = entity.id if isinstance(entity, Payout) else None
        self.collaboration_id: str | None = None
        if isinstance(entity, Collaboration):
            self.collaboration_id = entity.id
        elif isinstance(entity, Payout | Claim):
            self.collaboration_id = entity.collaboration_id

    def collaboration(self) -> str:
        if self.collaboration_id is None:
            raise ValueError("a campaign has no creator to write to or to pay")
        return self.collaboration_id


# --- the read model ------------------------------------------------------------------------


def _change(entity: Entity, command: Append) -> None:
    """Change the row of the stream's own entity; nobody else's."""
    match entity, command:
        case Collaboration(), Append(campaign=None, payout=None, claim=None):
            _change_collaboration(entity, command.collaboration, command.at)
        case Campaign(), Append(collaboration=None, payout=None, claim=None):
            _change_campaign(entity, command.campaign, command.at)
        case Payout(), Append(collaboration=None, campaign=None, claim=None):
            _change_payout(entity, command.payout, command.at)
        case Claim(), Append(collaboration=None, campaign=None, payout=None):
            _change_claim(entity, command.claim, command.at)
        case _:
            raise ValueError("an event changes the row of its own stream only")


def _set(
    row: Entity, change: CollaborationChange | CampaignChange | PayoutChange | ClaimChange
) -> None:
    for name, value in change.model_dump(mode="python", exclude_none=True).items():
        if not name.startswith("clear_"):
            setattr(row, name, str(value) if isinstance(value, str) else value)


def _change_collaboration(
    row: Collaboration, change: CollaborationChange | None, at: datetime
) -> None:
    row.updated_at = at
    if change is None:
        return
    _set(row, change)
    if change.clear_due:
        row.due_at = None
    if change.stage is Stage.CLOSED:
        row.ended_at = row.ended_at or at  # its last step may still have to be done again


def _change_campaign(row: Campaign, change: CampaignChange | None, at: datetime) -> None:
    if change is None:
        return
    _set(row, change)
    if change.status in _CAMPAIGN_ENDS:
        row.ended_at = at


def _change_payout(row: Payout, change: PayoutChange | None, at: datetime) -> None:
    row.updated_at = at
    if change is None:
        return
    if change.status is not None:
        row.rides = False
    _set(row, change)
    if change.clear_hold:
        row.hold_reason = None


def _change_claim(row: Claim, change: ClaimChange | None, at: datetime) -> None:
    row.updated_at = at
    if change is not None:
        _set(row, change)


# --- what hangs on an event ----------------------------------------------------------------


async def _plan_mail(
    session: AsyncSession, subject: _Subject, mail: PlannedMail, at: datetime
) -> None:
    content: dict[str, Any] = {
        "mail": mail.mail.value,
        "facts": mail.facts,
        "not_before": mail.not_before,
        "not_after": mail.not_after,
    }
    written = await session.scalar(
        insert(OutboxMail)
        .values(
            id=mail.outbox_id,
            campaign_id=subject.campaign_id,
            collaboration_id=subject.collaboration(),
            step=mail.step,
            status="planned",
            code="",
            message_id="",
            subject="",
            text_body="",
            planned_at=at,
            **content,
        )
        .on_conflict_do_nothing()
        .returning(OutboxMail.id)
    )
    if written is None:
        there = await session.scalar(
            select(OutboxMail).where(
                OutboxMail.collaboration_id == subject.collaboration_id,
                OutboxMail.step == mail.step,
            )
        )
        _same_or_conflict(there, content, f"the mail step '{mail.step}'")


async def _request_payout(
    session: AsyncSession, subject: _Subject, payout: NewPayout, at: datetime
) -> None:
    content: dict[str, Any] = {
        "collaboration_id": subject.collaboration(),
        "kind": payout.kind,
        "number": payout.number,
        "amount_minor": payout.amount_minor,
    }
    written = await session.scalar(
        insert(Payout)
        .values(
            id=payout.payout_id,
            campaign_id=subject.campaign_id,
            creator_id=subject.creator_id,
            currency=subject.currency,
            status=PayoutStatus.REQUESTED.value,
            releases=0,
            attempt=0,
            pay_by=payout.pay_by,
            again_of=payout.again_of,
            **await _share(session, payout),
            reversed_minor=0,
            created_at=at,
            updated_at=at,
            sequence=0,
            digest="",
            **content,
        )
        .on_conflict_do_nothing()
        .returning(Payout.id)
    )
    if written is None:
        there = await session.get(Payout, payout.payout_id)
        _same_or_conflict(there, content, f"the payout {payout.payout_id}")


async def _share(session: AsyncSession, payout: NewPayout) -> dict[str, Any]:
    """Which part of an earlier payment this is: what the same event has taken back of it."""
    if payout.again_of is None:
        return {}
    before = await session.get_one(Payout, payout.again_of)
    left = before.amount_minor - before.reversed_minor
    return {"first_of": before.first_of or before.id, "share_from": before.share_from + left}


def _same_or_conflict(there: Any, content: dict[str, Any], what: str) -> None:
    if there is None or any(getattr(there, name) != value for name, value in content.items()):
        raise ContentConflict(f"{what} exists with other content")
