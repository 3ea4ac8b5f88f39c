"""Comments: which say nothing, which stand there again and again, and what is kept of them."""

from __future__ import annotations

import pytest

from domain.comments import EMPTY, SHORT, Counts, count, mark, marks_of, split_comments
from domain.credibility import Account, signs
from domain.quote import CreatorFacts
from domain.rate_card import DEFAULT_RATE_CARD

TALK = [f"I tried number {each} with my mother and it kept its shape" for each in range(40)]


@pytest.mark.parametrize(
    "comment",
    ["🔥🔥🔥", "Nice pic!", "So beautiful 😍", "@someone", "Très belle photo", "Wunderschön!",
     "DM me for a great offer today", "Send pic to @big.page, we repost"],
)  # fmt: skip
def test_what_fits_any_post_is_empty(comment: str) -> None:
    assert mark(comment) == EMPTY


@pytest.mark.parametrize("comment", ["Which shade?", "Beautiful scarf", "Miss you Lena"])
def test_few_words_may_say_something(comment: str) -> None:
    assert mark(comment) == SHORT


def test_long_comments_are_alike_whatever_their_capitals_and_emoji() -> None:
    said = mark("This changed my whole morning routine!")
    assert said == mark("this changed MY whole morning routine 😍")
    assert said not in {EMPTY, SHORT, mark(TALK[0])}
    assert "morning" not in said


def test_a_community_that_talks_raises_no_sign() -> None:
    assert count(marks_of([*TALK, "🔥", "🔥"])) == Counts(read=42, empty=2, alike=0)


def test_empty_and_repeated_comments_are_told_with_their_figures() -> None:
    def said(comments: list[str]) -> list[str]:
        facts = CreatorFacts(platform="instagram", followers=12_000)
        account = Account(facts, comments=count(marks_of(comments)))
        return [sign.sentence for sign in signs(account, DEFAULT_RATE_CARD)]

    (empty,) = said([*TALK[:10], *["Wow!"] * 30])
    assert empty.startswith("30 of 40 comments say nothing about the post")
    (alike,) = said([*TALK[:32], *["This is exactly what I was looking for"] * 8])
    assert alike.startswith("8 of 40 comments are long and stand there three times")
    assert said(["Wow!"] * 29) == [], "too few to say anything"


@pytest.mark.parametrize(
    "cell",
    ['["First one", "and | second"]', "First one\nand | second", "First one\n\n and | second \n"],
)
def test_comments_are_found_in_a_cell(cell: str) -> None:
    assert split_comments(cell) == ["First one", "and | second"]


def test_bars_part_comments_on_one_line() -> None:
    assert split_comments("First one | second") == ["First one", "second"]
    assert split_comments("[not a list") == ["[not a list"]
