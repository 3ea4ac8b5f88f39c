"""What finance has to see coming: who cannot be paid yet, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    String,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import CURRENCY, NOT_IN_EURO
from domain.invoicing import RULES, TAX_MISSING
from domain.lifecycle import PayoutStatus, Stage
from domain.mails import Mail
from store.claims import OVER
from store.invoices import missing
from store.tables import (
    Campaign,
    Collaboration,
    Creator,
    OutboxMail,
    Payout,
    PayoutStanding,
    Recipient,
    TaxProfile,
)

NAMED = 20
"""Creators that are named; the number counts them all."""

SIGNED = [
    each.value for each in (Stage.DRAFTING, Stage.REVIEWING, Stage.PUBLISHING, Stage.RETAINING)
]
"""Stages of who has a contract that is not over."""


ASKS = tuple(
    each.value for each in (Mail.PAYOUT_SETUP, Mail.PAYOUT_SETUP_REMINDER, Mail.ACCOUNT_REFUSED)
)
"""Mails that ask for payment details, and for little else."""


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
    last_mail: str = ""
    """What became of the last mail that asked for their account; empty if there was none."""
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
            case((inactive, func.coalesce(_last_mail(), "")), else_=""),
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
    return or_(Collaboration.stage.in_(SIGNED), _money_waits())


def unpaid() -> ColumnElement[bool]:
    """True of a payment that is still to be paid."""
    return Payout.status.not_in(OVER)


def _money_waits() -> ColumnElement[bool]:
    return exists().where(Payout.collaboration_id == Collaboration.id, unpaid())


def _last_mail() -> ScalarSelect[str]:
    return (
        select(OutboxMail.status)
        .where(OutboxMail.collaboration_id == Collaboration.id, OutboxMail.mail.in_(ASKS))
        .order_by(OutboxMail.planned_at.desc())
        .limit(1)
        .correlate(Collaboration)
        .scalar_subquery()
    )


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
    untold = and_(asks, Collaboration.stage.in_(SIGNED), ~said)
    return case((untold, literal(TAX_MISSING, String)), else_=func.coalesce(held, ""))
