"""What our classifiers see of a text: words, their letters by three to five, and pairs of words.

Each of these falls into one of a fixed number of buckets by its CRC-32, so that a model is a plain
row of numbers, needs no list of words, and can say something of a word that it has never met.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

BUCKETS = 1 << 17
LETTERS = 0.6
"""What the letter groups of a word weigh together (as the root of squares), beside 1 for it."""

PAIRS = 0.7
"""What two neighbouring words weigh, beside 1 for each."""

DAMPING = 0.3
"""A text of n words counts as n to the power of 0.7: one bad word in a long text is still seen."""

_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|@[\w.]+")
_TOKEN = re.compile(r"[^\W_][\w@$!*+'’-]*")
_TRIMMED = "-+'’*!$@"


@dataclass(frozen=True)
class Token:
    """A word in small letters, and where the text has it."""

    word: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words of a text; addresses and handles of people are none."""
    plain = _NO_WORDS.sub(lambda found: " " * len(found[0]), text)
    return [
        Token((word.rstrip(_TRIMMED) or word).lower(), found.start(), found.end())
        for found in _TOKEN.finditer(plain)
        for word in (found[0],)
    ]


@lru_cache(maxsize=50_000)
def of_word(word: str) -> tuple[tuple[int, float], ...]:
    """The buckets of a word and of its letter groups, with what each weighs."""
    found = {_bucket(f"<{word}>"): 1.0}
    groups = list(_groups(f"<{word}>")) if len(word) > 2 else []
    for group in groups:
        at = _bucket(f"c{group}")
        found[at] = found.get(at, 0.0) + LETTERS / math.sqrt(len(groups))
    return tuple(found.items())


@lru_cache(maxsize=100_000)
def of_pair(first: str, second: str) -> int:
    """The bucket of two words in this order."""
    return _bucket(f"{first} {second}")


def of_text(text: str) -> dict[int, float]:
    """All buckets of a text with their weights; what stands twice counts once."""
    found = [token.word for token in tokens(text)]
    weights: dict[int, float] = {}
    for word in set(found):
        for at, weight in of_word(word):
            weights[at] = weights.get(at, 0.0) + weight
    for pair in pairs(found):
        at = of_pair(*pair)
        weights[at] = weights.get(at, 0.0) + PAIRS
    share = damped(len(set(found)))
    return {at: weight * share for at, weight in weights.items()}


def pairs(words: Sequence[str]) -> set[tuple[str, str]]:
    """Every two neighbouring words."""
    return set(pairwise(words))


def damped(words: int) -> float:
    """What each of so many different words counts."""
    return float(max(1, words) ** -DAMPING)


def _groups(framed: str) -> Iterator[str]:
    for length in (3, 4, 5):
        for start in range(len(framed) - length + 1):
            yield framed[start : start + length]


def _bucket(of: str) -> int:
    return zlib.crc32(of.encode()) % BUCKETS
