"""How much money is needed by when, of what is earned and of what is signed for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, cast, extract, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.cash import HORIZON, WEEK, Due, Outlook, Progress, Step, expected, outlook
from domain.lifecycle import CampaignStatus, Stage
from store import rail_balances
from store.claims import OVER
from store.finance import SIGNED
from store.rail_balances import Funds
from store.tables import Campaign, Collaboration, LedgerAccount, Payout, Publication

_DAY = timedelta(days=1).total_seconds()


@dataclass(frozen=True)
class CashNeed:
    """Money that has to be there, in the smallest unit of one currency."""

    currency: str
    first_due: datetime | None
    """The earliest pay-by date of what is earned."""
    outlook: Outlook
    """By when, with what is expected."""
    signed: int
    """Reserved and not earned yet, with or without an expected date."""
    week: int
    """Earned, and to be paid within seven days."""
    funds: Funds | None = None
    """What is at the provider; None if it was never read, or is not asked."""

    @property
    def overdue(self) -> int:
        """Earned, and the pay-by date has passed."""
        return self.outlook.overdue

    @property
    def steps(self) -> tuple[Step, ...]:
        """What falls due in each week of the horizon in which anything does."""
        return self.outlook.steps

    @property
    def total(self) -> int:
        """What is needed within the horizon for what has been earned."""
        return self.overdue + sum(step.earned for step in self.steps)

    @property
    def expected(self) -> int:
        """Signed for and not earned, with an expected date within the horizon."""
        return sum(step.expected for step in self.steps)

    @property
    def undated(self) -> int:
        """Reserved, and nobody can say when it is needed: not signed yet, paused, or stopped."""
        return max(0, self.signed - self.expected - self.outlook.later)

    @property
    def short(self) -> int:
        """What is missing at the provider for what is earned; 0 if nothing, or if not known."""
        return self._beyond(self.total)

    @property
    def short_now(self) -> int:
        """What is missing at the provider for what is overdue or due within seven days."""
        return self._beyond(self.overdue + self.week)

    @property
    def short_with_expected(self) -> int:
        """What is missing at the provider within the horizon if all comes as expected."""
        return self._beyond(self.total + self.expected)

    def _beyond(self, needed: int) -> int:
        return max(0, needed - self.funds.left) if self.funds else 0


async def cash_needed(
    session: AsyncSession, now: datetime, *, by_bank: bool = False
) -> tuple[CashNeed, ...]:
    """What is needed within the horizon, what is signed for, and what is there.

    By currency; five queries.

    An amount that is on its way at this moment counts until it has arrived: rather too much.

    Args:
        session: a transaction.
        now: from when the horizon counts.
        by_bank: payments go by bank transfer, and what lies at the payment provider is no help.
    """
    dues = await _earned(session, now)
    for currency, due in await _expected(session, now):
        dues[currency].append(due)
    signed = await _reserved(session)
    there = {} if by_bank else await rail_balances.funds(session)
    last = max((each.read_at for each in there.values()), default=None)
    # A currency that is not in a reading of the whole balance is not held at all.
    nothing = Funds(0, 0, last) if last else None
    held_back = {currency for currency, each in there.items() if each.reserved}
    return tuple(
        _need(currency, dues[currency], signed.get(currency, 0), now, there.get(currency, nothing))
        for currency in sorted(dues.keys() | signed.keys() | held_back)
    )


def _need(
    currency: str, dues: list[Due], signed: int, now: datetime, funds: Funds | None
) -> CashNeed:
    earned = [due for due in dues if due.earned]
    return CashNeed(
        currency=currency,
        first_due=min((due.at for due in earned), default=None),
        outlook=outlook(dues, now, funds.left if funds else None),
        signed=signed,
        week=sum(due.amount_minor for due in earned if now <= due.at <= now + WEEK),
        funds=funds,
    )


async def _earned(session: AsyncSession, now: datetime) -> defaultdict[str, list[Due]]:
    """Earned payments that are due within the horizon, a sum for each day from now."""
    seconds = extract("epoch", Payout.pay_by - now)
    # Days begin at this moment: all of one are in one week, and what is overdue in none of them.
    day = cast(func.greatest(func.floor(seconds / _DAY), -1), Integer)
    rows = await session.execute(
        select(Payout.currency, func.sum(Payout.sent_minor), func.min(Payout.pay_by))
        .where(Payout.status.not_in(OVER), Payout.pay_by <= now + HORIZON)
        .group_by(Payout.currency, day)
    )
    found: defaultdict[str, list[Due]] = defaultdict(list)
    for currency, amount, at in rows:
        found[currency].append(Due(int(amount), at, earned=True))
    return found


async def _reserved(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(
        select(LedgerAccount.currency, func.sum(LedgerAccount.balance_minor))
        .where(LedgerAccount.name == literal("reserved"))
        .group_by(LedgerAccount.currency)
    )
    return {currency: int(total) for currency, total in rows if total}


async def _expected(session: AsyncSession, now: datetime) -> Iterable[tuple[str, Due]]:
    """What running collaborations have still to earn.

    Where a campaign is paused or stopped, or a collaboration suspended, nothing can be dated.
    """
    of_it = Payout.collaboration_id == Collaboration.id
    earned = select(func.array_agg(Payout.kind)).where(of_it).scalar_subquery()
    published = (
        select(func.min(Publication.created_at))
        .where(Publication.collaboration_id == Collaboration.id)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(
            Collaboration.campaign_id,
            Collaboration.stage,
            Collaboration.fee_minor,
            Collaboration.due_at,
            earned,
            published,
        )
        .join(Campaign, Campaign.id == Collaboration.campaign_id)
        .where(
            Campaign.status == CampaignStatus.RUNNING.value,
            Collaboration.stage.in_(SIGNED),
            ~Collaboration.suspended,
        )
    )
    found = rows.all()
    files = await session.execute(
        select(Campaign.id, Campaign.file).where(Campaign.id.in_({row[0] for row in found}))
    )
    of = {campaign: CampaignFile.model_validate(file) for campaign, file in files}
    return [
        (of[campaign].currency, due)
        for campaign, stage, fee, due_at, kinds, first in found
        for due in expected(
            Progress(Stage(stage), fee, frozenset(kinds or ()), due_at, first), of[campaign], now
        )
    ]
