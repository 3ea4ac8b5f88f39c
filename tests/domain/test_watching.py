"""When a post is looked at, and when looking is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.lifecycle import CheckState
from domain.watching import UNKNOWN_LOOKS, Look, Watched, watched
from tests.builders import NOW

DAY = timedelta(days=1)
AGAIN = timedelta(hours=6)
MOMENTS = (NOW, NOW + DAY, NOW + 3 * DAY)


def looks(*states: CheckState) -> list[Look]:
    return [Look(state, NOW) for state in states]


def test_each_moment_is_looked_at_once_while_the_post_is_as_agreed() -> None:
    assert watched(MOMENTS, [], AGAIN) == Watched(0, NOW)
    assert watched(MOMENTS, looks(CheckState.OK), AGAIN) == Watched(1, NOW + DAY)
    assert watched(MOMENTS, looks(*[CheckState.OK] * 3), AGAIN) == Watched(3, None)


@pytest.mark.parametrize("found", [CheckState.FAULTY, CheckState.GONE, CheckState.UNSURE])
def test_the_first_look_that_finds_something_ends_the_watch(found: CheckState) -> None:
    assert watched(MOMENTS, looks(CheckState.OK, found), AGAIN) == Watched(1, None)


def test_a_look_that_could_not_be_made_is_made_again_and_passes_no_moment() -> None:
    assert watched(MOMENTS, looks(CheckState.UNKNOWN), AGAIN) == Watched(0, NOW + AGAIN)
    seen = looks(CheckState.UNKNOWN, CheckState.OK)
    assert watched(MOMENTS, seen, AGAIN) == Watched(1, NOW + DAY)


def test_many_looks_in_a_row_that_could_not_be_made_end_the_watch() -> None:
    seen = looks(*[CheckState.UNKNOWN] * UNKNOWN_LOOKS)
    assert watched(MOMENTS, seen, AGAIN).due is not None
    assert watched(MOMENTS, [*seen, *looks(CheckState.UNKNOWN)], AGAIN).due is None
    mended = [*seen, *looks(CheckState.OK, CheckState.UNKNOWN)]
    assert watched(MOMENTS, mended, AGAIN).due is not None


def test_an_impatient_watch_ends_with_its_first_look() -> None:
    assert watched(MOMENTS[:1], looks(CheckState.UNKNOWN), AGAIN, patient=False).due is None
