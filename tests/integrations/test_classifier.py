"""The fast classifier minds what no list has, leaves everyday talk alone, and is only a guess."""

from __future__ import annotations

from itertools import pairwise

import pytest

from domain.findings import FLOOR
from domain.lifecycle import SafetyVerdict
from domain.safety import Tolerance, judge_creator
from domain.word_lists import LEXICON
from integrations.classifier import fast_engine

ENGINE = fast_engine()

UNLISTED = [
    "What a moron, crawl back under your rock",
    "you are a pathetic imbecile and everybody knows it",
    "shut up you ignorant clown, nobody asked you",
]
EVERYDAY = [
    "the sourdough here is killer, link in bio",
    "These heels are to die for!! #ootd",
    "Crushed my workout this morning, legs are dead",
    "Beat the eggs, whip the cream, chop the nuts",
    "Chicken breast tonight, and a slow walk with the dog after",
    "Shooting in Lisbon with the best crew, we shot two rolls of film",
]


@pytest.mark.parametrize("text", UNLISTED)
def test_an_insult_without_a_listed_word_is_found_with_evidence(text: str) -> None:
    assert [each for each in LEXICON.find([text], "en") if each.severity >= 2] == []
    (found,) = [each for each in ENGINE.find(["A fine day", text], "en") if each.guessed]
    assert found.post == 1
    assert text[found.start : found.end] == found.words != ""
    assert found.category == "hate"
    assert found.engine.startswith("fast 20")
    assert 0.5 <= found.confidence < 1
    assert 2 <= found.severity < FLOOR


def test_everyday_captions_are_left_alone() -> None:
    assert [each for each in ENGINE.find(EVERYDAY, "en") if each.guessed] == []
    assert max(ENGINE.marks(EVERYDAY, "en")) < ENGINE.flag_from


def test_what_a_list_has_found_is_not_said_twice() -> None:
    found = ENGINE.find(["you fucking bitch"], "en")
    places = sorted((each.start, each.end) for each in found)
    assert all(one[1] <= two[0] for one, two in pairwise(places))
    assert not any(each.guessed for each in found)


def test_other_languages_are_left_to_the_lists() -> None:
    text = "Was für ein moron, du idiot"
    assert ENGINE.find([text], "de") == LEXICON.find([text], "de")
    assert ENGINE.marks([text], "de") == LEXICON.marks([text], "de")
    german = "Beerenlippe für alle, die sich das nicht trauen"
    assert ENGINE.find([german, *EVERYDAY], "en") == LEXICON.find([german, *EVERYDAY], "en")


def test_marks_put_texts_in_order_and_do_not_depend_on_the_batch() -> None:
    texts = [*EVERYDAY, *UNLISTED, "", "🙂🙂"]
    together = ENGINE.marks(texts, "en")
    assert together == [ENGINE.marks([text], "en")[0] for text in texts]
    assert min(together[6:9]) > max(together[:6])
    assert max(together[9:]) < ENGINE.flag_from


def test_a_guess_asks_a_person_and_leaves_nobody_out() -> None:
    never = Tolerance(never=frozenset({"profanity", "violence", "crime"}))
    captions = ["I will smash your face in and break your legs", *EVERYDAY[:3]]
    guessed = [each for each in ENGINE.find(captions, "en") if each.guessed]
    assert {each.category for each in guessed} == {"violence"}
    judged = judge_creator(captions, "en", tolerance=never, engine=ENGINE)
    assert judged.verdict is SafetyVerdict.REVIEW
    assert judged.engine == ENGINE.name
