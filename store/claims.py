"""Claims: made by a decision, kept back from later payments, and settled in other ways.

What is open of a claim is its amount less its parts. A part that a release keeps back counts from
that release on, so that no two payments keep back the same; the ledger moves when that payment is
over, since a payment that is called off gives its part back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus, OpenClaim, Part, SettledBy, parts_of
from domain.decisions import Choice, ClaimVerdict, DecisionKind, ReleaseChoice, RepaymentChoice
from domain.errors import Unavailable
from domain.lifecycle import PayoutStatus
from domain.messages import Discharge, Posting, PostingKind
from store import crediting, ledger
from store.attempts import sent_or_unsettled
from store.claiming import earned_beyond_claims
from store.duties import Refused
from store.streams import Entity
from store.tables import Campaign, Claim, ClaimPart, Decision, Payout

OVER = (
    PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value, PayoutStatus.ELSEWHERE.value,
    PayoutStatus.CANCELLED.value,
)  # fmt: skip
"""Where a payment ends: what it keeps back has come back, or was given back."""


def open_minor() -> ColumnElement[int]:
    """What is open of a claim, as SQL."""
    parts = (
        select(func.coalesce(func.sum(ClaimPart.amount_minor), 0))
        .where(ClaimPart.claim_id == Claim.id)
        .correlate(Claim)
        .scalar_subquery()
    )
    # A sum of integers is a decimal number in PostgreSQL.
    return cast(Claim.amount_minor - parts, BigInteger)


def under_way() -> ColumnElement[int]:
    """What payments that are not over keep back of a claim, as SQL."""
    kept = (
        select(func.coalesce(func.sum(ClaimPart.amount_minor), 0))
        .join(Payout, Payout.id == ClaimPart.payout_id)
        .where(ClaimPart.claim_id == Claim.id, Payout.status.not_in(OVER))
        .correlate(Claim)
        .scalar_subquery()
    )
    return cast(kept, BigInteger)


async def left_of(session: AsyncSession, claim_id: str) -> int:
    """What has not come back of a claim: what is open, and what payments under way keep back."""
    left = await session.scalar(select(open_minor() + under_way()).where(Claim.id == claim_id))
    return int(left or 0)


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
    paying = await session.scalar(select(_brand()).where(Campaign.id == payout.campaign_id))
    query = (
        select(Claim.id)
        .join(Campaign, Campaign.id == Claim.campaign_id)
        .where(
            Claim.creator_id == payout.creator_id,
            Claim.currency == payout.currency,
            Claim.status == ClaimStatus.CONFIRMED.value,
            _brand() == paying,
        )
        .order_by(Claim.created_at, Claim.id)
    )
    if lock:
        # Read again once they are locked: another release may have netted them meanwhile.
        locked = await session.scalars(query.with_for_update(of=Claim))
        query = query.where(Claim.id.in_(locked.all()))
    rows = await session.execute(query.add_columns(open_minor()))
    return [OpenClaim(claim, int(left)) for claim, left in rows if left > 0]


def _brand() -> ColumnElement[str]:
    """Who owes and is owed: the brand's name, country and number in the register."""
    brand = Campaign.file["brand"]
    fields = [brand[key].astext for key in ("name", "country", "business_number")]
    return func.concat_ws("\x1f", *(func.coalesce(each, "") for each in fields))


async def to_net(session: AsyncSession, payout: Payout) -> int:
    """What the next release of a payment keeps back in all."""
    claims = await open_claims(session, payout, lock=False)
    return payout.netted_minor + sum(
        part.amount_minor for part in parts_of(payout.sent_minor, claims)
    )


async def take_effect(
    session: AsyncSession, entity: Entity, row: Decision, choice: Choice, at: datetime
) -> None:
    """What a decision means for claims: a release keeps back, a claim is waived or repaid.

    Raises:
        Refused: ``netting_changed`` if more or less would be kept back than the person saw;
            ``not_confirmed``, ``more_than_open`` or ``more_than_earned`` for a claim.
    """
    match entity, choice:
        case Payout(), ReleaseChoice():
            await _keep_back(session, entity, row, choice, at)
        case Claim(), RepaymentChoice():
            await _repaid(session, entity, row, choice.amount_minor, at)
        case Claim(), _ if row.kind == DecisionKind.WAIVE_CLAIM:
            await _waived(session, entity, row, at)
        case Claim(), ClaimVerdict(answer="confirm"):
            # Taken back, or not owed any more, while the creator was heard: not to be asked twice.
            if await earned_beyond_claims(session, entity.collaboration_id) < 0:
                raise Refused("more_than_earned")
        case _:
            return


async def _keep_back(
    session: AsyncSession, payout: Payout, row: Decision, choice: ReleaseChoice, at: datetime
) -> None:
    claims = await open_claims(session, payout, lock=True)
    parts = parts_of(payout.sent_minor, claims)
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


async def _open_of(session: AsyncSession, claim: Claim) -> int:
    if claim.status != ClaimStatus.CONFIRMED.value:
        raise Refused("not_confirmed")
    return int(await session.scalar(select(open_minor()).where(Claim.id == claim.id)) or 0)


async def _repaid(
    session: AsyncSession, claim: Claim, row: Decision, amount: int, at: datetime
) -> None:
    if amount > await _open_of(session, claim):
        raise Refused("more_than_open")
    session.add(
        ClaimPart(
            claim_id=claim.id, kind=SettledBy.REPAID.value, amount_minor=amount,
            decision_id=row.id, at=at,
        )
    )  # fmt: skip
    await _post(session, claim, row.id, amount, at, recovered=True)


async def _waived(session: AsyncSession, claim: Claim, row: Decision, at: datetime) -> None:
    amount = await _open_of(session, claim)
    if not amount:
        raise Refused("more_than_open")
    session.add(
        ClaimPart(
            claim_id=claim.id, kind=SettledBy.WAIVED.value, amount_minor=amount,
            decision_id=row.id, at=at,
        )
    )  # fmt: skip
    await _post(session, claim, row.id, amount, at, recovered=False)


async def _post(
    session: AsyncSession,
    claim: Claim,
    cause: str,
    amount: int,
    at: datetime,
    *,
    recovered: bool,
    payout_id: str | None = None,
) -> None:
    """Move a claim's money: it owes less, and if it has come back, the budget has it."""
    kinds = [PostingKind.DISCHARGE, PostingKind.RECOVER] if recovered else [PostingKind.LIFT]
    postings = [
        Posting(kind=kind, key=f"{kind.value}:{claim.id}:{cause}", amount_minor=amount)
        for kind in kinds
    ]
    await ledger.post_all(
        session, claim.campaign_id, claim.creator_id, claim.collaboration_id, payout_id, postings,
        claim.currency, at,
    )  # fmt: skip
    if recovered:
        await crediting.credit_claim(session, claim, postings[-1].key, amount, at)


async def book(session: AsyncSession, payout: Payout, at: datetime) -> None:
    """The payment is over: what it kept back is paid, and is back in the claims' budgets."""
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
        await _post(
            session, claim, payout.id, amounts[claim.id], at, recovered=True, payout_id=payout.id
        )


async def netted_parts(session: AsyncSession, payout_id: str) -> Sequence[Part]:
    """What a payment keeps back now, by claim."""
    total = func.sum(ClaimPart.amount_minor)
    rows = await session.execute(
        select(ClaimPart.claim_id, total)
        .where(
            ClaimPart.payout_id == payout_id,
            ClaimPart.kind.in_([SettledBy.NETTED.value, SettledBy.GIVEN_BACK.value]),
        )
        .group_by(ClaimPart.claim_id)
        .having(total > 0)
        .order_by(ClaimPart.claim_id)
    )
    return [Part(claim, int(amount)) for claim, amount in rows]


async def give_back(session: AsyncSession, payout: Payout, at: datetime) -> None:
    """The payment is called off: what it kept back is open again."""
    for part in await netted_parts(session, payout.id):
        session.add(
            ClaimPart(
                claim_id=part.claim_id, kind=SettledBy.GIVEN_BACK.value, payout_id=payout.id,
                amount_minor=-part.amount_minor, at=at,
            )
        )  # fmt: skip
    payout.netted_minor = 0


async def discharge(
    session: AsyncSession, payout: Payout, discharges: Sequence[Discharge], at: datetime
) -> None:
    """So much was taken back at the provider: the claims are smaller by it.

    The budget has it already, by the posting that forfeits what was taken back.

    Raises:
        Unavailable: less is open than was reckoned with.
    """
    for each in discharges:
        claim = await session.get_one(Claim, each.claim_id, with_for_update=True)
        if each.amount_minor > await _open_of(session, claim):
            raise Unavailable("a claim was kept back from a payment meanwhile; reckoned again")
        session.add(
            ClaimPart(
                claim_id=claim.id, kind=SettledBy.TAKEN_BACK.value, payout_id=payout.id,
                amount_minor=each.amount_minor, at=at,
            )
        )  # fmt: skip
        await crediting.credit_taken_back(session, claim, payout, each.amount_minor, at)
        cause = f"{payout.id}:{payout.reversed_minor}"
        await _post(
            session, claim, cause, each.amount_minor, at, recovered=False, payout_id=payout.id
        )


async def touched_by(session: AsyncSession, payout_id: str) -> Sequence[str]:
    """Claims that a payment has made smaller, or that are open again without it."""
    found = await session.scalars(
        select(ClaimPart.claim_id)
        .where(ClaimPart.payout_id == payout_id)
        .distinct()
        .order_by(ClaimPart.claim_id)
    )
    return found.all()


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


async def come_back(session: AsyncSession, campaign_id: str) -> Sequence[tuple[str, int]]:
    """What was kept back or repaid of a campaign's claims, by collaboration."""
    kinds = [SettledBy.NETTED, SettledBy.GIVEN_BACK, SettledBy.REPAID]
    rows = await session.execute(
        select(Claim.collaboration_id, func.sum(ClaimPart.amount_minor))
        .join(ClaimPart, ClaimPart.claim_id == Claim.id)
        .where(Claim.campaign_id == campaign_id, ClaimPart.kind.in_([each.value for each in kinds]))
        .group_by(Claim.collaboration_id)
    )
    return [(collaboration, int(amount)) for collaboration, amount in rows]


async def open_on(session: AsyncSession, collaboration_id: str) -> list[OpenClaim]:
    """Confirmed claims on a collaboration with what is open of each; locked."""
    query = select(Claim.id).where(
        Claim.collaboration_id == collaboration_id, Claim.status == ClaimStatus.CONFIRMED.value
    )
    query = query.order_by(Claim.created_at, Claim.id)
    locked = await session.scalars(query.with_for_update())
    rows = await session.execute(query.where(Claim.id.in_(locked.all())).add_columns(open_minor()))
    return [OpenClaim(claim, int(left)) for claim, left in rows if left > 0]
