"""How many people a payment needs: the limit counts what one collaboration is paid, not each part.

Otherwise a fee above the limit, paid in two halves below it, would need one person for each.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus
from store.tables import Campaign, Collaboration, InboxItem, Payout

_SOLO = Campaign.file["staffing"].astext == "solo"
LIMIT = Campaign.file["release"]["second_person_above"]["minor"].astext.cast(BigInteger)
"""Above this a campaign's payments need a second person, in the smallest unit."""


def let_go_before() -> ColumnElement[int]:
    """What else of a payment's collaboration was released, in the smallest unit.

    What was taken back since counts once: with the payment that makes it good.
    """
    other = aliased(Payout)
    return (
        select(func.coalesce(func.sum(other.amount_minor - other.reversed_minor), 0))
        .where(
            other.collaboration_id == Payout.collaboration_id,
            other.id != Payout.id,
            other.releases > 0,
            other.status != PayoutStatus.CANCELLED.value,
        )
        .correlate(Payout)
        .scalar_subquery()
        .cast(BigInteger)
    )


def needs_two() -> ColumnElement[bool]:
    """True of a payment (with its campaign joined) that two different people have to release."""
    return and_(~_SOLO, Payout.amount_minor + let_go_before() > LIMIT)


@dataclass(frozen=True)
class Counted:
    """One payment against the limit of its campaign; amounts in the smallest unit."""

    before_minor: int
    """See `let_go_before`."""
    limit_minor: int
    above: bool
    """True if both together are above the limit."""
    solo: bool
    """True if one person alone releases all the same."""

    @property
    def two(self) -> bool:
        """True if two different people have to release it."""
        return self.above and not self.solo


async def counted(session: AsyncSession, payout_id: str) -> Counted | None:
    """How a payment stands against the limit now; None if there is no such payment."""
    before = let_go_before()
    found = await session.execute(
        select(before, LIMIT, Payout.amount_minor + before > LIMIT, _SOLO)
        .select_from(Payout)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .where(Payout.id == payout_id)
    )
    row = found.one_or_none()
    return Counted(*row) if row else None


async def people_needed(session: AsyncSession, payout_id: str) -> int:
    """How many people a payment needs that has its releases: to say that it was made elsewhere."""
    now = await counted(session, payout_id)
    return 2 if now is not None and now.two else 1


async def count_release(session: AsyncSession, payout: Payout, given: int) -> int:
    """Count a release that is being applied, and return how many this payment needs.

    Releases of one collaboration are counted one after the other, so that two halves that are
    released in the same second do not both come first.

    Args:
        session: of the transaction that applies it.
        payout: what is released; its row is locked.
        given: releases that it has with this one.
    """
    mine = select(Collaboration.id).where(Collaboration.id == payout.collaboration_id)
    await session.execute(mine.with_for_update(key_share=True))
    payout.releases = given
    now = await counted(session, payout.id)
    assert now is not None, "the payment's row is locked"
    needed = 2 if now.two else 1
    # What is kept of the question says what it turned out to be.
    await session.execute(
        update(InboxItem)
        .where(
            InboxItem.subject_id == payout.id,
            InboxItem.kind == ItemKind.RELEASE.value,
            InboxItem.closed_at.is_(None),
        )
        .values(code=f"{given}/{max(given, needed)}")
    )
    return needed
