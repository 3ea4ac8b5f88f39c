"""The texts that a model is trained on: all made here, from words and from lines of our own."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from domain.text import read_data

CONTEXTS = (
    "{}", "you {}", "you are a {}", "you are so {}", "this is {}", "the {} is here", "my {} and i",
    "{} you", "i love {} and coffee", "what a {} day",
)  # fmt: skip
"""Each word that the teacher knows is shown in each of these."""

RANDOM_TEXTS = 60_000
HOT_TEXTS = 30_000
HOT_WORDS = 1_500
"""So many of the words that the teacher minds most are put into texts of their own."""

FILLINGS = 14
"""How often a line with one slot is filled."""

_SLOT = re.compile(r"\{(\w+)\}")
OF_LINES = {
    "insult": "hate", "hate": "hate", "threat": "violence", "violence": "violence",
    "self_harm": "self_harm", "sexual": "adult", "crime": "crime",
}  # fmt: skip
"""From the headings of texts.yaml to categories."""

OF_LISTS = {
    "profanity": "profanity", "hate": "hate", "adult": "adult", "violence": "violence",
    "self_harm": "self_harm", "crime": "crime", "drugs": "crime",
}  # fmt: skip
"""From the categories of our word lists to those of the model."""


@dataclass(frozen=True)
class Line:
    """A text of our own with what we say of it."""

    text: str
    unsafe: bool
    category: str


def own_lines(seed: int, name: str = "texts.yaml") -> list[Line]:
    """The lines of a file of ours, their slots filled."""
    source: Any = yaml.safe_load((Path(__file__).parent / name).read_text("utf-8"))
    chance = random.Random(seed)
    return [
        Line(text, part == "unsafe", OF_LINES.get(heading, ""))
        for part in ("unsafe", "safe")
        for heading, lines in source[part].items()
        for line in lines
        for text in _filled(line, source["slots"], chance)
    ]


def _filled(line: str, slots: Mapping[str, Sequence[str]], chance: random.Random) -> list[str]:
    names = set(_SLOT.findall(line))
    if not names:
        return [line]
    return sorted(
        {
            _SLOT.sub(lambda found: chance.choice(slots[found[1]]), line)
            for _ in range(FILLINGS * len(names))
        }
    )


def listed(contexts: Sequence[str] = CONTEXTS) -> list[Line]:
    """The English words of our lists from severity 2 on, in contexts."""
    words: Any = read_data("safety.yaml")["words"]["en"]
    return [
        Line(context.format(word), True, category)
        for name, category in OF_LISTS.items()
        for severity, entries in words.get(name, {}).items()
        if severity >= 2
        for word in entries
        for context in contexts
    ]


def shown(words: Sequence[str]) -> list[str]:
    """Every word in every context."""
    return [context.format(word) for word in words for context in CONTEXTS]


def random_texts(
    words: Sequence[str], often: Sequence[float], count: int, seed: int, hot: Sequence[str] = ()
) -> list[str]:
    """Words one after the other without a meaning, commoner ones more often.

    Args:
        words: To choose from.
        often: How often each is chosen, beside the others.
        count: So many texts, of 3 to 24 words.
        seed: Of the choice.
        hot: One of these stands in every text.
    """
    chance = random.Random(seed)
    texts = []
    for _ in range(count):
        text = chance.choices(words, often, k=chance.randint(3, 24))
        if hot:
            text[chance.randrange(len(text))] = chance.choice(hot)
        texts.append(" ".join(text))
    return texts
