"""What settles claims, or makes them smaller: decisions, and what happens to other payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus, OpenClaim, Part, SettledBy, parts_of
from domain.decisions import Choice, ClaimVerdict, DecisionKind, ReleaseChoice, RepaymentChoice
from domain.errors import Unavailable
from domain.lifecycle import PayoutStatus
from domain.messages import Discharge
from domain.payments import REPAYMENT
from store import crediting, netting
from store.claims import open_minor, open_on, post
from store.duties import Refused
from store.earned import earned_beyond_claims, owed_beyond_earned
from store.streams import Entity
from store.tables import Claim, ClaimPart, Decision, Payout


async def take_effect(
    session: AsyncSession, entity: Entity, row: Decision, choice: Choice, at: datetime
) -> None:
    """What a decision means for claims: a release keeps back, a claim is waived or repaid.

    Raises:
        Refused: ``netting_changed`` or ``came_back`` for a payment; ``not_confirmed``,
            ``more_than_open`` or ``more_than_earned`` for a claim.
    """
    match entity, choice:
        case Payout(), ReleaseChoice():
            await netting.keep_back(session, entity, row, choice, at)
        case Payout(), _ if row.kind == DecisionKind.CANCEL_PAYOUT:
            await _keeps_what_came_back(session, entity)
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


async def _open_of(session: AsyncSession, claim: Claim) -> int:
    if claim.status != ClaimStatus.CONFIRMED.value:
        raise Refused("not_confirmed")
    return int(await session.scalar(select(open_minor()).where(Claim.id == claim.id)) or 0)


async def _repaid(
    session: AsyncSession, claim: Claim, row: Decision, amount: int, at: datetime
) -> None:
    if amount > await _open_of(session, claim):
        raise Refused("more_than_open")
    _less(session, claim, SettledBy.REPAID, amount, at, decision_id=row.id)
    await post(session, claim, row.id, amount, at, recovered=True)


async def _waived(session: AsyncSession, claim: Claim, row: Decision, at: datetime) -> None:
    amount = await _open_of(session, claim)
    if not amount:
        raise Refused("more_than_open")
    _less(session, claim, SettledBy.WAIVED, amount, at, decision_id=row.id)
    await post(session, claim, row.id, amount, at, recovered=False)


def _less(
    session: AsyncSession,
    claim: Claim,
    kind: SettledBy,
    amount: int,
    at: datetime,
    *,
    decision_id: str | None = None,
    payout_id: str | None = None,
) -> None:
    session.add(
        ClaimPart(
            claim_id=claim.id, kind=kind.value, amount_minor=amount, decision_id=decision_id,
            payout_id=payout_id, at=at,
        )
    )  # fmt: skip


async def _keeps_what_came_back(session: AsyncSession, payout: Payout) -> None:
    """A payment is not called off if more has come back than would be earned without it.

    The brand would owe that difference; so the payment is released, and asked back if need be.
    """
    too_much = await owed_beyond_earned(session, payout.collaboration_id, without=payout.id)
    if not too_much:
        return
    still_open = sum(each.open_minor for each in await open_on(session, payout.collaboration_id))
    given_back = sum(part.amount_minor for part in await netting.netted_parts(session, payout.id))
    if too_much > still_open + given_back:
        raise Refused("came_back")


async def payment_called_off(session: AsyncSession, payout: Payout, at: datetime) -> None:
    """Take off claims what is not earned any more: nobody owes back what they never get.

    Of a payment that was to make good what was taken back, all comes off: that money is with the
    brand already, as if it had been taken back after the claim was confirmed.

    Args:
        session: the transaction that calls it off; it has locked what the collaboration has earned.
        payout: the payment.
        at: now.
    """
    if payout.kind == REPAYMENT:
        await _with_the_brand(session, payout, await open_on(session, payout.collaboration_id), at)
    await _not_earned(session, payout.collaboration_id, payout.id, at)


async def claim_confirmed(session: AsyncSession, claim: Claim, at: datetime) -> None:
    """Take off a claim what was called off since it was asked for, as if it had stood by then.

    Args:
        session: the transaction that confirms it; it has locked what the collaboration has earned.
        claim: the claim, with its money in the ledger.
        at: now.
    """
    meanwhile = await session.scalars(
        select(Payout)
        .where(
            Payout.collaboration_id == claim.collaboration_id,
            Payout.kind == REPAYMENT,
            Payout.status == PayoutStatus.CANCELLED.value,
            Payout.updated_at >= claim.created_at,
        )
        .order_by(Payout.number)
    )
    for payout in meanwhile.all():
        await _with_the_brand(
            session, payout, [OpenClaim(claim.id, await _open_of(session, claim))], at
        )
    await _not_earned(session, claim.collaboration_id, None, at)


async def _with_the_brand(
    session: AsyncSession, payout: Payout, claims: Sequence[OpenClaim], at: datetime
) -> None:
    off = await session.scalar(
        select(func.coalesce(func.sum(ClaimPart.amount_minor), 0)).where(
            ClaimPart.payout_id == payout.id, ClaimPart.kind == SettledBy.TAKEN_BACK.value
        )
    )
    parts = parts_of(payout.amount_minor - int(off or 0), claims)
    await _off(session, parts, SettledBy.TAKEN_BACK, payout.id, at)


async def _not_earned(
    session: AsyncSession, collaboration_id: str, payout_id: str | None, at: datetime
) -> None:
    claims = await open_on(session, collaboration_id)
    if claims:
        parts = parts_of(await owed_beyond_earned(session, collaboration_id), claims)
        await _off(session, parts, SettledBy.NOT_EARNED, payout_id, at)


async def _off(
    session: AsyncSession, parts: Sequence[Part], kind: SettledBy, payout_id: str | None,
    at: datetime,
) -> None:  # fmt: skip
    for part in parts:
        claim = await session.get_one(Claim, part.claim_id)
        _less(session, claim, kind, part.amount_minor, at, payout_id=payout_id)
        cause = f"{payout_id or 'confirmed'}:{kind.value}"
        await post(
            session, claim, cause, part.amount_minor, at, recovered=False, payout_id=payout_id
        )


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
        amount = each.amount_minor
        if amount > await _open_of(session, claim):
            raise Unavailable("a claim was kept back from a payment meanwhile; reckoned again")
        _less(session, claim, SettledBy.TAKEN_BACK, amount, at, payout_id=payout.id)
        await crediting.credit_taken_back(session, claim, payout, amount, at)
        cause = f"{payout.id}:{payout.reversed_minor}"
        await post(session, claim, cause, amount, at, recovered=False, payout_id=payout.id)
