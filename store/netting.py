"""Keeping back what a creator owes from what they are paid.

A release fills the claims that are open then; what it keeps back has come back when the payment is
over, and is open again if the payment is called off.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus, OpenClaim, Part, SettledBy, kept_back
from domain.decisions import ReleaseChoice
from domain.messages import Posting, PostingKind
from store import ledger
from store.attempts import sent_or_unsettled
from store.brands import brand_of
from store.claims import open_minor, post
from store.duties import Refused
from store.tables import Campaign, Claim, ClaimPart, Decision, Payout


async def open_claims(session: AsyncSession, payout: Payout, *, lock: bool) -> list[OpenClaim]:
    """Claims that a payment may be netted against: its creator's, of the same brand and currency.

    Args:
        session: a transaction.
        payout: the payment.
        lock: nobody else nets these claims until the transaction ends.
    """
    if await sent_or_unsettled(session, payout.id):
        # That attempt has its amount, and the money may have moved: nothing more comes off it.
        return []
    # Another brand on the same server is another debtor: its claim is none of this brand's money.
    paying = await session.scalar(select(brand_of()).where(Campaign.id == payout.campaign_id))
    query = (
        select(Claim.id)
        .join(Campaign, Campaign.id == Claim.campaign_id)
        .where(
            Claim.creator_id == payout.creator_id,
            Claim.currency == payout.currency,
            Claim.status == ClaimStatus.CONFIRMED.value,
            brand_of() == paying,
        )
        .order_by(Claim.created_at, Claim.id)
    )
    if lock:
        # Read again once they are locked: another release may have netted them meanwhile.
        locked = await session.scalars(query.with_for_update(of=Claim))
        query = query.where(Claim.id.in_(locked.all()))
    rows = await session.execute(query.add_columns(open_minor()))
    return [OpenClaim(claim, int(left)) for claim, left in rows if left > 0]


async def to_net(session: AsyncSession, payout: Payout) -> int:
    """What the next release of a payment keeps back in all."""
    claims = await open_claims(session, payout, lock=False)
    return payout.netted_minor + sum(
        part.amount_minor for part in kept_back(payout.sent_minor, payout.currency, claims)
    )


async def keep_back(
    session: AsyncSession, payout: Payout, row: Decision, choice: ReleaseChoice, at: datetime
) -> None:
    """Keep back by a release what is open, exactly as much as the person saw.

    Raises:
        Refused: ``netting_changed`` if it is more or less.
    """
    claims = await open_claims(session, payout, lock=True)
    parts = kept_back(payout.sent_minor, payout.currency, claims)
    netted = payout.netted_minor + sum(part.amount_minor for part in parts)
    if netted != choice.netted_minor:
        raise Refused("netting_changed")
    payout.netted_minor = netted
    for part in parts:
        session.add(
            ClaimPart(
                claim_id=part.claim_id, kind=SettledBy.NETTED.value, payout_id=payout.id,
                amount_minor=part.amount_minor, decision_id=row.id, at=at,
            )
        )  # fmt: skip


async def book(session: AsyncSession, payout: Payout, at: datetime) -> None:
    """The payment is over: what it kept back is paid, and is back in the claims' budgets.

    What its release kept back and an earlier attempt has sent all the same is open again.
    """
    await give_back(session, payout, at, keeping=payout.netted_minor)
    parts = await netted_parts(session, payout.id)
    if not parts:
        return
    net = Posting(
        kind=PostingKind.NET, key=f"net:{payout.id}",
        amount_minor=sum(part.amount_minor for part in parts),
    )  # fmt: skip
    await ledger.post_all(
        session, payout.campaign_id, payout.creator_id, payout.collaboration_id, payout.id, (net,),
        payout.currency, at,
    )  # fmt: skip
    amounts = {part.claim_id: part.amount_minor for part in parts}
    claims = await session.scalars(
        # In this order, always: two payments that fill two campaigns' budgets never deadlock.
        select(Claim).where(Claim.id.in_(list(amounts))).order_by(Claim.campaign_id, Claim.id)
    )
    for claim in claims.all():
        await post(
            session, claim, payout.id, amounts[claim.id], at, recovered=True, payout_id=payout.id
        )


async def netted_parts(session: AsyncSession, payout_id: str) -> Sequence[Part]:
    """What a payment keeps back now, by claim, in the order in which it was kept back."""
    total = func.sum(ClaimPart.amount_minor)
    rows = await session.execute(
        select(ClaimPart.claim_id, total)
        .where(
            ClaimPart.payout_id == payout_id,
            ClaimPart.kind.in_([SettledBy.NETTED.value, SettledBy.GIVEN_BACK.value]),
        )
        .group_by(ClaimPart.claim_id)
        .having(total > 0)
        .order_by(func.min(ClaimPart.at), ClaimPart.claim_id)
    )
    return [Part(claim, int(amount)) for claim, amount in rows]


async def give_back(
    session: AsyncSession, payout: Payout, at: datetime, *, keeping: int = 0
) -> None:
    """What a payment kept back is open again: all of it when it is called off.

    Args:
        session: a transaction.
        payout: the payment; its row is locked.
        at: the time now.
        keeping: how much it keeps all the same, of what it kept back first.
    """
    payout.netted_minor = keeping
    for part in await netted_parts(session, payout.id):
        kept = min(part.amount_minor, keeping)
        keeping -= kept
        if kept == part.amount_minor:
            continue
        session.add(
            ClaimPart(
                claim_id=part.claim_id, kind=SettledBy.GIVEN_BACK.value, payout_id=payout.id,
                amount_minor=kept - part.amount_minor, at=at,
            )
        )  # fmt: skip
    await session.flush()


async def owing(session: AsyncSession, payout_ids: Collection[str]) -> Sequence[Payout]:
    """Those of these payments whose creator owes something, or that keep something back."""
    confirmed = exists().where(
        Claim.creator_id == Payout.creator_id, Claim.status == ClaimStatus.CONFIRMED.value
    )
    found = await session.scalars(
        select(Payout).where(
            Payout.id.in_(list(payout_ids)), or_(confirmed, Payout.netted_minor > 0)
        )
    )
    return found.all()
