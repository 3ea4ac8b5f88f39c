"""Quotas and must-haves: kept if they can be, and otherwise the way out is named."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.campaign_shortlist import Quota, ShortlistRules, tier_of
from domain.campaign_yaml import check_campaign
from domain.quotas import Limit, Traits, limits_of
from domain.shortlist import Option, Way, record, solve
from domain.shortlist_words import record_sentences
from domain.ways import ways_out
from integrations.highs import HIGHS

GOOD = (Path(__file__).parents[2] / "examples" / "campaign.yaml").read_text(encoding="utf-8")
LOTS = 10_000_000


def option(name: str, fee: int, expected: int, **traits: object) -> Option:
    return Option(name, fee, expected, Traits(handle=name, **traits))  # type: ignore[arg-type]


def limits(*quotas: Quota, must_have: tuple[str, ...] = ()) -> tuple[Limit, ...]:
    return limits_of(ShortlistRules(quotas=quotas, must_have=must_have))


EVERYBODY = [
    option(
        f"c{n}", 10_000, 1_000 - n, country="DE" if n > 5 else "GB", followers=3_000 * (n + 1),
        platform="tiktok" if n % 2 else "instagram", category="beauty", known=n < 4,
    )
    for n in range(10)
]  # fmt: skip


@pytest.mark.parametrize(
    ("quota", "chosen"),
    [
        (Quota(country="DE", min=2), {"c0", "c1", "c6", "c7"}),
        (Quota(country="GB", max=1), {"c0", "c6", "c7", "c8"}),
        (Quota(country="DE", min_percent=50), {"c0", "c1", "c6", "c7"}),
        (Quota(platform="tiktok", max_percent=25), {"c0", "c1", "c2", "c4"}),
        (Quota(tier="mid", min=1), {"c0", "c1", "c2", "c6"}),
        (Quota(experience="new", min_percent=25), {"c0", "c1", "c2", "c4"}),
        (Quota(country="DE", platform="tiktok", min=1), {"c0", "c1", "c2", "c7"}),
        (Quota(category="skincare", max=2), {"c0", "c1"}),
    ],
)
def test_a_quota_is_kept_by_the_best_set_that_keeps_it(quota: Quota, chosen: set[str]) -> None:
    made = solve(EVERYBODY, 4, LOTS, HIGHS, limits(quota))
    assert {each.creator_id for each in made.chosen} == chosen
    assert made.unmet == ()


def test_a_must_have_is_in_though_others_would_bring_more() -> None:
    made = solve(EVERYBODY, 2, LOTS, HIGHS, limits(must_have=("@C9",)))
    assert {each.creator_id for each in made.chosen} == {"c0", "c9"}


def test_tiers_are_the_published_bands() -> None:
    assert [tier_of(n) for n in (4_999, 5_000, 19_999, 20_000, 99_999, 100_000)] == [
        "nano", "micro", "micro", "mid", "mid", "macro",
    ]  # fmt: skip


def test_what_cannot_be_had_gives_way_as_little_as_possible_and_every_way_out_is_named() -> None:
    asked = limits(Quota(country="DE", min=3), Quota(platform="tiktok", max=1))
    made = solve(EVERYBODY, 4, 31_600, HIGHS, asked)
    assert made.cost_minor <= 30_020
    assert made.unmet == ()
    poor = solve(EVERYBODY, 4, 21_100, HIGHS, asked)
    assert [(each.path, each.reached) for each in poor.unmet] == [("shortlist.quotas[0].min", 2)]
    ways = ways_out(EVERYBODY, 4, 21_100, HIGHS, asked)
    assert ways == (
        Way("budget.total", "the budget", 31_579),
        Way("shortlist.quotas[0].min", "at least 3 from DE", 2),
    )
    said = record_sentences(record(poor, ways), "EUR")
    assert said["unmet"] == [
        "shortlist.quotas[0].min: at least 3 from DE could not be kept; the list has 2."
    ]
    assert said["ways"][0] == "Raise budget.total to 315.79 EUR."
    assert said["ways"][1] == "Lower shortlist.quotas[0].min to 2 (at least 3 from DE)."
    assert said["proof"].startswith("Proven: no other set")


def test_a_must_have_who_is_no_candidate_is_said_and_the_rest_is_kept() -> None:
    asked = limits(Quota(country="DE", min=1), must_have=("@nobody",))
    made = solve(EVERYBODY, 2, LOTS, HIGHS, asked)
    assert [each.path for each in made.unmet] == ["shortlist.must_have[0]"]
    assert {each.creator_id for each in made.chosen} == {"c0", "c6"}
    (way,) = ways_out(EVERYBODY, 2, LOTS, HIGHS, asked)
    assert way.path == "shortlist.must_have[0]"


people = st.lists(
    st.builds(
        option, st.uuids().map(str), st.integers(1, 9), st.integers(0, 90),
        country=st.sampled_from(["DE", "GB"]), platform=st.sampled_from(["tiktok", "youtube"]),
        followers=st.sampled_from([3_000, 9_000]),
    ),
    max_size=8,
)  # fmt: skip
quotas = st.lists(
    st.builds(
        Quota, country=st.sampled_from(["DE", "any"]), tier=st.sampled_from(["nano", "micro"]),
        min=st.integers(0, 3), max=st.integers(0, 6), min_percent=st.sampled_from([0, 30, 50]),
        max_percent=st.sampled_from([60, 100]),
    ),
    min_size=1, max_size=2,
)  # fmt: skip


@given(people, quotas, st.integers(1, 5), st.integers(0, 40))
@settings(deadline=None, max_examples=150)
def test_it_is_the_best_set_by_trying_all_and_a_way_out_leads_out(
    everybody: list[Option], some: list[Quota], wanted: int, budget: int
) -> None:
    asked = limits(*some)
    made = solve(everybody, wanted, budget, HIGHS, asked)
    best = max(_values(everybody, wanted, made.spendable_minor, asked), default=None)
    if not made.unmet:
        assert made.expected == best
        return
    assert best is None
    for way in ways_out(everybody, wanted, budget, HIGHS, asked):
        changed = [
            limit if limit.path != way.path else limit.__class__(
                limit.path, way.to, limit.least, limit.percent, limit.quota
            )
            for limit in asked
        ]  # fmt: skip
        places = way.to if way.path == "creators.wanted" else wanted
        money = way.to if way.path == "budget.total" else budget
        assert solve(everybody, places, money, HIGHS, changed).unmet == ()


def _values(
    everybody: list[Option], wanted: int, spendable: int, asked: tuple[Limit, ...]
) -> list[int]:
    rows = [limit.row([each.traits for each in everybody]) for limit in asked]
    return [
        sum(everybody[n].expected for n in group)
        for size in range(wanted + 1)
        for group in itertools.combinations(range(len(everybody)), size)
        if sum(everybody[n].fee_minor for n in group) <= spendable
        and all(
            (row.at_least is None or sum(row.terms.get(n, 0) for n in group) >= row.at_least)
            and (row.at_most is None or sum(row.terms.get(n, 0) for n in group) <= row.at_most)
            for row in rows
        )
    ]


def _mistakes(section: str) -> dict[str, str]:
    found = check_campaign(GOOD + "\nshortlist:\n" + section)
    return {each.path: f"{each.message}; {each.hint}" for each in found.mistakes}


def test_a_good_section_is_taken_and_survives_being_stored() -> None:
    text = "\nshortlist:\n  must_have: ['@ada']\n  quotas:\n    - {country: DE, min: 2}\n"
    found = check_campaign(GOOD + text)
    assert found.mistakes == ()
    assert found.file is not None
    assert type(found.file).model_validate(found.file.model_dump(mode="json")) == found.file
    assert [limit.says for limit in limits_of(found.file.shortlist)] == [
        "@ada is chosen", "at least 2 from DE",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "key", "said"),
    [
        ("{min: 3}", "", "does not say whom it is about"),
        ("{country: DE}", "", "limits nothing"),
        ("{country: DE, min: 3, max: 2}", ".min", "3 is above max, 2"),
        ("{country: DE, min_percent: 80, max_percent: 20}", ".min_percent", "80 is above"),
        ("{country: DE, min: 30}", ".min", "more than the 14 wanted"),
        ("{country: US, min: 1}", ".country", "it is not in markets"),
        ("{country: XX, min: 1}", ".country", "'XX' is not a country"),
        ("{country: Germany, min: 1}", ".country", "two capital letters"),
        ("{category: bueaty, min: 1}", ".category", "not a category"),
        ("{tier: huge, min: 1}", ".tier", "allowed: any, nano"),
        ("{platform: snapchat, min: 1}", ".platform", "allowed: any, instagram"),
        ("{country: DE, min: many}", ".min", "whole number"),
        ("{county: DE, min: 1}", ".county", "did you mean 'country'?"),
    ],
)
def test_a_mistake_in_a_quota_has_its_place_and_what_is_right(
    entry: str, key: str, said: str
) -> None:
    found = _mistakes(f"  quotas:\n    - {entry}\n")
    assert said in found[f"shortlist.quotas[0]{key}"]


def test_mistakes_across_quotas_and_must_haves_are_seen() -> None:
    both = _mistakes("  quotas:\n    - {country: DE, min: 9}\n    - {country: GB, min: 9}\n")
    assert "9 + 9, more than 14" in both["shortlist.quotas[1].min"]
    shares = "  quotas:\n    - {tier: nano, min_percent: 60}\n    - {tier: mid, min_percent: 50}\n"
    assert "60 + 50, more than 100" in _mistakes(shares)["shortlist.quotas[1].min_percent"]
    out = _mistakes("  must_have: ['@NordGlow.stories']\n")
    assert "also in creators.exclude" in out["shortlist.must_have[0]"]
