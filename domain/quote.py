"""What a collaboration should cost, in lines that a person can read.

Four criteria, always all four: size and engagement, product category, scope, geography. The fee
per 1,000 followers falls with size; more engagement, more rights and longer exclusivity never
make it cheaper.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.campaign import Deliverable, DeliverableKind
from domain.categories import category_of
from domain.errors import UserMistake
from domain.money import Money, exponent
from domain.rate_card import RateCard, surcharge_percent

_NAMES = {
    DeliverableKind.POST: "picture post", DeliverableKind.CAROUSEL: "carousel",
    DeliverableKind.REEL: "reel", DeliverableKind.STORY: "story",
    DeliverableKind.VIDEO: "video", DeliverableKind.UGC: "content without publishing",
}  # fmt: skip


class Criterion(StrEnum):
    """The four things that set a fee, and what experience adds."""

    SIZE_AND_ENGAGEMENT = "size_and_engagement"
    CATEGORY = "product_category"
    SCOPE = "scope"
    GEOGRAPHY = "geography"
    AGREED = "agreed_before"


class CreatorFacts(BaseModel):
    """What is known of a creator's account; None where it is not known."""

    model_config = ConfigDict(frozen=True)

    platform: str
    followers: int
    following: int | None = None
    posts_count: int | None = None
    engagement_ppm: int | None = None
    """Engagements per post as parts per million of the followers."""
    country: str = ""
    audience_country: str = ""

    @property
    def community(self) -> str:
        """The country of the community: the audience's if known, else the creator's own."""
        return self.audience_country or self.country


class QuoteLine(BaseModel):
    """One step of the calculation."""

    model_config = ConfigDict(frozen=True)

    criterion: Criterion
    factor: float
    """What the line multiplies by; for the base line the amount in whole currency units."""
    reason: str
    is_base: bool = False


class Quote(BaseModel):
    """A fee with its range and its reasons; amounts in the currency's smallest unit."""

    model_config = ConfigDict(frozen=True)

    total: int
    low: int
    high: int
    currency: str
    lines: tuple[QuoteLine, ...]
    guesses: tuple[str, ...] = ()
    """What was not known; each widens the range."""
    above_ceiling: bool = False
    rate_card: str
    """Version of the rate card."""


def quote(
    creator: CreatorFacts,
    deliverables: Sequence[Deliverable],
    category: str,
    markets: Sequence[str],
    currency: str,
    card: RateCard,
    *,
    ceiling_minor: int | None = None,
    agreed: QuoteLine | None = None,
) -> Quote:
    """Quote a creator for a campaign's deliverables.

    Args:
        creator: Whom.
        deliverables: What is to be made.
        category: The product's category.
        markets: Countries; the cheapest is assumed where the community's is not known.
        currency: Code of the quote's currency.
        card: What the criteria are worth.
        ceiling_minor: The most that one creator may get.
        agreed: How earlier deals move the quote; see `domain.agreed`.

    Raises:
        UserMistake: the rate card does not know the currency.
    """
    money = card.currencies.get(currency)
    if money is None:
        known = ", ".join(sorted(card.currencies))
        raise UserMistake(
            f"the rate card has no rate for {currency}", hint=f"it knows {known}; add yours to it"
        )
    guesses: list[str] = []
    base = _base_line(creator, card, money.per_usd)
    lines = [
        base,
        _engagement_line(creator, card, guesses),
        _category_line(category, card),
        *_scope_lines(deliverables, card),
        _geography_line(creator, markets, card, guesses),
        *([agreed] if agreed else []),
    ]
    scope = sum(line.factor for line in lines if line.criterion == Criterion.SCOPE)
    others = math.prod(
        line.factor for line in lines if not line.is_base and line.criterion != Criterion.SCOPE
    )
    floor = card.base.minimum_usd * money.per_usd
    amount = max(base.factor * others * scope, floor)
    spread = (card.spread_percent + card.spread_percent_per_guess * len(guesses)) / 100
    unit = 10 ** exponent(currency)
    total, low, high = (
        _rounded(value, money.step) * unit
        for value in (amount, max(amount * (1 - spread), min(floor, amount)), amount * (1 + spread))
    )
    return Quote(
        total=total, low=low, high=high, currency=currency, lines=tuple(lines),
        guesses=tuple(guesses), rate_card=card.version,
        above_ceiling=ceiling_minor is not None and total > ceiling_minor,
    )  # fmt: skip


def as_money(quoted: Quote) -> Money:
    """The total as an amount."""
    return Money(minor=quoted.total, currency=quoted.currency)


def _rounded(amount: float, step: int) -> int:
    return max(step, math.floor(amount / step + 0.5) * step)


def _base_line(creator: CreatorFacts, card: RateCard, per_usd: float) -> QuoteLine:
    size = max(creator.followers, 1) / card.base.reference_followers
    amount = card.base.amount_usd * per_usd * size**card.base.exponent
    reason = (
        f"{creator.followers:,} followers on {creator.platform}: the base for one post."
        " The rate per 1,000 falls with size."
    )
    return QuoteLine(
        criterion=Criterion.SIZE_AND_ENGAGEMENT, factor=amount, reason=reason, is_base=True
    )


def _engagement_line(creator: CreatorFacts, card: RateCard, guesses: list[str]) -> QuoteLine:
    criterion = Criterion.SIZE_AND_ENGAGEMENT
    typical = card.benchmark_percent(creator.platform, creator.followers)
    if creator.engagement_ppm is None:
        guesses.append("engagement")
        reason = f"Engagement is not known; the typical {typical:.1f} % is assumed."
        return QuoteLine(criterion=criterion, factor=1.0, reason=reason)
    percent = creator.engagement_ppm / 10_000
    rule = card.engagement
    factor = min(max((percent / typical) ** rule.weight, rule.lowest_factor), rule.highest_factor)
    side = "above" if percent > typical else "below" if percent < typical else "at"
    reason = f"{percent:.1f} % engagement, {side} the {typical:.1f} % typical for this size."
    return QuoteLine(criterion=criterion, factor=factor, reason=reason)


def _category_line(category: str, card: RateCard) -> QuoteLine:
    known = category_of(category)
    if known in card.categories:
        factor, reason = card.categories[known], f"Products of the category {known}."
    else:
        factor = card.other_category
        reason = f"The category ‘{category}’ has no rate of its own."
    return QuoteLine(criterion=Criterion.CATEGORY, factor=factor, reason=reason)


def _scope_lines(deliverables: Sequence[Deliverable], card: RateCard) -> list[QuoteLine]:
    lines = []
    for item in deliverables:
        each = card.formats.get(item.kind.value, 1.0)
        words = [f"{item.count} × {_NAMES[item.kind]}"]
        if item.scope == "sharing":
            each *= card.sharing_only
            words.append("shared, made by the brand")
        else:
            words.append("made by the creator")
        for what, time, steps in (
            ("usage rights", item.usage_rights, card.usage_rights_percent_by_days),
            ("exclusivity", item.exclusivity, card.exclusivity_percent_by_days),
        ):
            days = time.total_seconds() / 86_400
            extra = surcharge_percent(steps, days)
            if days > 0:
                each *= 1 + extra / 100
                words.append(f"{what} for {days:,.0f} days +{extra:.0f} %")
        lines.append(
            QuoteLine(
                criterion=Criterion.SCOPE, factor=each * item.count, reason=", ".join(words) + "."
            )
        )
    return lines


def _geography_line(
    creator: CreatorFacts, markets: Sequence[str], card: RateCard, guesses: list[str]
) -> QuoteLine:
    country = creator.community
    if country:
        source = "audience" if creator.audience_country else "creator"
        factor = card.geography.factor(country)
        reason = f"The {source} is in {country}."
    else:
        guesses.append("geography")
        factors = [card.geography.factor(market) for market in markets]
        factor = min(factors) if factors else card.geography.elsewhere
        reason = "The community's country is not known; the campaign's cheapest market is assumed."
    return QuoteLine(criterion=Criterion.GEOGRAPHY, factor=factor, reason=reason)
