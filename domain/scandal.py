"""What brand safety finds after a creator was selected, and whether it is news.

A person has judged, or passed over, what was found before the first mail. Only what was not there
then is put before the manager: the same posts are not asked about twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.lifecycle import SafetyVerdict
from domain.safety import CreatorVerdict

CLEAR_ENOUGH = 1
"""Findings of this severity are news only if they make the verdict worse."""

_WORSE = (
    SafetyVerdict.CLEAR,
    SafetyVerdict.UNKNOWN,
    SafetyVerdict.REVIEW,
    SafetyVerdict.BLOCKED,
)


class Evidence(BaseModel):
    """One finding with the post in which it stands."""

    model_config = ConfigDict(frozen=True)

    key: str
    """The same finding in the same text has the same key, wherever the post stands by then."""
    category: str
    title: str
    severity: int
    words: str
    caption: str
    engine: str
    language: str = ""
    is_new: bool = False


def evidence_of(
    verdict: CreatorVerdict, captions: Sequence[str], seen: Collection[str] | None
) -> tuple[Evidence, ...]:
    """The findings behind a verdict, each post and category once, the strongest first.

    Args:
        verdict: What was found.
        captions: The texts that were judged, as they were handed in.
        seen: Keys of what was found before; ``None`` if this is the first look.
    """
    texts = [caption for caption in captions if caption.strip()]
    found: dict[str, Evidence] = {}
    for each in sorted(verdict.findings, key=lambda finding: -finding.severity):
        caption = texts[each.post]
        key = hashlib.sha256(f"{each.category}\x1f{caption}".encode()).hexdigest()[:20]
        found.setdefault(
            key,
            Evidence(
                key=key, category=each.category, title=each.title, severity=each.severity,
                words=each.words, caption=caption, engine=each.engine, language=each.language,
                is_new=seen is not None and key not in seen,
            ),
        )  # fmt: skip
    return tuple(found.values())


def is_news(
    verdict: SafetyVerdict, before: SafetyVerdict | None, evidence: Sequence[Evidence]
) -> bool:
    """True if the manager is to hear of it.

    Args:
        verdict: What the posts say now.
        before: What they said at the look before; ``None`` if this is the first one.
        evidence: With what is new in it.
    """
    if before is None or verdict not in {SafetyVerdict.REVIEW, SafetyVerdict.BLOCKED}:
        return False
    new = [each for each in evidence if each.is_new]
    worse = _WORSE.index(verdict) > _WORSE.index(before)
    return bool(new) and (worse or any(each.severity > CLEAR_ENOUGH for each in new))


def keys_of(looks: Sequence[Sequence[Mapping[str, Any]]]) -> set[str]:
    """Keys of everything that was found at earlier looks, as they are stored."""
    return {str(each["key"]) for evidence in looks for each in evidence}
