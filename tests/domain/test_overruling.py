"""A person's word on brand safety is remembered, for as long as there is nothing new."""

from __future__ import annotations

import pytest

from domain.lifecycle import SafetyVerdict
from domain.overruling import Overruling, remember
from domain.safety import CreatorVerdict
from tests.builders import NOW

SEEN = ("Strong language: ‘damn’ in 4 posts.",)
V = SafetyVerdict


def verdict(word: SafetyVerdict = V.REVIEW, *reasons: str) -> CreatorVerdict:
    return CreatorVerdict(verdict=word, reasons=reasons or SEEN, engine="test")


def said(
    cleared: bool = True, findings: tuple[str, ...] = SEEN, why: str = "A song."
) -> Overruling:
    return Overruling(cleared, why, NOW, "Spring", findings)


@pytest.mark.parametrize("word", [V.REVIEW, V.UNKNOWN])
@pytest.mark.parametrize(("cleared", "means"), [(True, V.CLEAR), (False, V.BLOCKED)])
def test_the_same_findings_are_not_asked_about_twice(
    word: SafetyVerdict, cleared: bool, means: SafetyVerdict
) -> None:
    judged = remember(verdict(word), said(cleared))
    assert judged.verdict is means
    assert "by a person on 20" in judged.reasons[0]
    assert "“Spring”: A song." in judged.reasons[0]
    assert judged.reasons[1:] == SEEN


def test_new_findings_are_judged_anew_and_the_earlier_word_is_shown() -> None:
    judged = remember(verdict(V.REVIEW, "Weapons: ‘rifle’ in 1 post."), said())
    assert judged.verdict is V.REVIEW
    assert judged.reasons[0].startswith("Weapons")
    assert judged.reasons[-1].endswith("The findings differ.")


def test_a_language_model_that_is_away_is_nothing_new_about_the_creator() -> None:
    away = (*SEEN, "The language model could not be asked (ConnectError).")
    assert remember(verdict(V.REVIEW, *away), said()).verdict is V.CLEAR
    assert remember(verdict(), said(findings=away)).verdict is V.CLEAR


def test_what_the_machine_alone_blocks_stays_blocked() -> None:
    assert remember(verdict(V.BLOCKED), said()).verdict is V.BLOCKED


@pytest.mark.parametrize("cleared", [True, False])
def test_what_is_clear_now_stays_clear(cleared: bool) -> None:
    now = verdict(V.CLEAR, "Nothing to look at in 12 posts (en).")
    assert remember(now, said(cleared)) == now


def test_nobody_said_anything() -> None:
    assert remember(verdict(), None) == verdict()


def test_a_word_that_was_remembered_is_remembered_again() -> None:
    first = remember(verdict(), said())
    again = said(findings=first.reasons, why="")
    judged = remember(verdict(), again)
    assert judged.verdict is V.CLEAR
    assert judged.reasons == (judged.reasons[0], *SEEN)
    assert judged.reasons[0].endswith("“Spring”.")
