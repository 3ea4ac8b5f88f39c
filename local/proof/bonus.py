"""A bonus among all that can happen: granted from what is free in the budget, withdrawn, paid."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import BonusChoice, DecisionKind, TermsChoice
from domain.lifecycle import StreamKind
from domain.messages import Begin, StreamHead
from local.proof.owing import decided, person
from local.proof.paying import call_off, one_of
from local.proof.till import Contract, Payment, Till, Violated, Where
from store import bonuses, decisions
from store.engine import session
from store.tables import Decision


async def grant(till: Till, pick: int, amount: int) -> None:
    """Somebody of finance grants a bonus; without money for it in the budget it is refused."""
    contract = till.contracts[pick % len(till.contracts)]
    free = till.expected(contract.campaign).available
    choice = BonusChoice(amount_minor=amount)
    async with session(till.engine) as db:
        if not contract.is_signed:
            await _sign(db, contract, till.now)
            contract.is_signed = True
    who = await person(till, "asks")
    ref = await decided(till, StreamKind.COLLABORATION, contract.id, who, choice)
    command = Begin(ref=ref, at=till.now)
    granted = await bonuses.grant(till.engine, command)
    if (granted.payment is not None) != (amount <= free):
        raise Violated(f"a bonus of {amount} with {free} free: {granted.code}")
    till.granted.append((command, granted))
    if granted.payment is not None:
        identity = granted.payment.payout_id
        head = StreamHead(kind=StreamKind.PAYOUT, entity_id=identity)
        till.payments.append(Payment(identity, contract, amount, head, is_bonus=True))


async def grant_again(till: Till, pick: int) -> None:
    """A worker died after the commit, and the same decision is applied once more."""
    command, before = till.granted[pick % len(till.granted)]
    after = await bonuses.grant(till.engine, command.model_copy(update={"at": till.now}))
    if after != before:
        raise Violated(f"a bonus that was granted again is another one: {after}")


async def withdraw(till: Till, pick: int, amount: int) -> None:
    """Finance withdraws a bonus that is not on its way; the budget has it back."""
    payment = one_of(granted_and_owed(till), pick)
    if payment is None:
        return
    await call_off(till, payment, "withdrawn")


def granted_and_owed(till: Till) -> list[Payment]:
    """Bonuses that can be withdrawn."""
    return [each for each in till.payments if each.where is Where.OWED and each.is_bonus]


async def _sign(db: AsyncSession, contract: Contract, at: datetime) -> None:
    choice = TermsChoice(answer="sign", content_id="sig_of_the_proof")
    row = await decisions.submit(
        db, kind=DecisionKind.SIGN_TERMS, subject_kind=StreamKind.COLLABORATION.value,
        subject_id=contract.id, actor_kind="creator", actor_id=contract.creator, choice=choice,
        seen="", at=at,
    )  # fmt: skip
    (await db.get_one(Decision, row)).status = "applied"
