"""Whether a creator suits a product, in the words that the manager reads."""

from __future__ import annotations

import pytest

from domain.categories import CATEGORIES, KNOWN_NAMES, category_of, nearness
from domain.fit import fit

FOOD_POSTS = [
    "Sunday sourdough: the dough rested overnight and the oven did the rest",
    "My favourite pasta recipe with garlic and tomato sauce #foodie",
    "Brunch at the new restaurant, delicious cake and coffee",
    "Cooking with the kids: pizza, cheese, and flour everywhere",
]
JEWEL = "A hand-made gold necklace with a freshwater pearl pendant"


def test_a_food_blogger_is_a_bad_fit_for_jewellery_and_the_sentence_says_why() -> None:
    judged = fit("food", FOOD_POSTS, "jewellery", JEWEL)
    assert judged.percent < 30
    assert judged.reasons[0].startswith("Bad fit for jewellery: the creator is about")
    assert "food is far from jewellery" in judged.reasons[0]


def test_the_same_blogger_is_a_good_fit_for_a_kitchen_product() -> None:
    assert fit("food", FOOD_POSTS, "food", "Olive oil").percent >= 80


def test_posts_outweigh_a_wrong_declaration() -> None:
    assert fit("jewelry", FOOD_POSTS * 4, "jewellery", JEWEL).percent < 30


def test_without_posts_the_declared_category_decides() -> None:
    judged = fit("Fashion", [], "jewellery", JEWEL)
    assert judged.percent == 80
    assert judged.reasons[0].endswith("about 100 % fashion; fashion is near jewellery.")


def test_nothing_known_is_said_and_counts_neither_way() -> None:
    judged = fit("", [], "jewellery", JEWEL)
    assert (judged.percent, judged.known) == (50, False)
    assert "cannot be told" in judged.reasons[0]


def test_a_product_of_an_unknown_category_is_read_from_its_words() -> None:
    assert fit("jewellery", [], "ornaments", JEWEL).percent == 100


@pytest.mark.parametrize("caption", ["so in love with @petaltheory", "Petal Theory haul #beauty"])
def test_a_post_about_a_competitor_is_named(caption: str) -> None:
    judged = fit("beauty", [caption], "beauty", "serum", ["Petal Theory", "Nordglow"])
    assert judged.competitors == ("Petal Theory",)
    assert "Petal Theory" in judged.reasons[-1]


def test_nearness_is_the_same_both_ways_and_between_zero_and_one() -> None:
    for one in CATEGORIES:
        for other in CATEGORIES:
            assert nearness(one, other) == nearness(other, one)
            assert 0 <= nearness(one, other) <= 1


@pytest.mark.parametrize("name", sorted(KNOWN_NAMES))
def test_every_name_that_a_campaign_file_may_use_is_understood(name: str) -> None:
    assert category_of(name) in CATEGORIES


@pytest.mark.parametrize(
    ("name", "category"),
    [("Cooking & Food", "food"), ("Modeling", "fashion"), ("Art/Artists", "art"), ("", "")],
)
def test_the_names_of_rosters_are_understood(name: str, category: str) -> None:
    assert category_of(name) == category
