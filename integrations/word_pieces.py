"""Cuts a text into BERT's word pieces, as MiniLM was trained with, from the model's own word list.

Python's `tokenizers` does the same and brings a client for downloading models; this is what is left
when nothing is to be downloaded.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

LONGEST_WORD = 100
"""Letters; a longer word is unknown."""


class WordPieces:
    """The numbers of word pieces, between the marks for beginning and end."""

    def __init__(self, numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._begin, self._end = numbers["[CLS]"], numbers["[SEP]"]
        self._unknown = numbers["[UNK]"]
        self._of_word = lru_cache(maxsize=50_000)(self._cut)

    @classmethod
    def read(cls, file: Path) -> WordPieces:
        """From a ``tokenizer.json``."""
        return cls(json.loads(file.read_text(encoding="utf-8"))["model"]["vocab"])

    def numbers(self, text: str, most: int) -> list[int]:
        """At most so many numbers for a text, the marks at both ends among them."""
        found: list[int] = []
        for word in _words(text):
            found += self._of_word(word)
            if len(found) >= most - 2:
                break
        return [self._begin, *found[: most - 2], self._end]

    def _cut(self, word: str) -> tuple[int, ...]:
        if len(word) > LONGEST_WORD:
            return (self._unknown,)
        pieces, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = word[start:end] if start == 0 else f"##{word[start:end]}"
                if (number := self._numbers.get(piece)) is not None:
                    pieces.append(number)
                    start = end
                    break
            else:
                return (self._unknown,)
        return tuple(pieces)


def _words(text: str) -> Iterator[str]:
    """Small letters without accents; every punctuation mark and every Chinese sign is a word."""
    plain = "".join(_cleaned(text)).lower()
    letters = (
        char for char in unicodedata.normalize("NFD", plain) if unicodedata.category(char) != "Mn"
    )
    word: list[str] = []
    for char in letters:
        alone = _is_mark(char) or _is_chinese(char)
        if char.isspace() or alone:
            if word:
                yield "".join(word)
                word = []
            if alone:
                yield char
        else:
            word.append(char)
    if word:
        yield "".join(word)


def _cleaned(text: str) -> Iterator[str]:
    for char in text:
        if char in "\t\n\r":
            yield " "
        elif char not in "\0\ufffd" and not unicodedata.category(char).startswith("C"):
            yield char


def _is_mark(char: str) -> bool:
    if char.isascii():
        return char.isprintable() and not char.isalnum() and char != " "
    return unicodedata.category(char).startswith("P")


def _is_chinese(char: str) -> bool:
    code = ord(char)
    return (
        0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x2CEAF
        or 0xF900 <= code <= 0xFAFF or 0x2F800 <= code <= 0x2FA1F
    )  # fmt: skip
