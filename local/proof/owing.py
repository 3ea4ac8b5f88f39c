"""What creators owe back, among all that can happen: claimed, kept back, repaid, waived."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from domain.claims import ClaimStatus, OpenClaim, Part, kept_back, parts_of
from domain.decisions import (
    Choice,
    ClaimChoice,
    DecisionKind,
    PlainChoice,
    ReleaseChoice,
    RepaymentChoice,
)
from domain.lifecycle import Role, StreamKind
from domain.messages import (
    Append,
    ApplyDecision,
    Begin,
    ClaimChange,
    DecisionRef,
    Posting,
    PostingKind,
    StreamHead,
)
from domain.payees import account_digest
from local.proof.till import Contract, Owed, Payment, Till, Violated, Where
from store import claiming, decisions, records, staff
from store.engine import session


async def person(till: Till, name: str) -> str:
    """A member of finance of the till: one who asks for money, or one who lets it go."""
    if name not in till.people:
        async with session(till.engine) as db:
            till.people[name] = await staff.create_staff(
                db, email=f"{name}-{secrets.token_hex(4)}@lumenandleaf.example", name="Finn Odell",
                roles=[Role.FINANCE], password=secrets.token_hex(16), at=till.now,
            )  # fmt: skip
    return till.people[name]


async def decided(
    till: Till, kind: StreamKind, subject: str, who: str, choice: Choice
) -> DecisionRef:
    """A decision's row, as a page writes it."""
    async with session(till.engine) as db:
        row = await decisions.submit(
            db, kind=choice.kind, subject_kind=kind.value, subject_id=subject, actor_kind="staff",
            actor_id=who, choice=choice, seen="", comment="For the proof.", at=till.now,
        )  # fmt: skip
    return DecisionRef(decision_id=row, kind=choice.kind, seen="")


async def claim_back(till: Till, pick: int, amount: int) -> None:
    """Somebody asks for something back: no more than was earned and is not claimed yet."""
    earned = with_earnings(till)
    if not earned:
        return
    contract = earned[pick % len(earned)]
    most = _claimable(till, contract)
    wanted = min(amount, most) if amount % 5 else most + amount
    who = await person(till, "asks")
    ref = await decided(
        till, StreamKind.COLLABORATION, contract.id, who, ClaimChoice(amount_minor=wanted)
    )
    command = Begin(ref=ref, at=till.now)
    made = await claiming.make(till.engine, command)
    again = await claiming.make(till.engine, command)
    if (made.claim is not None) != (wanted <= most) or again.claim != made.claim:
        raise Violated(f"a claim for {wanted} with {most} to claim: {made.code}")
    if made.claim is not None:
        head = StreamHead(kind=StreamKind.CLAIM, entity_id=made.claim.claim_id)
        till.owed_back.append(Owed(made.claim.claim_id, contract, wanted, head, till.now))


async def judge(till: Till, pick: int, amount: int) -> None:
    """The creator was heard; the claim stands, or it does not."""
    heard = to_judge(till)
    if not heard:
        return
    claim = heard[pick % len(heard)]
    claim.status = ClaimStatus.DROPPED if amount % 4 == 0 else ClaimStatus.CONFIRMED
    stands = claim.status is ClaimStatus.CONFIRMED
    posting = Posting(kind=PostingKind.CLAIM, key=f"claim:{claim.id}", amount_minor=claim.amount)
    await till.write(
        claim,
        Append(
            head=claim.head, at=till.now, key="judged", event="judged",
            claim=ClaimChange(status=claim.status), postings=(posting,) if stands else (),
        ),
    )  # fmt: skip
    if stands:
        confirmed(till, claim)


async def release(till: Till, pick: int, amount: int) -> None:
    """A release keeps back what is owed, exactly as much as the person saw."""
    owed = [each for each in till.payments if each.where is Where.OWED]
    owed = to_net(till) or owed
    if not owed:
        return
    payment = owed[pick % len(owed)]
    contract = payment.contract
    parts = kept_back(payment.sent, contract.campaign.currency, open_claims(till, contract))
    netted = payment.netted + sum(part.amount_minor for part in parts)
    stale = amount % 5 == 0
    account = account_digest(contract.account)
    choice = ReleaseChoice(netted_minor=netted + stale, account=account)
    code = await _apply(till, StreamKind.PAYOUT, payment, choice)
    if code != ("netting_changed" if stale else "applied"):
        raise Violated(f"{payment.id}: the release keeps back {choice.netted_minor}: {code}")
    if not stale:
        payment.netted = netted
        for part in parts:
            claim = _claim(till, part)
            claim.kept[payment.id] = claim.kept.get(payment.id, 0) + part.amount_minor


async def repay(till: Till, pick: int, amount: int) -> None:
    """The creator sends money to the brand; not more is taken for it than is open."""
    claim = _one_open(till, pick)
    if claim is None:
        return
    paid = min(amount, claim.open) if amount % 5 else claim.open + 1
    code = await _apply(till, StreamKind.CLAIM, claim, RepaymentChoice(amount_minor=paid))
    if code != ("applied" if paid <= claim.open else "more_than_open"):
        raise Violated(f"{claim.id}: {paid} repaid of {claim.open}: {code}")
    if code == "applied":
        claim.settled += paid
        claim.recovered += paid


async def waive(till: Till, pick: int, amount: int) -> None:
    """The brand does not ask for what is still open."""
    claim = _one_open(till, pick)
    if claim is None:
        return
    choice = PlainChoice(kind=DecisionKind.WAIVE_CLAIM)
    if (code := await _apply(till, StreamKind.CLAIM, claim, choice)) != "applied":
        raise Violated(f"{claim.id} cannot be waived: {code}")
    claim.waived += claim.open
    claim.settled += claim.open


def called_off(till: Till, payment: Payment) -> None:
    """Nobody owes back what is not earned any more; what was to make good is with the brand."""
    if payment.is_again:
        parts = come_off(till, payment.contract, payment.amount)
        payment.off = sum(part.amount_minor for part in parts)
    _not_earned(till, payment.contract)


def confirmed(till: Till, claim: Owed) -> None:
    """What was called off since the claim was asked for comes off it now."""
    for each in till.payments:
        mine = each.contract is claim.contract and each.is_again
        if mine and each.gone_at is not None and each.gone_at >= claim.asked_at:
            off = min(each.amount - each.off, claim.open)
            each.off += off
            claim.settled += off
            claim.taken_back += off
    _not_earned(till, claim.contract)


def _not_earned(till: Till, contract: Contract) -> None:
    stand = {ClaimStatus.CONFIRMED, ClaimStatus.SETTLED}
    asked = sum(
        each.amount - each.taken_back - each.waived
        for each in till.owed_back
        if each.contract is contract and each.status in stand
    )
    come_off(till, contract, max(0, asked - _earned(till, contract)))


def come_off(till: Till, contract: Contract, amount: int) -> tuple[Part, ...]:
    """What of an amount that the creator has not any more comes off claims; the model knows it."""
    parts = parts_of(amount, open_claims(till, contract))
    for part in parts:
        claim = _claim(till, part)
        claim.settled += part.amount_minor
        claim.taken_back += part.amount_minor
    return parts


def open_claims(till: Till, contract: Contract) -> Sequence[OpenClaim]:
    """What stands against a creator, oldest first."""
    mine = [each for each in till.owed_back if each.contract is contract]
    return [OpenClaim(each.id, each.open) for each in mine if each.stands and each.open]


def with_earnings(till: Till) -> list[Contract]:
    """Collaborations of which something can be claimed back."""
    return [each for each in till.contracts if _claimable(till, each)]


def to_net(till: Till) -> list[Payment]:
    """Payments that a release would keep something back of."""
    owed = [each for each in till.payments if each.where is Where.OWED and each.sent]
    return [each for each in owed if open_claims(till, each.contract)]


def to_judge(till: Till) -> list[Owed]:
    """Claims on which the creator is heard."""
    return [each for each in till.owed_back if each.status is ClaimStatus.ANNOUNCED]


def standing(till: Till) -> list[Owed]:
    """Claims of which something is open."""
    return [each for each in till.owed_back if each.stands and each.open]


async def _apply(till: Till, kind: StreamKind, of: Payment | Owed, choice: Choice) -> str:
    ref = await decided(till, kind, of.id, await person(till, "lets go"), choice)
    command = ApplyDecision(head=of.head, at=till.now, ref=ref)
    done = await records.apply_decision(till.engine, command)
    if done.code == "applied":
        of.head = done.head
    return done.code


def _claimable(till: Till, contract: Contract) -> int:
    claimed = sum(
        each.amount - each.taken_back
        for each in till.owed_back
        if each.contract is contract and each.status is not ClaimStatus.DROPPED
    )
    return max(0, _earned(till, contract) - claimed)


def _earned(till: Till, contract: Contract) -> int:
    return sum(
        each.amount - each.booked_back
        for each in till.payments
        if each.contract is contract and each.where is not Where.GONE
    )


def _claim(till: Till, part: Part) -> Owed:
    return next(each for each in till.owed_back if each.id == part.claim_id)


def _one_open(till: Till, pick: int) -> Owed | None:
    found = standing(till)
    return found[pick % len(found)] if found else None
