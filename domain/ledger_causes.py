"""Who is behind a movement in the ledger, and why: the decision that led to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.campaign import MilestoneKind
from domain.decisions import DecisionKind
from domain.messages import PostingKind
from domain.payments import BONUS, KILL_FEE

THE_CREATOR = "the creator"
"""How a creator's own decision is signed: names of creators stand in few places only."""


@dataclass(frozen=True)
class Deciding:
    """A decision that was applied, with what a statement says of it."""

    kind: DecisionKind
    at: datetime
    by: str
    """Name of the member of staff, or `THE_CREATOR`."""
    because: str
    """The reason that the person gave; may be empty."""
    answer: str = ""
    of: int = 1
    """Of a release, and of what was paid another way: how many people the payment needed."""
    attempt: int = 0
    """Of what became of a payment: how many attempts there had been."""


@dataclass(frozen=True)
class Cause:
    """Who let money move, and why; empty if nobody had to: a milestone, or the provider's news."""

    by: tuple[str, ...] = ()
    because: str = ""
    tried: bool = False
    """True if it had been tried to pay it before."""


NOBODY = Cause()


@dataclass(frozen=True)
class Movement:
    """What is known of a movement when its cause is looked for."""

    kind: PostingKind
    at: datetime
    collaboration_id: str
    payout_id: str
    milestone: str
    """What the payment is for; empty if the movement is about the fee as a whole."""
    claim_id: str = ""
    """The claim that it is about; empty if it is about none."""
    attempt: int = 0
    """The attempt to pay that it is about; zero if it is about none."""


NOBODY_DECIDES = frozenset(
    {
        PostingKind.FUND,  # what the campaign file says when the campaign is started
        PostingKind.RETURN, PostingKind.TAKE_BACK,  # what the provider says
        PostingKind.FEE, PostingKind.FEE_BACK,
    }
)  # fmt: skip
"""Movements that nobody lets happen."""

Decided = Mapping[str, Iterable[Deciding]]
"""Applied decisions by what they are about (payment, claim, collaboration), oldest first."""

LETS_MONEY_MOVE = frozenset(
    {
        DecisionKind.ANSWER_OFFER, DecisionKind.ANSWER_COUNTER, DecisionKind.SIGN_TERMS,
        DecisionKind.REVIEW_DRAFT, DecisionKind.JUDGE_PUBLICATION, DecisionKind.DECIDE_HEARING,
        DecisionKind.DECIDE_KILL_FEE, DecisionKind.CANCEL_COLLABORATION,
        DecisionKind.JUDGE_SCANDAL, DecisionKind.WITHDRAW, DecisionKind.OPT_OUT,
        DecisionKind.GRANT_BONUS, DecisionKind.RELEASE_PAYOUT, DecisionKind.CANCEL_PAYOUT,
        DecisionKind.SETTLE_PAYOUT, DecisionKind.CLAIM_BACK, DecisionKind.DECIDE_CLAIM,
        DecisionKind.WAIVE_CLAIM, DecisionKind.BOOK_REPAYMENT,
    }
)  # fmt: skip
"""Decisions that can be behind a movement."""

_AGREED = {DecisionKind.ANSWER_OFFER, DecisionKind.ANSWER_COUNTER}
_ENDED = {
    DecisionKind.DECIDE_KILL_FEE, DecisionKind.DECIDE_HEARING, DecisionKind.CANCEL_COLLABORATION,
    DecisionKind.JUDGE_SCANDAL, DecisionKind.REVIEW_DRAFT, DecisionKind.WITHDRAW,
    DecisionKind.OPT_OUT, DecisionKind.SIGN_TERMS,
}  # fmt: skip
"""What leaves a fee unspent."""

_ENDING_ANSWERS = frozenset({"", "withhold", "cancel", "reject", "decline"})
"""Of these, the answers that do; a kill fee and leaving have none."""

_BY_SEVERAL = frozenset({DecisionKind.RELEASE_PAYOUT, DecisionKind.SETTLE_PAYOUT})
"""Decisions that may need more than one person."""


@dataclass(frozen=True)
class _Where:
    subject: str
    kinds: set[DecisionKind] = field(default_factory=set)
    answers: frozenset[str] | None = None


def cause(movement: Movement, decided: Decided) -> Cause:
    """The last decision before a movement that could lead to it; of two that it needed, both."""
    where = _where(movement)
    if where is None:
        return NOBODY
    found = [
        each
        for each in decided.get(where.subject, ())
        if each.kind in where.kinds
        and each.at <= movement.at
        and (where.answers is None or each.answer in where.answers)
        # A transfer that was not to be taken for the payment, and one that is made later, are two.
        and (movement.kind is not PostingKind.SETTLE or each.attempt + 1 == movement.attempt)
    ]
    if not found:
        return NOBODY
    last = found[-1]
    match movement.kind:
        case PostingKind.CLAIM:
            together = found
        case _ if last.kind in _BY_SEVERAL:
            together = found[-last.of :]
        case _:
            together = [last]
    reasons = [each.because for each in together if each.because]
    return Cause(tuple(each.by for each in together), "; ".join(reasons), last.attempt > 0)


def _where(movement: Movement) -> _Where | None:
    """Which decisions on what can have led to a movement; None if nobody decides it."""
    payment, collaboration = movement.payout_id, movement.collaboration_id
    match movement.kind:
        case PostingKind.RESERVE | PostingKind.EARN if movement.milestone == BONUS:
            return _Where(payment, {DecisionKind.GRANT_BONUS})
        case PostingKind.RESERVE:
            return _Where(collaboration, _AGREED)
        case PostingKind.EARN:
            return _earned(movement.milestone, collaboration)
        case PostingKind.SEND | PostingKind.NET:
            return _Where(payment, {DecisionKind.RELEASE_PAYOUT})
        case PostingKind.SETTLE:
            return _Where(payment, {DecisionKind.SETTLE_PAYOUT}, frozenset({"adopt"}))
        case PostingKind.ELSEWHERE:
            return _Where(payment, {DecisionKind.SETTLE_PAYOUT}, frozenset({"elsewhere"}))
        case PostingKind.CLAIM:
            both = {DecisionKind.CLAIM_BACK, DecisionKind.DECIDE_CLAIM}
            return _Where(movement.claim_id, both, frozenset({"", "confirm"}))
        case PostingKind.DISCHARGE | PostingKind.RECOVER if not payment:
            return _Where(movement.claim_id, {DecisionKind.BOOK_REPAYMENT})
        case PostingKind.DISCHARGE | PostingKind.RECOVER:
            return _Where(payment, {DecisionKind.RELEASE_PAYOUT})
        case PostingKind.LIFT if not payment:
            return _Where(movement.claim_id, {DecisionKind.WAIVE_CLAIM})
        case PostingKind.FORFEIT | PostingKind.LIFT:
            return _Where(payment, {DecisionKind.CANCEL_PAYOUT})
        case PostingKind.FREE:
            return _Where(collaboration, _ENDED, _ENDING_ANSWERS)
        case _:
            return None


def _earned(milestone: str, collaboration: str) -> _Where | None:
    match milestone:
        case _ if milestone == KILL_FEE:
            return _Where(collaboration, {DecisionKind.DECIDE_KILL_FEE})
        case MilestoneKind.CONTRACT_SIGNED:
            return _Where(collaboration, {DecisionKind.SIGN_TERMS}, frozenset({"sign"}))
        case MilestoneKind.DRAFT_APPROVED:
            return _Where(collaboration, {DecisionKind.REVIEW_DRAFT}, frozenset({"approve"}))
        case MilestoneKind.PUBLICATION_VERIFIED:
            judged = {DecisionKind.JUDGE_PUBLICATION}
            return _Where(collaboration, judged, frozenset({"verified"}))
        case MilestoneKind.RETENTION_PASSED:
            return _Where(collaboration, {DecisionKind.DECIDE_HEARING}, frozenset({"pay"}))
        case _:
            return None


_OF_A_CLAIM = frozenset(
    {PostingKind.CLAIM, PostingKind.DISCHARGE, PostingKind.LIFT, PostingKind.RECOVER}
)


def claim_of(kind: PostingKind, key: str) -> str:
    """The claim that a movement is about, by its key; empty if it is about none."""
    return key.split(":")[1] if kind in _OF_A_CLAIM else ""


def attempt_of(kind: PostingKind, key: str) -> int:
    """The attempt to pay that went through, by the key of a movement; zero of every other one."""
    return int(key.rpartition(":")[2]) if kind is PostingKind.SETTLE else 0


def is_told(movement: PostingKind, milestone: str, found: Cause) -> bool:
    """True if the creator is given the reason too: it was in a mail to them, word for word.

    Of a bonus they hear when it is released, and no sooner.
    """
    return movement is PostingKind.FORFEIT and (milestone != BONUS or found.tried)


def answer_of(choice: Mapping[str, Any]) -> str:
    """The answer in a stored choice; empty if the decision is its own."""
    return str(choice.get("answer") or "")
