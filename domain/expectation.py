"""What a creator is expected to bring of the campaign's goal. An estimate with its assumptions."""

from __future__ import annotations

from collections.abc import Sequence

from domain.campaign import Deliverable, DeliverableKind, Goal
from domain.quote import CreatorFacts
from domain.rate_card import RateCard

REACH_OF_FOLLOWERS = {"instagram": 0.25, "tiktok": 0.4, "youtube": 0.3}
"""Share of the followers who see one post. An assumption, until the brand's own reports say."""

CONVERSIONS_OF_ENGAGEMENTS = 0.005
"""One purchase in 200 engagements. An assumption, until the brand's own reports say."""

CAUTION = 0.7
"""An unknown engagement counts as so much of the typical one."""

_WEIGHT = {
    DeliverableKind.POST: 1.0, DeliverableKind.CAROUSEL: 1.1, DeliverableKind.REEL: 1.2,
    DeliverableKind.VIDEO: 1.2, DeliverableKind.STORY: 0.3, DeliverableKind.UGC: 0.0,
}  # fmt: skip
"""What a format brings beside a picture post; content that is not published brings nothing."""


def expected_result(
    facts: CreatorFacts,
    metric: str,
    deliverables: Sequence[Deliverable],
    fit_percent: int,
    card: RateCard,
) -> int:
    """Engagements, reach or conversions from all deliverables; a poor fit brings less.

    Args:
        facts: The account.
        metric: The goal's metric, as in `domain.campaign.Goal`.
        deliverables: What the creator publishes.
        fit_percent: From `domain.fit`: at 0 % half of the result is expected.
        card: Knows what engagement is typical.
    """
    pieces = sum(item.count * _WEIGHT[item.kind] for item in deliverables)
    liking = (100 + fit_percent) / 200
    if metric == "reach":
        share = REACH_OF_FOLLOWERS.get(facts.platform, min(REACH_OF_FOLLOWERS.values()))
        return round(facts.followers * share * pieces * liking)
    if facts.engagement_ppm is None:
        typical = card.benchmark_percent(facts.platform, facts.followers) * CAUTION
        engaged = facts.followers * typical / 100
    else:
        engaged = facts.followers * facts.engagement_ppm / 1_000_000
    result = engaged * pieces * liking
    return round(result * CONVERSIONS_OF_ENGAGEMENTS if metric == "conversions" else result)


def goal_words(goal: Goal) -> str:
    """The goal's metric as a plural noun, for sentences."""
    return {"reach": "people reached"}.get(goal.metric, goal.metric)
