"""Everything that can happen to money, in any order: each move through the store's own functions.

A move that makes no sense at the moment does nothing; one that the books must refuse is tried, and
must be refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum

from domain.errors import Overdrawn, Unavailable
from domain.ids import payout_id
from domain.lifecycle import BankStatus, StreamKind
from domain.messages import (
    Append,
    NewPayout,
    PayoutChange,
    Posting,
    PostingKind,
    StreamHead,
    TransferOutcome,
)
from local.proof.bonus import grant, grant_again, granted_and_owed, withdraw
from local.proof.elsewhere import elsewhere, unsent
from local.proof.owing import (
    claim_back,
    come_off,
    judge,
    release,
    repay,
    standing,
    to_judge,
    to_net,
    waive,
    with_earnings,
)
from local.proof.paying import (
    TURN,
    book,
    call_off,
    calling,
    new_attempt,
    one_of,
    pay,
    recover,
    take_turn,
)  # fmt: skip
from local.proof.till import Contract, Payment, Till, Violated, Where
from store import attempts, ledger, records, taken_back
from store.engine import session


class Move(StrEnum):
    """What happens, in the words of the table."""

    RESERVE = "reserve"
    FREE = "release what is reserved"
    EARN = "earn"
    PAY = "pay"
    TAKE_TURN = "a worker takes the attempt"
    SENT = "the call pays"
    SENT_UNHEARD = "the call pays, the answer is lost"
    SENT_DEAD = "the call pays, the worker dies"
    LOST = "the call is lost on its way"
    REFUSED = "the call is refused"
    BOOK = "book what became of it"
    RECOVER = "look an unclear attempt up"
    TAKE_BACK = "take back at the provider"
    FORFEIT = "forfeit"
    GRANT = "grant a bonus"
    WITHDRAW = "withdraw a bonus"
    CLAIM = "claim something back"
    JUDGE = "a claim stands, or does not"
    RELEASE = "release, less what is owed back"
    ELSEWHERE = "pay another way"
    REPAY = "a creator repays"
    WAIVE = "waive a claim"
    BANK = "the bank pays, or sends back"
    AGAIN = "do an earlier step again"
    TOO_MUCH = "send more than is owed"
    TWICE = "try to pay what is paid or under way"
    WAIT = "let time pass"
    REMEMBER = "remember a statement"


CALLS = (Move.SENT, Move.SENT_UNHEARD, Move.SENT_DEAD, Move.LOST, Move.REFUSED)


async def make(till: Till, move: Move, pick: int, amount: int) -> None:
    """Make one move.

    Args:
        till: the payments and their books.
        move: what happens.
        pick: which of those that it can happen to.
        amount: how much, in the smallest unit.

    Raises:
        Violated: the books allowed what they must refuse.
    """
    till.pass_time()
    till.tries[move.value] += 1
    await _MOVES[move](till, pick, amount)


def possible(till: Till) -> list[Move]:
    """The moves that do something at this moment, those that bring payments on more often."""
    at = {each: [p for p in till.payments if p.where is each] for each in Where}
    calling = any(each.senders for each in till.payments)
    alive = any(each.counts for each in till.provider.transfers)
    does: dict[Move, object] = {
        Move.FREE: _reserved(till), Move.EARN: _reserved(till), Move.PAY: at[Where.OWED],
        Move.TAKE_TURN: at[Where.SENDING], Move.BOOK: at[Where.SENDING],
        Move.RECOVER: at[Where.SENDING], Move.TAKE_BACK: alive, Move.BANK: at[Where.PAID],
        Move.FORFEIT: any(each.is_again for each in at[Where.OWED]), Move.AGAIN: till.written,
        Move.TWICE: at[Where.SENDING] or at[Where.PAID], Move.WITHDRAW: granted_and_owed(till),
        Move.CLAIM: with_earnings(till), Move.JUDGE: to_judge(till), Move.RELEASE: at[Where.OWED],
        Move.ELSEWHERE: unsent(till), Move.REPAY: standing(till), Move.WAIVE: standing(till),
    } | dict.fromkeys(CALLS, calling)  # fmt: skip
    more = {Move.PAY, Move.TAKE_TURN, Move.BOOK, Move.RECOVER, Move.WAIT, Move.JUDGE}
    if to_net(till):
        more |= {Move.RELEASE}
    return [move for move in Move if does.get(move, True) for _ in range(1 + 2 * (move in more))]


def _reserved(till: Till) -> list[Contract]:
    return [each for each in till.contracts if each.reserved]


def _contract(till: Till, pick: int) -> Contract:
    return till.contracts[pick % len(till.contracts)]


# --- the budget ------------------------------------------------------------------------------


async def _reserve(till: Till, pick: int, amount: int) -> None:
    contract = _contract(till, pick)
    if await _move_budget(till, contract, PostingKind.RESERVE, amount):
        contract.reserved += amount


async def _free(till: Till, pick: int, amount: int) -> None:
    contract = one_of(_reserved(till), pick)
    if contract is None:
        return
    back = min(amount, contract.reserved)
    if await _move_budget(till, contract, PostingKind.FREE, back):
        contract.reserved -= back


async def _move_budget(till: Till, contract: Contract, kind: PostingKind, amount: int) -> bool:
    key = f"{kind.value}:{contract.id}:{contract.head.sequence}"
    posting = Posting(kind=kind, key=key, amount_minor=amount)
    command = Append(
        head=contract.head, at=till.now, key=key, event=kind.value, postings=(posting,)
    )
    return await till.write(contract, command)


async def _earn(till: Till, pick: int, amount: int) -> None:
    contract = one_of(_reserved(till), pick)
    if contract is None:
        return
    earned = min(amount, contract.reserved)
    number = contract.earned + 1
    identity = payout_id(contract.id, "publication_verified", number)
    new = NewPayout(
        payout_id=identity, kind="publication_verified", number=number, amount_minor=earned,
        pay_by=till.now + timedelta(days=14),
    )  # fmt: skip
    posting = Posting(kind=PostingKind.EARN, key=f"earn:{identity}", amount_minor=earned)
    await till.write(
        contract,
        Append(
            head=contract.head, at=till.now, key=f"earned:{number}", event="earned",
            new_payouts=(new,), postings=(posting,),
        ),
    )  # fmt: skip
    contract.earned, contract.reserved = number, contract.reserved - earned
    head = StreamHead(kind=StreamKind.PAYOUT, entity_id=identity)
    till.payments.append(Payment(identity, contract, earned, head))


# --- afterwards ------------------------------------------------------------------------------


async def _take_back(till: Till, pick: int, amount: int) -> None:
    """By hand, at any time; news of it are booked when the payment is booked as paid."""
    transfer = one_of([each for each in till.provider.transfers if each.counts], pick)
    if transfer is None:
        return
    left = transfer.amount_minor - transfer.reversed_minor
    transfer = till.provider.take_back(transfer, min(amount, left))
    payment = next(each for each in till.payments if each.id == transfer.transfer_group)
    try:
        async with session(till.engine) as db:
            command = await taken_back.booking(db, transfer, till.now)
    except Unavailable:
        command = None
    if command is None:
        if payment.where is Where.PAID:
            raise Violated(f"{payment.id}: what was taken back is not booked")
        return
    await till.write(payment, command)
    back = transfer.reversed_minor - payment.booked_back
    payment.booked_back += back
    owed = sum(part.amount_minor for part in come_off(till, payment.contract, back))
    if sum(each.amount_minor for each in command.new_payouts) != back - owed:
        raise Violated(f"{payment.id}: {back} came back, {owed} was owed: {command.new_payouts}")
    for again in command.new_payouts:
        head = StreamHead(kind=StreamKind.PAYOUT, entity_id=again.payout_id)
        till.payments.append(
            Payment(again.payout_id, payment.contract, again.amount_minor, head, is_again=True)
        )


async def _forfeit(till: Till, pick: int, amount: int) -> None:
    owed = [each for each in till.payments if each.where is Where.OWED and each.is_again]
    payment = one_of(owed, pick)
    if payment is None:
        return
    await call_off(till, payment, "not_owed")


async def _bank(till: Till, pick: int, amount: int) -> None:
    """Even a payment that the bank has paid may come back; no money of the brand moves in it."""
    payment = one_of([each for each in till.payments if each.where is Where.PAID], pick)
    if payment is None:
        return
    status = BankStatus.FAILED if amount % 2 else BankStatus.PAID_OUT
    name = f"bank:{payment.head.sequence}"
    change = PayoutChange(bank_status=status)
    await till.write(
        payment,
        Append(head=payment.head, at=till.now, key=name, event="bank", payout=change),
    )


# --- what must change nothing ----------------------------------------------------------------


async def _again(till: Till, pick: int, amount: int) -> None:
    """A worker died after the commit: the same step is asked for once more, later."""
    if till.granted and amount % 4 == 0:
        await grant_again(till, pick)
        return
    command = one_of(till.written, pick * 7 + amount)
    if command is not None:
        later = command.model_copy(update={"at": till.now})
        await records.append(till.engine, later)


async def _too_much(till: Till, pick: int, amount: int) -> None:
    contract = _contract(till, pick)
    mine = [each for each in till.payments if each.contract is contract]
    owed = sum(each.amount for each in mine if each.where is Where.OWED)
    owed += sum(each.netted for each in mine if each.where is Where.SENDING)
    posting = Posting(
        kind=PostingKind.SEND, key=f"too much:{till.tries.total()}:{contract.id}",
        amount_minor=owed + amount,
    )  # fmt: skip
    try:
        async with session(till.engine) as db:
            await ledger.post(
                db, contract.campaign.id, contract.creator, contract.id, None, posting,
                contract.campaign.currency, till.now,
            )  # fmt: skip
    except Overdrawn:
        return
    raise Violated(f"{owed + amount} of {contract.campaign.currency} were sent, {owed} are owed")


async def _twice(till: Till, pick: int, amount: int) -> None:
    """Whoever wants another attempt is refused, or is given the one that has paid."""
    under_way = [e for e in till.payments if e.where in {Where.SENDING, Where.PAID} and e.attempt]
    payment = one_of(under_way, pick)
    if payment is None:
        return
    async with session(till.engine) as db:
        known = await attempts.get_attempt(db, payment.id, payment.attempt)
    if known is None or known.outcome not in {*attempts.UNSETTLED, "transferred"}:
        return
    wanted = new_attempt(till, payment, payment.attempt + 1, "somebody else")
    try:
        async with session(till.engine) as db:
            given = await attempts.take_turn(db, wanted, till.now)
    except Unavailable:
        return
    if given.number != payment.attempt:
        raise Violated(f"{payment.id} has an attempt beside one that has paid or may pay")


async def _wait(till: Till, pick: int, amount: int) -> None:
    till.pass_time(TURN * (1 + pick % 3))


async def _remember(till: Till, pick: int, amount: int) -> None:
    campaign = till.campaigns[pick % len(till.campaigns)]
    async with session(till.engine) as db:
        seen = await ledger.statement(db, campaign.id, till.now)
    till.remembered.append((till.now, seen))


_T = TransferOutcome
_MOVES: dict[Move, Callable[[Till, int, int], Awaitable[None]]] = {
    Move.RESERVE: _reserve,
    Move.FREE: _free,
    Move.EARN: _earn,
    Move.PAY: pay,
    Move.TAKE_TURN: take_turn,
    Move.SENT: calling(True, _T.TRANSFERRED),
    Move.SENT_UNHEARD: calling(True, _T.IN_DOUBT),
    Move.SENT_DEAD: calling(True, None),
    Move.LOST: calling(False, _T.IN_DOUBT),
    Move.REFUSED: calling(False, _T.REFUSED),
    Move.BOOK: book,
    Move.RECOVER: recover,
    Move.TAKE_BACK: _take_back,
    Move.FORFEIT: _forfeit,
    Move.GRANT: grant,
    Move.WITHDRAW: withdraw,
    Move.CLAIM: claim_back,
    Move.JUDGE: judge,
    Move.RELEASE: release,
    Move.ELSEWHERE: elsewhere,
    Move.REPAY: repay,
    Move.WAIVE: waive,
    Move.BANK: _bank,
    Move.AGAIN: _again,
    Move.TOO_MUCH: _too_much,
    Move.TWICE: _twice,
    Move.WAIT: _wait,
    Move.REMEMBER: _remember,
}
