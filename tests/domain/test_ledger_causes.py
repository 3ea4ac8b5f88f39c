"""Who is behind a movement of money, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.decisions import DecisionKind
from domain.ledger_causes import NOBODY, THE_CREATOR, Cause, Deciding, Movement, cause, claim_of
from domain.messages import PostingKind
from tests.builders import NOW

HOUR = timedelta(hours=1)


def said(
    kind: DecisionKind, by: str, because: str = "", at: datetime = NOW, **parts: object
) -> Deciding:
    return Deciding(kind, at, by, because, **parts)  # type: ignore[arg-type]


def moved(kind: PostingKind, milestone: str = "publication_verified") -> Movement:
    return Movement(kind, NOW + HOUR, "col_1", "pay_1", milestone)


def claimed(kind: PostingKind) -> Movement:
    key = f"{kind.value}:clm_1:dec_1"
    return Movement(kind, NOW + HOUR, "col_1", "", "", claim_of(kind, key))


D, P = DecisionKind, PostingKind
BONUS = said(D.GRANT_BONUS, "Kim", "The best post.")


def test_a_release_by_two_names_both_and_none_of_an_earlier_round() -> None:
    release = D.RELEASE_PAYOUT
    decided = {
        "pay_1": [
            said(release, "Noor"),
            said(release, "Noor", of=2), said(release, "Sam", of=2),
            said(release, "Kim", at=NOW + 2 * HOUR, of=2),
        ]
    }  # fmt: skip
    assert cause(moved(P.SEND), decided) == Cause(("Noor", "Sam"))


@pytest.mark.parametrize(
    ("movement", "subject", "decision"),
    [
        (moved(P.FORFEIT, "repayment"), "pay_1", said(D.CANCEL_PAYOUT, "Noor", "Paid twice.")),
        (moved(P.EARN, "bonus"), "pay_1", BONUS),
        (moved(P.RESERVE, "bonus"), "pay_1", BONUS),
        (moved(P.EARN, "kill_fee"), "col_1", said(D.DECIDE_KILL_FEE, "Ada", "Half was done.")),
        (moved(P.EARN), "col_1", said(D.JUDGE_PUBLICATION, "Ben", answer="verified")),
        (moved(P.EARN, "contract_signed"), "col_1", said(D.SIGN_TERMS, "Mia", answer="sign")),
        (moved(P.EARN, "draft_approved"), "col_1", said(D.REVIEW_DRAFT, "Ben", answer="approve")),
        (moved(P.EARN, "retention_passed"), "col_1", said(D.DECIDE_HEARING, "Ada", answer="pay")),
        (moved(P.RESERVE, ""), "col_1", said(D.ANSWER_COUNTER, "Ada", answer="accept")),
        (moved(P.RESERVE, ""), "col_1", said(D.ANSWER_OFFER, THE_CREATOR, answer="interested")),
        (moved(P.FREE, ""), "col_1", said(D.DECIDE_HEARING, "Ada", "Gone.", answer="withhold")),
        (moved(P.FREE, ""), "col_1", said(D.WITHDRAW, THE_CREATOR)),
        (moved(P.NET), "pay_1", said(D.RELEASE_PAYOUT, "Noor")),
        (claimed(P.RECOVER), "clm_1", said(D.BOOK_REPAYMENT, "Sam", "On the statement.")),
        (claimed(P.LIFT), "clm_1", said(D.WAIVE_CLAIM, "Sam", "Too small.")),
    ],
)
def test_a_movement_has_the_person_and_the_reason_of_its_decision(
    movement: Movement, subject: str, decision: Deciding
) -> None:
    assert cause(movement, {subject: [decision]}) == Cause((decision.by,), decision.because)
    late = {subject: [said(decision.kind, "Late", at=NOW + 2 * HOUR)]}
    assert cause(movement, late) == NOBODY


@pytest.mark.parametrize(
    ("movement", "decision"),
    [
        (moved(P.SETTLE), said(D.RELEASE_PAYOUT, "Noor")),
        (moved(P.RETURN), said(D.RELEASE_PAYOUT, "Noor")),
        (moved(P.TAKE_BACK), said(D.RELEASE_PAYOUT, "Noor")),
        (moved(P.EARN), said(D.JUDGE_PUBLICATION, "Ben", answer="faulty")),
        (moved(P.FREE, ""), said(D.REVIEW_DRAFT, "Ben", answer="approve")),
    ],
)
def test_what_the_provider_or_a_milestone_did_is_nobody_s(
    movement: Movement, decision: Deciding
) -> None:
    assert cause(movement, {"pay_1": [decision], "col_1": [decision]}) == NOBODY


def test_a_claim_names_who_asked_why_and_who_confirmed_it() -> None:
    decided = {
        "clm_1": [
            said(D.CLAIM_BACK, "Ada", "The post is gone."),
            said(D.DECIDE_CLAIM, "Sam", answer="confirm"),
        ]
    }
    assert cause(claimed(P.CLAIM), decided) == Cause(("Ada", "Sam"), "The post is gone.")
