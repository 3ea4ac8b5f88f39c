"""Signs that figures may not be what they seem: which, how much, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credibility import Account, doubt, engagement_percentile, signs
from domain.quote import CreatorFacts
from domain.rate_card import DEFAULT_RATE_CARD

ORDINARY = {
    "platform": "instagram", "followers": 12_000, "following": 900, "posts_count": 200,
    "engagement_ppm": 35_000,
}  # fmt: skip


def account(category: str = "", has_picture: bool | None = None, **facts: Any) -> Account:
    return Account(CreatorFacts(**(ORDINARY | facts)), category, has_picture)


def codes(of: Account) -> list[str]:
    return [sign.code for sign in signs(of, DEFAULT_RATE_CARD)]


def percentile(of: Account) -> float:
    found = engagement_percentile(of, DEFAULT_RATE_CARD)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("facts", "code", "said"),
    [
        ({"following": 11_000}, "follow_for_follow", "Follows 11,000 accounts"),
        ({"engagement_ppm": 250_000}, "high_engagement", "higher than on 98 of 100"),
        ({"engagement_ppm": 2_000}, "low_engagement", "are the followers real?"),
        ({"engagement_ppm": 0}, "low_engagement", "lower than on 99 of 100"),
        ({"posts_count": 2}, "few_posts", "Only 2 posts"),
        ({"posts_count": 0}, "few_posts", "No post on the account."),
        ({"has_picture": False}, "no_picture", "no picture"),
    ],
)
def test_what_is_unusual_is_said(facts: dict[str, Any], code: str, said: str) -> None:
    (sign,) = signs(account(**facts), DEFAULT_RATE_CARD)
    assert sign.code == code
    assert said in sign.sentence


def test_who_follows_thousands_and_has_nobody_shows_two_signs() -> None:
    found = codes(account(followers=90, following=4_000, engagement_ppm=None))
    assert found == ["follow_for_follow", "mass_following"]


def test_ordinary_figures_raise_no_sign() -> None:
    assert codes(account(has_picture=True)) == []


def test_what_nobody_knows_raises_no_sign() -> None:
    unknown = account(following=None, posts_count=None, engagement_ppm=None)
    assert codes(unknown) == []
    assert engagement_percentile(unknown, DEFAULT_RATE_CARD) is None


def test_typical_engagement_is_in_the_middle_and_the_measured_deciles_are_deciles() -> None:
    """0.90 and 9.8 % bound the middle four fifths of accounts of 5,000 to 10,000 followers."""
    typical = DEFAULT_RATE_CARD.benchmark_percent("instagram", 7_500)
    middle = account(followers=7_500, engagement_ppm=round(typical * 10_000))
    assert percentile(middle) == pytest.approx(50, abs=0.1)
    assert percentile(account(followers=7_500, engagement_ppm=9_000)) == pytest.approx(10, abs=4)
    assert percentile(account(followers=7_500, engagement_ppm=98_000)) == pytest.approx(90, abs=4)


def test_the_same_engagement_says_more_for_food_than_for_fashion() -> None:
    assert percentile(account("Food & Drink")) > percentile(account("Fashion"))


@given(st.integers(0, 400_000), st.integers(0, 400_000))
def test_more_engagement_is_never_a_lower_place(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert percentile(account(engagement_ppm=low)) <= percentile(account(engagement_ppm=high))


@given(
    st.integers(0, 10**7), st.none() | st.integers(0, 10**6), st.none() | st.integers(0, 50),
    st.none() | st.integers(0, 10**6),
)  # fmt: skip
def test_doubt_stays_between_nothing_and_everything(
    followers: int, following: int | None, posts: int | None, engagement: int | None
) -> None:
    found = signs(
        account(
            followers=followers, following=following, posts_count=posts, engagement_ppm=engagement
        ),
        DEFAULT_RATE_CARD,
    )
    assert (doubt(found) == 0) is (not found)
    assert 0 <= doubt(found) < 1
    assert len({sign.code for sign in found}) == len(found)
