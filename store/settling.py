"""What settles claims, or makes them smaller: decisions, and what happens to other payments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.claims import ClaimStatus, SettledBy, parts_of
from domain.decisions import Choice, ClaimVerdict, DecisionKind, ReleaseChoice, RepaymentChoice
from domain.errors import Unavailable
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


async def take_off(
    session: AsyncSession, collaboration_id: str, at: datetime, called_off: Payout | None = None
) -> None:
    """Take off claims what is not earned any more: nobody owes back what they never get.

    Of a payment that was to make good what was taken back, all comes off: that money is with the
    brand already, as if it had been taken back after the claim was confirmed.

    Args:
        session: the transaction in which a payment is called off, or a claim confirmed; it has
            locked what the collaboration has earned.
        collaboration_id: the collaboration.
        at: now.
        called_off: the payment.
    """
    claims = await open_on(session, collaboration_id)
    if not claims:
        return
    kind, amount = SettledBy.NOT_EARNED, await owed_beyond_earned(session, collaboration_id)
    if called_off is not None and called_off.kind == REPAYMENT:
        kind, amount = SettledBy.TAKEN_BACK, max(amount, called_off.amount_minor)
    payout_id = called_off.id if called_off is not None else None
    for part in parts_of(amount, claims):
        claim = await session.get_one(Claim, part.claim_id)
        _less(session, claim, kind, part.amount_minor, at, payout_id=payout_id)
        cause = payout_id or "confirmed"
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
