"""What texts are about: weighted words, terms, hashtags taken apart and emoji, by category.

No labels are needed. Weights and vocabularies were chosen by hand (`topics.yaml`), so the shares
are degrees of evidence, not probabilities that were checked.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from domain.categories import CATEGORIES, CATEGORY_WORDS
from domain.text import fold, read_data

_DATA: Any = read_data("topics.yaml")
_TOKEN = re.compile(r"#?[^\W_]+(?:['’][^\W_]+)*")
_APOSTROPHES = re.compile("['’]")
_SMOOTHING = 4.0
"""Weight of knowing nothing, spread evenly: about as much as one and a half strong words."""

_LONGEST_TAG = 40
_SHORTEST_PART = 3
"""Shorter words are not looked for inside a hashtag: "pt" is in too many of them."""

_ENDINGS = (
    ("ies", "y"), ("es", ""), ("s", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"),
    ("er", ""), ("en", ""), ("n", ""),
)  # fmt: skip


@dataclass(frozen=True)
class Topics:
    """What one creator's texts speak of."""

    weights: Mapping[str, float]
    """Evidence for each category of which something was found."""
    spoke: int
    """Texts in which something was found."""

    def shares(self) -> dict[str, float]:
        """Shares of the categories that were found, together 1; empty if the texts say nothing."""
        whole = sum(self.weights.values())
        return {category: weight / whole for category, weight in self.weights.items()}

    def scores(self) -> dict[str, float]:
        """A share for each category, nearer to even the less there was to read.

        Made for comparing creators: one word about food is less than a recipe.
        """
        whole = sum(self.weights.values()) + _SMOOTHING
        even = _SMOOTHING / len(CATEGORIES)
        return {each: (self.weights.get(each, 0.0) + even) / whole for each in CATEGORIES}


def _vocabulary() -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    words: dict[str, dict[str, float]] = {}
    emoji: dict[str, dict[str, float]] = {}
    weights = _DATA["weights"]
    for category, terms in CATEGORY_WORDS.items():
        for term in terms:
            words.setdefault(_squeezed(term), {})[category] = weights["plain"]
    for category, tiers in _DATA["topics"].items():
        for tier in ("weak", "plain", "strong"):
            for term in str(tiers.get(tier, "")).split():
                words.setdefault(_squeezed(term), {})[category] = weights[tier]
        for sign in fold(tiers.get("emoji", "")).text:
            emoji.setdefault(sign, {})[category] = weights["emoji"]
    return _by_specificity(words), _by_specificity(emoji)


def _squeezed(term: str) -> str:
    return re.sub(r"[\W_]+", "", fold(str(term)).text)


def _by_specificity(terms: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """A term that several categories claim says less about each of them."""
    return {
        term: {category: weight / len(claims) for category, weight in claims.items()}
        for term, claims in terms.items()
    }


_WORDS, _EMOJI = _vocabulary()
_FILLER = frozenset(_DATA["filler"].split())
_LONGEST_WORD = max(map(len, _WORDS))
_BEGINNINGS = frozenset(term[:end] for term in _WORDS for end in range(1, len(term)))
"""What a term of several words may begin with; it spares most words two look-ups."""


def read_topics(texts: Iterable[str]) -> Topics:
    """Find what texts are about.

    A term counts once per text, and the more texts repeat it the less each adds: the hashtags that
    somebody pastes below every post are one statement, not twelve.

    Args:
        texts: One creator's posts, or a product in words.
    """
    seen: Counter[str] = Counter()
    spoke = 0
    for text in texts:
        terms = _terms(text)
        spoke += bool(terms)
        seen.update(terms)
    total: dict[str, float] = {}
    # Sorted, since sums of floats depend on their order and a set's order on the process.
    for term, count in sorted(seen.items()):
        for category, weight in (_WORDS.get(term) or _EMOJI[term]).items():
            total[category] = total.get(category, 0.0) + weight * math.sqrt(count)
    return Topics(dict(sorted(total.items())), spoke)


def _terms(text: str) -> set[str]:
    folded = fold(text).text
    found = _EMOJI.keys() & folded
    plain: list[str] = []
    for token in _TOKEN.findall(folded):
        word = _APOSTROPHES.sub("", token.lstrip("#"))
        if token[0] == "#":
            known = _known(word)
            found.update((known,) if known else _parts(word))
            plain.append("")
        else:
            plain.append(word)
    place = 0
    while place < len(plain):
        place += _longest_term(plain, place, found)
    return found


def _longest_term(plain: Sequence[str], place: int, found: set[str]) -> int:
    """Add the longest term that begins here; returns how many words it takes."""
    first = plain[place]
    if first in _BEGINNINGS:
        for length in (3, 2):
            run = plain[place : place + length]
            if len(run) == length and all(run) and (term := "".join(run)) in _WORDS:
                found.add(term)
                return length
    if first and (known := _known(first)):
        found.add(known)
    return 1


@lru_cache(maxsize=65_536)
def _known(word: str) -> str:
    """The entry of the vocabulary behind a word, through its usual endings; empty if none is."""
    if word in _WORDS:
        return word
    for ending, instead in _ENDINGS:
        stem = word.removesuffix(ending) + instead
        if word.endswith(ending) and len(stem) >= 4:
            if stem in _WORDS:
                return stem
            if ending in ("ing", "ed", "er") and stem[-1] == stem[-2] and stem[:-1] in _WORDS:
                return stem[:-1]
    return ""


@lru_cache(maxsize=65_536)
def _parts(tag: str) -> tuple[str, ...]:
    """The words of a hashtag: `veganfoodshare` is vegan, food and something unknown.

    The way that covers most letters with the fewest and longest words wins; letters between known
    words are left over.
    """
    if len(tag) > _LONGEST_TAG:
        return ()
    best: list[tuple[int, tuple[str, ...]]] = [(0, ())]
    for end in range(1, len(tag) + 1):
        score, found = best[end - 1]
        for begin in range(max(0, end - _LONGEST_WORD), end - _SHORTEST_PART + 1):
            part = tag[begin:end]
            if part in _WORDS or part in _FILLER:
                value = best[begin][0] + (len(part) - 1) ** 2
                if value > score:
                    entry = (part,) if part in _WORDS else ()
                    score, found = value, (*best[begin][1], *entry)
        best.append((score, found))
    return best[-1][1]
