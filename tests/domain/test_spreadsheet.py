"""Rows that open right in a spreadsheet and cannot carry formulas."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.money import Money
from domain.spreadsheet import Sheet, decimals, defused

FORMULA = re.compile(r'^[\s"\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]')

# Mostly what matters, so that a few hundred examples meet it.
texts = st.text(
    st.one_of(st.sampled_from("=+-@\t\r\n,;|\"' \ufeff\u200b\uff1d\uff20a1"), st.characters())
)


@given(texts)
@example("=HYPERLINK(1)")
@example("\t=1+1")
@example('Anna";=1+1')
@example("a\r\n@SUM(1)")
def test_no_text_begins_like_a_formula_in_any_cell_it_may_end_up_in(text: str) -> None:
    safe = defused(text)
    for cell in re.split(r"[,;|\t\r\n]", safe):
        assert not FORMULA.match(cell)
    assert defused(safe) == safe


@given(st.lists(texts, min_size=1, max_size=4), st.booleans())
def test_a_row_is_read_back_as_it_was_written(cells: list[str], semicolons: bool) -> None:
    row = Sheet(semicolons).row([*cells, 7])
    (back,) = csv.reader(io.StringIO(row, newline=""), delimiter=";" if semicolons else ",")
    assert back == [*(defused(cell) for cell in cells), "7"]


@pytest.mark.parametrize("text", ["Mara Klein", "mara-klein", "Spring - summer", "1 + 1 = 2", ""])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert defused(text) == text


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (125_050, "EUR", "1250.50"), (5, "EUR", "0.05"), (1250, "JPY", "1250"), (0, "JPY", "0"),
        (1250, "KWD", "1.250"), (-1, "BHD", "-0.001"), (10**12, "KRW", "1000000000000"),
    ],
)  # fmt: skip
def test_amounts_have_the_digits_of_their_currency(
    minor: int, currency: str, written: str
) -> None:  # fmt: skip
    assert decimals(Money(minor=minor, currency=currency)) == written


def test_days_are_iso_and_in_utc() -> None:
    late = datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    amount = Money(minor=125_050, currency="EUR")
    assert Sheet().row([late, late.date(), amount, None]) == "2025-12-31,2026-01-01,1250.50,\r\n"
    assert Sheet(semicolons=True).row([late.astimezone(UTC), amount]) == "2025-12-31;1250,50\r\n"
