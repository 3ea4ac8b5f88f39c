"""Payments that are released together: what is shown of each, and a row for each answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import masked
from domain.batches import Releasable, became, door
from domain.decisions import DecisionKind, ReleaseChoice
from domain.errors import NotAllowed, NotFound
from domain.lifecycle import PayoutStatus, StreamKind
from domain.payees import PayeeAccount, account_digest
from domain.payments import BONUS
from store import decisions, netting
from store.four_eyes import obstacle_of
from store.payees import is_new
from store.release_limit import needs_two
from store.tables import (
    BankAccount,
    Campaign,
    Check,
    Creator,
    Decision,
    InboxItem,
    Payout,
    Recipient,
)
from store.unnamed import sent_by_hand

MOST = 200
"""Payments that are read for one page of choices."""


@dataclass(frozen=True)
class ReleaseLine:
    """One payment as it is shown before it is released."""

    facts: Releasable
    kind: str
    """What earned it."""
    pay_by: datetime
    collaboration_id: str
    campaign_name: str
    creator: str
    """Name of the payee; may be empty."""
    handle: str
    account: PayeeAccount | None
    """Where it goes; None if the creator has no account yet."""


@dataclass(frozen=True)
class Recorded:
    """The row of one release of a batch."""

    decision_id: str
    payout_id: str
    status: str
    code: str
    seen: str


@dataclass(frozen=True)
class BatchResult:
    """What became of one release of a batch."""

    decision: Decision
    payout: Payout
    creator: str
    handle: str
    became: str
    """See `domain.batches.became`."""


def _lines(
    staff_id: str,
) -> Select[Payout, str, str, str, InboxItem, Recipient, str, str, bool, bool, bool, str]:
    last_look = (
        select(Check.state)
        .where(Check.collaboration_id == Payout.collaboration_id)
        .order_by(Check.checked_at.desc(), Check.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    asked = and_(
        InboxItem.subject_id == Payout.id,
        InboxItem.kind == "release",
        InboxItem.closed_at.is_(None),
    )
    return (
        select(
            Payout, Campaign.name, Creator.name, Creator.handle, InboxItem, Recipient,
            func.coalesce(last_look, ""), obstacle_of(staff_id), needs_two(),
            sent_by_hand(Recipient.account_id), is_new(),
            func.coalesce(BankAccount.iban, ""),
        )
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .join(Creator, Creator.id == Payout.creator_id)
        .outerjoin(InboxItem, asked)
        .outerjoin(Recipient, Recipient.creator_id == Payout.creator_id)
        .outerjoin(BankAccount, BankAccount.id == Recipient.account_id)
        .order_by(Payout.pay_by, Payout.id)
    )  # fmt: skip


def _line(
    payout: Payout,
    campaign: str,
    creator: str,
    handle: str,
    item: InboxItem | None,
    payee: Recipient | None,
    check: str,
    obstacle: str,
    two: bool,
    by_hand: bool,
    new_account: bool,
    iban: str,
) -> ReleaseLine:
    turn = item.code if item else ""
    facts = Releasable(
        payout_id=payout.id, campaign_id=payout.campaign_id, amount_minor=payout.amount_minor,
        currency=payout.currency, status=payout.status,
        item_id=item.id if item else "", seen=item.seen if item else "",
        turn="1/2" if two and turn == "1/1" else turn,
        account_id=payee.account_id if payee else "", payee=payee.status if payee else "",
        check=check, hold=payout.hold_reason or "", obstacle=obstacle,
        granted=payout.kind == BONUS, by_hand=by_hand, new_account=new_account,
    )  # fmt: skip
    digits = masked(iban) if iban else ""
    return ReleaseLine(
        facts, payout.kind, payout.pay_by, payout.collaboration_id, campaign, creator, handle,
        PayeeAccount(payee.account_id, payee.since, digits, new_account) if payee else None,
    )  # fmt: skip


async def _with_netting(
    session: AsyncSession, found: Sequence[ReleaseLine]
) -> tuple[ReleaseLine, ...]:
    """The lines with what a release would keep back; only claims on their creators are read."""
    owing = await netting.owing(session, [line.facts.payout_id for line in found])
    netted = {payout.id: await netting.to_net(session, payout) for payout in owing}
    return tuple(
        replace(line, facts=replace(line.facts, netted_minor=netted[line.facts.payout_id]))
        if line.facts.payout_id in netted
        else line
        for line in found
    )


async def waiting(
    session: AsyncSession, staff_id: str, campaign_id: str = ""
) -> tuple[ReleaseLine, ...]:
    """Payments that somebody is asked to release, first due first, at most `MOST`."""
    query = _lines(staff_id).where(
        Payout.status == PayoutStatus.REQUESTED.value, InboxItem.id.is_not(None)
    )
    if campaign_id:
        query = query.where(Payout.campaign_id == campaign_id)
    found = [_line(*row) for row in await session.execute(query.limit(MOST))]
    return await _with_netting(session, found)


async def lines(
    session: AsyncSession, staff_id: str, payout_ids: Collection[str]
) -> tuple[ReleaseLine, ...]:
    """These payments as they are now, whatever their state; first due first."""
    query = _lines(staff_id).where(Payout.id.in_(list(payout_ids)))
    return await _with_netting(session, [_line(*row) for row in await session.execute(query)])


async def record(
    session: AsyncSession, batch: str, staff_id: str, payout_id: str, shown: str, at: datetime,
    *, by_itself: bool = False,
) -> Recorded:  # fmt: skip
    """Write the row of one release of a batch; one that is refused at once has its row too.

    Recording the same payment of the same batch again gives the row that is there. A batch of one
    payment that was looked at ``by_itself`` may be of one that goes in no other batch.

    Raises:
        NotAllowed: the batch is somebody else's.
        NotFound: there is no such payment.
    """
    # The same lock as a single decision's: two clicks in the same instant are one after the other.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(payout_id))))
    row = await session.scalar(
        select(Decision).where(Decision.batch == batch, Decision.subject_id == payout_id)
    )
    if row is None:
        row = await _new(session, batch, staff_id, payout_id, shown, at, by_itself)
    if row.actor_id != staff_id:
        raise NotAllowed("this batch is somebody else's")
    return Recorded(row.id, payout_id, row.status, row.code, row.seen)


async def _new(
    session: AsyncSession, batch: str, staff_id: str, payout_id: str, shown: str, at: datetime,
    by_itself: bool,
) -> Decision:  # fmt: skip
    found = await lines(session, staff_id, [payout_id])
    if not found:
        raise NotFound(f"there is no payment '{payout_id}'")
    kind, facts = DecisionKind.RELEASE_PAYOUT.value, found[0].facts
    choice = ReleaseChoice(
        netted_minor=facts.netted_minor, account=account_digest(facts.account_id)
    )
    return await decisions.write(
        session, kind=kind, subject_kind=StreamKind.PAYOUT.value, subject_id=payout_id,
        actor_kind="staff", actor_id=staff_id, choice=choice.model_dump(), seen=facts.seen,
        comment="", batch=batch, status="submitted", at=at,
        code=door(facts, shown, by_itself=by_itself),
    )  # fmt: skip


async def results(session: AsyncSession, batch: str, staff_id: str) -> tuple[BatchResult, ...]:
    """What became of a batch of this person's, by what is there now; empty if it is not theirs."""
    answered = and_(
        InboxItem.campaign_id == Payout.campaign_id,
        InboxItem.subject_id == Payout.id,
        InboxItem.closed_by == Decision.id,
    )
    rows = await session.execute(
        select(Decision, Payout, Creator.name, Creator.handle, func.coalesce(InboxItem.code, ""))
        .join(Payout, Payout.id == Decision.subject_id)
        .join(Creator, Creator.id == Payout.creator_id)
        .outerjoin(InboxItem, answered)
        .where(Decision.batch == batch, Decision.actor_id == staff_id)
        .order_by(Payout.pay_by, Payout.id)
    )
    return tuple(
        BatchResult(
            decision,
            payout,
            name,
            handle,
            became(decision.status, turn, payout.status, payout.hold_reason or ""),
        )
        for decision, payout, name, handle, turn in rows
    )
