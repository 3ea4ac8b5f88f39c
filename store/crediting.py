"""Writing down what payments, and so their invoices, are less by: money came back and is not owed.

Each credit lies somewhere in its payment, so that the tax of all adds up to that of the invoice and
nothing of it is credited twice. Where no invoice is wanted it still says what came back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.ids import derived_id
from domain.invoicing import free_parts
from domain.lifecycle import PayoutStatus
from store.credits import of_payment, one
from store.invoices import one_at_a_time
from store.issuing import issue_credit_note
from store.tables import Claim, Invoice, InvoiceCredit, Payout

_DECIDED = [
    PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value, PayoutStatus.ELSEWHERE.value,
    PayoutStatus.CANCELLED.value,
]  # fmt: skip
"""Where it is said of a payment made again whether its money is owed."""


async def credit(
    session: AsyncSession, cause: str, of: Payout, amount_minor: int, at: datetime
) -> None:
    """Write down that a payment is not made again: the first one is less by an amount.

    The same cause again changes nothing.

    Args:
        session: the transaction that moves the money.
        cause: id of what brought it about.
        of: the payment whose money is not owed; the amount is the beginning of its part.
        amount_minor: how much of it, tax included.
        at: now.
    """
    await one_at_a_time(session, of.creator_id)
    place = _Place(of.first_of or of.id, of.share_from, of.share_from + amount_minor)
    for number, part in enumerate(await _free(session, place)):
        id_ = derived_id("crd", cause, str(number)) if number else cause
        await _write(session, InvoiceCredit(id=id_, **_columns(part), created_at=at))


async def credit_claim(
    session: AsyncSession, claim: Claim, posting: str, amount_minor: int, at: datetime
) -> None:
    """Write down that so much of a claim came back: kept back, or sent by the creator.

    The newest payments with an invoice that the collaboration had before the claim are less first.

    Args:
        session: the transaction that moves the money.
        claim: the claim.
        posting: key of the movement.
        amount_minor: how much came back.
        at: now.
    """
    await one_at_a_time(session, claim.creator_id)
    first = await session.scalars(
        select(Payout)
        .outerjoin(Invoice, Invoice.payout_id == Payout.id)
        .where(
            Payout.collaboration_id == claim.collaboration_id,
            Payout.again_of.is_(None),
            Payout.status != PayoutStatus.CANCELLED.value,
        )
        .order_by(
            Invoice.payout_id.is_(None),
            Payout.created_at > claim.created_at,
            Payout.created_at.desc(),
            Payout.id,
        )
    )
    left = amount_minor
    for payout in first.all():
        undecided = await session.scalars(
            select(Payout).where(
                Payout.first_of == payout.id,
                Payout.status.not_in(_DECIDED),
            )
        )
        place = _Place(payout.id, 0, payout.amount_minor)
        free = await _free(session, place, undecided.all())
        left -= await _credit_claim(session, claim, free, left, at, posting)


async def credit_taken_back(
    session: AsyncSession, claim: Claim, of: Payout, amount_minor: int, at: datetime
) -> None:
    """Write down that so much of a claim came back as the payment itself was taken back.

    Args:
        session: the transaction that moves the money, in which the payment is less already.
        claim: the claim.
        of: the payment.
        amount_minor: how much of what was taken back is the claim's.
        at: now.
    """
    await one_at_a_time(session, claim.creator_id)
    start, end = of.share_from + of.amount_minor - of.reversed_minor, of.amount_minor
    again = await session.scalars(select(Payout).where(Payout.again_of == of.id))
    place = _Place(of.first_of or of.id, start, of.share_from + end)
    free = await _free(session, place, again.all())
    await _credit_claim(session, claim, free, amount_minor, at, None)


@dataclass(frozen=True)
class _Place:
    """A part of an invoice."""

    payout_id: str
    start: int
    end: int


def _columns(part: _Place) -> dict[str, Any]:
    return {
        "payout_id": part.payout_id, "share_from": part.start,
        "amount_minor": part.end - part.start,
    }  # fmt: skip


async def _free(
    session: AsyncSession, place: _Place, but: Sequence[Payout] = ()
) -> tuple[_Place, ...]:
    """What of an invoice's part was not credited yet, and does not belong to other payments."""
    rows = await session.scalars(
        select(InvoiceCredit).where(InvoiceCredit.payout_id == place.payout_id)
    )
    taken = [(row.share_from, row.share_from + row.amount_minor) for row in (*rows, *but)]
    return tuple(
        _Place(place.payout_id, start, end)
        for start, end in free_parts(place.start, place.end, taken)
    )


async def _credit_claim(
    session: AsyncSession,
    claim: Claim,
    free: Sequence[_Place],
    most: int,
    at: datetime,
    posting: str | None,
) -> int:
    """Credit at most an amount of what is free; how much was."""
    done = 0
    for part in free:
        taken = replace(part, end=min(part.end, part.start + most - done))
        if taken.end <= taken.start:
            break
        # Where it lies is its own: nothing of an invoice is credited twice.
        id_ = derived_id("crd", claim.id, part.payout_id, str(part.start))
        await _write(
            session,
            InvoiceCredit(
                id=id_, **_columns(taken), claim_id=claim.id, posting=posting, created_at=at
            ),
        )
        done += taken.end - taken.start
    return done


async def _write(session: AsyncSession, row: InvoiceCredit) -> None:
    session.add(row)
    await session.flush()
    found = await one(session, row.id)
    if found is None or found.invoice.series is None:
        return
    so_far = [each.amounts for each in await of_payment(session, found.invoice.payout_id)]
    left = (
        found.invoice.net_minor - sum(each.net_minor for each in so_far),
        found.invoice.vat_minor - sum(each.vat_minor for each in so_far),
    )
    await issue_credit_note(
        session, found.invoice, found.credit, found.amounts, left, row.created_at
    )
