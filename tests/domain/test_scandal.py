"""What is news about somebody who takes part, and what a person has seen already."""

from __future__ import annotations

from domain.lifecycle import SafetyVerdict
from domain.safety import judge_creator
from domain.scandal import Evidence, evidence_of, is_news, keys_of

CALM = ["Morning light in my kitchen", "A walk along the river", "My favourite tea of the year"]
CURSE = "what a fucking day this was"
WORSE = "such a piece of shit, honestly"


def _look(captions: list[str], seen: set[str] | None) -> tuple[SafetyVerdict, tuple[Evidence, ...]]:
    verdict = judge_creator(captions, "en")
    return verdict.verdict, evidence_of(verdict, captions, seen)


def _keys(evidence: tuple[Evidence, ...]) -> set[str]:
    return keys_of([[each.model_dump() for each in evidence]])


def test_the_first_look_is_never_news_and_a_post_is_news_once_wherever_it_stands() -> None:
    first, found = _look([CURSE, *CALM], None)
    assert first is SafetyVerdict.REVIEW
    assert not is_news(first, None, found)
    assert [(each.words, each.caption, each.is_new) for each in found] == [
        ("fucking", CURSE, False)
    ]
    # a person cleared this: the same post among newer ones is not asked about again
    later, again = _look([*CALM, CURSE], _keys(found))
    assert _keys(again) == _keys(found)
    assert not is_news(later, first, again)


def test_a_new_post_is_news_and_what_was_known_is_told_apart_from_it() -> None:
    _, known = _look([CURSE, *CALM], None)
    verdict, found = _look([WORSE, CURSE, *CALM], _keys(known))
    assert is_news(verdict, SafetyVerdict.REVIEW, found)
    assert {each.caption: each.is_new for each in found} == {WORSE: True, CURSE: False}


def test_what_is_mild_is_news_only_if_it_makes_things_worse() -> None:
    mild = Evidence(
        key="k", category="c", title="Alcohol", severity=1, words="beer", caption="a beer",
        engine="lexicon 1", is_new=True,
    )  # fmt: skip
    assert is_news(SafetyVerdict.REVIEW, SafetyVerdict.CLEAR, [mild])
    assert not is_news(SafetyVerdict.REVIEW, SafetyVerdict.REVIEW, [mild])
    assert not is_news(SafetyVerdict.CLEAR, SafetyVerdict.CLEAR, [mild])
    # what could not be read is no scandal
    assert not is_news(SafetyVerdict.UNKNOWN, SafetyVerdict.CLEAR, [mild])
