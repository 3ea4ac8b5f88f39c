"""Creators of the same community: what they share counts once, and the best set is still proven."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.communities import SCALE, Saturation, saturations, worth
from domain.programme import GAP
from domain.quotas import Traits
from domain.shortlist import Option, choose, solve
from integrations.highs import HIGHS

LOTS = 10_000_000


def of(country: str, platform: str = "tiktok") -> Traits:
    return Traits(platform=platform, country=country, category="beauty")


def test_each_step_of_a_community_is_worth_less_than_the_one_before() -> None:
    half = Saturation(unit=100, weights=(1_000, 500, 250))
    assert [half.worth(total) // SCALE for total in (0, 100, 200, 300, 1_000)] == [
        0, 100, 150, 175, 350,
    ]  # fmt: skip


def test_a_second_voice_elsewhere_is_better_than_the_same_people_twice() -> None:
    everybody = [
        Option("a", 100, 100, of("DE")), Option("b", 100, 90, of("DE")),
        Option("c", 100, 60, of("GB")), Option("d", 100, 10, of("GB")),
    ]  # fmt: skip
    alone = solve(everybody, 2, LOTS, HIGHS)
    assert {each.creator_id for each in alone.chosen} == {"a", "b"}
    shared = solve(everybody, 2, LOTS, HIGHS, (), 50)
    assert {each.creator_id for each in shared.chosen} == {"a", "c"}
    assert (shared.expected, shared.overlap) == (160, 0)
    three = solve(everybody, 3, LOTS, HIGHS, (), 50)
    assert (three.expected, three.overlap) == (205, 45)
    assert three.proof.bound == 205


def test_who_takes_part_already_counts_for_the_community() -> None:
    waiting = [Option("b", 100, 90, of("DE")), Option("c", 100, 60, of("GB"))]
    made = choose(waiting, 1, LOTS, HIGHS, (), [Option("a", 0, 100, of("DE"))], 50)
    assert [each.creator_id for each in made.chosen] == ["c"]
    assert made.expected == 60
    assert made.proof.bound == 60


def test_what_is_not_known_is_shared_with_nobody() -> None:
    unknown = [Option(f"c{n}", 100, 50, of("")) for n in range(3)]
    made = solve(unknown, 3, LOTS, HIGHS, (), 90)
    assert (made.expected, made.overlap) == (150, 0)


people = st.lists(
    st.builds(
        Option, st.uuids().map(str), st.integers(1, 20), st.integers(0, 200),
        st.builds(of, st.sampled_from(["DE", "GB", ""]), st.sampled_from(["tiktok", "youtube"])),
    ),
    min_size=1, max_size=9, unique_by=lambda option: option.creator_id,
)  # fmt: skip


@given(people, st.integers(1, 5), st.integers(1, 70), st.sampled_from([10, 40, 90]))
@settings(deadline=None)
def test_the_set_is_the_best_by_trying_all(
    everybody: list[Option], wanted: int, money: int, overlap: int
) -> None:
    made = choose(everybody, wanted, money, HIGHS, overlap_percent=overlap)
    shared = saturations([(o.traits, o.expected) for o in everybody], overlap)
    best = max(
        worth([(o.traits, o.expected) for o in group], shared)
        for size in range(wanted + 1)
        for group in itertools.combinations(everybody, size)
        if sum(o.fee_minor for o in group) <= money
    )
    found = worth([(o.traits, o.expected) for o in made.chosen], shared)
    assert found >= best * (1 - GAP) - 1
    assert made.expected == pytest.approx(found / SCALE, abs=1)
    assert made.expected <= made.proof.bound + 1
