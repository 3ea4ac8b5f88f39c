"""What texts are about: words, their endings, hashtags, emoji, and how much each says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.categories import CATEGORIES
from domain.topics import read_topics

CHECKOUT = Path(__file__).parents[2]


def main_topic(*texts: str) -> str:
    shares = read_topics(texts).shares()
    return max(shares, key=lambda each: shares[each]) if shares else ""


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Baked two loaves of sourdough before sunrise", "food"),
        ("Swatches of the new lipsticks, all in daylight", "beauty"),
        ("Three ways to wear this trench coat #ootd", "fashion"),
        ("A freshwater pearl pendant on a thin gold necklace", "jewellery"),
        ("Deadlifts, then intervals on the treadmill", "fitness"),
        ("Two nights in Lisbon with hand luggage only", "travel"),
        ("My toddler discovered the word no", "parenting"),
        ("Our rescue dog met the neighbour's cat", "pets"),
        ("New shelves for the living room, painted sage green", "home"),
        ("Rezepte für die Woche: Linsen, Reis, Kichererbsen", "food"),
        ("Rutina de belleza: sérum, maquillaje ligero y protector solar", "beauty"),
    ],
)
def test_a_caption_is_about_what_a_reader_would_say(text: str, category: str) -> None:
    assert main_topic(text) == category


def test_words_written_apart_together_and_in_a_hashtag_are_one_term() -> None:
    found = {
        tuple(read_topics([text]).weights.items())
        for text in ("skin care", "skincare", "Skin-care", "#skincare", "#SkinCare")
    }
    assert len(found) == 1
    assert main_topic("skin care") == "beauty"


@pytest.mark.parametrize("tag", ["#veganfoodshare", "#mysourdoughdiary", "#foodieuk"])
def test_a_hashtag_is_taken_apart(tag: str) -> None:
    assert main_topic(tag) == "food"


@pytest.mark.parametrize("text", ["grilled", "grilling", "grill"])
def test_usual_endings_make_no_difference(text: str) -> None:
    assert main_topic(text) == "food"


def test_emoji_speak_too() -> None:
    assert main_topic("Sunday 🍕🍝") == "food"


def test_what_is_pasted_below_every_post_is_one_statement() -> None:
    pasted = [f"{text} #foodie" for text in ("lipstick", "mascara", "eyeliner", "concealer")]
    assert main_topic(*pasted) == "beauty"


def test_texts_that_say_nothing_have_no_topic() -> None:
    silent = read_topics(["", "So grateful for this day!", "…"])
    assert (silent.shares(), silent.spoke) == ({}, 0)
    assert set(silent.scores().values()) == {1 / len(CATEGORIES)}


def test_one_word_says_less_than_a_recipe() -> None:
    word = read_topics(["cake"]).scores()["food"]
    recipe = read_topics(["Whisk the eggs, fold in flour and sugar, bake the cake"]).scores()[
        "food"
    ]
    assert 1 / len(CATEGORIES) < word < recipe


@given(st.lists(st.text(max_size=80), max_size=5))
def test_whatever_is_written_shares_are_shares(texts: list[str]) -> None:
    found = read_topics(texts)
    assert 0 <= found.spoke <= len(texts)
    assert sum(found.scores().values()) == pytest.approx(1)
    shares = found.shares()
    assert set(shares) <= set(CATEGORIES)
    assert sum(shares.values()) == pytest.approx(1 if shares else 0)


def test_every_process_finds_the_same_to_the_last_digit() -> None:
    script = (
        "from domain.topics import read_topics\n"
        "print(read_topics(['pizza serum dog lisbon yoga coat #bakinglove', 'bake, wear, run']))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script], cwd=CHECKOUT, env={"PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(said) == 1
