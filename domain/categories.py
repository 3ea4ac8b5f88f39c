"""The categories of creators and products, and how near two of them are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from domain.text import fold, read_data

_DATA: Any = read_data("categories.yaml")
CATEGORIES: tuple[str, ...] = tuple(_DATA["categories"])
UNRELATED: float = _DATA["unrelated"]


def _key(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", fold(text).text))


_ALIASES: dict[str, str] = {
    _key(alias): category
    for category, entry in _DATA["categories"].items()
    for alias in (category, *entry["aliases"])
}
CATEGORY_WORDS: dict[str, tuple[str, ...]] = {
    category: tuple(map(str, entry["words"])) for category, entry in _DATA["categories"].items()
}
"""The short word list of each category."""

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
