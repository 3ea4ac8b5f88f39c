"""A fee explains itself, and moves the way that people expect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.campaign import Deliverable, DeliverableKind
from domain.errors import UserMistake
from domain.quote import CreatorFacts, Criterion, Quote, quote
from domain.rate_card import DEFAULT_RATE_CARD, read_rate_card, surcharge_percent

REEL = Deliverable(kind=DeliverableKind.REEL)
STEP = 500  # cents


def quoted(
    followers: int = 12_000,
    ppm: int | None = 35_000,
    *,
    country: str = "DE",
    category: str = "beauty",
    deliverables: tuple[Deliverable, ...] = (REEL,),
    currency: str = "EUR",
    **more: Any,
) -> Quote:
    facts = CreatorFacts(
        platform="instagram", followers=followers, engagement_ppm=ppm, country=country
    )
    return quote(facts, deliverables, category, ("DE",), currency, DEFAULT_RATE_CARD, **more)


def test_every_quote_shows_its_four_criteria_with_a_reason() -> None:
    made = quoted()
    assert {line.criterion for line in made.lines} == set(Criterion) - {Criterion.AGREED}
    assert all(line.reason and line.factor > 0 for line in made.lines)


def test_the_total_is_what_the_lines_multiply_to_rounded_for_people() -> None:
    made = quoted()
    product = 1.0
    for line in made.lines:
        product *= line.factor
    assert abs(made.total - product * 100) <= STEP / 2
    assert made.total % STEP == 0
    assert made.low <= made.total <= made.high


followers = st.integers(min_value=100, max_value=5_000_000)
engagements = st.integers(min_value=0, max_value=400_000)


@given(followers, followers, engagements)
def test_a_larger_community_never_costs_less(one: int, other: int, ppm: int) -> None:
    small, large = sorted((one, other))
    assert quoted(small, ppm).total <= quoted(large, ppm).total


@given(followers, st.integers(2, 20), engagements)
def test_the_rate_per_follower_falls_with_size(count: int, times: int, ppm: int) -> None:
    small, large = quoted(count, ppm).total, quoted(count * times, ppm).total
    assert large <= small * times + times * STEP


@given(followers, engagements, engagements)
def test_more_engagement_never_costs_less(count: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert quoted(count, low).total <= quoted(count, high).total


@given(st.integers(0, 2_000), st.integers(0, 2_000), st.sampled_from(list(DeliverableKind)))
def test_longer_rights_and_exclusivity_never_cost_less(
    one: int, other: int, kind: DeliverableKind
) -> None:
    short, long = sorted((one, other))
    for field in ("usage_rights", "exclusivity"):
        items = [
            (Deliverable.model_validate({"kind": kind, field: timedelta(days=days)}),)
            for days in (short, long)
        ]
        assert quoted(deliverables=items[0]).total <= quoted(deliverables=items[1]).total


@given(followers, st.integers(1, 20))
def test_two_pieces_cost_more_than_one(count: int, pieces: int) -> None:
    more = (REEL.model_copy(update={"count": pieces}),)
    assert quoted(count).total <= quoted(count, deliverables=more).total


def test_making_costs_more_than_sharing_and_a_reel_more_than_a_post_than_a_story() -> None:
    def of(kind: DeliverableKind, scope: str = "creation") -> int:
        item = Deliverable.model_validate({"kind": kind, "scope": scope})
        return quoted(30_000, deliverables=(item,)).total

    assert of(DeliverableKind.REEL) > of(DeliverableKind.POST) > of(DeliverableKind.STORY)
    assert of(DeliverableKind.POST, "sharing") < of(DeliverableKind.POST)


def test_category_and_geography_move_the_fee() -> None:
    assert quoted(category="finance").total > quoted(category="art").total
    assert quoted(country="US").total > quoted(country="DE").total > quoted(country="IN").total


def test_what_is_not_known_is_said_and_widens_the_range() -> None:
    known, guessed = quoted(), quoted(ppm=None, country="")
    assert guessed.guesses == ("engagement", "geography")
    assert guessed.high / guessed.total > known.high / known.total
    assert any("not known" in line.reason for line in guessed.lines)


def test_a_fee_above_the_ceiling_is_marked_and_not_cut() -> None:
    made = quoted(ceiling_minor=1_000)
    assert made.above_ceiling
    assert made.total > 1_000


def test_other_currencies_are_rounded_to_their_own_steps() -> None:
    assert quoted(currency="JPY").total % 500 == 0
    assert quoted(currency="INR").total % 10_000 == 0


def test_an_unknown_currency_is_the_users_mistake() -> None:
    with pytest.raises(UserMistake, match="XTS"):
        quoted(currency="XTS")


def test_a_rate_card_that_rewards_longer_rights_is_refused() -> None:
    data = DEFAULT_RATE_CARD.model_dump()
    data["usage_rights_percent_by_days"] = {0: 0, 30: 20, 90: 10}
    with pytest.raises(ValueError, match="must not cost less"):
        read_rate_card(data)


def test_surcharges_grow_between_the_steps_and_beyond_the_last() -> None:
    steps = {0: 0, 30: 10, 90: 40}
    assert surcharge_percent(steps, 15) == 5
    assert surcharge_percent(steps, 60) == 25
    assert surcharge_percent(steps, 150) == 70


@given(st.integers(1, 2_000), st.integers(1, 2_000))
def test_usage_rights_and_exclusivity_multiply(rights: int, exclusive: int) -> None:
    def factor(**times: int) -> float:
        given = {name: timedelta(days=days) for name, days in times.items()}
        item = Deliverable.model_validate({"kind": DeliverableKind.REEL, **given})
        lines = quoted(deliverables=(item,)).lines
        return next(line.factor for line in lines if line.criterion == Criterion.SCOPE)

    alone = factor(usage_rights=rights) / factor() * factor(exclusivity=exclusive)
    assert factor(usage_rights=rights, exclusivity=exclusive) == pytest.approx(alone)
