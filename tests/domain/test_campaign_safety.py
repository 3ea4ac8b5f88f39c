"""The campaign file's section `brand_safety`: what a brand bears, and what it never does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.campaign_safety import BrandSafety
from domain.campaign_yaml import check_campaign, read_campaign
from domain.lifecycle import SafetyVerdict
from domain.prechecks import precheck_draft
from domain.safety import CreatorVerdict, judge_creator, tolerance_of

GOOD = (Path(__file__).parents[2] / "examples" / "campaign.yaml").read_text(encoding="utf-8")
CLEAN = [
    "Morning light and a cup of tea before the day begins",
    "We walked to the market and I found the best tomatoes",
    "This is the corner of the house that I love most",
    "Trying to be more patient with my plants and with myself",
]


def judged(*captions: str, **rules: Any) -> CreatorVerdict:
    bounds = tolerance_of(BrandSafety.model_validate(rules))
    return judge_creator([*captions, *CLEAN], "en", tolerance=bounds)


def mistakes(section: str) -> dict[str, str]:
    found = check_campaign(f"{GOOD}\nbrand_safety:\n{section}")
    return {each.path: f"{each.message}; {each.hint}" for each in found.mistakes}


def test_one_post_is_too_much_of_what_a_brand_never_bears() -> None:
    caption = "An evening at the casino with friends"
    assert judged(caption).verdict is SafetyVerdict.CLEAR
    found = judged(caption, never=["gambling"])
    assert found.verdict is SafetyVerdict.BLOCKED
    assert found.reasons[0] == "Gambling: ‘casino’: never for this brand, in 1 post."


def test_a_brand_bears_more_or_less_than_others() -> None:
    wine = [f"A glass of wine on evening number {number}" for number in range(3)]
    assert judged(*wine).verdict is SafetyVerdict.CLEAR
    strict = judged(*wine, tolerate=[{"category": "alcohol", "posts": 2}])
    assert strict.verdict is SafetyVerdict.REVIEW
    assert "Alcohol: ‘wine’ in 3 posts." in strict.reasons
    ample = [{"category": "alcohol", "posts": 9}]
    assert judged(*wine, *wine, tolerate=ample).verdict is SafetyVerdict.CLEAR


def test_a_listed_word_inside_an_exception_is_no_evidence() -> None:
    caption = "What the fuck, this Bullshit Bingo card is full"
    assert len(judged(caption).findings) == 2
    found = judged(caption, exceptions=["bullshit bingo"])
    assert [each.words for each in found.findings] == ["fuck"]


def test_a_topic_of_the_brand_s_own_is_looked_at_and_leaves_nobody_out() -> None:
    rules = {"sensitive": [{"topic": "animal testing", "words": ["fur farm", "vivisection"]}]}
    found = judged("A visit to a FUR FARM, never again", "Against vivisection", **rules)
    assert found.verdict is SafetyVerdict.REVIEW
    assert found.reasons == ("animal testing: ‘fur farm’, ‘vivisection’ in 2 posts.",)


def test_a_draft_is_held_to_the_same_bounds() -> None:
    section = "\nbrand_safety:\n  never: [gambling]\n  exceptions: [damn good]\n"
    file = read_campaign(GOOD + section)

    def safety(caption: str) -> str:
        checks = precheck_draft(caption, file, "DE", language="en")
        return next(each.status for each in checks if each.code == "safety")

    assert safety("That is damn good") == "ok"
    assert safety("Damn, that is good") == "warn"
    assert safety("Won it at the casino") == "fail"


def test_a_good_section_is_taken_and_survives_being_stored() -> None:
    found = check_campaign(
        GOOD + "\nbrand_safety:\n  never: [arms]\n  within: 90 days\n"
        "  tolerate:\n    - {category: profanity, posts: 0}\n"
        "  sensitive:\n    - {topic: Fur, words: [mink]}\n"
    )
    assert found.mistakes == ()
    assert found.file is not None
    assert type(found.file).model_validate(found.file.model_dump(mode="json")) == found.file
    bounds = tolerance_of(found.file.brand_safety)
    assert (bounds.of("profanity"), bounds.of("alcohol")) == (0, 3)


@pytest.mark.parametrize(
    ("section", "path", "said"),
    [
        ("  never: [wine]", "never[0]", "'wine' is not a category of brand safety; known: adult"),
        ("  never: [hate]", "never[0]", "hate is never judged by the machine alone"),
        ("  tolerate: [{category: hope, posts: 1}]", "tolerate[0].category", "'hope' is not a"),
        ("  tolerate: [{category: arms, posts: -1}]", "tolerate[0].posts", "0"),
        ("  never: [arms]\n  tolerate: [{category: arms, posts: 1}]", "tolerate[0].category",
         "also in brand_safety.never"),
        ("  tolerate: [{category: arms, posts: 1}, {category: arms, posts: 2}]",
         "tolerate[1].category", "stands here twice"),
        ("  within: 2 hours", "within", "less than a day"),
        ("  sensitive: [{topic: Fur}]", "sensitive[0].words", ""),
    ],
    ids=["never unknown", "hate", "tolerate unknown", "negative", "both", "twice", "short",
         "no words"],
)  # fmt: skip
def test_a_mistake_has_its_place_and_what_is_right(section: str, path: str, said: str) -> None:
    assert said in mistakes(section)[f"brand_safety.{path}"]
