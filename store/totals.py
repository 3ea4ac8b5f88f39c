"""What each creator was paid in a year, as tax forms ask for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ScalarSelect, Subquery, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import PayoutStatus
from domain.messages import PostingKind
from store.brands import parts_of_brand
from store.invoice_sums import OF_PAYMENT, vat_of
from store.other_payments import IT_IS, PAID_AT
from store.tables import (
    Campaign,
    Creator,
    Invoice,
    InvoiceCredit,
    LedgerTransaction,
    OtherPayment,
    Payout,
    PayoutAttempt,
    TaxProfile,
)


@dataclass(frozen=True, order=True)
class Payer:
    """A brand as its campaign files name it: who has to report what it paid."""

    country: str
    name: str
    number: str
    """In the register; empty if the files have none."""


@dataclass(frozen=True)
class CreatorTotal:
    """One creator's payments of a year from one brand, in one currency."""

    payer: Payer
    creator: Creator
    declared_country: str
    """Where the creator has said to be taxed; empty if they have said nothing."""
    currency: str
    amount_minor: int
    """Paid in the year, less what was taken back in it; negative if that was more."""
    taken_back_minor: int
    """What was taken back or has come back in the year, of its payments or of earlier ones."""
    payments: int
    first: datetime
    last: datetime
    vat_minor: int
    """Value added tax in it, by the invoices."""
    uninvoiced_minor: int
    """What was paid without an invoice here: only the gross is known of it."""
    same_address: tuple[str, ...] = ()
    """Other creators of the roster with this e-mail address: perhaps the same person."""
    together_minor: int = 0
    """The sum with those others."""

    @property
    def country(self) -> str:
        """The creator's: as declared for taxes, else as the roster has it; may be empty."""
        return self.declared_country or self.creator.country

    @property
    def net_minor(self) -> int:
        """What the invoices say without value added tax."""
        return self.amount_minor - self.vat_minor - self.uninvoiced_minor


async def year_totals(
    session: AsyncSession, year: int, zone: ZoneInfo
) -> tuple[CreatorTotal, ...]:  # fmt: skip
    """What was paid in a calendar year, the largest sums first; one statement.

    A payment belongs to the day on which the provider moved the money, or on which it was paid
    another way, and what was taken back to the day on which that was booked: a year that was
    reported stays as it was.

    Args:
        session: a transaction.
        year: like 2026.
        zone: where the year begins and ends at midnight.
    """
    country, name, number = parts_of_brand()
    moved = _movements()
    amount = func.sum(moved.c.sign * moved.c.amount_minor)
    vat = func.sum(moved.c.sign * vat_of(moved.c.amount_minor, moved.c.start))
    paid = moved.c.sign > 0
    query = (
        select(
            country, name, number, Creator, _declared(), Payout.currency, amount,
            func.coalesce(func.sum(moved.c.amount_minor).filter(~paid), 0),
            func.count().filter(paid),
            func.coalesce(func.min(moved.c.at).filter(paid), func.min(moved.c.at)),
            func.coalesce(func.max(moved.c.at).filter(paid), func.max(moved.c.at)),
            func.coalesce(vat, 0),
            func.coalesce(
                func.sum(moved.c.sign * moved.c.amount_minor).filter(Invoice.payout_id.is_(None)),
                0,
            ),
        )
        .select_from(moved)
        .join(Payout, Payout.id == moved.c.payout_id)
        .join(Creator, Creator.id == Payout.creator_id)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .outerjoin(Invoice, OF_PAYMENT)
        .where(
            moved.c.at >= datetime(year, 1, 1, tzinfo=zone),
            moved.c.at < datetime(year + 1, 1, 1, tzinfo=zone),
        )
        .group_by(country, name, number, Creator.id, Payout.currency)
        .order_by(country, name, number, Payout.currency, amount.desc(), Creator.id)
    )  # fmt: skip
    return _with_same_address(
        [
            CreatorTotal(
                Payer(*brand), creator, declared or "", currency, int(total),
                int(back), count, first, last, int(tax), int(rest),
            )
            for (
                *brand, creator, declared, currency, total, back, count, first, last, tax, rest
            ) in await session.execute(query)
        ]
    )  # fmt: skip


def _movements() -> Subquery:
    """Every payment (``sign`` 1) and what came back (-1), with where in the invoice it lies.

    What a release keeps back for a claim is paid, and has come back in the same moment: the
    payment's invoice stays whole, those of the claim's collaboration are less.
    """
    paid = select(
        Payout.id.label("payout_id"), PAID_AT.label("at"),
        literal(1).label("sign"), Payout.amount_minor.label("amount_minor"),
        Payout.share_from.label("start"),
    ).outerjoin(PayoutAttempt, Payout.moved_by == PayoutAttempt.transfer_id)  # fmt: skip
    paid = paid.outerjoin(OtherPayment, IT_IS).where(PAID_AT.is_not(None))
    # What is taken back lies at the end of what was left.
    until_then = func.sum(LedgerTransaction.amount_minor).over(
        partition_by=LedgerTransaction.payout_id, order_by=LedgerTransaction.id
    )
    back = (
        select(
            Payout.id, LedgerTransaction.at, literal(-1), LedgerTransaction.amount_minor,
            cast(Payout.share_from + Payout.amount_minor - until_then, BigInteger),
        )
        .join(LedgerTransaction, LedgerTransaction.payout_id == Payout.id)
        .where(LedgerTransaction.kind == PostingKind.TAKE_BACK.value)
    )  # fmt: skip
    kept_back = (
        select(Payout.id, LedgerTransaction.at, literal(1), Payout.amount_minor, Payout.share_from)
        .join(LedgerTransaction, LedgerTransaction.key == func.concat("net:", Payout.id))
        .where(Payout.status == PayoutStatus.NETTED.value)
    )
    credit = InvoiceCredit
    came_back = select(
        credit.payout_id, credit.created_at, literal(-1), credit.amount_minor, credit.share_from
    ).where(credit.posting.is_not(None))
    return union_all(paid, back, kept_back, came_back).subquery()


def _declared() -> ScalarSelect[str]:
    """The country that the creator has said last to be taxed in; NULL if they have said none."""
    return (
        select(TaxProfile.country)
        .where(TaxProfile.creator_id == Creator.id)
        .order_by(TaxProfile.id.desc())
        .limit(1)
        .correlate(Creator)
        .scalar_subquery()
    )


def _with_same_address(rows: Sequence[CreatorTotal]) -> tuple[CreatorTotal, ...]:
    """Sums are due for each person, and one person may have an account on every platform."""
    groups: dict[tuple[Payer, str, str], list[CreatorTotal]] = defaultdict(list)
    for row in rows:
        groups[_group(row)].append(row)
    found = []
    for row in rows:
        group = groups[_group(row)]
        others = tuple(each.creator.id for each in group if each.creator.id != row.creator.id)
        together = sum(each.amount_minor for each in group)
        found.append(replace(row, same_address=others, together_minor=together))
    return tuple(found)


def _group(row: CreatorTotal) -> tuple[Payer, str, str]:
    address = row.creator.email.strip().casefold()
    return row.payer, row.currency, address or row.creator.id
