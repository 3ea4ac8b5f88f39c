"""What each creator was paid in a year, as tax forms ask for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.invoice_sums import OF_PAYMENT, vat_of
from store.tables import Campaign, Creator, Invoice, Payout, PayoutAttempt


@dataclass(frozen=True)
class CreatorTotal:
    """One creator's payments of a year from brands of one country, in one currency."""

    payer_country: str
    creator: Creator
    currency: str
    amount_minor: int
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
    def net_minor(self) -> int:
        """What the invoices say without value added tax."""
        return self.amount_minor - self.vat_minor - self.uninvoiced_minor


async def year_totals(
    session: AsyncSession, year: int, zone: ZoneInfo
) -> tuple[CreatorTotal, ...]:  # fmt: skip
    """What was paid in a calendar year, the largest sums first; one statement.

    A payment belongs to the day on which the provider moved the money; what was taken back of it
    later is not counted.

    Args:
        session: a transaction.
        year: like 2026.
        zone: where the year begins and ends at midnight.
    """
    country = Campaign.file["brand"]["country"].astext
    paid = Payout.sent_minor - Payout.reversed_minor
    amount = func.sum(paid)
    uninvoiced = func.sum(paid).filter(Invoice.payout_id.is_(None))
    settled = PayoutAttempt.settled_at
    query = (
        select(
            country, Creator, Payout.currency, amount, func.count(), func.min(settled),
            func.max(settled), func.coalesce(func.sum(vat_of(paid)), 0),
            func.coalesce(uninvoiced, 0),
        )
        .select_from(PayoutAttempt)
        .join(Payout, Payout.transfer_id == PayoutAttempt.transfer_id)
        .join(Creator, Creator.id == Payout.creator_id)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .outerjoin(Invoice, OF_PAYMENT)
        .where(
            settled >= datetime(year, 1, 1, tzinfo=zone),
            settled < datetime(year + 1, 1, 1, tzinfo=zone),
        )
        .group_by(country, Creator.id, Payout.currency)
        .order_by(country, Payout.currency, amount.desc(), Creator.id)
    )  # fmt: skip
    return _with_same_address(
        [
            CreatorTotal(
                payer or "", creator, currency, int(total), count, first, last, int(vat), int(rest)
            )
            for payer, creator, currency, total, count, first, last, vat, rest in (
                await session.execute(query)
            )
        ]
    )


def _with_same_address(rows: Sequence[CreatorTotal]) -> tuple[CreatorTotal, ...]:
    """Sums are due for each person, and one person may have an account on every platform."""
    groups: dict[tuple[str, str, str], list[CreatorTotal]] = defaultdict(list)
    for row in rows:
        groups[_group(row)].append(row)
    found = []
    for row in rows:
        group = groups[_group(row)]
        others = tuple(each.creator.id for each in group if each.creator.id != row.creator.id)
        together = sum(each.amount_minor for each in group)
        found.append(replace(row, same_address=others, together_minor=together))
    return tuple(found)


def _group(row: CreatorTotal) -> tuple[str, str, str]:
    address = row.creator.email.strip().casefold()
    return row.payer_country, row.currency, address or row.creator.id
