"""Which payments are one decision, and what keeps one of them out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.batches import Releasable, became, door, groups, mixed, sums
from domain.lifecycle import PayoutStatus

ONE = Releasable(
    payout_id="pay_1", campaign_id="cmp_1", amount_minor=15_000, currency="EUR",
    status="requested", item_id="inb_1", seen="15000EUR", turn="1/1", account_id="acct_1",
    payee="active", check="ok", hold="", obstacle="",
)  # fmt: skip
OTHER = replace(ONE, payout_id="pay_2", item_id="inb_2", account_id="acct_2", amount_minor=1)


@pytest.mark.parametrize(
    "differs", [{"campaign_id": "cmp_2"}, {"turn": "1/2"}, {"payee": "pending"}], ids=str
)
def test_another_campaign_number_of_people_or_readiness_is_another_decision(
    differs: dict[str, Any],
) -> None:
    other = replace(OTHER, **differs)
    assert len(groups([ONE, OTHER])) == 1
    assert len(groups([ONE, other])) == 2
    assert len({ONE.risk.key, other.risk.key}) == 2
    assert mixed([(ONE, ONE.shown), (other, other.shown)])
    assert not mixed([(ONE, ONE.shown), (OTHER, OTHER.shown)])


def test_what_changed_since_it_was_shown_makes_no_mixture_and_is_refused_by_itself() -> None:
    now = replace(OTHER, payee="restricted")
    assert not mixed([(ONE, ONE.shown), (now, OTHER.shown)])
    assert (door(ONE, ONE.shown), door(now, OTHER.shown)) == ("", "stale")


@pytest.mark.parametrize(
    "change",
    [{"amount_minor": 1}, {"currency": "USD"}, {"item_id": "inb_9"}, {"turn": "2/2"},
     {"account_id": "acct_9"}, {"payee": "restricted"}, {"check": "gone"}, {"seen": "1EUR"},
     {"by_hand": True}, {"new_account": True}],
    ids=str,
)  # fmt: skip
def test_every_change_of_what_was_shown_is_noticed(change: dict[str, Any]) -> None:
    assert door(replace(ONE, **change), ONE.shown) == "stale"


@pytest.mark.parametrize(
    ("status", "code"),
    [("released", "already_released"), ("sending", "already_released"),
     ("in_doubt", "already_released"), ("transferred", "already_released"),
     ("netted", "already_released"), ("elsewhere", "already_released"),
     ("held", "already_on_hold"), ("cancelled", "wrong_stage"), ("requested", "wrong_stage")],
)  # fmt: skip
def test_what_nobody_is_asked_any_more_is_refused_with_the_reason(status: str, code: str) -> None:
    assert door(replace(ONE, item_id="", status=status), ONE.shown) == code


@pytest.mark.parametrize("check", ["faulty", "gone", "unsure", "unknown"])
def test_a_payment_whose_post_was_not_fine_is_looked_at_alone(check: str) -> None:
    doubtful = replace(ONE, check=check)
    assert groups([doubtful, OTHER]) == {OTHER.risk: [OTHER]}
    assert door(doubtful, doubtful.shown) == "look_alone"


def test_a_payment_that_is_released_anew_is_looked_at_alone() -> None:
    anew = replace(ONE, hold="payee_changed")
    assert groups([anew, OTHER]) == {OTHER.risk: [OTHER]}
    assert (door(anew, anew.shown), door(anew, ONE.shown)) == ("look_alone", "stale")
    assert became("applied", "1/1", PayoutStatus.REQUESTED, "payee_changed") == "anew"


def test_an_account_that_is_younger_than_the_last_payment_is_looked_at_alone() -> None:
    new = replace(ONE, new_account=True)
    assert groups([new, OTHER]) == {OTHER.risk: [OTHER]}
    assert door(new, new.shown) == "look_alone"


def test_what_somebody_else_has_to_release_is_in_no_group() -> None:
    hers = replace(ONE, obstacle="requester")
    assert groups([hers]) == {}
    assert door(hers, hers.shown) == "requester"


def test_sums_are_by_currency() -> None:
    yen = replace(OTHER, currency="JPY", amount_minor=700)
    assert sums([ONE, OTHER, yen]) == {"EUR": 15_001, "JPY": 700}


@pytest.mark.parametrize(
    ("status", "turn", "payout", "expected"),
    [
        ("applied", "1/1", PayoutStatus.REQUESTED, "released"),
        ("applied", "1/2", PayoutStatus.REQUESTED, "second"),
        ("applied", "1/2", PayoutStatus.RELEASED, "released"),
        ("applied", "2/2", PayoutStatus.TRANSFERRED, "released"),
        ("applied", "1/2", PayoutStatus.NETTED, "released"),
        ("applied", "1/2", PayoutStatus.ELSEWHERE, "released"),
        ("applied", "1/1", PayoutStatus.HELD, "held"),
        ("refused", "", PayoutStatus.TRANSFERRED, "refused"),
        ("submitted", "", PayoutStatus.REQUESTED, "submitted"),
    ],
)
def test_what_became_of_a_release_is_said_from_what_is_there_now(
    status: str, turn: str, payout: str, expected: str
) -> None:
    assert became(status, turn, payout) == expected
