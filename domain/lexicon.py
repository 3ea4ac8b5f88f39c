"""The word-list engine: finds words and phrases through common disguises, with their places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from domain.text import Folded, fold

_TOKEN = re.compile(r"[^\W_][\w@$!*+|-]*|[@$][\w@$!*]+")
_SPACED = re.compile(r"(?<!\w)[^\W\d_](?:[ .\-_*·]+[^\W\d_](?!\w)){2,}")
_LEET = str.maketrans("013457@$!|", "oieastasii")
_REPEATED = re.compile(r"(.)\1{2,}")
_TRIMMED = "-+|!*"


@dataclass(frozen=True)
class Entry:
    """One word or phrase and what it stands for."""

    category: str
    severity: int
    language: str


@dataclass(frozen=True)
class Hit:
    """A listed word in a text; the span counts in the original."""

    entry: Entry
    listed: str
    shown: str
    start: int
    end: int


@dataclass
class Lexicon:
    """Listed phrases by their words."""

    phrases: dict[tuple[str, ...], list[Entry]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    """Words of the longest phrase by its first word: most words of a caption begin none."""
    masked: dict[int, list[str]] = field(default_factory=dict)
    """Single strong words by length, for asterisks over letters."""

    def add(self, phrase: str, entry: Entry) -> None:
        """List a phrase."""
        words = tuple(_forms_of_listed(phrase))
        if not words:
            return
        self.lengths[words[0]] = max(self.lengths.get(words[0], 0), len(words))
        entries = self.phrases.setdefault(words, [])
        if entry not in entries:
            entries.append(entry)
        if len(words) == 1 and entry.severity >= 2:
            self.masked.setdefault(len(words[0]), []).append(words[0])

    def find(
        self, text: str, language: str = "", harmless: frozenset[str] = frozenset()
    ) -> list[Hit]:
        """All listed words in a text, in order; a word inside a longer found phrase counts once.

        English words are used everywhere and so are looked for everywhere, except the
        ``harmless`` ones; the words of another language only in texts of that language.
        """
        folded = fold(text)
        tokens = [(m[0], m.start(), m.end()) for m in _TOKEN.finditer(folded.text)]
        hits = list(self._walk(folded, tokens))
        for spaced in _SPACED.finditer(folded.text):
            joined = re.sub(r"[^\w]|_", "", spaced[0])
            hits += self._walk(folded, [(joined, spaced.start(), spaced.end())])
        spoken = {"", "en", language}
        meant = [
            hit for hit in hits
            if hit.entry.language in spoken
            and not (hit.entry.language == "en" and hit.listed in harmless)
        ]  # fmt: skip
        return _without_overlaps(meant)

    def _walk(self, folded: Folded, tokens: Sequence[tuple[str, int, int]]) -> Iterator[Hit]:
        forms = [_forms(token) for token, _, _ in tokens]
        for first in range(len(tokens)):
            longest = max(self.lengths.get(form, 0) for form in forms[first])
            for last in range(first, min(first + longest, len(tokens))):
                words = self._listed(forms[first : last + 1])
                if words is None:
                    continue
                start, end = tokens[first][1], tokens[last][2]
                listed = " ".join(words)
                for entry in self.phrases[words]:
                    low, high = folded.origin[start], folded.origin[end - 1] + 1
                    yield Hit(entry, listed, folded.original[low:high], low, high)
        for token, start, end in tokens:
            if "*" in token.strip("*"):
                yield from self._unmasked(folded, token, start, end)

    def _listed(self, forms: Sequence[tuple[str, ...]]) -> tuple[str, ...] | None:
        if len(forms) == 1:
            return next(((form,) for form in forms[0] if (form,) in self.phrases), None)
        plain = tuple(form[0] for form in forms)
        if plain in self.phrases:
            return plain
        read = tuple(form[1] if len(form) > 1 else form[0] for form in forms)
        return read if read in self.phrases else None

    def _unmasked(self, folded: Folded, token: str, start: int, end: int) -> Iterator[Hit]:
        shape = re.compile(re.escape(token).replace(r"\*", "[a-z]"))
        for word in self.masked.get(len(token), ()):
            if shape.fullmatch(word):
                low, high = folded.origin[start], folded.origin[end - 1] + 1
                entry = max(self.phrases[(word,)], key=lambda found: found.severity)
                yield Hit(entry, word, folded.original[low:high], low, high)
                return


def build_lexicon(
    words: Mapping[str, Mapping[str, Mapping[int, Iterable[str]]]],
) -> Lexicon:
    """A lexicon from ``language -> category -> severity -> words``."""
    made = Lexicon()
    for language, categories in words.items():
        for category, severities in categories.items():
            for severity, phrases in severities.items():
                for phrase in phrases:
                    made.add(str(phrase), Entry(category, int(severity), language))
    return made


def _forms_of_listed(phrase: str) -> list[str]:
    return [match[0].strip(_TRIMMED) for match in _TOKEN.finditer(fold(phrase).text)]


def _forms(token: str) -> tuple[str, ...]:
    """How a token may be meant: as written, in plain letters, without stretching, in singular."""
    plain = token.strip(_TRIMMED)
    if plain.isalpha() and not _REPEATED.search(plain):
        return (plain, plain.removesuffix("s")) if plain.endswith("s") else (plain,)
    forms = [plain]
    if any(char.isalpha() for char in token):
        read = token.translate(_LEET).strip(_TRIMMED)
        once, twice = _REPEATED.sub(r"\1", read), _REPEATED.sub(r"\1\1", read)
        forms += [read, once, twice]
    forms += [form.removesuffix("s") for form in forms if form.endswith("s")]
    return tuple(dict.fromkeys(forms))


def _without_overlaps(hits: list[Hit]) -> list[Hit]:
    ordered = sorted(
        hits, key=lambda h: (h.start - h.end, -h.entry.severity, h.start, h.entry.category)
    )
    kept: list[Hit] = []
    for hit in ordered:
        if all(hit.end <= other.start or hit.start >= other.end for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda h: h.start)
