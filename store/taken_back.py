"""Money that was taken back at the provider after it was paid: booked, and put to a person.

Who takes it back does so at the provider, by hand. What of it is still owed is not for Troupe to
say: it becomes a payment of its own that is on hold until finance lets it go on, or says that it
is not owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile, PayoutPolicy
from domain.claims import parts_of
from domain.decisions import DecisionKind
from domain.errors import Unavailable
from domain.ids import outbox_id, payout_id
from domain.lifecycle import HoldReason, PayoutStatus, StreamKind
from domain.mails import Mail
from domain.messages import (
    Append,
    Discharge,
    NewPayout,
    PayoutChange,
    PayoutInput,
    PlannedMail,
    Posting,
    PostingKind,
    StreamHead,
    TakenBack,
)
from domain.payments import REPAYMENT, RailTransfer
from store.claims import open_on as claims_on
from store.shares import shares, too_much
from store.tables import Campaign, Decision, Payout

DECIDE_WITHIN = timedelta(days=14)
"""The day by which a repayment is due, if it is owed."""


async def booking(session: AsyncSession, transfer: RailTransfer, at: datetime) -> Append | None:
    """What is to be written next about a transfer of which something was taken back, if anything.

    A transfer may have paid several: what is taken back is counted to what it has sent too much,
    then to the payment that it was made for, then to those that it took along, to each as much as
    was sent of it. One at a time, as each may be about the same claims and the same collaboration
    as the one before.

    Raises:
        Unavailable: not all that it pays is booked as paid yet.
    """
    surplus = sum(share.amount_minor for share in await too_much(session, transfer.id))
    left = transfer.reversed_minor - surplus
    paid = await shares(session, transfer.id) if left > 0 else []
    if any(share.payout.status != PayoutStatus.TRANSFERRED for share in paid):
        # One of them may yet turn out to be paid otherwise: that much would be too much.
        raise Unavailable("the payment is not booked as paid yet; asked again in a while")
    for share in paid:
        reversed_minor = min(left, share.amount_minor)
        left -= reversed_minor
        if reversed_minor > share.payout.reversed_minor:
            return await _booking(session, share.payout, reversed_minor, at)
    return None


async def _booking(
    session: AsyncSession, payout: Payout, reversed_minor: int, at: datetime
) -> Append:
    back = reversed_minor - payout.reversed_minor
    # What the creator owed anyway comes off that; only the rest has to be decided.
    parts = parts_of(back, await claims_on(session, payout.collaboration_id))
    owed = sum(part.amount_minor for part in parts)
    again = [await _repayment(session, payout, back - owed, at)] if back > owed else []
    what = f"{payout.id}:{reversed_minor}"
    return Append(
        head=StreamHead(
            kind=StreamKind.PAYOUT, entity_id=payout.id, sequence=payout.sequence,
            digest=payout.digest,
        ),
        at=at,
        key=f"taken_back:{reversed_minor}",
        event="taken_back",
        data={"amount_minor": back, "payment": again[0].payout_id if again else None},
        payout=PayoutChange(reversed_minor=reversed_minor),
        postings=(
            Posting(kind=PostingKind.TAKE_BACK, amount_minor=back, key=f"take_back:{what}"),
            Posting(kind=PostingKind.FORFEIT, amount_minor=owed, key=f"forfeit:{what}"),
        ),
        discharges=tuple(
            Discharge(claim_id=part.claim_id, amount_minor=part.amount_minor) for part in parts
        ),
        new_payouts=tuple(again),
        mails=tuple(
            PlannedMail.of(
                payout.collaboration_id,
                Mail.TAKEN_BACK,
                _step(each.payout_id),
                payout_id=payout.id,
                amount_minor=each.amount_minor,
            )
            for each in again
        ),
    )  # fmt: skip


async def undecided(session: AsyncSession, transfer_id: str) -> tuple[TakenBack, ...]:
    """Repayments of a transfer whose workflow has not begun yet."""
    paid = [each.payout_id for each in await shares(session, transfer_id)]
    rows = await session.execute(
        select(Payout, Campaign.file)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .where(Payout.again_of.in_(paid), Payout.sequence == 0)
        .order_by(Payout.number)
    )
    return tuple(
        TakenBack(
            payment=PayoutInput(
                payout_id=row.id,
                collaboration_id=row.collaboration_id,
                campaign_id=row.campaign_id,
                amount_minor=row.amount_minor,
                currency=row.currency,
                pay_by=row.pay_by,
                policy=PayoutPolicy.of(CampaignFile.model_validate(file)),
                on_hold=HoldReason.TAKEN_BACK,
            ),
            outbox_id=outbox_id(row.collaboration_id, _step(row.id)),
        )
        for row, file in rows
    )


async def why_not_owed(session: AsyncSession, repayment_ids: Sequence[str]) -> dict[str, str]:
    """Why repayments are not made, by payment, in the words of who decided it."""
    rows = await session.execute(
        select(Decision.subject_id, Decision.comment).where(
            Decision.subject_id.in_(repayment_ids),
            Decision.kind == DecisionKind.CANCEL_PAYOUT.value,
            Decision.status == "applied",
        )
    )
    return {payment: comment for payment, comment in rows}


async def _repayment(
    session: AsyncSession, payout: Payout, amount: int, at: datetime
) -> NewPayout:  # fmt: skip
    before = await session.scalar(
        select(func.count()).where(
            Payout.collaboration_id == payout.collaboration_id, Payout.kind == REPAYMENT
        )
    )
    number = int(before or 0) + 1
    return NewPayout(
        payout_id=payout_id(payout.collaboration_id, REPAYMENT, number), kind=REPAYMENT,
        number=number, amount_minor=amount, pay_by=at + DECIDE_WITHIN, again_of=payout.id,
    )  # fmt: skip


def _step(repayment_id: str) -> str:
    return f"taken_back:{repayment_id}"
