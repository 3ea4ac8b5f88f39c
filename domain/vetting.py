"""One creator looked at for one campaign: safety, fit, price, screening, expectation, together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.agreed import NO_HISTORY, History, agreed_line
from domain.campaign import CampaignFile
from domain.comments import Counts
from domain.expectation import expected_result, goal_words
from domain.explaining import CHANGE_WORDS
from domain.findings import SafetyEngine
from domain.fit import fit
from domain.growth import Figures
from domain.messages import Screening
from domain.money import Money
from domain.overruling import Overruling, remember
from domain.quote import CreatorFacts, quote
from domain.rate_card import RateCard
from domain.safety import CreatorVerdict, judge_creator, tolerance_of
from domain.screening import Applicant, screen
from domain.shortlist import Option, Shortlist
from domain.wishes import WISH_WORDS, WOULD_BRING


@dataclass(frozen=True)
class Person:
    """What the roster says of a creator, and the newest posts."""

    creator_id: str
    handle: str
    category: str
    language: str
    facts: CreatorFacts
    captions: Sequence[str]
    history: Sequence[Figures] = ()
    """What lists of different days said of the account."""
    comments: Counts | None = None
    """None if no comments were brought in."""
    opted_out: bool = False
    overruled: Overruling | None = None
    """What a person said about the creator's safety in an earlier campaign."""


@dataclass(frozen=True)
class Vetted:
    """What vetting found of one creator."""

    creator_id: str
    suitable: bool
    verdict: str
    verdict_reasons: list[str]
    judged_by: str
    """Name and version of the brand-safety engine."""
    out_rule: str
    reasons: list[str]
    fit_percent: int
    quote: dict[str, Any]
    fee_minor: int
    expected: int


def vet(
    person: Person,
    file: CampaignFile,
    card: RateCard,
    engine: SafetyEngine,
    history: History = NO_HISTORY,
) -> Vetted:
    """Judge, quote and screen one creator."""
    safety = judge_safety(person.captions, person.language, file, engine, earlier=person.overruled)
    brand = file.brand
    suits = fit(person.category, person.captions, brand.category, brand.product, brand.competitors)
    quoted = quote(
        person.facts, file.deliverables, brand.category, file.markets, file.currency, card,
        ceiling_minor=file.budget.per_collaboration.minor,
        agreed=agreed_line(history, person.creator_id, person.facts.platform, card),
    )  # fmt: skip
    applicant = Applicant(
        person.handle, person.facts, safety, suits, quoted, person.category,
        person.history, person.comments, person.opted_out,
    )  # fmt: skip
    screened = screen(applicant, file, card)
    expected = expected_result(
        person.facts, file.goal.metric, file.deliverables, suits.percent, card
    )
    return Vetted(
        creator_id=person.creator_id,
        suitable=screened.suitable,
        verdict=safety.verdict.value,
        verdict_reasons=list(safety.reasons),
        judged_by=safety.engine,
        out_rule=screened.out_rule,
        reasons=list(screened.reasons),
        fit_percent=suits.percent,
        quote=quoted.model_dump(mode="json"),
        fee_minor=quoted.total,
        expected=expected,
    )


def judge_safety(
    captions: Sequence[str],
    language: str,
    file: CampaignFile,
    engine: SafetyEngine,
    *,
    earlier: Overruling | None = None,
) -> CreatorVerdict:
    """Brand safety's word, by the campaign's own bounds and with what a person said before."""
    judged = judge_creator(
        captions, language, blocked_words=file.brand.blocked_words,
        tolerance=tolerance_of(file.brand_safety), engine=engine,
    )  # fmt: skip
    return remember(judged, earlier)


def screening_of(verdict: CreatorVerdict, salt: str) -> Screening:
    """The verdict as it may stand in a history: its digest is salted and names nobody."""
    lines = (salt, verdict.verdict.value, verdict.engine, *verdict.reasons)
    digest = hashlib.sha256("\x1f".join(lines).encode()).hexdigest()
    return Screening(verdict=verdict.verdict, digest=digest)


_PLACE_WORDS = ("Chosen as number ", "Waits as number ", "Takes a free place: ")


def place_sentence(option: Option, number: int, made: Shortlist, file: CampaignFile) -> str:
    """Why a candidate has this place in the order of invitation."""
    chosen = number <= len(made.chosen)
    fee = Money(minor=option.fee_minor, currency=file.currency)
    brings = f"{option.expected:,} {goal_words(file.goal)} for {fee}"
    if chosen:
        return f"{_PLACE_WORDS[0]}{number}: expected to bring {brings}."
    if len(made.chosen) >= file.creators.wanted:
        why = "the wanted number is reached"
    elif option.fee_minor > made.spendable_minor - made.cost_minor:
        why = "the budget is spent on those before"
    else:
        why = "the quotas leave no room"
    return f"{_PLACE_WORDS[1]}{number - len(made.chosen)}: {brings}, but {why}."


def replacement_sentence(option: Option, free_minor: int, file: CampaignFile) -> str:
    """Why somebody of the waitlist is asked now."""
    fee = Money(minor=option.fee_minor, currency=file.currency)
    free = Money(minor=free_minor, currency=file.currency)
    brings = f"{option.expected:,} {goal_words(file.goal)} for {fee}"
    return f"{_PLACE_WORDS[2]}{brings}, of the set that brings most for the {free} left by then."


def struck_sentence(option: Option, file: CampaignFile) -> str:
    """What is given up with a candidate whom a person struck."""
    fee = Money(minor=option.fee_minor, currency=file.currency)
    return f"{WOULD_BRING}{option.expected:,} {goal_words(file.goal)} for {fee}."


def without_place(reasons: Sequence[str]) -> list[str]:
    """Reasons without the sentence about the place, which changes when solved again."""
    about = (*_PLACE_WORDS, *CHANGE_WORDS, *WISH_WORDS)
    return [reason for reason in reasons if not reason.startswith(about)]
