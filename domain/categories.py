"""The categories of creators and products, and how near two of them are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from domain.text import fold, read_data

_DATA: Any = read_data("categories.yaml")
CATEGORIES: tuple[str, ...] = tuple(_DATA["categories"])
UNRELATED: float = _DATA["unrelated"]
_LETTERS = re.compile(r"#?[^\W_]+")
_MIN_TAG_PART = 4
"""Shorter words are not looked for inside a hashtag: "art" is in too many of them."""


def _key(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", fold(text).text))


_ALIASES: dict[str, str] = {
    _key(alias): category
    for category, entry in _DATA["categories"].items()
    for alias in (category, *entry["aliases"])
}
_WORDS: dict[str, tuple[str, ...]] = {}
for _category, _entry in _DATA["categories"].items():
    for _word in _entry["words"]:
        _folded = fold(str(_word)).text
        _WORDS[_folded] = (*_WORDS.get(_folded, ()), _category)

KNOWN_NAMES: frozenset[str] = frozenset(_ALIASES)
"""Every name that a campaign file or a roster may use."""


def category_of(name: str) -> str:
    """Our category behind a name that people use; empty if there is none."""
    key = _key(name)
    if key in _ALIASES:
        return _ALIASES[key]
    known = Counter(_ALIASES[word] for word in key.split() if word in _ALIASES)
    return known.most_common(1)[0][0] if known else ""


def nearness(creator: str, product: str) -> float:
    """How well a creator of one category suits a product of another, 0 to 1."""
    if creator == product:
        return 1.0
    near: Mapping[str, Mapping[str, float]] = _DATA["near"]
    return near.get(creator, {}).get(product, near.get(product, {}).get(creator, UNRELATED))


def count_words(text: str) -> dict[str, float]:
    """How often a text says something of each category; a word of two categories counts half."""
    counts: dict[str, float] = {}
    for token in _LETTERS.findall(fold(text).text):
        word = token.lstrip("#")
        found = _lookup(word) or (_inside(word) if token[0] == "#" else ())
        for category in found:
            counts[category] = counts.get(category, 0.0) + 1 / len(found)
    return counts


def distribution(texts: Iterable[str]) -> tuple[dict[str, float], int]:
    """Shares of the categories over texts, each text with the same weight; and how many spoke."""
    total: dict[str, float] = {}
    spoke = 0
    for text in texts:
        counts = count_words(text)
        whole = sum(counts.values())
        if whole:
            spoke += 1
            for category, count in counts.items():
                total[category] = total.get(category, 0.0) + count / whole
    shares = {category: total[category] / spoke for category in sorted(total)} if spoke else {}
    return shares, spoke


def _lookup(word: str) -> tuple[str, ...]:
    for form in (word, word.removesuffix("s"), word.removesuffix("es")):
        if form in _WORDS:
            return _WORDS[form]
    return ()


def _inside(tag: str) -> tuple[str, ...]:
    """A hashtag of several words: "#homebakery" begins with "home"; the longest part counts."""
    for length in range(len(tag) - 1, _MIN_TAG_PART - 1, -1):
        for part in (tag[:length], tag[-length:]):
            if part in _WORDS:
                return _WORDS[part]
    return ()
