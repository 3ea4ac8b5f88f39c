"""Who is behind a movement of money, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.decisions import DecisionKind
from domain.ledger_causes import (
    NOBODY,
    NOBODY_DECIDES,
    THE_CREATOR,
    Cause,
    Deciding,
    Movement,
    attempt_of,
    cause,
    claim_of,
    is_told,
)
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


ADOPTED = Movement(P.SETTLE, NOW + HOUR, "col_1", "pay_1", "publication_verified", attempt=2)

CAUSED = [
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
    (claimed(P.CLAIM), "clm_1", said(D.CLAIM_BACK, "Ada", "The post is gone.")),
    (claimed(P.DISCHARGE), "clm_1", said(D.BOOK_REPAYMENT, "Sam", "On the statement.")),
    (moved(P.DISCHARGE), "pay_1", said(D.RELEASE_PAYOUT, "Noor")),
    (moved(P.RECOVER), "pay_1", said(D.RELEASE_PAYOUT, "Noor")),
    (moved(P.SEND), "pay_1", said(D.RELEASE_PAYOUT, "Noor")),
    (moved(P.ELSEWHERE), "pay_1", said(D.SETTLE_PAYOUT, "Sam", "By wire.", answer="elsewhere")),
    (ADOPTED, "pay_1", said(D.SETTLE_PAYOUT, "Sam", "Made by hand.", answer="adopt", attempt=1)),
]


def test_every_movement_is_somebody_s_or_known_to_be_nobody_s() -> None:
    assert {movement.kind for movement, _, _ in CAUSED} | NOBODY_DECIDES == set(PostingKind)
    for kind in NOBODY_DECIDES:
        assert cause(moved(kind), {"pay_1": [one for _, _, one in CAUSED]}) == NOBODY


def test_what_two_said_of_a_payment_names_both_and_a_transfer_not_taken_names_nobody() -> None:
    decided = {
        "pay_1": [
            said(D.SETTLE_PAYOUT, "Kim", "It is ours.", answer="adopt", attempt=1),
            said(D.SETTLE_PAYOUT, "Noor", "Wire 7731.", answer="elsewhere", of=2),
            said(D.SETTLE_PAYOUT, "Sam", answer="elsewhere", of=2),
        ]
    }
    assert cause(moved(P.ELSEWHERE), decided) == Cause(("Noor", "Sam"), "Wire 7731.")
    later = Movement(P.SETTLE, NOW + HOUR, "col_1", "pay_1", "", attempt=3)
    assert cause(later, decided) == NOBODY
    assert attempt_of(P.SETTLE, "settle:pay_1:3") == 3
    assert attempt_of(P.EARN, "earn:pay_1") == 0


@pytest.mark.parametrize(
    ("milestone", "attempt", "told"),
    [
        ("repayment", 0, True), ("publication_verified", 1, True),
        ("publication_verified", 0, True), ("bonus", 1, True), ("bonus", 0, False),
    ],
)  # fmt: skip
def test_creators_read_why_something_is_not_owed_if_they_were_told(
    milestone: str, attempt: int, told: bool
) -> None:
    decision = said(D.CANCEL_PAYOUT, "Noor", "Not delivered.", attempt=attempt)
    found = cause(moved(P.FORFEIT, milestone), {"pay_1": [decision]})
    assert is_told(P.FORFEIT, milestone, found) is told
    assert not is_told(P.CLAIM, milestone, found)


@pytest.mark.parametrize(("movement", "subject", "decision"), CAUSED)
def test_a_movement_has_the_person_and_the_reason_of_its_decision(
    movement: Movement, subject: str, decision: Deciding
) -> None:
    found = cause(movement, {subject: [decision]})
    assert (found.by, found.because) == ((decision.by,), decision.because)
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
