"""The best set for the budget, the same each time."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from domain.campaign import Deliverable, DeliverableKind
from domain.expectation import expected_result
from domain.quote import CreatorFacts
from domain.rate_card import DEFAULT_RATE_CARD
from domain.shortlist import COUNTER_OFFER_PERCENT, Option, solve

options = st.lists(
    st.builds(
        Option,
        creator_id=st.uuids().map(str),
        fee_minor=st.integers(1_000, 60_000),
        expected=st.integers(0, 3_000),
    ),
    max_size=12,
    unique_by=lambda option: option.creator_id,
)


@given(options, st.integers(1, 8), st.integers(0, 200_000), st.randoms())
def test_nobody_is_lost_and_number_and_budget_are_kept(
    given_options: list[Option], wanted: int, budget: int, dice: random.Random
) -> None:
    made = solve(given_options, wanted, budget)
    assert len(made.chosen) <= wanted
    assert made.cost_minor <= budget * (100 - COUNTER_OFFER_PERCENT) // 100
    assert sorted((*made.chosen, *made.waitlist), key=str) == sorted(given_options, key=str)
    shuffled = list(given_options)
    dice.shuffle(shuffled)
    assert solve(shuffled, wanted, budget).digest == made.digest


def test_exchanging_finds_what_value_for_money_alone_would_miss() -> None:
    cheap = [Option(f"cheap{n}", 1_000, 100) for n in range(2)]
    strong = [Option(f"strong{n}", 40_000, 2_000) for n in range(2)]
    made = solve([*cheap, *strong], wanted=2, budget_minor=100_000)
    assert {option.creator_id for option in made.chosen} == {"strong0", "strong1"}


def test_the_answer_is_near_the_best_that_exists() -> None:
    dice = random.Random(7)
    everybody = [
        Option(f"c{n}", dice.randint(5_000, 40_000), dice.randint(100, 2_000)) for n in range(12)
    ]
    made = solve(everybody, wanted=4, budget_minor=100_000)
    best = max(
        sum(option.expected for option in group)
        for size in range(5)
        for group in itertools.combinations(everybody, size)
        if sum(option.fee_minor for option in group) <= made.spendable_minor
    )
    assert made.expected >= 0.95 * best


def test_the_digest_changes_with_a_fee_and_with_the_order() -> None:
    one, other = Option("a", 100, 10), Option("b", 100, 9)
    digests = {
        solve([one, other], 2, 10_000).digest,
        solve([one, Option("b", 101, 9)], 2, 10_000).digest,
        solve([Option("a", 100, 8), other], 2, 10_000).digest,
    }
    assert len(digests) == 3


def test_more_engagement_and_a_better_fit_bring_more() -> None:
    def of(ppm: int | None, fit: int, kind: DeliverableKind = DeliverableKind.POST) -> int:
        facts = CreatorFacts(platform="instagram", followers=10_000, engagement_ppm=ppm)
        return expected_result(
            facts, "engagements", [Deliverable(kind=kind)], fit, DEFAULT_RATE_CARD
        )

    assert of(40_000, 100) == 400
    assert of(40_000, 0) == 200
    assert of(None, 100) < of(40_000, 100)
    assert of(40_000, 100, DeliverableKind.UGC) == 0
