"""Followers that came or went at once: what is said of it, and what is left alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.growth import Figures, changes

DAY = date(2026, 11, 1)


def _seen(*figures: tuple[int, int, int | None]) -> list[Figures]:
    return [Figures(DAY + timedelta(days=day), count, ppm) for day, count, ppm in figures]


def test_a_jump_that_engagement_did_not_follow_is_told_with_its_figures() -> None:
    (found,) = changes(_seen((0, 8_200, 38_000), (9, 19_500, 15_600)))
    assert found.sentence == (
        "From 8,200 to 19,500 followers in 9 days, and engagements a post went from 311 to 304:"
        " those who came do not engage."
    )


def test_a_jump_without_engagement_says_what_is_not_known() -> None:
    (found,) = changes(_seen((0, 8_000, None), (1, 19_000, 15_600)))
    assert "in 1 day, and what a post brings is not known" in found.sentence


def test_followers_that_leave_at_once_are_told() -> None:
    (found,) = changes(_seen((12, 9_000, 30_000), (0, 20_000, 14_000)))
    assert found.is_fall
    assert "remove bought followers" in found.sentence


@pytest.mark.parametrize(
    "seen",
    [
        [(0, 8_000, 30_000)],
        [(0, 8_000, 30_000), (30, 8_600, 30_000)],  # a usual month
        [(0, 8_000, 30_000), (9, 19_500, 29_000)],  # a post went round: engagement came too
        [(0, 400, 30_000), (9, 800, 10_000)],  # a small account
        [(0, 8_000, 30_000), (200, 19_500, 10_000)],  # nobody knows how fast
        [(0, 8_000, 0), (9, 8_100, 0)],
    ],
)
def test_what_is_usual_or_cannot_be_known_says_nothing(
    seen: list[tuple[int, int, int | None]],
) -> None:
    assert list(changes(_seen(*seen))) == []
