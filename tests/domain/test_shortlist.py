"""The best set for the budget, the same each time."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.campaign import Deliverable, DeliverableKind
from domain.expectation import expected_result
from domain.programme import GAP, Found, Programme, Relaxed, Row, Unsolved, maximise
from domain.quote import CreatorFacts
from domain.rate_card import DEFAULT_RATE_CARD
from domain.shortlist import COUNTER_OFFER_PERCENT, Option, solve
from integrations.highs import HIGHS

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


def _best(everybody: list[Option], wanted: int, spendable: int) -> int:
    """By trying every set."""
    return max(
        sum(option.expected for option in group)
        for size in range(wanted + 1)
        for group in itertools.combinations(everybody, size)
        if sum(option.fee_minor for option in group) <= spendable
    )


@given(options, st.integers(1, 8), st.integers(0, 200_000), st.randoms())
def test_the_answer_is_the_best_that_exists_and_nobody_is_lost(
    given_options: list[Option], wanted: int, budget: int, dice: random.Random
) -> None:
    made = solve(given_options, wanted, budget, HIGHS)
    assert made.expected == _best(given_options, wanted, made.spendable_minor)
    assert made.expected == made.proof.bound
    assert made.proof.gap == 0
    assert len(made.chosen) <= wanted
    assert made.cost_minor <= budget * (100 - COUNTER_OFFER_PERCENT) // 100
    assert sorted((*made.chosen, *made.waitlist), key=str) == sorted(given_options, key=str)
    shuffled = list(given_options)
    dice.shuffle(shuffled)
    assert solve(shuffled, wanted, budget, HIGHS).digest == made.digest


def test_nobody_who_could_be_paid_is_left_over_while_places_are_free() -> None:
    made = solve([Option("a", 100, 0), Option("b", 100, 5), Option("c", 900, 0)], 3, 300, HIGHS)
    assert [option.creator_id for option in made.chosen] == ["b", "a"]
    assert solve([], 3, 300, HIGHS).chosen == ()


def test_a_roster_of_thousands_is_proven_though_few_are_searched() -> None:
    dice = random.Random(3)
    everybody = [
        Option(f"c{n:04d}", dice.randrange(2_000, 60_000), dice.randrange(10, 4_000))
        for n in range(3_000)
    ]
    made = solve(everybody, wanted=60, budget_minor=1_500_000, solver=HIGHS)
    assert 0 <= made.proof.gap <= GAP
    assert made.expected <= made.proof.bound
    assert made.proof.searched < 300
    assert solve(everybody[::-1], 60, 1_500_000, HIGHS).digest == made.digest


def test_many_who_are_alike_are_no_harder() -> None:
    alike = [Option(f"c{n:04d}", 10_000, 100) for n in range(2_000)]
    made = solve(alike, wanted=50, budget_minor=10_000 * 40, solver=HIGHS)
    assert (len(made.chosen), made.expected, made.proof.gap) == (38, 3_800, 0)


def test_first_on_the_waitlist_is_whoever_brings_most_beyond_the_price_of_what_is_short() -> None:
    everybody = [Option(f"c{n}", 10_000, 1_000 - n) for n in range(6)]
    strong, cheap = Option("strong", 30_000, 2_000), Option("cheap", 1_000, 500)
    few_places = solve([*everybody, strong, cheap], 2, 1_000_000, HIGHS)
    assert [o.creator_id for o in few_places.waitlist][:2] == ["c1", "c2"]
    little_money = solve([*everybody, strong, cheap], 8, 30_000, HIGHS)
    assert strong in little_money.waitlist[-1:]


class _Careless:
    """A solver that reckons as if half a unit too much were nothing."""

    name = "careless"

    def relax(self, programme: Programme) -> Relaxed | None:
        return HIGHS.relax(programme)

    def search(self, programme: Programme, gap: float) -> Found | None:
        wide = tuple(
            replace(row, at_most=row.at_most and row.at_most + self.slip) for row in programme.rows
        )
        return HIGHS.search(replace(programme, rows=wide), gap)

    slip = 1


def test_an_answer_that_misses_a_limit_by_a_hair_is_not_taken() -> None:
    made = maximise(Programme((2, 3), (Row("budget", {0: 10, 1: 11}, at_most=10),), 2), _Careless())
    assert made is not None
    assert made.taken == {0}


def test_a_solver_that_never_keeps_the_limits_is_found_out() -> None:
    blind = _Careless()
    blind.slip = 1_000
    programme = Programme((2, 3), (Row("budget", {0: 10, 1: 11}, at_most=9),), 2)
    with pytest.raises(Unsolved):
        maximise(programme, blind)


rows = st.builds(
    lambda weights, low, high: Row("row", dict(enumerate(weights)), low, high),
    st.lists(st.integers(-5, 9), min_size=7, max_size=7),
    st.none() | st.integers(-6, 9),
    st.none() | st.integers(-3, 30),
)


@given(st.lists(st.integers(0, 50), min_size=7, max_size=7), st.lists(rows, max_size=4))
@settings(deadline=None)
def test_any_programme_is_solved_as_by_trying_everything(gains: list[int], some: list[Row]) -> None:
    programme = Programme(tuple(gains), tuple(some), 7)
    values = [
        sum(gains[column] for column in taken)
        for size in range(8)
        for taken in itertools.combinations(range(7), size)
        if programme.broken(taken) is None
    ]
    with pytest.MonkeyPatch.context() as small:
        small.setattr("domain.programme.FIRST_LOOK", 2)
        made = maximise(programme, HIGHS)
    assert (made.value if made else None) == (max(values) if values else None)


def test_the_digest_changes_with_a_fee_and_with_the_order() -> None:
    one, other = Option("a", 100, 10), Option("b", 100, 9)
    digests = {
        solve([one, other], 2, 10_000, HIGHS).digest,
        solve([one, Option("b", 101, 9)], 2, 10_000, HIGHS).digest,
        solve([Option("a", 100, 8), other], 2, 10_000, HIGHS).digest,
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
