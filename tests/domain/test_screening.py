"""Who is left out, by which rule, in which sentence."""

from __future__ import annotations

from typing import Any

import pytest

from domain.fit import Fit
from domain.lifecycle import SafetyVerdict
from domain.quote import CreatorFacts, quote
from domain.rate_card import DEFAULT_RATE_CARD
from domain.safety import CreatorVerdict
from domain.screening import RULE_TITLES, RULES, Applicant, Screened, screen
from tests.builders import campaign_file

FILE = campaign_file(
    creators={"wanted": 5, "platforms": ["instagram"], "exclude": ["@Not.Her"]},
)
GOOD_FIT = Fit(percent=80, reasons=("Good fit for beauty.",))


def applied(
    *,
    handle: str = "@jule",
    verdict: SafetyVerdict = SafetyVerdict.CLEAR,
    fit: Fit = GOOD_FIT,
    opted_out: bool = False,
    **facts: Any,
) -> Screened:
    values: dict[str, Any] = {
        "platform": "instagram",
        "followers": 12_000,
        "engagement_ppm": 35_000,
        "country": "DE",
    }
    known = CreatorFacts(**(values | facts))
    quoted = quote(known, FILE.deliverables, "beauty", FILE.markets, "EUR", DEFAULT_RATE_CARD)
    safety = CreatorVerdict(verdict=verdict, reasons=("Because.",), engine="test")
    applicant = Applicant(handle, known, safety, fit, quoted, opted_out=opted_out)
    return screen(applicant, FILE, DEFAULT_RATE_CARD)


def test_a_suitable_creator_stays_in_with_the_reasons_for_it() -> None:
    screened = applied()
    assert screened.suitable
    assert screened.reasons == ("Good fit for beauty.",)


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("excluded", {"handle": "not.her"}, "Excluded by name"),
    ("excluded", {"handle": "@lumen.skin"}, "of the brand or of a competitor"),
    ("opted_out", {"opted_out": True}, "Asked not to be contacted again."),
    ("platform", {"platform": "tiktok"}, "On tiktok; wanted: instagram."),
    ("too_few_followers", {"followers": 900}, "900 followers; the campaign wants at least 2,000."),
    ("too_many_followers", {"followers": 477_900_000}, "the campaign wants at most 50,000."),
    ("outside_markets", {"audience_country": "IN"}, "The audience is in IN"),
    ("outside_markets", {"country": "US"}, "The creator is in US"),
    ("low_engagement", {"engagement_ppm": 4_000}, "0.4 % engagement"),
    ("brand_safety", {"verdict": SafetyVerdict.BLOCKED}, "Brand safety: Because."),
    ("bad_fit", {"fit": Fit(percent=5, reasons=("Bad fit for beauty.",))}, "Bad fit for beauty."),
    ("above_ceiling", {"followers": 50_000, "engagement_ppm": 90_000}, "the ceiling for one"),
]


@pytest.mark.parametrize(("rule", "given", "sentence"), CASES)
def test_each_rule_leaves_out_by_name_and_says_why(
    rule: str, given: dict[str, Any], sentence: str
) -> None:
    if rule == "above_ceiling":
        file = campaign_file(budget={"total": "9,000 EUR", "per_collaboration": "100 EUR"})
    else:
        file = FILE
    screened = _screen_with(file, given)
    assert screened.out_rule == rule
    assert sentence in screened.reasons[0]


def _screen_with(file: Any, given: dict[str, Any]) -> Screened:
    if file is FILE:
        return applied(**given)
    facts = CreatorFacts(platform="instagram", country="DE", **given)
    quoted = quote(facts, file.deliverables, "beauty", file.markets, "EUR", DEFAULT_RATE_CARD)
    safety = CreatorVerdict(verdict=SafetyVerdict.CLEAR, reasons=("Fine.",), engine="test")
    return screen(Applicant("@j", facts, safety, GOOD_FIT, quoted), file, DEFAULT_RATE_CARD)


def test_every_rule_is_tried_above() -> None:
    assert {code for code, _ in RULES} == {rule for rule, _, _ in CASES} == set(RULE_TITLES)


@pytest.mark.parametrize("verdict", [SafetyVerdict.REVIEW, SafetyVerdict.UNKNOWN])
def test_what_a_person_has_to_judge_is_not_left_out_by_the_machine(verdict: SafetyVerdict) -> None:
    assert applied(verdict=verdict).suitable


def test_several_faults_are_all_said_and_the_first_gives_the_code() -> None:
    screened = applied(followers=900, engagement_ppm=1_000)
    assert screened.out_rule == "too_few_followers"
    assert "0.1 % engagement" in screened.reasons[1]


def test_what_is_not_known_is_said_and_leaves_nobody_out() -> None:
    screened = applied(engagement_ppm=None, country="")
    assert screened.suitable
    assert "Engagement is not known." in screened.reasons


def test_doubtful_figures_are_pointed_out_and_leave_nobody_out() -> None:
    screened = applied(following=11_000)
    assert screened.suitable
    assert any("follow-for-follow" in sentence for sentence in screened.reasons)
