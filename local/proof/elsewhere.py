"""A payment that people make without Troupe, among all that can happen: booked, and never sent."""

from __future__ import annotations

from domain.decisions import SettleChoice
from domain.lifecycle import PayoutStatus, StreamKind
from domain.messages import ApplyDecision, Netting, PayoutChange, PostingKind
from local.proof.owing import decided, person
from local.proof.paying import note, one_of
from local.proof.till import Payment, Till, Violated, Where
from store import attempts, other_payments, records
from store.engine import session


async def elsewhere(till: Till, pick: int, amount: int) -> None:
    """As many people as it needs say that it was paid, unless an attempt may have moved money."""
    payment = one_of(unsent(till), pick)
    if payment is None:
        return
    async with session(till.engine) as db:
        may_be_paid = await attempts.sent_or_unsettled(db, payment.id, till.now)
        other = await other_payments.keep(
            db, payment.id, till.now.date().isoformat(), f"wire {payment.id}", till.now
        )
    choice = SettleChoice(answer="elsewhere", content_id=other)
    said: list[str] = []
    for who in ("lets go", "confirms"):
        ref = await decided(till, StreamKind.PAYOUT, payment.id, await person(till, who), choice)
        command = ApplyDecision(head=payment.head, at=till.now, ref=ref, earlier=tuple(said))
        done = await records.apply_decision(till.engine, command)
        if done.code != ("may_be_paid" if may_be_paid else "applied"):
            raise Violated(f"{payment.id} was paid another way: {done.code}")
        if may_be_paid:
            return
        payment.head = done.head
        said.append(ref.decision_id)
        if len(said) >= done.releases_needed:
            break
    change = PayoutChange(status=PayoutStatus.ELSEWHERE, other_payment_id=other, clear_hold=True)
    netting = Netting.BOOK if payment.netted else None
    await note(till, payment, "paid_elsewhere", change, PostingKind.ELSEWHERE, netting)
    payment.where = Where.ELSEWHERE
    till.over(payment)


def unsent(till: Till) -> list[Payment]:
    """Payments that may be made another way."""
    return [each for each in till.payments if each.where is Where.OWED and each.sent]
