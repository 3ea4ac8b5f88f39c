"""What is said to change a candidate's place does change it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.campaign_shortlist import Quota, ShortlistRules
from domain.exchanges import Exchanges
from domain.explaining import Changes, worth_sentences
from domain.quotas import Traits, limits_of
from domain.shortlist import Option, Shortlist, choose, solve
from domain.vetting import without_place
from integrations.highs import HIGHS
from tests import builders

FILE = builders.campaign_file(creators={"wanted": 3})
EVERYBODY = [Option(f"c{n}", 10_000, 1_000 - 100 * n) for n in range(8)]
LOTS = 10_000_000

people = st.lists(
    st.builds(
        Option, st.uuids().map(str), st.integers(1, 30), st.integers(0, 90),
        st.builds(Traits, country=st.sampled_from(["DE", "GB"])),
    ),
    min_size=2, max_size=10, unique_by=lambda option: option.creator_id,
)  # fmt: skip
quotas = st.lists(
    st.builds(
        Quota, country=st.just("DE"), min=st.integers(0, 2), max=st.integers(2, 5),
        min_percent=st.sampled_from([0, 40]), max_percent=st.sampled_from([70, 100]),
    ),
    max_size=2,
)  # fmt: skip


@given(people, quotas, st.integers(1, 5), st.integers(5, 80))
@settings(deadline=None, max_examples=80)
def test_what_is_said_to_be_enough_is_enough(
    everybody: list[Option], some: list[Quota], wanted: int, money: int
) -> None:
    limits = limits_of(ShortlistRules(quotas=tuple(some)))
    made = choose(everybody, wanted, money, HIGHS, limits)
    if made.unmet:
        return
    exchanges = Exchanges(made, limits, wanted)

    def again(changed: Option) -> Shortlist:
        rest = [each for each in everybody if each.creator_id != changed.creator_id]
        return choose([*rest, changed], wanted, money, HIGHS, limits)

    for option in made.waitlist:
        if (more := exchanges.enough_more(option)) is not None:
            better = replace(option, expected=option.expected + more)
            assert better in again(better).chosen
        if (fee := exchanges.enough_fee(option)) is not None:
            cheaper = replace(option, fee_minor=fee)
            assert cheaper in again(cheaper).chosen
    for option in made.chosen:
        if (less := exchanges.enough_less(option)) is not None:
            worse = replace(option, expected=option.expected - less)
            assert worse not in again(worse).chosen


def test_where_places_are_short_it_is_the_weakest_of_the_chosen_who_gives_way() -> None:
    made = solve(EVERYBODY, 3, LOTS, HIGHS)
    changes = Changes(made, FILE)
    assert changes.sentence(EVERYBODY[5]) == "Would be chosen if it brought 301 engagements more."
    assert changes.sentence(EVERYBODY[0]) == "Would be out if it brought 301 engagements less."
    assert worth_sentences(made, (), FILE)[0].startswith("One more place would bring about ")


def test_where_money_is_short_a_lower_fee_is_named_too() -> None:
    everybody = [Option("a", 1_000, 90), Option("b", 1_000, 80), Option("c", 1_500, 85)]
    made = choose(everybody, 3, 2_200, HIGHS)
    said = Changes(made, FILE).sentence(everybody[2])
    assert said == "Would be chosen for a fee of 12.00 EUR."


def test_who_cannot_be_replaced_and_who_cannot_replace_anybody_is_said() -> None:
    traits = [Traits(country="DE"), Traits(country="GB"), Traits(country="GB")]
    everybody = [Option(f"c{n}", 100, 10 + n, each) for n, each in enumerate(traits)]
    rules = {"quotas": [{"country": "DE", "min": 1}]}
    file = builders.campaign_file(creators={"wanted": 1}, shortlist=rules)
    limits = limits_of(file.shortlist)
    made = solve(everybody, 1, LOTS, HIGHS, limits)
    changes = Changes(made, file)
    assert changes.sentence(everybody[0]).startswith("Stays chosen whatever")
    assert changes.sentence(everybody[1]).startswith("Cannot take anybody's")
    (place, *quota) = worth_sentences(made, limits, file)
    assert "One more place" in place
    assert all("“at least 1 from DE” costs about" in line for line in quota)


def test_where_communities_overlap_it_is_said_what_each_counts() -> None:
    same = Traits(platform="tiktok", country="DE", category="beauty")
    everybody = [
        Option("a", 100, 100, same),
        Option("b", 100, 80, same),
        Option("c", 100, 60, same),
    ]
    file = builders.campaign_file(creators={"wanted": 2}, shortlist={"overlap_percent": 50})
    made = solve(everybody, 2, LOTS, HIGHS, (), 50)
    changes = Changes(made, file)
    assert [changes.sentence(each) for each in everybody] == [
        "Counts 60 engagements, beside 1 other of its community.",
        "Counts 40 engagements, beside 1 other of its community.",
        "Would add 20 engagements, beside 2 others of its community.",
    ]


def test_sentences_about_a_place_go_when_the_list_is_made_again() -> None:
    made = solve(EVERYBODY, 3, LOTS, HIGHS)
    changes = Changes(made, FILE)
    said = [changes.sentence(each) for each in (*made.chosen, *made.waitlist)]
    assert without_place([*said, "Good fit."]) == ["Good fit."]
