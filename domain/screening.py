"""Who is left out of a shortlist, by which rule, in one sentence; and what a person should know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from domain.campaign import CampaignFile
from domain.comments import Counts
from domain.credibility import Account, signs
from domain.fit import Fit
from domain.growth import Figures
from domain.lifecycle import SafetyVerdict
from domain.money import Money
from domain.quote import CreatorFacts, Quote
from domain.rate_card import RateCard
from domain.safety import CreatorVerdict

MIN_FIT_PERCENT = 30
"""Below this the audience is not there for the product."""


@dataclass(frozen=True)
class Applicant:
    """Everything that the rules look at."""

    handle: str
    facts: CreatorFacts
    safety: CreatorVerdict
    fit: Fit
    quote: Quote
    category: str = ""
    """As the roster writes it."""
    history: Sequence[Figures] = ()
    """Figures of different days."""
    comments: Counts | None = None
    opted_out: bool = False
    """Asked not to be written to, by an opt-out or a complaint."""


class Screened(BaseModel):
    """Whether a creator may be chosen, and what speaks for and against."""

    model_config = ConfigDict(frozen=True)

    out_rule: str = ""
    """Code of the first rule that leaves the creator out; empty if none does."""
    reasons: tuple[str, ...]

    @property
    def suitable(self) -> bool:
        """True if no rule leaves the creator out."""
        return not self.out_rule


Rule = Callable[[Applicant, CampaignFile], str]


def screen(applicant: Applicant, file: CampaignFile, card: RateCard) -> Screened:
    """Apply every rule in order; all that hit are said, the first one gives its code."""
    hits = [(code, rule(applicant, file)) for code, rule in RULES]
    out = [(code, sentence) for code, sentence in hits if sentence]
    account = Account(
        applicant.facts, applicant.category,
        history=applicant.history, comments=applicant.comments,
    )  # fmt: skip
    doubts = (sign.sentence for sign in signs(account, card))
    known = (*applicant.fit.reasons, *doubts, *_gaps(applicant.facts))
    against = [sentence for _, sentence in out]
    reasons = (*against, *(reason for reason in known if reason not in against))
    return Screened(out_rule=out[0][0] if out else "", reasons=reasons)


def _gaps(facts: CreatorFacts) -> tuple[str, ...]:
    gaps = []
    if facts.engagement_ppm is None:
        gaps.append("Engagement is not known.")
    if not facts.community:
        gaps.append("The community's country is not known.")
    return tuple(gaps)


def _excluded(applicant: Applicant, file: CampaignFile) -> str:
    handle = _plain(applicant.handle)
    if handle in {_plain(other) for other in file.creators.exclude}:
        return "Excluded by name in the campaign file."
    if handle in {_plain(name) for name in (file.brand.handle, *file.brand.competitors)}:
        return "This is an account of the brand or of a competitor."
    return ""


def _opted_out(applicant: Applicant, _: CampaignFile) -> str:
    return "Asked not to be contacted again." if applicant.opted_out else ""


def _platform(applicant: Applicant, file: CampaignFile) -> str:
    if applicant.facts.platform in file.creators.platforms:
        return ""
    return f"On {applicant.facts.platform}; wanted: {_listed(file.creators.platforms)}."


def _too_few(applicant: Applicant, file: CampaignFile) -> str:
    count, least = applicant.facts.followers, file.creators.followers_min
    if count >= least:
        return ""
    return f"{count:,} followers; the campaign wants at least {least:,}."


def _too_many(applicant: Applicant, file: CampaignFile) -> str:
    count, most = applicant.facts.followers, file.creators.followers_max
    if count <= most:
        return ""
    return f"{count:,} followers; the campaign wants at most {most:,}."


def _market(applicant: Applicant, file: CampaignFile) -> str:
    country = applicant.facts.community
    if not country or country in file.markets:
        return ""
    source = "audience" if applicant.facts.audience_country else "creator"
    return f"The {source} is in {country}; the campaign's markets: {_listed(file.markets)}."


def _engagement(applicant: Applicant, file: CampaignFile) -> str:
    ppm, least = applicant.facts.engagement_ppm, file.creators.engagement_min_percent
    if ppm is None or ppm >= least * 10_000:
        return ""
    return f"{ppm / 10_000:.1f} % engagement; the campaign wants at least {least:g} %."


def _safety(applicant: Applicant, _: CampaignFile) -> str:
    if applicant.safety.verdict is not SafetyVerdict.BLOCKED:
        return ""
    return f"Brand safety: {applicant.safety.reasons[0]}"


def _fit(applicant: Applicant, _: CampaignFile) -> str:
    if not applicant.fit.known or applicant.fit.percent >= MIN_FIT_PERCENT:
        return ""
    return applicant.fit.reasons[0]


def _ceiling(applicant: Applicant, file: CampaignFile) -> str:
    quoted, ceiling = applicant.quote, file.budget.per_collaboration
    if quoted.total <= ceiling.minor:
        return ""
    total = Money(minor=quoted.total, currency=quoted.currency)
    return f"Quoted at {total}; the ceiling for one creator is {ceiling}."


RULES: tuple[tuple[str, Rule], ...] = (
    ("excluded", _excluded),
    ("opted_out", _opted_out),
    ("platform", _platform),
    ("too_few_followers", _too_few),
    ("too_many_followers", _too_many),
    ("outside_markets", _market),
    ("low_engagement", _engagement),
    ("brand_safety", _safety),
    ("bad_fit", _fit),
    ("above_ceiling", _ceiling),
)
"""Every rule that leaves a candidate out, in the order in which they are applied."""

RULE_TITLES: dict[str, str] = {
    "excluded": "excluded by name",
    "opted_out": "asked not to be contacted",
    "platform": "on another platform",
    "too_few_followers": "too few followers",
    "too_many_followers": "too many followers",
    "outside_markets": "outside the markets",
    "low_engagement": "engagement too low",
    "brand_safety": "blocked by brand safety",
    "bad_fit": "not about the product's category",
    "above_ceiling": "above the ceiling for one creator",
}
"""The rules for people, for lists that count whom each one leaves out."""


def _plain(handle: str) -> str:
    return handle.strip().lstrip("@").casefold()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
