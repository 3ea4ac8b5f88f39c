"""The books against the provider's list, both ways: nothing is missed, and nothing is invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle import PayoutStatus
from domain.payments import RailTransfer
from domain.reconciliation import Booked, BookedAttempt, DifferenceCode, Posted, compare, unnamed
from domain.reconciliation_help import advice

C = DifferenceCode
LONG_AGO = datetime(2026, 3, 2, tzinfo=UTC)
PAID = PayoutStatus.TRANSFERRED


def posted(**changed: Any) -> Posted:
    values = {"currency": "EUR", "sent_minor": 500, "settled_minor": 500}
    return Posted.model_validate(values | changed)


def attempt(number: int = 1, **changed: Any) -> BookedAttempt:
    values = {
        "number": number, "account_id": "acct_1", "amount_minor": 500, "transfer_id": "tr_1",
        "touched_at": LONG_AGO,
    }  # fmt: skip
    return BookedAttempt.model_validate(values | changed)


def ours(**changed: Any) -> Booked:
    values = {
        "payout_id": "pay_1", "amount_minor": 500, "currency": "EUR", "status": PAID,
        "transfer_id": "tr_1", "attempts": (attempt(),), "posted": (posted(),),
    }  # fmt: skip
    return Booked.model_validate(values | changed)


def theirs(**changed: Any) -> RailTransfer:
    values = {
        "id": "tr_1", "account_id": "acct_1", "amount_minor": 500, "currency": "EUR",
        "transfer_group": "pay_1", "attempt": "1", "created_at": LONG_AGO,
    }  # fmt: skip
    return RailTransfer.model_validate(values | changed)


UNSENT = {"status": PayoutStatus.SENDING, "transfer_id": None, "posted": (posted(settled_minor=0),)}
TOO_MUCH = (attempt(too_much_minor=500),)
OVER = ours(status=PayoutStatus.ELSEWHERE, transfer_id=None, posted=(), attempts=TOO_MUCH)
LATE = ours(
    attempts=(attempt(), attempt(2, transfer_id="tr_2", amount_minor=400, too_much_minor=400)),
    posted=(posted(taken_back_minor=3),),
)
FIRST, SECOND = theirs(reversed_minor=3), theirs(id="tr_2", amount_minor=400, attempt="2")
TRIED = ours(**UNSENT, attempts=(attempt(transfer_id=None),))


@pytest.mark.parametrize(
    ("booked", "listed", "codes"),
    [
        ([ours()], [], {C.NOT_AT_PROVIDER}),
        ([], [theirs()], {C.NOT_IN_BOOKS}),
        ([TRIED], [theirs()], {C.NOT_WRITTEN_DOWN}),
        ([TRIED], [theirs(amount_minor=7)], {C.NOT_IN_BOOKS}),
        ([TRIED], [theirs(currency="USD")], {C.NOT_IN_BOOKS}),
        ([TRIED], [theirs(account_id="acct_2")], {C.NOT_IN_BOOKS}),
        ([ours()], [theirs(amount_minor=501)], {C.AMOUNT}),
        ([ours()], [theirs(currency="USD")], {C.CURRENCY}),
        ([ours()], [theirs(account_id="acct_2")], {C.ACCOUNT}),
        ([ours()], [theirs(transfer_group="pay_2")], {C.OTHER_PAYOUT}),
        ([ours()], [theirs(reversed_minor=1)], {C.REVERSED}),
        ([ours(posted=(posted(taken_back_minor=2),))], [theirs(reversed_minor=2)], set()),
        ([ours(posted=(posted(taken_back_minor=2),))], [theirs()], {C.REVERSED}),
        ([ours(**UNSENT)], [theirs()], {C.LEDGER_BEHIND}),
        ([ours(attempts=(attempt(transfer_id=None),), transfer_id=None)], [], {C.LEDGER_AHEAD}),
        ([ours(posted=(posted(sent_minor=700),))], [theirs()], {C.LEFT_IN_TRANSIT}),
        ([ours(posted=(posted(), posted(currency="USD")))], [theirs()], {C.LEDGER_AHEAD}),
        ([ours(status=PayoutStatus.REQUESTED)], [theirs()], {C.STATUS}),
        ([ours(transfer_id="tr_other")], [theirs()], {C.STATUS}),
        ([ours()], [theirs(), theirs(id="tr_2")], {C.NOT_IN_BOOKS, C.PAID_TWICE}),
        ([OVER], [theirs()], {C.SENT_TOO_MUCH}),
        ([OVER], [theirs(reversed_minor=499)], {C.SENT_TOO_MUCH}),
        ([OVER], [theirs(reversed_minor=500)], set()),
        ([LATE], [FIRST, SECOND], {C.SENT_TOO_MUCH}),
        ([LATE], [FIRST, SECOND.model_copy(update={"reversed_minor": 400})], set()),
        ([ours(attempts=(attempt(too_much_minor=7),))], [theirs(reversed_minor=8)], {C.REVERSED}),
    ],
)  # fmt: skip
def test_each_disagreement_has_its_name(
    booked: list[Booked], listed: list[RailTransfer], codes: set[DifferenceCode]
) -> None:
    assert {difference.code for difference in compare(booked, listed)} == codes


def test_every_difference_says_what_it_means_and_what_to_do() -> None:
    for code in DifferenceCode:
        assert all(advice(code, by_bank=False))
        assert "Stripe" not in " ".join(advice(code, by_bank=True))


def test_the_brands_other_transfers_are_its_own_business() -> None:
    assert (
        compare([], [theirs(transfer_group=""), theirs(id="tr_2", transfer_group="order 7")]) == []
    )


def test_a_transfer_that_was_just_made_is_not_missing_yet() -> None:
    sent = ours(**UNSENT, attempts=(attempt(transfer_id=None),))
    listed = [theirs()]
    assert compare([sent], listed, horizon=LONG_AGO - timedelta(seconds=1)) == []
    assert compare([sent], listed, horizon=LONG_AGO) != []
    twice = compare([sent], [*listed, theirs(id="tr_2")], horizon=LONG_AGO - timedelta(seconds=1))
    assert C.PAID_TWICE in {each.code for each in twice}


# --- nothing is missed, nothing is invented ------------------------------------------------

World = tuple[list[Booked], list[RailTransfer]]


def agreeing(number: int, paid: bool, amount: int, tries: int) -> World:
    """One payout on which everybody agrees: refused some times, then paid or still waiting."""
    payout_id, last = f"pay_{number}", tries + 1
    refused = [attempt(each, amount_minor=amount, transfer_id=None) for each in range(1, last)]
    went = attempt(last, amount_minor=amount, transfer_id=f"tr_{number}")
    through = [went] if paid else []
    sent = amount * (tries + paid)
    booked = ours(
        payout_id=payout_id, amount_minor=amount, status=PAID if paid else PayoutStatus.HELD,
        transfer_id=f"tr_{number}" if paid else None, attempts=tuple(refused + through),
        posted=(
            Posted(
                currency="EUR", sent_minor=sent, returned_minor=amount * tries,
                settled_minor=amount * paid,
            ),
        ),
    )  # fmt: skip
    transfer = theirs(
        id=f"tr_{number}", amount_minor=amount, transfer_group=payout_id, attempt=str(last)
    )
    return [booked], [transfer] if paid else []


def _moved(booked: Booked, **changed: int) -> Booked:
    return booked.model_copy(update={"posted": (booked.posted[0].model_copy(update=changed),)})


def _forgot(booked: Booked) -> Booked:
    attempts = (*booked.attempts[:-1], booked.attempts[-1].model_copy(update={"transfer_id": None}))
    unsettled = _moved(booked, settled_minor=0)
    return unsettled.model_copy(
        update={"attempts": attempts, "status": PayoutStatus.SENDING, "transfer_id": None}
    )


def _copy(transfer: RailTransfer, **changed: Any) -> RailTransfer:
    return transfer.model_copy(update=changed)


Spoil = Callable[[Booked, RailTransfer], World]
SPOILED: dict[str, tuple[Spoil, set[DifferenceCode]]] = {
    "lost at the provider": (lambda b, t: ([b], []), {C.NOT_AT_PROVIDER}),
    "lost in the books": (lambda b, t: ([], [t]), {C.NOT_IN_BOOKS}),
    "answer lost": (lambda b, t: ([_forgot(b)], [t]), {C.NOT_WRITTEN_DOWN}),
    "a second transfer": (
        lambda b, t: ([b], [t, _copy(t, id=f"{t.id}_again", attempt="")]),
        {C.NOT_IN_BOOKS, C.PAID_TWICE},
    ),
    "one unit more": (lambda b, t: ([b], [_copy(t, amount_minor=t.amount_minor + 1)]), {C.AMOUNT}),
    "another currency": (lambda b, t: ([b], [_copy(t, currency="USD")]), {C.CURRENCY}),
    "another account": (lambda b, t: ([b], [_copy(t, account_id="acct_9")]), {C.ACCOUNT}),
    "taken back": (lambda b, t: ([b], [_copy(t, reversed_minor=t.amount_minor)]), {C.REVERSED}),
    "not settled": (
        lambda b, t: (
            [_moved(b, settled_minor=0).model_copy(update={"status": PayoutStatus.SENDING})], [t],
        ),
        {C.LEDGER_BEHIND},
    ),
    "settled too much": (
        lambda b, t: (
            [_moved(b, settled_minor=b.amount_minor + 1, sent_minor=b.posted[0].sent_minor + 1)],
            [t],
        ),
        {C.LEDGER_AHEAD},
    ),
    "sent and forgotten": (
        lambda b, t: ([_moved(b, sent_minor=b.posted[0].sent_minor + 1)], [t]),
        {C.LEFT_IN_TRANSIT},
    ),
    "row changed by hand": (
        lambda b, t: ([b.model_copy(update={"status": PayoutStatus.CANCELLED})], [t]), {C.STATUS},
    ),
}  # fmt: skip

PAYOUTS = st.lists(
    st.tuples(
        st.booleans(),
        st.integers(1, 10**9),
        st.integers(0, 3),
        st.sampled_from(["", *SPOILED]),
    ),
    max_size=8,
)


@given(payouts=PAYOUTS, shuffle=st.randoms(use_true_random=False))
def test_exactly_what_was_spoiled_is_found(payouts: list[Any], shuffle: Any) -> None:
    books: list[Booked] = []
    listed: list[RailTransfer] = []
    expected = set()
    for number, (paid, amount, tries, spoil) in enumerate(payouts):
        booked, transfers = agreeing(number, paid, amount, tries)
        if spoil and transfers:
            spoiled, codes = SPOILED[spoil]
            booked, transfers = spoiled(booked[0], transfers[0])
            expected |= {(f"pay_{number}", code) for code in codes}
        books += booked
        listed += transfers
    shuffle.shuffle(books)
    shuffle.shuffle(listed)
    found = compare(books, listed)
    assert {(each.payout_id, each.code) for each in found} == expected
    assert len(found) == len(expected)


def agrees(booked: Booked, listed: list[RailTransfer]) -> bool:
    """The same question asked once more, as equalities instead of a search for differences."""
    owned = [each for each in booked.attempts if each.transfer_id]
    group = [each for each in listed if each.transfer_group == booked.payout_id]
    named = {
        (each.transfer_id, each.account_id, booked.amount_minor, booked.currency, 0)
        for each in owned
    }
    there = {(t.id, t.account_id, t.amount_minor, t.currency, t.reversed_minor) for t in group}
    moved = booked.posted[0]
    way = moved.sent_minor - moved.returned_minor - moved.settled_minor
    moving = booked.status in {PayoutStatus.SENDING, PayoutStatus.IN_DOUBT}
    return (
        named == there
        and len(group) <= 1
        and moved.settled_minor == booked.amount_minor * len(owned)
        and (way == 0 or (moving and way == booked.amount_minor))
        and (booked.status is PAID) == (moved.settled_minor > 0)
        and booked.transfer_id in {None, *(each.transfer_id for each in owned)}
    )


FEW = st.sampled_from([None, "tr_1", "tr_2"])
BOOKED = st.builds(
    lambda status, row, names, sent, returned, settled: ours(
        status=status, transfer_id=row,
        attempts=tuple(attempt(n, transfer_id=name) for n, name in enumerate(names, 1)),
        posted=(posted(sent_minor=sent, returned_minor=returned, settled_minor=settled),),
    ),
    st.sampled_from([PAID, PayoutStatus.SENDING, PayoutStatus.HELD]), FEW,
    st.lists(FEW, max_size=2).filter(lambda names: names != ["tr_1", "tr_1"] != ["tr_2", "tr_2"]),
    st.sampled_from([0, 500, 1000]), st.sampled_from([0, 500]), st.sampled_from([0, 500]),
)  # fmt: skip
LISTED = st.lists(
    st.builds(
        lambda name, amount, back, account, number: theirs(
            id=name, amount_minor=amount, reversed_minor=back, account_id=account, attempt=number
        ),
        st.sampled_from(["tr_1", "tr_2"]), st.sampled_from([500, 500, 501]),
        st.sampled_from([0, 0, 500]), st.sampled_from(["acct_1", "acct_1", "acct_2"]),
        st.sampled_from(["1", "2", ""]),
    ),
    max_size=2,
    unique_by=lambda each: each.id,
)  # fmt: skip


@given(booked=BOOKED, listed=LISTED)
def test_no_difference_means_exactly_that_all_agree(
    booked: Booked, listed: list[RailTransfer]
) -> None:
    assert (compare([booked], listed) == []) == agrees(booked, listed)


def test_money_sent_to_a_creator_in_no_payments_name_is_found_as_long_as_it_is_there() -> None:
    sent = [
        theirs(id="tr_hand", transfer_group="", attempt="", reversed_minor=100),
        theirs(id="tr_other_name", transfer_group="summer", attempt=""),
        theirs(id="tr_back", transfer_group="", reversed_minor=500),
        theirs(id="tr_adopted", transfer_group=""),
        theirs(id="tr_elsewhere", transfer_group="", account_id="acct_supplier"),
        theirs(id="tr_named"),
    ]
    found = unnamed(sent, {"acct_1"}, {"tr_adopted"})
    assert {(each.code, each.transfer_id, each.theirs_minor) for each in found} == {
        (C.UNNAMED, "tr_hand", 400), (C.UNNAMED, "tr_other_name", 500),
    }  # fmt: skip
    assert {(each.payout_id, each.account_id) for each in found} == {("", "acct_1")}
