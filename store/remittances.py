"""What the statement of a sent payment says: to whom, for what, when, under which agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.correspondence import Correspondence
from domain.decisions import DecisionKind
from domain.invoicing import RULES, TaxSplit
from domain.lifecycle import PayoutStatus
from domain.mails import Mail
from domain.payments import Credited
from store import correspondence
from store.invoice_sums import OF_PAYMENT, vat_of
from store.other_payments import IT_IS, OVER_AT, said_at
from store.tables import (
    Decision,
    Invoice,
    OtherPayment,
    OutboxMail,
    Payout,
    PayoutAttempt,
    Signature,
)

_PAID = [
    PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value, PayoutStatus.ELSEWHERE.value,
]  # fmt: skip


@dataclass(frozen=True)
class Remittance:
    """A payment that the provider has moved, that was made another way, or was all kept back."""

    payout_id: str
    about: Correspondence
    sent_at: datetime
    signature: Signature | None
    """Who signed the agreement; the name and address that the statement is made out to."""
    tax: TaxSplit | None
    """By the invoice that was there when it was sent; None if nobody asks for one."""
    credited: Credited | None
    """What arrived, if it was converted on the way and that is known."""


async def remittance(
    session: AsyncSession, payout_id: str, collaboration_id: str = ""
) -> Remittance | None:
    """Read what a payment's statement says; None as long as the money has not moved.

    Args:
        session: a transaction.
        payout_id: the payment.
        collaboration_id: if given, the payment has to be one of this collaboration.
    """
    query = (
        select(Payout, OVER_AT, PayoutAttempt, Invoice, vat_of(Payout.amount_minor))
        # Nothing was sent of a payment of which all was kept back.
        .outerjoin(PayoutAttempt, PayoutAttempt.transfer_id == Payout.moved_by)
        .outerjoin(OtherPayment, IT_IS)
        # Later ones are left out: a statement never changes once it was sent.
        .outerjoin(Invoice, OF_PAYMENT & (Invoice.created_at <= func.greatest(OVER_AT, said_at())))
        .where(
            Payout.id == payout_id,
            Payout.status.in_(_PAID),
        )
    )
    if collaboration_id:
        query = query.where(Payout.collaboration_id == collaboration_id)
    row = (await session.execute(query)).one_or_none()
    if row is None:
        return None
    payout, at, attempt, invoice, vat = row
    of = payout.collaboration_id
    about = await correspondence.load(session, of, {"payout_id": payout.id})
    tax = TaxSplit() if about.file.brand.country in RULES else None
    if invoice is not None:
        tax = TaxSplit(invoice.number, invoice.issued_on, payout.amount_minor - vat, vat)
    return Remittance(
        payout_id=payout.id,
        about=about,
        sent_at=at,
        signature=await _signature(session, of),
        tax=tax,
        credited=converted(payout, attempt),
    )


def converted(payout: Payout, attempt: PayoutAttempt | None) -> Credited | None:
    """What arrived in another currency than was sent; None if it did not, or is not known."""
    if attempt is None or attempt.credited_minor is None or attempt.credited_currency is None:
        return None
    if attempt.credited_currency == payout.currency:
        return None
    return Credited(amount_minor=attempt.credited_minor, currency=attempt.credited_currency)


async def remittance_of_mail(session: AsyncSession, outbox_id: str) -> Remittance | None:
    """What the statement says that goes with a mail; None with every mail but remittances."""
    payout_id = await session.scalar(
        select(OutboxMail.facts["payout_id"].astext).where(
            OutboxMail.id == outbox_id,
            OutboxMail.mail.in_([Mail.REMITTANCE.value, Mail.PAID_ELSEWHERE.value]),
        )
    )
    return await remittance(session, payout_id) if payout_id else None


async def _signature(session: AsyncSession, collaboration_id: str) -> Signature | None:
    signed = (
        select(Decision.choice["content_id"].astext)
        .where(
            Decision.subject_id == collaboration_id,
            Decision.kind == DecisionKind.SIGN_TERMS.value,
            Decision.status == "applied",
            Decision.choice["answer"].astext == "sign",
        )
        .order_by(Decision.settled_at.desc(), Decision.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return await session.scalar(select(Signature).where(Signature.id == signed))
