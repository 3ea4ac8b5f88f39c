"""When what is signed is expected to be needed, and how long money lasts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.cash import Due, Progress, expected, outlook
from domain.lifecycle import Stage
from tests.builders import NOW, campaign_file

DAY = timedelta(days=1)
FILE = campaign_file(
    milestones=[
        {"on": "draft_approved", "percent": 20, "pay_within": "7 days"},
        {"on": "publication_verified", "percent": 50, "pay_within": "10 days"},
        {"on": "retention_passed", "percent": 30, "pay_within": "14 days"},
    ]
)


@pytest.mark.parametrize(
    ("progress", "days"),
    [
        # Ten days for the draft, one for the review, five to publish, 30 and 2 to stay.
        (Progress(Stage.DRAFTING, 10_000), [10 + 1 + 7, 16 + 10, 16 + 32 + 14]),
        (Progress(Stage.DRAFTING, 10_000, due_at=NOW + 2 * DAY), [3 + 7, 8 + 10, 8 + 32 + 14]),
        (Progress(Stage.DRAFTING, 10_000, due_at=NOW - DAY), [1 + 7, 6 + 10, 6 + 32 + 14]),
        (Progress(Stage.REVIEWING, 10_000), [1 + 7, 6 + 10, 6 + 32 + 14]),
        (
            Progress(Stage.PUBLISHING, 10_000, frozenset({"draft_approved"}), NOW + 4 * DAY),
            [4 + 10, 4 + 32 + 14],
        ),
        (
            Progress(
                Stage.PUBLISHING, 10_000, frozenset({"draft_approved"}), published_at=NOW - DAY
            ),
            [10, 31 + 14],
        ),
        (
            Progress(
                Stage.RETAINING, 10_000, frozenset({"draft_approved", "publication_verified"}),
                published_at=NOW - 40 * DAY,
            ),
            [14],
        ),
    ],
)  # fmt: skip
def test_each_part_is_expected_after_the_time_that_is_given(
    progress: Progress, days: list[int]
) -> None:
    found = expected(progress, FILE, NOW)
    assert [(due.at - NOW) / DAY for due in found] == days
    assert [due.amount_minor for due in found] == [2_000, 5_000, 3_000][-len(days) :]


def test_money_lasts_until_the_first_payment_that_it_does_not_reach_for() -> None:
    dues = [
        Due(400, NOW + 12 * DAY), Due(100, NOW - DAY, earned=True), Due(50, NOW + 29 * DAY),
        Due(300, NOW + 3 * DAY, earned=True), Due(9_000, NOW + 31 * DAY),
    ]  # fmt: skip
    found = outlook(dues, NOW, 500)
    assert (found.overdue, found.later) == (100, 9_000)
    assert [(step.until - NOW) / DAY for step in found.steps] == [7, 14, 30]
    assert [(step.earned, step.expected, step.left) for step in found.steps] == [
        (300, 0, 100), (0, 400, -300), (0, 50, -350),
    ]  # fmt: skip
    assert found.enough_until == NOW + 12 * DAY
    assert outlook(dues, NOW, 850).enough_until is None
    assert outlook(dues, NOW, 99).enough_until == NOW - DAY
    assert outlook(dues, NOW, None).enough_until is None
