"""The report of a campaign: what was reached, what it cost, and who decided what.

It is stored with the campaign, so it names nobody: creators and staff stand in it by id, and their
names are looked up when it is shown. A figure that nobody measured is missing, never zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.money import exponent

REPORT_VERSION = 1

MISSED = {
    "silence": "the invitation was not answered",
    "not_contacted": "nobody wrote to the creator by hand",
    "nobody_reviewed": "nobody judged the creator's screening",
    "not_signed": "the terms were not signed",
    "no_draft": "no draft was handed in",
    "not_published": "the approved post was not published",
    "not_cured": "the post was not mended",
}
"""Reasons of an end that mean a missed deadline, in words."""

METRIC_FROM = {
    "engagements": ("likes", "comments", "saves", "shares"),
    "reach": ("views",),
    "conversions": ("conversions",),
}
"""Which public figures make up each metric."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class CampaignPart(_Part):
    """Which campaign."""

    id: str
    name: str
    brand: str
    product: str
    markets: tuple[str, ...]
    staffing: str
    status: str
    currency: str
    created_at: datetime
    ended_at: datetime | None


class CreatorLine(_Part):
    """One collaboration."""

    collaboration_id: str
    creator_id: str
    platform: str
    country: str
    followers: int
    stage: str
    outcome: str | None
    fee_minor: int
    """The agreed fee; 0 if none was agreed."""
    paid_minor: int
    publication_id: str | None = None
    state: str | None = None
    """What the last look found."""
    figures: dict[str, int] = {}
    """Public figures of the post, from the last look that gave any."""
    source: str = ""
    """Which interface the figures come from."""
    level: str = ""
    measured_at: datetime | None = None


class GoalPart(_Part):
    """The target and what was measured of it."""

    metric: str
    target: int
    reached: int | None
    """None if no post gave the figures."""
    percent: int | None
    posts: int
    posts_measured: int
    sources: dict[str, int]
    """Posts by the interface that their figures come from."""
    made_of: tuple[str, ...]
    """The figures that were added up."""


class FunnelPart(_Part):
    """How many came how far."""

    looked_at: int
    suitable: int
    invited: int
    signed: int
    published: int
    verified: int
    completed: int
    stages: dict[str, int]
    outcomes: dict[str, int]


class MoneyPart(_Part):
    """The ledger's balances, in the smallest unit of the currency."""

    budget: int
    available: int
    reserved: int
    payable: int
    in_transit: int
    paid: int
    open: int
    """Earned and not yet with the creators: payable and in transit."""
    cost_per_result: str | None
    """Earned fees of the measured posts for one unit of the metric, in the main unit."""


class PaymentLine(_Part):
    """One payment, and who let it go."""

    payout_id: str
    creator_id: str
    kind: str
    amount_minor: int
    status: str
    hold_reason: str | None
    pay_by: datetime
    netted_minor: int
    """What of the amount is kept back for what the creator owed: it is not sent."""
    over_at: datetime | None
    """When it was sent or, as people said, paid another way; or when all of it was kept back."""
    late: bool
    transfer_id: str | None
    other_reference: str | None
    """By which it is found where it was paid another way."""
    released_by: tuple[str, ...]
    """Members of staff, by id."""
    note: str
    """``released by one person`` where the campaign's staffing is solo."""


class MissedDeadline(_Part):
    """A deadline that nobody kept, and that ended a collaboration."""

    creator_id: str
    reason: str
    what: str
    at: datetime


class Intervention(_Part):
    """Decisions of staff of one kind with one answer."""

    kind: str
    answer: str
    count: int


class Reminders(_Part):
    """What Troupe did so that people did not have to."""

    creators: dict[str, int]
    """Reminders to creators, by mail."""
    staff: int
    escalations: int
    checks: int
    """Looks at published posts."""


class Report(_Part):
    """Everything."""

    version: int = REPORT_VERSION
    made_at: datetime
    campaign: CampaignPart
    goal: GoalPart
    funnel: FunnelPart
    money: MoneyPart
    creators: tuple[CreatorLine, ...]
    payments: tuple[PaymentLine, ...]
    missed: tuple[MissedDeadline, ...]
    interventions: tuple[Intervention, ...]
    reminders: Reminders


def figures_of(evidence: Mapping[str, Any]) -> dict[str, int]:
    """The figures that a look has given; unknown ones are left out."""
    figures = evidence.get("figures")
    if not isinstance(figures, Mapping):
        return {}
    return {
        str(name): value
        for name, value in figures.items()
        if isinstance(value, int) and not isinstance(value, bool)
    }


def result_of(figures: Mapping[str, int], metric: str) -> int | None:
    """What a post brought of the metric; None if its figures do not say."""
    known = [figures[name] for name in METRIC_FROM[metric] if name in figures]
    return sum(known) if known else None


def goal_part(metric: str, target: int, creators: Iterable[CreatorLine]) -> GoalPart:
    """Measure the posts against the goal."""
    posted = [line for line in creators if line.publication_id]
    measured = [(line, result_of(line.figures, metric)) for line in posted]
    results = [(line, result) for line, result in measured if result is not None]
    reached = sum(result for _, result in results) if results else None
    used = {name for line, _ in results for name in METRIC_FROM[metric] if name in line.figures}
    return GoalPart(
        metric=metric,
        target=target,
        reached=reached,
        percent=None if reached is None else reached * 100 // target,
        posts=len(posted),
        posts_measured=len(results),
        sources=dict(sorted(Counter(line.source for line, _ in results).items())),
        made_of=tuple(name for name in METRIC_FROM[metric] if name in used),
    )


def cost_per_result(
    creators: Iterable[CreatorLine], earned: Mapping[str, int], metric: str, currency: str
) -> str | None:
    """Fees earned by the measured posts, for one unit of the metric.

    Posts without figures count on neither side: their cost would make the others look dear.

    Args:
        creators: the collaborations.
        earned: by collaboration, in the smallest unit.
        metric: the goal's.
        currency: of the campaign.
    """
    cost, results = 0, 0
    for line in creators:
        result = result_of(line.figures, metric) if line.publication_id else None
        if result is not None:
            cost += earned.get(line.collaboration_id, 0)
            results += result
    if not results or not cost:
        return None
    digits = exponent(currency)
    return f"{Decimal(cost).scaleb(-digits) / results:.{digits + 1}f}"


def payment_note(staffing: str, released_by: Sequence[str]) -> str:
    """What has to be said about who released a payment."""
    if staffing == "solo" and released_by and len(set(released_by)) == 1:
        return "released by one person"
    return ""
