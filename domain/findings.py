"""What an engine may say about a text: findings, as evidence for people, and the engines' port.

Categories are IAB sensitive topics; the risk level is derived from GARM's framework (discontinued
in 2024, still in use), from the severity alone. Verdicts are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import Unavailable
from domain.text import read_data

FLOOR = 4
"""The severity that never stands beside advertising."""

BRAND_WORDS = "brand_words"
"""The category of words that a brand itself does not want."""

_CATEGORIES: Any = read_data("safety.yaml")["categories"]

CATEGORY_TITLES: dict[str, str] = {name: str(entry["title"]) for name, entry in _CATEGORIES.items()}
"""Every category of brand safety, by the name that a campaign file uses."""


class RiskLevel(StrEnum):
    """GARM-derived levels of risk."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    FLOOR = "floor"

    @property
    def iab(self) -> str:
        """The level's id in the IAB Content Taxonomy 2.2 ("Brand Safety: Floor & Suitability")."""
        return _RISK_IDS[self]


_RISK_IDS = {
    RiskLevel.FLOOR: "bsr001",
    RiskLevel.HIGH: "bsr002",
    RiskLevel.MEDIUM: "bsr003",
    RiskLevel.LOW: "bsr004",
}
_RISKS = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.FLOOR)


class Finding(BaseModel):
    """One piece of evidence."""

    model_config = ConfigDict(frozen=True)

    category: str
    title: str
    severity: int = Field(ge=1, le=FLOOR)
    """1 mild, 2 clear, 3 strong, 4 floor."""
    words: str
    """As the text writes them."""
    start: int
    end: int
    post: int = 0
    """Number of the post, from 0 in the order given."""
    engine: str
    """Name and version of what found it."""
    confidence: float = Field(default=1.0, ge=0, le=1)
    """How sure the engine is of the category. A word list, which only knows that the words are
    there and not how they are meant, says 1."""
    language: str = ""
    iab: str = ""

    @property
    def guessed(self) -> bool:
        """True if a model says so, and no listed word: a person looks, and nobody is left out."""
        return self.confidence < 1

    @property
    def risk(self) -> RiskLevel:
        """The GARM-derived level of risk."""
        return _RISKS[self.severity - 1]


AWAY = "The language model could not be asked"
"""How the sentence begins that says so; it is about the reader, not about the creator."""


class ReviewerAway(Unavailable):
    """A part of an engine could not be asked; what the rest of it found stands."""

    code: ClassVar[str] = "reviewer_away"

    def __init__(self, why: str, findings: tuple[Finding, ...]) -> None:
        super().__init__(f"{AWAY[:1].lower()}{AWAY[1:]} ({why})")
        self.findings = findings


class SafetyEngine(Protocol):
    """Finds what may be unsafe in texts; verdicts are made from findings elsewhere."""

    @property
    def name(self) -> str:
        """Name and version."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """What it covers, as ISO 639-1 codes; the rest is not machine-reviewed."""
        ...

    @property
    def flag_from(self) -> float:
        """The least mark with which a text alone is shown to a person."""
        ...

    def find(self, texts: Sequence[str], language: str) -> list[Finding]:
        """All findings in the texts, each with the number of its text.

        Raises:
            ReviewerAway: a part could not be asked; carries what the rest found.
        """
        ...

    def marks(self, texts: Sequence[str], language: str) -> list[float]:
        """How unsafe each text is, from 0 to 1: a measure to put texts in order by."""
        ...


def title_of(category: str) -> str:
    """A category's name for people."""
    known = _CATEGORIES.get(category, {})
    return str(known.get("title", "The brand's own blocked words"))


def iab_of(category: str) -> str:
    """A category's id in the IAB Content Taxonomy, empty where it has none."""
    return str(_CATEGORIES.get(category, {}).get("iab", ""))
