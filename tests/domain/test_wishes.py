"""Pins, strikes and swaps: what may be asked for, and what the best set is then."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.campaign_shortlist import Quota, ShortlistRules
from domain.explaining import Changes
from domain.quotas import Traits, limits_of
from domain.shortlist import Option, record, solve
from domain.shortlist_words import record_sentences
from domain.ways import ways_out
from domain.wish_rules import Room, compared, mistakes_in, pinned_after
from domain.wishes import Ask, Change, Known, Standing, Wish, changes_of
from integrations.highs import HIGHS
from tests import builders

MILA = Known("c1", "@mila", "instagram", 10_000, chosen=True)
TOM = Known("c2", "tom", "tiktok", 20_000, chosen=False)
BLOCKED = Known("c3", "rude", "tiktok", 5_000, False, "brand_safety", "Brand safety: an insult.")
STRUCK = Known("c4", "noa", "youtube", 9_000, False, "struck", "Struck by Ada.", Wish.STRIKE)
EVERYBODY = (MILA, TOM, BLOCKED, STRUCK)
ROOM = Room(wanted=2, spendable_minor=40_000, currency="EUR", suitable=2, pinned={})
WHY = "She starts a family."


def _codes(*changes: Change, room: Room = ROOM) -> list[str]:
    known = {each.creator_id: each for each in EVERYBODY}
    return [mistake.code for mistake in mistakes_in(changes, known, room)]


def test_a_swap_strikes_one_and_pins_the_other_from_whichever_side_it_is_asked_for() -> None:
    out = Change("c1", Wish.STRIKE, WHY, "c2")
    come = Change("c2", Wish.PIN, WHY, "c1")
    for ask in (Ask("c1", "swap", WHY, "@Tom"), Ask("@tom", "swap", WHY, "mila (Instagram)")):
        assert changes_of([ask], EVERYBODY) == ((out, come), ())
    assert _codes(out, come) == []


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (Ask("c1", "pin", " "), "reason_needed"),
        (Ask("c1", "promote", WHY), "bad_choice"),
        (Ask("nobody", "pin", WHY), "unknown_candidate"),
        (Ask("c1", "swap", WHY), "swap_with_whom"),
        (Ask("c1", "swap", WHY, "@nobody"), "unknown_candidate"),
        (Ask("c2", "swap", WHY, "rude"), "cannot_swap"),
    ],
)
def test_what_cannot_be_understood_is_said_at_its_candidate(ask: Ask, code: str) -> None:
    (mistake,) = changes_of([ask], EVERYBODY)[1]
    assert (mistake.code, mistake.who) == (code, ask.who)


def test_a_handle_on_two_platforms_needs_its_platform() -> None:
    twice = (*EVERYBODY, Known("c5", "mila", "tiktok", 1, chosen=False))
    assert changes_of([Ask("mila", "pin", WHY)], twice)[1][0].code == "unknown_candidate"
    assert changes_of([Ask("mila (tiktok)", "pin", WHY)], twice)[0][0].creator_id == "c5"
    assert changes_of([], EVERYBODY)[1][0].code == "nothing_asked"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([Change("c1", Wish.PIN, WHY), Change("c1", Wish.STRIKE, WHY)], "contradiction"),
        ([Change("c3", Wish.PIN, WHY)], "cannot_pin"),
        ([Change("c3", Wish.STRIKE, WHY)], "already_out"),
        ([Change("c1", Wish.FREE, WHY)], "no_wish"),
        ([Change("c9", Wish.PIN, WHY)], "unknown_candidate"),
        ([Change(c, Wish.STRIKE, WHY) for c in ("c1", "c2")], "nobody_left"),
        ([Change(c, Wish.PIN, WHY) for c in ("c1", "c2", "c4")], "too_many_pins"),
    ],
)
def test_wishes_that_cannot_be_had_are_refused_with_a_reason(
    changes: list[Change], code: str
) -> None:
    assert _codes(*changes) == [code]


def test_pins_fit_into_what_may_be_spent_with_those_that_are_in_force() -> None:
    tight = Room(3, 25_000, "EUR", 2, pinned={"c1": 10_000})
    (mistake,) = mistakes_in([Change("c2", Wish.PIN, WHY)], {"c2": TOM}, tight)
    assert mistake.code == "pins_too_dear"
    assert "300.00 EUR together, 50.00 EUR more than the 250.00 EUR" in mistake.says
    instead = [Change("c1", Wish.STRIKE, WHY, "c2"), Change("c2", Wish.PIN, WHY, "c1")]
    assert _codes(*instead, room=tight) == []
    assert pinned_after(instead, {"c2": TOM}, tight.pinned) == {"c2": 20_000}
    # one who was struck may be pinned, or set free again
    assert _codes(Change("c4", Wish.PIN, WHY)) == _codes(Change("c4", Wish.FREE, WHY)) == []


OPTIONS = [
    Option(f"o{n}", 10_000, 100 - 10 * n, Traits(handle=f"@h{n}", country=country))
    for n, country in enumerate(("DE", "DE", "DE", "AT"))
]


def test_the_pinned_are_in_and_first_and_the_rest_is_the_best_set_around_them() -> None:
    made = solve(OPTIONS, 2, 100_000, HIGHS, pinned={"o3"})
    assert [option.creator_id for option in made.chosen] == ["o3", "o0"]
    assert [option.creator_id for option in made.waitlist] == ["o1", "o2"]
    assert (made.expected, made.proof.gap) == (170, 0)
    plain = solve(OPTIONS, 2, 100_000, HIGHS)
    assert made.digest != plain.digest
    # who is pinned makes room for nobody, and is asked for nothing
    changes = Changes(made, builders.campaign_file(creators={"wanted": 2}))
    assert changes.sentence(made.chosen[0]) == "Stays chosen whatever it brings: it is pinned."
    assert changes.sentence(OPTIONS[1]) == "Would be chosen if it brought 11 engagements more."


def test_a_list_that_is_the_same_without_the_struck_is_another_list() -> None:
    made = solve(OPTIONS[:3], 2, 100_000, HIGHS, struck=frozenset({"o3"}))
    assert [option.creator_id for option in made.waitlist] == ["o2"]
    assert made.digest != solve(OPTIONS[:3], 2, 100_000, HIGHS).digest


def test_pins_and_strikes_in_the_way_of_a_quota_are_named_first() -> None:
    limits = limits_of(ShortlistRules(quotas=(Quota(country="DE", min=2),)))
    made = solve(OPTIONS, 2, 100_000, HIGHS, limits, pinned={"o3"})
    assert "o3" in {option.creator_id for option in made.chosen}
    ways = ways_out(OPTIONS, 2, 100_000, HIGHS, limits, ["o3"])
    said = record_sentences(record(made, ways), "EUR")
    assert said["unmet"] == [
        "shortlist.quotas[0].min: at least 2 from DE could not be kept; the list has 1."
    ]
    assert said["ways"] == [
        "Take the pin of @h3 back.",
        "Raise creators.wanted to 3.",
        "Lower shortlist.quotas[0].min to 1 (at least 2 from DE).",
    ]
    few = [OPTIONS[0], OPTIONS[3]]
    ways = ways_out(few, 2, 100_000, HIGHS, limits, (), [OPTIONS[1]])
    assert record_sentences(record(made, ways), "EUR")["ways"][0] == "Take the strike of @h1 back."


def test_what_solving_again_changed_is_kept_beside_the_first_proposal() -> None:
    first = solve(OPTIONS, 2, 100_000, HIGHS)
    kept = record(first, ())
    second = solve(OPTIONS, 2, 100_000, HIGHS, pinned={"o3"})
    again = compared(kept, {"o0", "o1"}, second, "chg_1")
    figures = {"chosen": 2, "cost_minor": 20_000, "expected": 190}
    assert again == {
        "change": "chg_1", "before": figures, "proposal": figures, "came": ["o3"], "went": ["o1"],
    }  # fmt: skip
    third = compared(record(second, ()) | {"again": again}, {"o0", "o3"}, first, "chg_2")
    assert (third["before"]["expected"], third["proposal"]) == (170, figures)


def test_a_wish_in_force_is_a_sentence() -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    wish = Standing("c1", "@mila", Wish.STRIKE, "Works for a rival.", "Ada Ward", at)
    assert wish.sentence == "Struck by Ada Ward on 2026-05-01: Works for a rival."
