"""Figures of an evaluation are those of the text books, also where labels or marks are alike."""

from __future__ import annotations

import pytest

from domain.evaluation import agreement, ranking, read_label


def test_figures_are_counted_from_labels_and_marks() -> None:
    found = agreement([True, True, False, False, False], [3, 0, 2, 0, 0], flag_from=2)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    assert found.flag_rate == pytest.approx(0.4)
    assert found.false_alarm_rate == pytest.approx(1 / 3)
    assert found.auc == pytest.approx(4 / 6), "1 + 1 + 1 wins and two ties of six pairs"


def test_marks_that_are_all_alike_are_a_coin() -> None:
    assert agreement([True, False, True], [1, 1, 1], flag_from=2).auc == 0.5


def test_a_figure_that_the_labels_cannot_give_is_none() -> None:
    found = agreement([False, False], [0, 2], flag_from=2)
    assert found.auc is found.recall is None
    assert found.false_alarm_rate == 0.5


@pytest.mark.parametrize(
    ("cell", "read"),
    [("1", True), ("0", False), ("True", True), ("no", False), ("0.0", False), ("3", True),
     ("nan", None), ("", None), ("offensive", None)],
)  # fmt: skip
def test_labels_are_read_as_people_write_them(cell: str, read: bool | None) -> None:
    assert read_label(cell) is read


def test_shares_are_ranked_with_ties_drawn_by_lot() -> None:
    shares = [{"food": 0.9, "pets": 0.1}, {"food": 0.5, "pets": 0.5}, {"food": 1.0}]
    found = ranking(["food", "pets", "pets"], shares)
    assert found.accuracy == pytest.approx((1 + 0.5 + 0) / 3)
    assert found.top_two == pytest.approx(2 / 3)
    assert found.auc == {"food": pytest.approx(0.5), "pets": pytest.approx(0.5)}
    assert found.mean_auc == pytest.approx(0.5)


def test_nothing_to_rank_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ranking([], [])
