"""The books against the provider's list, both ways."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.payments import DifferenceCode, PaidAttempt, RailTransfer, compare

C = DifferenceCode


def ours(**changed: Any) -> PaidAttempt:
    values = {
        "payout_id": "pay_1", "attempt": 1, "account_id": "acct_1", "amount_minor": 500,
        "currency": "EUR", "transfer_id": "tr_1", "settled_minor": 500,
    }  # fmt: skip
    return PaidAttempt.model_validate(values | changed)


def theirs(**changed: Any) -> RailTransfer:
    values = {
        "id": "tr_1", "account_id": "acct_1", "amount_minor": 500, "currency": "EUR",
        "transfer_group": "pay_1", "attempt": "1", "created_at": datetime(2026, 3, 2, tzinfo=UTC),
    }  # fmt: skip
    return RailTransfer.model_validate(values | changed)


def test_what_agrees_makes_no_difference() -> None:
    refused = ours(attempt=2, transfer_id=None)
    assert compare([ours(), refused], [theirs()]) == []


@pytest.mark.parametrize(
    ("booked", "listed", "codes"),
    [
        ([ours()], [], {C.NOT_AT_PROVIDER}),
        ([], [theirs()], {C.NOT_IN_BOOKS}),
        ([ours(transfer_id=None, settled_minor=None)], [theirs()], {C.NOT_WRITTEN_DOWN}),
        ([ours()], [theirs(amount_minor=501)], {C.AMOUNT}),
        ([ours()], [theirs(currency="USD")], {C.AMOUNT}),
        ([ours()], [theirs(account_id="acct_2")], {C.ACCOUNT}),
        ([ours(settled_minor=None)], [theirs()], {C.LEDGER_BEHIND}),
        ([ours(transfer_id=None)], [], {C.LEDGER_AHEAD}),
        ([ours()], [theirs(), theirs(id="tr_2")], {C.NOT_WRITTEN_DOWN, C.PAID_TWICE}),
        ([ours()], [theirs(), theirs(id="tr_2", attempt="")], {C.NOT_IN_BOOKS, C.PAID_TWICE}),
    ],
)
def test_each_disagreement_has_its_name(
    booked: list[PaidAttempt], listed: list[RailTransfer], codes: set[DifferenceCode]
) -> None:
    assert {difference.code for difference in compare(booked, listed)} == codes


def test_a_payment_that_was_taken_back_is_not_paid_twice() -> None:
    back = theirs(id="tr_2", attempt="2", reversed_minor=500)
    booked = [ours(), ours(attempt=2, transfer_id="tr_2", settled_minor=1000)]
    booked[0] = booked[0].model_copy(update={"settled_minor": 1000})
    assert compare(booked, [theirs(), back]) == []


def test_the_brands_other_transfers_are_its_own_business() -> None:
    assert compare([], [theirs(transfer_group="")]) == []
