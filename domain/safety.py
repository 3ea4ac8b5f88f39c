"""Brand safety of a creator's recent posts and of a draft: findings first, then a careful verdict.

Engines stand behind the port in `domain/findings.py`. A finding is evidence for a
person. Nothing here understands irony, quotation or pictures, so hate is never judged by the
machine alone, and what cannot be read is ``unknown``, never ``clear``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.campaign_safety import HATE, BrandSafety
from domain.findings import BRAND_WORDS, FLOOR, Finding, ReviewerAway, SafetyEngine
from domain.language import guess_language, reads_like_letters_of
from domain.lifecycle import SafetyVerdict
from domain.text import own_words, read_data
from domain.word_lists import LEXICON, find_brand_words

ENOUGH_POSTS = 3
"""Fewer posts than this say nothing about a creator."""

WORDS_OF_A_POST = 3
"""A caption with fewer words of its own, beside tags and links, leaves nothing to judge."""

ENOUGH_WORDS = 20
"""So many words, in all posts together, are the least that says something about a creator."""

REPEATED = 3
"""So many posts with floor findings block a creator (hate apart)."""

BLOCKED_WORD_POSTS = 2
"""So many posts with a word that the brand blocks leave a creator out; one is looked at."""

TOPIC_SEVERITY = 2
"""A brand's own sensitive topic is always looked at, and leaves nobody out."""

_TOLERATED: Any = read_data("safety.yaml")["tolerated_posts"]


class Tolerance(BaseModel):
    """What a brand bears, what it never does, and what it looks for itself."""

    model_config = ConfigDict(frozen=True)

    posts: Mapping[str, int] = {}
    """By category, in how many posts mild findings are ordinary."""
    never: frozenset[str] = frozenset()
    """Categories of which one post leaves a creator out; hate is none of them."""
    exceptions: tuple[str, ...] = ()
    """Phrases in which a listed word is no evidence."""
    topics: Mapping[str, tuple[str, ...]] = {}
    """The brand's own sensitive topics, with the words by which each is found."""

    def of(self, category: str) -> int:
        """Posts with mild findings that need no look."""
        return self.posts.get(category, 0)


DEFAULT_TOLERANCE = Tolerance(posts=_TOLERATED)


def tolerance_of(rules: BrandSafety) -> Tolerance:
    """The campaign file's section on top of what is ordinary for most brands."""
    return Tolerance(
        posts={**DEFAULT_TOLERANCE.posts, **{each.category: each.posts for each in rules.tolerate}},
        never=frozenset(rules.never) - {HATE},
        exceptions=rules.exceptions,
        topics={each.topic: each.words for each in rules.sensitive},
    )


@dataclass(frozen=True)
class Found:
    """What was found in texts, and what could not be asked."""

    findings: list[Finding]
    away: str = ""
    """A sentence, if a part of the engine could not be asked."""


def find_all(
    texts: Sequence[str], language: str, engine: SafetyEngine, tolerance: Tolerance
) -> Found:
    """What the engine finds and what the brand looks for, without what it makes an exception of."""
    try:
        read, away = list(engine.find(texts, language)), ""
    except ReviewerAway as error:
        read, away = list(error.findings), f"{error.message[:1].upper()}{error.message[1:]}."
    return Found(_asked_for(read, texts, tolerance), away)


def _asked_for(found: list[Finding], texts: Sequence[str], tolerance: Tolerance) -> list[Finding]:
    for topic, words in tolerance.topics.items():
        looked_for = {"category": f"topic {topic}", "title": topic, "severity": TOPIC_SEVERITY}
        found += [each.model_copy(update=looked_for) for each in find_brand_words(texts, words)]
    if not tolerance.exceptions:
        return found
    phrases = re.compile("|".join(map(re.escape, tolerance.exceptions)), re.IGNORECASE)
    harmless = [[hit.span() for hit in phrases.finditer(text)] for text in texts]
    return [
        each
        for each in found
        if not any(a <= each.start and each.end <= b for a, b in harmless[each.post])
    ]


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
    found = find_all(texts, read_as, engine, tolerance)
    findings = [*found.findings, *find_brand_words(texts, blocked_words)]
    blocking = _blocking(findings, tolerance)
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
    if found.away:
        reasons = (*reasons, found.away)
    return CreatorVerdict(
        verdict=verdict, reasons=tuple(reasons), findings=tuple(findings), language=read_as,
        posts=len(texts), engine=engine.name,
    )  # fmt: skip


def _blocking(findings: Sequence[Finding], tolerance: Tolerance) -> tuple[str, ...]:
    """Why a creator is left out without a person.

    Never for hate and never by the guess of a model; for one post only if the brand says so.
    """
    own = [each for each in findings if each.category == BRAND_WORDS]
    floor = [
        each for each in findings
        if each.severity >= FLOOR and not each.guessed
        and each.category not in {BRAND_WORDS, HATE}
    ]  # fmt: skip
    reasons = []
    if _posts(own) >= BLOCKED_WORD_POSTS:
        reasons.append(f"{_shown(own)}: blocked by the brand, in {_posts(own)} posts.")
    if _posts(floor) >= REPEATED:
        reasons.append(f"{_shown(floor)}: never beside advertising, in {_posts(floor)} posts.")
    for category in sorted(tolerance.never):
        never = [each for each in findings if each.category == category and not each.guessed]
        if never:
            where = _in_posts(never)
            reasons.append(f"{never[0].title}: {_shown(never)}: never for this brand, {where}.")
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
        reasons.append((-strongest, f"{found[0].title}: {_shown(found)} {_in_posts(found)}."))
    return tuple(sentence for _, sentence in sorted(reasons))


def _gaps(texts: Sequence[str], language: str, engine: SafetyEngine) -> tuple[str, ...]:
    """Why too little could be read for a clear word."""
    if not texts:
        return ("There are no posts to read.",)
    if len(texts) < ENOUGH_POSTS:
        return (f"Only {len(texts)} of at least {ENOUGH_POSTS} posts to read.",)
    if not reads_like_letters_of(texts):
        return ("The posts are in a script that is not machine-reviewed.",)
    said = [len(own_words(text)) for text in texts]
    telling = [count for count in said if count >= WORDS_OF_A_POST]
    if len(telling) < ENOUGH_POSTS:
        return (
            f"Only {len(telling)} of {len(texts)} posts say something beside tags and links; "
            f"at least {ENOUGH_POSTS} are needed.",
        )
    if sum(telling) < ENOUGH_WORDS:
        return (
            f"Only {sum(telling)} words to read in {len(texts)} posts; "
            f"at least {ENOUGH_WORDS} are needed.",
        )
    if not language:
        return ("The language of the posts cannot be told.",)
    if language not in engine.languages:
        return (f"The language ‘{language}’ is not machine-reviewed.",)
    return ()


def _posts(findings: Iterable[Finding]) -> int:
    return len({each.post for each in findings})


def _in_posts(findings: Iterable[Finding]) -> str:
    posts = _posts(findings)
    return "in 1 post" if posts == 1 else f"in {posts} posts"


def _shown(findings: Iterable[Finding]) -> str:
    words = list(dict.fromkeys(each.words.lower() for each in findings))
    more = "" if len(words) <= 3 else f" and {len(words) - 3} more"
    return ", ".join(f"‘{word}’" for word in words[:3]) + more
