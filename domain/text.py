"""Reading people's captions: folded letters with the way back to the original, and packaged data.

Rules compare *folded* text (no accents, no capitals, no invisible characters), and quote the
original, so every folded character remembers where it came from.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

_INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\ufeff"
)
_DATA = Path(__file__).parent / "data"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def read_data(name: str) -> Any:
    """A packaged rule file from ``domain/data``; read once, when its module is imported."""
    # In C it takes a ninth of the time, of every process that starts; a source build may lack it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((_DATA / name).read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


@dataclass(frozen=True)
class Folded:
    """Text made comparable, and the place of each character in the original."""

    original: str
    text: str
    origin: tuple[int, ...]

    def quote(self, start: int, end: int) -> str:
        """The original words behind a span of the folded text."""
        if start >= end:
            return ""
        return self.original[self.origin[start] : self.origin[end - 1] + 1]


@lru_cache(maxsize=1_024)
def fold(text: str) -> Folded:
    """Without capitals, accents and invisible characters; full-width letters become plain."""
    if text.isascii():  # most captions of a roster: a thousand times faster than the loop
        return Folded(text, text.lower(), tuple(range(len(text))))
    letters: list[str] = []
    origin: list[int] = []
    for place, char in enumerate(text):
        if char in _INVISIBLE or unicodedata.category(char) == "Mn":
            continue
        for plain in unicodedata.normalize("NFKD", char).casefold():
            if not unicodedata.combining(plain):
                letters.append(plain)
                origin.append(place)
    return Folded(text, "".join(letters), tuple(origin))


_NO_SENTENCE = re.compile(r"[#@]\w[\w.]*|\b(?:https?://|www\.)\S+", re.IGNORECASE)


def own_words(text: str) -> list[str]:
    """The words that somebody says: without hashtags, handles and links."""
    return words(_NO_SENTENCE.sub(" ", text))


def words(text: str) -> list[str]:
    """The folded words of a text, in order; hashtags and handles without their sign."""
    return _WORD.findall(fold(text).text)
