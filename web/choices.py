"""From the fields of a form to a decision's choice."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from domain.decisions import NEEDS_COMMENT, Choice, DecisionKind
from domain.errors import UserMistake
from web.fields import read_for

_CHOICE: TypeAdapter[Choice] = TypeAdapter(Choice)

SUBJECT_OF = {
    DecisionKind.SIGN_OFF_SHORTLIST: "campaign",
    DecisionKind.RESOLVE_SHORTLIST: "campaign",
    DecisionKind.PAUSE_CAMPAIGN: "campaign",
    DecisionKind.RESUME_CAMPAIGN: "campaign",
    DecisionKind.STOP_CAMPAIGN: "campaign",
    DecisionKind.RELEASE_PAYOUT: "payout",
    DecisionKind.HOLD_PAYOUT: "payout",
    DecisionKind.RESUME_PAYOUT: "payout",
    DecisionKind.CANCEL_PAYOUT: "payout",
    DecisionKind.RETRY_PAYOUT: "payout",
    DecisionKind.SETTLE_PAYOUT: "payout",
    DecisionKind.DECIDE_CLAIM: "claim",
    DecisionKind.WAIVE_CLAIM: "claim",
    DecisionKind.BOOK_REPAYMENT: "claim",
}
"""What a decision is about, if not a collaboration."""

_CONTENT = {
    DecisionKind.RESOLVE_SHORTLIST,
    DecisionKind.SIGN_TERMS,
    DecisionKind.SUBMIT_DRAFT,
    DecisionKind.REPORT_PUBLICATION,
    DecisionKind.OBJECT,
    DecisionKind.SETTLE_PAYOUT,
}


_NEEDS_REASON = {
    DecisionKind.HOLD_PAYOUT, DecisionKind.CANCEL_PAYOUT, DecisionKind.SETTLE_PAYOUT,
    DecisionKind.GRANT_BONUS,
    DecisionKind.CLAIM_BACK, DecisionKind.WAIVE_CLAIM, DecisionKind.BOOK_REPAYMENT,
}  # fmt: skip


_SUMS = {DecisionKind.GRANT_BONUS, DecisionKind.CLAIM_BACK, DecisionKind.BOOK_REPAYMENT}
"""Decisions about a sum of money."""


class BadChoice(UserMistake):
    """The fields are not an answer to this."""

    code = "bad_choice"


class ReasonNeeded(UserMistake):
    """The other side reads this answer, so a reason is required."""

    code = "reason_needed"


def subject_kind(kind: DecisionKind) -> str:
    """``campaign``, ``collaboration``, ``payout`` or ``claim``."""
    return SUBJECT_OF.get(kind, "collaboration")


def needs_currency(fields: Mapping[str, str]) -> bool:
    """True if there is an amount to be read."""
    names_a_sum = fields.get("kind") in _SUMS
    return names_a_sum or fields.get("answer") in {"counter", "offer"}


def read_choice(
    kind: DecisionKind, fields: Mapping[str, str], currency: str = "", content_id: str = ""
) -> Choice:
    """Read what was decided.

    Raises:
        BadChoice: not an answer to this kind of question.
        BadAmount: an amount is asked for and not given.
        ReasonNeeded: no comment where the other side needs one.
    """
    answer = fields.get("answer", "")
    given: dict[str, str | int] = {"kind": kind.value}
    if (
        answer
        and kind not in _CONTENT - {DecisionKind.SIGN_TERMS}
        and subject_kind(kind) in {"collaboration", "claim"}
    ):
        given["answer"] = answer
    if needs_currency(fields):
        given["amount_minor"] = read_for(kind, fields.get("amount", ""), currency)
    if kind is DecisionKind.DECIDE_KILL_FEE:
        given.pop("answer", None)
        percent = fields.get("percent", "").strip().rstrip("%").strip()
        given["percent"] = int(percent) if percent.isdecimal() and len(percent) < 4 else -1
    if kind is DecisionKind.RELEASE_PAYOUT:
        shown = fields.get("netted", "0")
        given["account"] = fields.get("account", "")
        given["netted_minor"] = int(shown) if shown.isdecimal() and len(shown) < 16 else -1
    if kind in _CONTENT:
        given["content_id"] = content_id
    if kind is DecisionKind.SETTLE_PAYOUT:
        given["answer"] = answer
    try:
        choice = _CHOICE.validate_python(given)
    except ValidationError:
        raise BadChoice(f"not an answer to {kind.value}") from None
    needs = answer in NEEDS_COMMENT or kind in _NEEDS_REASON
    if needs and len(fields.get("comment", "").strip()) < 3:
        raise ReasonNeeded("a reason is required")
    return choice
