"""Brand safety of a creator's recent posts and of a draft: findings first, then a careful verdict.

Engines stand behind the port in `domain/findings.py`. A finding is evidence for a
person. Nothing here understands irony, quotation or pictures, so hate is never judged by the
machine alone, and what cannot be read is ``unknown``, never ``clear``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.findings import BRAND_WORDS, FLOOR, Finding, SafetyEngine
from domain.language import guess_language, reads_like_letters_of
from domain.lifecycle import SafetyVerdict
from domain.text import read_data
from domain.word_lists import LEXICON, find_brand_words

ENOUGH_POSTS = 3
"""Fewer posts than this say nothing about a creator."""

REPEATED = 3
"""So many posts with floor findings block a creator (hate apart)."""

BLOCKED_WORD_POSTS = 2
"""So many posts with a word that the brand blocks leave a creator out; one is looked at."""

_TOLERATED: Any = read_data("safety.yaml")["tolerated_posts"]


class Tolerance(BaseModel):
    """What a brand bears: by category, how many posts with mild findings are ordinary."""

    model_config = ConfigDict(frozen=True)

    posts: Mapping[str, int] = {}

    def of(self, category: str) -> int:
        """Posts with mild findings that need no look."""
        return self.posts.get(category, 0)


DEFAULT_TOLERANCE = Tolerance(posts=_TOLERATED)


class CreatorVerdict(BaseModel):
    """The verdict on a creator, with evidence and reasons."""

    model_config = ConfigDict(frozen=True)

    verdict: SafetyVerdict
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    language: str = ""
    posts: int = 0
    engine: str


def judge_creator(
    captions: Sequence[str],
    language: str = "",
    *,
    blocked_words: Sequence[str] = (),
    tolerance: Tolerance = DEFAULT_TOLERANCE,
    engine: SafetyEngine = LEXICON,
) -> CreatorVerdict:
    """Judge a creator by recent posts.

    Args:
        captions: Recent posts, newest first; 12 or more tell much more than 3.
        language: What the roster says; the posts themselves are believed first.
        blocked_words: Words that the brand does not want to stand beside.
        tolerance: What the brand bears by category.
        engine: What finds the evidence.
    """
    texts = [caption for caption in captions if caption.strip()]
    read_as = guess_language(texts) or language[:2].lower()
    findings = [*engine.find(texts, read_as), *find_brand_words(texts, blocked_words)]
    blocking = _blocking(findings)
    looking = _looking(findings, tolerance)
    gaps = _gaps(texts, read_as, engine)
    if blocking:
        verdict, reasons = SafetyVerdict.BLOCKED, (*blocking, *looking)
    elif looking:
        verdict, reasons = SafetyVerdict.REVIEW, (*looking, *gaps)
    elif gaps:
        verdict, reasons = SafetyVerdict.UNKNOWN, gaps
    else:
        verdict = SafetyVerdict.CLEAR
        reasons = (f"Nothing to look at in {len(texts)} posts ({read_as}).",)
    return CreatorVerdict(
        verdict=verdict, reasons=tuple(reasons), findings=tuple(findings), language=read_as,
        posts=len(texts), engine=engine.name,
    )  # fmt: skip


def _blocking(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Why a creator is left out without a person: never for hate, never for one post."""
    own = [each for each in findings if each.category == BRAND_WORDS]
    floor = [
        each for each in findings
        if each.severity >= FLOOR and each.category not in {BRAND_WORDS, "hate"}
    ]  # fmt: skip
    reasons = []
    if _posts(own) >= BLOCKED_WORD_POSTS:
        reasons.append(f"{_shown(own)}: blocked by the brand, in {_posts(own)} posts.")
    if _posts(floor) >= REPEATED:
        reasons.append(f"{_shown(floor)}: never beside advertising, in {_posts(floor)} posts.")
    return tuple(reasons)


def _looking(findings: Sequence[Finding], tolerance: Tolerance) -> tuple[str, ...]:
    """Why a person should look, one sentence by category, the strongest first."""
    by_category: dict[str, list[Finding]] = {}
    for each in findings:
        by_category.setdefault(each.category, []).append(each)
    reasons = []
    for category, found in by_category.items():
        strongest = max(each.severity for each in found)
        if strongest < 2 and _posts(found) <= tolerance.of(category):
            continue
        posts = _posts(found)
        where = "1 post" if posts == 1 else f"{posts} posts"
        reasons.append((-strongest, f"{found[0].title}: {_shown(found)} in {where}."))
    return tuple(sentence for _, sentence in sorted(reasons))


def _gaps(texts: Sequence[str], language: str, engine: SafetyEngine) -> tuple[str, ...]:
    """Why too little could be read for a clear word."""
    if not texts:
        return ("There are no posts to read.",)
    if len(texts) < ENOUGH_POSTS:
        return (f"Only {len(texts)} of at least {ENOUGH_POSTS} posts to read.",)
    if not reads_like_letters_of(texts):
        return ("The posts are in a script that is not machine-reviewed.",)
    if not language:
        return ("The language of the posts cannot be told.",)
    if language not in engine.languages:
        return (f"The language ‘{language}’ is not machine-reviewed.",)
    return ()


def _posts(findings: Iterable[Finding]) -> int:
    return len({each.post for each in findings})


def _shown(findings: Iterable[Finding]) -> str:
    words = list(dict.fromkeys(each.words.lower() for each in findings))
    more = "" if len(words) <= 3 else f" and {len(words) - 3} more"
    return ", ".join(f"‘{word}’" for word in words[:3]) + more
