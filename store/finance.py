"""What finance has to see coming: who cannot be paid yet, and how much money is needed by when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, String, and_, case, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import CURRENCY, NOT_IN_EURO
from domain.invoicing import RULES, TAX_MISSING
from domain.lifecycle import PayoutStatus, Stage
from store import rail_balances
from store.claims import OVER
from store.invoices import missing
from store.rail_balances import Funds
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    LedgerAccount,
    Payout,
    PayoutStanding,
    Recipient,
    TaxProfile,
)

HORIZON = timedelta(days=30)
"""How far ahead the needed cash is shown."""

NAMED = 20
"""Creators that are named; the number counts them all."""

_SIGNED = [
    each.value for each in (Stage.DRAFTING, Stage.REVIEWING, Stage.PUBLISHING, Stage.RETAINING)
]


@dataclass(frozen=True)
class NotReady:
    """A creator who has a contract and cannot be paid yet."""

    collaboration: Collaboration
    creator: Creator
    why: str
    """``not_begun``, ``pending`` or ``restricted``; empty if only papers are missing."""
    lacks: str
    """``tax_missing`` or ``invoice_missing``; empty if the law wants nothing more."""
    reminded: int = 0
    """Mails that have reminded them of their account since it was last in order."""
    currency: str = ""
    """``not_in_euro`` if payments go by bank transfer and this one cannot; else empty."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, what nobody can mend first, then the account."""
        return tuple(each for each in (self.currency, self.why, self.lacks) if each)


@dataclass(frozen=True)
class Readiness:
    """How many creators with a contract can be paid."""

    contracts: int
    missing: int
    named: tuple[NotReady, ...]
    """The first who cannot, those with money waiting for them first."""


@dataclass(frozen=True)
class CashNeed:
    """Money that has to be there, in the smallest unit of one currency."""

    currency: str
    overdue: int
    """Earned, and the pay-by date has passed."""
    week: int
    """Earned, and to be paid within seven days."""
    later: int
    """Earned, and to be paid after that, within the horizon."""
    first_due: datetime | None
    """The earliest pay-by date among these."""
    expected: int
    """Signed and not earned yet: it falls due only when its milestones are reached."""
    funds: Funds | None = None
    """What is at the provider; None if it was never read, or is not asked."""

    @property
    def total(self) -> int:
        """What is needed within the horizon for what has been earned."""
        return self.overdue + self.week + self.later

    @property
    def short(self) -> int:
        """What is missing at the provider within the horizon; 0 if nothing, or if not known."""
        return max(0, self.total - self.funds.left) if self.funds else 0

    @property
    def short_now(self) -> int:
        """What is missing at the provider for what is overdue or due within seven days."""
        return max(0, self.overdue + self.week - self.funds.left) if self.funds else 0


async def readiness(
    session: AsyncSession, campaign_id: str = "", most: int = NAMED, *, by_bank: bool = False
) -> Readiness:
    """Who has a contract, or money waiting, and cannot be paid yet; two queries.

    Args:
        session: a transaction.
        campaign_id: only this campaign; empty for all.
        most: how many creators are named.
        by_bank: payments go by bank transfer, which is in euros only.
    """
    counts = [under_contract()]
    if campaign_id:
        counts.append(Collaboration.campaign_id == campaign_id)
    inactive = Recipient.status.is_distinct_from("active")
    lacks = _lacks()
    foreign = and_(literal(by_bank), Collaboration.currency != CURRENCY)
    cannot = or_(inactive, lacks != "", foreign)
    numbers = (
        await session.execute(
            select(func.count(), func.count().filter(cannot))
            .select_from(Collaboration)
            .join(Campaign, Campaign.id == Collaboration.campaign_id)
            .outerjoin(Recipient, Recipient.creator_id == Collaboration.creator_id)
            .where(*counts)
        )
    ).one()
    why = case((inactive, func.coalesce(Recipient.status, "not_begun")), else_="")
    rows = await session.execute(
        select(
            Collaboration,
            Creator,
            why,
            lacks,
            case((inactive, func.coalesce(PayoutStanding.reminded, 0)), else_=0),
            case((foreign, NOT_IN_EURO), else_=""),
        )
        .join(Campaign, Campaign.id == Collaboration.campaign_id)
        .join(Creator, Creator.id == Collaboration.creator_id)
        .outerjoin(Recipient, Recipient.creator_id == Creator.id)
        .outerjoin(PayoutStanding, PayoutStanding.creator_id == Creator.id)
        .where(*counts, cannot)
        .order_by(case((_money_waits(), 0), else_=1), Collaboration.created_at, Collaboration.id)
        .limit(most)
    )
    named = tuple(NotReady(*row) for row in rows)
    return Readiness(numbers[0], numbers[1], named)


def under_contract() -> ColumnElement[bool]:
    """True of a collaboration that is signed and not over, or of which money waits."""
    return or_(Collaboration.stage.in_(_SIGNED), _money_waits())


def unpaid() -> ColumnElement[bool]:
    """True of a payment that is still to be paid."""
    return Payout.status.not_in(OVER)


def _money_waits() -> ColumnElement[bool]:
    return exists().where(Payout.collaboration_id == Collaboration.id, unpaid())


def _lacks() -> ColumnElement[str]:
    """What the law wants of a collaboration (its campaign joined) before it is paid.

    Tax data are missing as soon as there is a contract; an invoice, once a payment waits for it.
    """
    asks = Campaign.file["brand"]["country"].astext.in_(list(RULES))
    said = exists().where(TaxProfile.creator_id == Collaboration.creator_id)
    held = (
        # Of both, tax data come first: "tax_missing" is the greater word.
        select(func.max(missing()))
        .select_from(Payout)
        .where(
            Payout.collaboration_id == Collaboration.id,
            Payout.status == PayoutStatus.REQUESTED.value,
        )
        .correlate(Collaboration, Campaign)
        .scalar_subquery()
    )
    untold = and_(asks, Collaboration.stage.in_(_SIGNED), ~said)
    return case((untold, literal(TAX_MISSING, String)), else_=func.coalesce(held, ""))


async def cash_needed(
    session: AsyncSession, now: datetime, *, by_bank: bool = False
) -> tuple[CashNeed, ...]:
    """What earned payments need within the horizon, what is reserved, and what is there.

    By currency; four queries.

    An amount that is on its way at this moment counts until it has arrived: rather too much.

    Args:
        session: a transaction.
        now: from when the horizon counts.
        by_bank: payments go by bank transfer, and what lies at the payment provider is no help.
    """
    due = and_(Payout.status.not_in(OVER), Payout.pay_by <= now + HORIZON)
    week = now + timedelta(days=7)
    amount = func.coalesce(func.sum(Payout.sent_minor).filter(Payout.pay_by < now), 0)
    soon = and_(Payout.pay_by >= now, Payout.pay_by <= week)
    earned = await session.execute(
        select(
            Payout.currency,
            amount,
            func.coalesce(func.sum(Payout.sent_minor).filter(soon), 0),
            func.coalesce(func.sum(Payout.sent_minor).filter(Payout.pay_by > week), 0),
            func.min(Payout.pay_by),
        )
        .where(due)
        .group_by(Payout.currency)
    )
    found = {row[0]: row for row in earned}
    reserved = await session.execute(
        select(LedgerAccount.currency, func.sum(LedgerAccount.balance_minor))
        .where(LedgerAccount.name == literal("reserved"))
        .group_by(LedgerAccount.currency)
    )
    expected = {currency: int(total) for currency, total in reserved if total}
    there = {} if by_bank else await rail_balances.funds(session)
    last = max((each.read_at for each in there.values()), default=None)
    needs = []
    held_back = {currency for currency, each in there.items() if each.reserved}
    for currency in sorted(found.keys() | expected.keys() | held_back):
        row = found.get(currency)
        # A currency that is not in a reading of the whole balance is not held at all.
        nothing = Funds(0, 0, last) if last else None
        needs.append(
            CashNeed(
                currency=currency,
                overdue=int(row[1]) if row else 0,
                week=int(row[2]) if row else 0,
                later=int(row[3]) if row else 0,
                first_due=row[4] if row else None,
                expected=expected.get(currency, 0),
                funds=there.get(currency, nothing),
            )
        )
    return tuple(needs)
