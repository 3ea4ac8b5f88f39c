"""The rate card: what the four criteria of a fee are worth. A file that the brand owns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from domain.text import read_data

Positive = Annotated[float, Field(gt=0)]
Surcharges = Mapping[int, Annotated[int, Field(ge=0)]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Base(_Part):
    """The fee of one post by size of the community."""

    amount_usd: Positive
    reference_followers: Annotated[int, Field(gt=0)]
    exponent: Annotated[float, Field(gt=0, lt=1, description="below 1: the rate falls with size")]
    minimum_usd: Positive


class Engagement(_Part):
    """What is typical by platform, and how much a difference moves the fee."""

    benchmark_percent: Mapping[str, Positive]
    falls_with_size: Annotated[float, Field(ge=0, lt=0.5)]
    weight: Annotated[float, Field(ge=0, le=1)]
    lowest_factor: Positive
    highest_factor: Positive


class Geography(_Part):
    """Factor by country of the community."""

    regions: Mapping[float, tuple[str, ...]]
    elsewhere: Positive

    def factor(self, country: str) -> float:
        """The factor of one country."""
        for factor, countries in self.regions.items():
            if country in countries:
                return factor
        return self.elsewhere


class Agreed(_Part):
    """Whether and how far fees that were really agreed move the next quote."""

    use: bool = True
    least: Annotated[
        int, Field(gt=0, description="deals on a platform from which they speak for others")
    ] = 5
    lowest_factor: Positive = 0.8
    highest_factor: Positive = 1.3


class Currency(_Part):
    """How to speak of the reference in another currency."""

    per_usd: Positive
    step: Annotated[int, Field(gt=0, description="amounts are rounded to it, in whole units")]


class RateCard(_Part):
    """The whole card."""

    version: str
    base: Base
    engagement: Engagement
    categories: Mapping[str, Positive]
    other_category: Positive
    formats: Mapping[str, Positive]
    sharing_only: Annotated[float, Field(gt=0, le=1)]
    usage_rights_percent_by_days: Surcharges
    exclusivity_percent_by_days: Surcharges
    geography: Geography
    agreed: Agreed = Agreed()
    spread_percent: Annotated[int, Field(ge=0, lt=50)]
    spread_percent_per_guess: Annotated[int, Field(ge=0, lt=20)]
    currencies: Mapping[str, Currency]

    @field_validator("usage_rights_percent_by_days", "exclusivity_percent_by_days")
    @classmethod
    def _rising(cls, steps: Surcharges) -> Surcharges:
        values = [steps[days] for days in sorted(steps)]
        if not values or 0 not in steps or steps[0] != 0:
            raise ValueError("surcharges start with 0 days: 0 percent")
        if values != sorted(values):
            raise ValueError("a longer time must not cost less")
        return steps

    def benchmark_percent(self, platform: str, followers: int) -> float:
        """Typical engagement of an account of this size, in percent of its followers."""
        typical = self.engagement.benchmark_percent
        at_reference = typical.get(platform, min(typical.values()))
        size = max(followers, 1) / self.base.reference_followers
        return at_reference * float(size**-self.engagement.falls_with_size)


def surcharge_percent(steps: Surcharges, days: float) -> float:
    """The surcharge for a time, in a straight line between the steps and beyond the last."""
    known = sorted(steps)
    if days <= known[0] or len(known) == 1:
        return float(steps[known[0]])
    upper = next((step for step in known if step >= days), known[-1])
    lower = known[known.index(upper) - 1]
    slope = (steps[upper] - steps[lower]) / (upper - lower)
    return steps[lower] + slope * (days - lower)


def read_rate_card(data: Any) -> RateCard:
    """A rate card from what a YAML file contains."""
    return RateCard.model_validate(data)


DEFAULT_RATE_CARD = read_rate_card(read_data("rate_card.yaml"))
