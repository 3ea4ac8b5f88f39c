"""What people said before about a creator whom brand safety could not clear.

A person's word holds as long as there is nothing new: the same findings are not asked about twice.
With other findings the creator is judged anew, and the earlier word is shown beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.findings import AWAY
from domain.lifecycle import SafetyVerdict
from domain.safety import CreatorVerdict

_BEGINNINGS = ("Cleared by a person", "Blocked by a person")


@dataclass(frozen=True)
class Overruling:
    """A person's word on the findings of an earlier campaign."""

    cleared: bool
    why: str
    at: datetime
    campaign: str
    """Name of the campaign for which it was said."""
    findings: tuple[str, ...]
    """The reasons that the person saw."""


def remember(verdict: CreatorVerdict, earlier: Overruling | None) -> CreatorVerdict:
    """The verdict with what a person said before; see the module.

    What the machine alone blocks stays blocked, and what it clears stays clear unless a person
    blocked the very same.
    """
    if earlier is None:
        return verdict
    said = _sentence(earlier)
    reasons = (said, *verdict.reasons)
    nothing_new = _about_the_posts(earlier.findings) == _about_the_posts(verdict.reasons)
    if nothing_new and verdict.verdict in {SafetyVerdict.REVIEW, SafetyVerdict.UNKNOWN}:
        word = SafetyVerdict.CLEAR if earlier.cleared else SafetyVerdict.BLOCKED
        return verdict.model_copy(update={"verdict": word, "reasons": reasons})
    if verdict.verdict is SafetyVerdict.CLEAR:
        return verdict
    return verdict.model_copy(
        update={"reasons": (*verdict.reasons, f"{said} The findings differ.")}
    )


def _sentence(earlier: Overruling) -> str:
    word = _BEGINNINGS[0] if earlier.cleared else _BEGINNINGS[1]
    why = earlier.why.strip().rstrip(".")
    return f"{word} on {earlier.at:%Y-%m-%d} for “{earlier.campaign}”{f': {why}' if why else ''}."


def _about_the_posts(reasons: Sequence[str]) -> tuple[str, ...]:
    """Without what people said, and without who could not be asked on that day."""
    return tuple(each for each in reasons if not each.startswith((*_BEGINNINGS, AWAY)))
