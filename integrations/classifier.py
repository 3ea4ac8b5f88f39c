"""The fast classifier behind the port of safety engines: for whole rosters, with the word lists.

A row of numbers (integrations/models/fast.npz; what it was made from stands in
docs/safety-models.md) gives every word and pair of words a value; their sum says how likely people
are to call the text toxic. It knows English only, and it is a guess: a finding never leaves a
creator out, it asks a person to look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domain.findings import Finding, SafetyEngine, iab_of, title_of
from domain.language import guess_language
from domain.ngrams import PAIRS, Token, damped, of_pair, of_text, of_word, pairs, tokens
from domain.word_lists import LEXICON

MODEL = Path(__file__).parent / "models" / "fast.npz"
FLAG_FROM = 0.5
"""The least chance of being toxic that is shown to a person."""

STRONG_FROM = 0.9
SUREST = 0.99
"""A classifier is never certain."""

LISTED = 0.6
"""What each step of severity of a listed word adds to the log odds, from severity 2 on."""

TOXIC = frozenset(
    {"profanity", "hate", "adult", "violence", "self_harm", "drugs", "crime", "terrorism"}
)
"""Categories of the word lists that are toxic, and not only unsuitable beside some brands."""

LONGEST_QUOTE = 5
"""Words that a finding quotes at most."""

READS = frozenset({"", "en"})
"""The languages that the classifier reads; empty is a text too short to tell."""


@dataclass(frozen=True)
class Model:
    """The numbers of a trained model."""

    version: str
    weights: Sequence[float]
    """By bucket."""
    bias: float
    categories: tuple[str, ...]
    heads: NDArray[np.float32]
    """By category and bucket."""
    biases: NDArray[np.float64]


@cache
def read_model(path: Path = MODEL) -> Model:
    """The model in a file; read once."""
    with np.load(path, allow_pickle=False) as file:
        return Model(
            version=str(file["version"]),
            weights=file["weights"].astype(float).tolist(),
            bias=float(file["bias"]),
            categories=tuple(str(name) for name in file["categories"]),
            heads=file["heads"].astype(np.float32) * file["scales"][:, None].astype(np.float32),
            biases=file["biases"],
        )


class FastEngine:
    """The word lists, and a classifier for English texts that use none of their words."""

    def __init__(self, model: Model, lists: SafetyEngine = LEXICON) -> None:
        self.name = f"fast {model.version} + {lists.name}"
        self.languages = lists.languages
        self.flag_from = FLAG_FROM
        self._own_name = f"fast {model.version}"
        self._model = model
        self._lists = lists
        self._value = lru_cache(maxsize=200_000)(self._value_of)

    def find(self, texts: Sequence[str], language: str) -> list[Finding]:
        """What the lists find, and what the classifier minds elsewhere in the texts."""
        listed = self._lists.find(texts, language)
        if language not in READS:
            return listed
        found = list(listed)
        for post, (chance, text) in enumerate(
            zip(self._chances(texts, listed), texts, strict=True)
        ):
            # A creator who writes English mostly may have a post in another language.
            if chance < FLAG_FROM or guess_language([text]) not in READS:
                continue
            own = self._finding(text, post, chance, language)
            if not any(each.post == post and _overlap(each, own) for each in listed):
                found.append(own)
        return found

    def marks(self, texts: Sequence[str], language: str) -> list[float]:
        """How likely people are to call each text toxic, from 0 to 1."""
        if language not in READS:
            return self._lists.marks(texts, language)
        listed = self._lists.find(texts, language)
        return self._chances(texts, listed)

    def _chances(self, texts: Sequence[str], listed: Sequence[Finding]) -> list[float]:
        severity = [0] * len(texts)
        for each in listed:
            if each.category in TOXIC and each.severity >= 2:
                severity[each.post] = max(severity[each.post], each.severity)
        own = self._log_odds(texts, [tokens(text) for text in texts])
        odds = (each + LISTED * worst for each, worst in zip(own, severity, strict=True))
        return [1 / (1 + math.exp(-max(-30.0, min(30.0, each)))) for each in odds]

    def _log_odds(self, texts: Sequence[str], found: Sequence[Sequence[Token]]) -> list[float]:
        """The classifier's own word on each text, whose tokens have been found."""
        return [self._odds(each) for each in found]

    def _odds(self, found: Sequence[Token]) -> float:
        words = [token.word for token in found]
        different = set(words)
        value, weights = self._value, self._model.weights
        both = sum(weights[of_pair(*pair)] for pair in pairs(words))
        total = sum(value(word) for word in different) + PAIRS * both
        return self._model.bias + total * damped(len(different))

    def _value_of(self, word: str) -> float:
        weights = self._model.weights
        return sum(weights[at] * weight for at, weight in of_word(word))

    def _finding(self, text: str, post: int, chance: float, language: str) -> Finding:
        category = self._category(text)
        start, end = self._place(tokens(text), len(text))
        return Finding(
            category=category, title=title_of(category), iab=iab_of(category),
            severity=3 if chance >= STRONG_FROM else 2, words=text[start:end], start=start, end=end,
            post=post, engine=self._own_name, confidence=round(min(chance, SUREST), 2),
            language=language or "en",
        )  # fmt: skip

    def _category(self, text: str) -> str:
        buckets = of_text(text)
        at, weights = list(buckets), np.fromiter(buckets.values(), np.float32)
        return self._model.categories[
            int(np.argmax(self._model.heads[:, at] @ weights + self._model.biases))
        ]

    def _place(self, found: Sequence[Token], length: int) -> tuple[int, int]:
        """Where the words stand that weigh most: the worst, and its neighbours half as bad."""
        if not found:
            return 0, length
        weights = self._model.weights
        worth = [self._value(token.word) for token in found]
        for at, (one, two) in enumerate(pairwise(found)):
            half = PAIRS * weights[of_pair(one.word, two.word)] / 2
            worth[at] += half
            worth[at + 1] += half
        first = last = worth.index(max(worth))
        least = worth[first] / 2
        while last - first + 1 < LONGEST_QUOTE:
            if first and worth[first - 1] >= least:
                first -= 1
            elif last + 1 < len(worth) and worth[last + 1] >= least:
                last += 1
            else:
                break
        return found[first].start, found[last].end


@cache
def fast_engine() -> FastEngine:
    """The engine with the model that comes with Troupe."""
    return FastEngine(read_model())


def _overlap(one: Finding, other: Finding) -> bool:
    return one.start < other.end and other.start < one.end
