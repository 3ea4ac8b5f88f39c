"""Brand safety finds evidence through disguises, and never says clear without having read."""

from __future__ import annotations

import pytest

from domain.findings import Finding, RiskLevel
from domain.lifecycle import SafetyVerdict
from domain.safety import Tolerance, judge_creator
from domain.word_lists import LEXICON

CLEAN = [
    "Morning light and a cup of tea before the day begins",
    "We walked to the market and I found the best tomatoes",
    "This is the corner of the house that I love most",
    "Trying to be more patient with my plants and with myself",
]


def _found(text: str, language: str = "en") -> list[Finding]:
    return LEXICON.find([text], language)


@pytest.mark.parametrize(
    "text",
    ["what the fuck", "what the FUCK!", "fuuuuck this", "f.u.c.k this", "f u c k this", "f*ck this",
     "fück this", "FUCK\u200bING mad", "sh1t happens", "$hit happens", "b!tch please", "bullsh!t",
     "#bullshit again"],
)  # fmt: skip
def test_disguised_words_are_seen(text: str) -> None:
    found = _found(text)
    assert [each.category for each in found] == ["profanity"], found
    assert found[0].severity >= 2


def test_a_finding_quotes_the_words_at_their_place() -> None:
    text = "So tired… sh1t happens"
    (found,) = _found(text)
    assert text[found.start : found.end] == found.words == "sh1t"
    assert found.iab == "j9PaO9"
    assert found.risk is RiskLevel.MEDIUM
    assert found.risk.iab == "bsr003"
    assert found.confidence == 1


@pytest.mark.parametrize(
    "text",
    [
        "Greetings from Scunthorpe and the cockpit of an assassin's class",
        "I passed the exam, classic assets and a shiitake stew",
        "Essex, Sussex and Middlesex are counties",
        "Therapist appointment, then grape picking",
        "The shellfish and hello kitty cake",
        "A cucumber cocktail dress in the dickens museum",
    ],
)
def test_innocent_words_that_contain_bad_ones_are_left_alone(text: str) -> None:
    assert [each for each in _found(text) if each.severity >= 2] == []


def test_a_german_caption_may_be_hell() -> None:
    assert _found("Hell und freundlich ist die Wohnung", "de") == []
    assert _found("Was für eine Scheiße", "de")[0].category == "profanity"


def test_words_of_another_language_are_not_looked_for() -> None:
    assert _found("Una mañana con café y con amigas", "es") == []
    assert _found("Quel con", "fr") != []


def test_ordinary_posts_are_clear_and_say_how_many_were_read() -> None:
    judged = judge_creator(CLEAN, "en")
    assert judged.verdict is SafetyVerdict.CLEAR
    assert "4 posts" in judged.reasons[0]


@pytest.mark.parametrize("captions", [[], ["", "  "], CLEAN[:2]])
def test_too_few_posts_are_unknown_never_clear(captions: list[str]) -> None:
    judged = judge_creator(captions, "en")
    assert judged.verdict is SafetyVerdict.UNKNOWN
    assert judged.reasons


@pytest.mark.parametrize(
    ("captions", "language"),
    [
        (["Сегодня был хороший день", "Мы пошли на рынок", "Люблю утро"], "en"),
        (["Dziś był dobry dzień", "Poszliśmy na targ rano", "Kocham poranki zimą"], "pl"),
        (["✨", "🌿🌿", "☕"], ""),
    ],
)
def test_a_language_that_is_not_covered_is_unknown_never_clear(
    captions: list[str], language: str
) -> None:
    assert judge_creator(captions, language).verdict is SafetyVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("captions", "reason"),
    [
        (["#glow #grwm @lumen.skin", "So good #skincare ✨", "https://lumen.example/the/way"] * 4,
         "Only 0 of 12 posts say something"),
        (["Off to work", "Home at last", "And so to bed", "Good morning #gm"],
         "Only 10 words to read in 4 posts"),
    ],
)  # fmt: skip
def test_posts_that_hardly_say_anything_are_unknown_never_clear(
    captions: list[str], reason: str
) -> None:
    judged = judge_creator(captions, "en")
    assert (judged.verdict, judged.reasons[0].startswith(reason)) == (SafetyVerdict.UNKNOWN, True)
    found = judge_creator([*captions, "what a fucking day"], "en")
    assert found.verdict is SafetyVerdict.REVIEW, "what was read is told all the same"


def test_posts_are_believed_before_the_roster_about_language() -> None:
    assert judge_creator(CLEAN, "pl").language == "en"


def test_a_glass_of_wine_is_ordinary_and_a_habit_is_looked_at() -> None:
    assert judge_creator([*CLEAN, "A glass of wine tonight"], "en").verdict is SafetyVerdict.CLEAR
    habit = [*CLEAN, *(f"wine number {n} on a Monday" for n in range(4))]
    judged = judge_creator(habit, "en")
    assert judged.verdict is SafetyVerdict.REVIEW
    assert "Alcohol: ‘wine’ in 4 posts." in judged.reasons


def test_the_brand_decides_what_it_bears() -> None:
    strict = Tolerance(posts={})
    judged = judge_creator([*CLEAN, "A glass of wine tonight"], "en", tolerance=strict)
    assert judged.verdict is SafetyVerdict.REVIEW


def test_hate_goes_to_a_person_however_often() -> None:
    judged = judge_creator([*CLEAN, *["white power and race war"] * 5], "en")
    assert judged.verdict is SafetyVerdict.REVIEW
    assert judged.reasons[0].startswith("Hate and aggression")


def test_floor_content_again_and_again_blocks() -> None:
    judged = judge_creator([*CLEAN, *["we hire a hitman today"] * 3], "en")
    assert judged.verdict is SafetyVerdict.BLOCKED


def test_the_brands_blocked_word_is_looked_at_once_and_blocks_when_repeated() -> None:
    once = judge_creator([*CLEAN, "a miracle"], "en", blocked_words=["miracle"])
    twice = judge_creator([*CLEAN, "a miracle", "Miracles!"], "en", blocked_words=["miracle"])
    assert once.verdict is SafetyVerdict.REVIEW
    assert twice.verdict is SafetyVerdict.BLOCKED
    assert "blocked by the brand, in 2 posts" in twice.reasons[0]


def test_evidence_in_few_posts_is_looked_at_and_the_gap_is_said() -> None:
    judged = judge_creator(["fuck this"], "en")
    assert judged.verdict is SafetyVerdict.REVIEW
    assert "Only 1 of at least 3 posts" in judged.reasons[-1]
