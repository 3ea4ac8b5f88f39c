"""People are reminded by how long a payment waits, and before it has to be paid."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.nudging import Nudges, nudges
from tests.builders import NOW

DAY = timedelta(days=1)
RULES = (2 * DAY, 3 * DAY, 5 * DAY)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (14 * DAY, Nudges(*RULES)),
        (4 * DAY, Nudges(2 * DAY, 3 * DAY, 3 * DAY)),
        (DAY, Nudges(DAY / 2, DAY * 3 / 4, DAY * 3 / 4)),
        (timedelta(0), Nudges(*RULES)),
        (-DAY, Nudges(*RULES)),
    ],
)
def test_a_near_pay_by_date_comes_before_the_campaigns_times(
    left: timedelta, expected: Nudges
) -> None:
    assert nudges(NOW, NOW + left, *RULES) == expected
