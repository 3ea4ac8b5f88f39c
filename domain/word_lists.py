"""The word lists behind the port of safety engines: our own, and the words of a brand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from domain.findings import BRAND_WORDS, FLOOR, Finding, iab_of, title_of
from domain.lexicon import Entry, Hit, Lexicon, build_lexicon
from domain.text import read_data

_DATA: Any = read_data("safety.yaml")
LANGUAGES: frozenset[str] = frozenset(_DATA["words"])
"""The languages that the word lists cover; anything else is not machine-reviewed."""


class LexiconEngine:
    """Our own word lists."""

    def __init__(self, lexicon: Lexicon, version: str) -> None:
        self.name = f"lexicon {version}"
        self.languages = LANGUAGES
        self.flag_from = 2 / FLOOR
        self._lexicon = lexicon

    def find(self, texts: Sequence[str], language: str) -> list[Finding]:
        """All listed words; a word that is harmless in the texts' language is left out."""
        harmless = frozenset(_DATA["harmless"].get(language, ()))
        return [
            _finding(hit, number, self.name)
            for number, text in enumerate(texts)
            for hit in self._lexicon.find(text, language, harmless)
        ]

    def marks(self, texts: Sequence[str], language: str) -> list[float]:
        """The worst severity in each text, of four."""
        worst = [0] * len(texts)
        for each in self.find(texts, language):
            worst[each.post] = max(worst[each.post], each.severity)
        return [severity / FLOOR for severity in worst]


LEXICON = LexiconEngine(build_lexicon(_DATA["words"]), _DATA["version"])


def find_brand_words(texts: Sequence[str], words: Iterable[str]) -> list[Finding]:
    """Where texts use words that the brand does not want."""
    lexicon = Lexicon()
    wanted = tuple(words)
    for word in wanted:
        lexicon.add(word, Entry(BRAND_WORDS, FLOOR, ""))
    if not wanted:
        return []
    return [
        _finding(hit, number, "brand's own words")
        for number, text in enumerate(texts)
        for hit in lexicon.find(text)
    ]


def _finding(hit: Hit, post: int, engine: str) -> Finding:
    entry = hit.entry
    return Finding(
        category=entry.category, title=title_of(entry.category), severity=entry.severity,
        words=hit.shown, start=hit.start, end=hit.end, post=post, engine=engine,
        language=entry.language, iab=iab_of(entry.category),
    )  # fmt: skip
