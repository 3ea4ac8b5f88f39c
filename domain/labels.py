"""Where a text carries a disclosure label: recognition only, judged in `domain.disclosure`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from domain.text import Folded, fold

_BETWEEN = r"(?:_|[^\w#@.,!?;]){1,6}"  # what may stand between the words of one label
_JOINED = r"[\s._\-&'’]*"  # between the words of a brand: "Acme Home", "acme.home", "AcmeHome"
_AFTER = r"(?![\w]|[\-'’.@]\w)"  # "ad-free", "ad's" and "ad.example" are not labels
_TAG = re.compile(r"#\w+")
_TAG_STRING = re.compile(r"#\w+(?:[\s,.|·•]*#\w+)*")
_SOFT_END = re.compile(r"[ \t]*")
_HANDLE = re.compile(r"@[\w.]+")
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")
MAX_READ = 5_000
"""Characters read; no platform takes a longer text (YouTube's descriptions)."""

MAX_GREETED = 2
"""So many handles may stand before a label that is still at the start."""


@dataclass(frozen=True)
class Wanted:
    """A label to look for and what it is worth: ``accepted``, ``weak``, ``rejected``."""

    label: str
    worth: str
    language: str = ""


@dataclass(frozen=True)
class Found:
    """A label in a text, and where it stands."""

    wanted: Wanted
    shown: str
    """As the text writes it."""
    start: int
    end: int
    is_tag: bool
    set_apart: bool
    """Between line ends, punctuation or pictures: not a word of a sentence."""
    at_start: bool = False
    in_tag_string: bool = False
    """Among at least two hashtags that are no labels."""
    tag_number: int = 0
    """1 for the text's first hashtag; 0 if it is none."""


def find_labels(
    text: str,
    brands: Sequence[str],
    wanted: Iterable[Wanted],
    grammar: Grammar,
) -> list[Found]:
    """All labels of a text in order; of overlapping ones the longest."""
    folded = _without_addresses(fold(text[:MAX_READ]))
    hits: list[Found] = []
    for item in wanted:
        pattern = _pattern(item.label, tuple(brands))
        if pattern is not None:
            for match in pattern.finditer(folded.text):
                found = _as_label(folded, match, item, grammar)
                if found:
                    hits.append(found)
    kept = _longest(hits)
    return [_placed(folded.text, found, kept, grammar) for found in kept]


@dataclass(frozen=True)
class Grammar:
    """The small words around a label that make or unmake it."""

    openers: re.Pattern[str]
    negations: re.Pattern[str]
    continues: re.Pattern[str]

    @classmethod
    def of(
        cls, openers: Sequence[str], negations: Sequence[str], continues: Sequence[str]
    ) -> Grammar:
        """Compile the lists of the rule file."""
        return cls(
            openers=re.compile(rf"(?:{_any(openers)})\W*$"),
            negations=re.compile(rf"(?:^|\W)(?:{_any(negations)})[\s:\-]*$"),
            continues=re.compile(rf"[ \t]+(?:{_any(continues)})\b"),
        )


def _without_addresses(folded: Folded) -> Folded:
    """Words inside a link are nobody's label: the letters of links become a neutral one."""
    masked = _ADDRESS.sub(lambda match: "x" * len(match[0]), folded.text)
    return Folded(folded.original, masked, folded.origin)


def _any(entries: Sequence[str]) -> str:
    folded = sorted({fold(entry).text for entry in entries}, key=len, reverse=True)
    return "|".join(re.escape(entry).replace(r"\ ", r"\s+") for entry in folded)


@lru_cache(maxsize=4096)
def _pattern(label: str, brands: tuple[str, ...]) -> re.Pattern[str] | None:
    """One label as a regular expression over folded text; None if it needs a brand and has none."""
    plain = fold(label).text.removeprefix("#")
    names = [_JOINED.join(map(re.escape, re.findall(r"[^\W_]+", fold(b).text))) for b in brands]
    brand = "|".join(sorted({name for name in names if name}, key=lambda n: (-len(n), n)))
    if "{brand}" in plain and not brand:
        return None
    if plain == "@{brand}":
        return re.compile(rf"(?<!\w)@(?:{brand}){_AFTER}")
    loose, tight = [], []
    for word in plain.split():
        if word.startswith("{brand}") and word != "{brand}":  # {brand}partner
            body = rf"(?:{brand}){_JOINED}{re.escape(word.removeprefix('{brand}'))}"
        elif word == "{brand}":
            body = rf"(?:to\s+)?[#@]?(?:{brand})"
        else:
            body = re.escape(word)
        loose.append(body)
        tight.append(body.replace("[#@]?", ""))
    tagged = r"[\s_\-]*".join(tight) if len(tight) > 1 else tight[0]
    return re.compile(
        rf"(?<![\w#@])(?:#(?:{tagged}|{_BETWEEN.join(loose)})|(?:{_BETWEEN.join(loose)})){_AFTER}"
    )


def _as_label(
    folded: Folded, match: re.Match[str], wanted: Wanted, grammar: Grammar
) -> Found | None:
    """Decide whether a hit is a label or a word of a sentence; None for the latter."""
    text, (start, end) = folded.text, match.span()
    before, is_tag = text[:start], text[start] in "#@"
    if grammar.negations.search(before):
        return None
    opens = _opens(before)
    ends = _soft_boundary(text, end)
    set_apart = ends and _closed(before)
    distinctive = is_tag or " " in wanted.label or "{brand}" in wanted.label
    if not distinctive:
        if opens and grammar.continues.match(text, end):
            return None
        introduced = grammar.openers.search(before) is not None
        last = not text[end:].strip(" \t\r\n.!)")
        if not (opens or set_apart or introduced or last or wanted.worth == "rejected"):
            return None
    return Found(
        wanted, folded.quote(start, end), start, end, is_tag=is_tag, set_apart=set_apart or is_tag
    )


def _opens(before: str) -> bool:
    return not re.search(r"\w", _HANDLE.sub("", before))


def _closed(before: str) -> bool:
    trimmed = before.rstrip(" \t")
    return not trimmed or not (trimmed[-1].isalnum() or trimmed[-1] in "_,'’#@")


def _soft_boundary(text: str, end: int) -> bool:
    place = _SOFT_END.match(text, end)
    rest = text[place.end() if place else end :]
    return not rest or not (rest[0].isalnum() or rest[0] in "_,'’")


def _longest(hits: list[Found]) -> list[Found]:
    rank = {"accepted": 0, "weak": 1, "rejected": 2}
    ordered = sorted(
        hits, key=lambda f: (f.start - f.end, rank.get(f.wanted.worth, 3), f.start, f.wanted.label)
    )
    kept: list[Found] = []
    for found in ordered:
        if all(found.end <= other.start or found.start >= other.end for other in kept):
            kept.append(found)
    return sorted(kept, key=lambda f: f.start)


def _placed(text: str, found: Found, labels: list[Found], grammar: Grammar) -> Found:
    """Say where a label stands: at the start, in a string of hashtags, as which hashtag."""
    at_start = _is_at_start(text, found, labels, grammar)
    number, crowded = 0, False
    if found.is_tag:
        number = 1 + sum(1 for tag in _TAG.finditer(text, 0, found.start))
        starts = {label.start for label in labels}
        for string in _TAG_STRING.finditer(text):
            if string.start() <= found.start < string.end():
                others = [
                    tag
                    for tag in _TAG.finditer(text, string.start(), string.end())
                    if tag.start() not in starts
                ]
                crowded = len(others) >= 2
    return Found(
        found.wanted, found.shown, found.start, found.end, found.is_tag, found.set_apart,
        at_start=at_start, in_tag_string=crowded and not at_start, tag_number=number,
    )  # fmt: skip


def _is_at_start(text: str, found: Found, labels: list[Found], grammar: Grammar) -> bool:
    before = text[: found.start]
    for label in reversed(labels):
        if label.end <= found.start:
            before = before[: label.start] + " " * (label.end - label.start) + before[label.end :]
    if len(_HANDLE.findall(before)) > MAX_GREETED:
        return False
    before = grammar.openers.sub("", _HANDLE.sub("", before))
    return re.search(r"\w", before) is None
