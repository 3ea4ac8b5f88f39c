"""What is owed to a creator after each movement."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.creator_account import CreatorLine, accounts
from domain.messages import PostingKind

AT = datetime(2026, 3, 2, tzinfo=UTC)


def line(kind: PostingKind, amount: int, currency: str = "EUR") -> CreatorLine:
    return CreatorLine(AT, kind, amount, currency, "cmp_1", "Spring", "col_1", "pay_1", "")


def test_what_is_owed_is_earned_and_neither_paid_nor_withheld() -> None:
    (euros,) = accounts(
        [
            line(PostingKind.RESERVE, 30_000), line(PostingKind.EARN, 20_000),
            line(PostingKind.SEND, 15_000), line(PostingKind.RETURN, 15_000),
            line(PostingKind.SEND, 15_000), line(PostingKind.SETTLE, 15_000),
            line(PostingKind.FORFEIT, 2_000), line(PostingKind.FREE, 10_000),
        ]
    )  # fmt: skip
    assert [row.owed_minor for row in euros.rows] == [20_000, 5_000, 3_000]
    assert (euros.earned_minor, euros.paid_minor, euros.owed_minor) == (20_000, 15_000, 3_000)


def test_nothing_earned_is_no_account() -> None:
    assert accounts([line(PostingKind.RESERVE, 30_000)]) == ()


movements = st.builds(
    line, st.sampled_from(PostingKind), st.integers(1, 10**9), st.sampled_from(["EUR", "JPY"])
)


@given(st.lists(movements, max_size=30))
def test_currencies_are_never_mixed_and_the_last_row_is_the_sum(lines: list[CreatorLine]) -> None:
    for account in accounts(lines):
        assert {row.line.currency for row in account.rows} == {account.currency}
        withheld = sum(row.withheld_minor for row in account.rows)
        assert account.owed_minor == account.earned_minor - account.paid_minor - withheld
