"""Comments under a creator's posts: how many of them say anything, and how many say the same.

Comments are the words of strangers. What is kept of them is a mark each, from which the words
cannot be read: whether it was empty, and which long ones were alike.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.text import fold, own_words, read_data

EMPTY, SHORT = "-", "+"
"""Marks: says nothing about any post; says something in few words. Other marks are digests."""

ENOUGH_COMMENTS = 30
"""Fewer than this say nothing about a community."""

MOSTLY_EMPTY = 0.7
"""From this share of empty comments a person should look. Chosen by hand: friends are brief too."""

LONG = 4
"""Comments of so many words are hardly ever written twice by chance."""

ALIKE = 3
"""So many times the same long comment are repeated ones."""

MUCH_ALIKE = 0.15
"""From this share of repeated comments a person should look; chosen by hand."""

_DATA: Any = read_data("comments.yaml")
_WORDS = frozenset(word for line in _DATA["words"] for word in line)
_PHRASES: tuple[str, ...] = tuple(_DATA["phrases"])


@dataclass(frozen=True)
class Counts:
    """What was counted in a creator's comments."""

    read: int
    empty: int
    """Nothing but emoji, handles or praise that fits any post; or business of their own."""
    alike: int
    """Long comments that stand there `ALIKE` times or more."""

    @property
    def mostly_empty(self) -> bool:
        """True if a person should know."""
        return self.read >= ENOUGH_COMMENTS and self.empty >= MOSTLY_EMPTY * self.read

    @property
    def much_alike(self) -> bool:
        """True if a person should know."""
        return self.read >= ENOUGH_COMMENTS and self.alike >= MUCH_ALIKE * self.read


def split_comments(cell: str) -> list[str]:
    """Comments out of a cell: a JSON list, or one a line, or with bars in between."""
    if cell.startswith("["):
        try:
            found = json.loads(cell)
        except ValueError:
            found = None
        if isinstance(found, list) and all(isinstance(each, str) for each in found):
            return [each for each in found if each.strip()]
    parts = cell.splitlines() if "\n" in cell else cell.split("|")
    return [each.strip() for each in parts if each.strip()]


def mark(comment: str) -> str:
    """What is kept of a comment."""
    said = own_words(comment)
    folded = fold(comment).text
    if any(phrase in folded for phrase in _PHRASES):
        return EMPTY
    if len(said) <= LONG and all(word in _WORDS for word in said):
        return EMPTY
    if len(said) < LONG:
        return SHORT
    return hashlib.blake2b(" ".join(said).encode(), digest_size=6).hexdigest()


def count(marks: Iterable[str]) -> Counts:
    """Count the marks of all posts of a creator."""
    found = Counter(marks)
    empty, short = found.pop(EMPTY, 0), found.pop(SHORT, 0)
    alike = sum(times for times in found.values() if times >= ALIKE)
    return Counts(read=empty + short + sum(found.values()), empty=empty, alike=alike)


def marks_of(comments: Sequence[str]) -> tuple[str, ...]:
    """The marks of the comments of one post."""
    return tuple(mark(comment) for comment in comments)
