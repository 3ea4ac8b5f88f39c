"""The campaign file: what a brand writes down once. One pydantic model per section.

Everything is described where it is declared; the JSON Schema for editors and the documentation
are made from these descriptions.
"""

from __future__ import annotations

from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.campaign_approvers import Approvers
from domain.campaign_base import CountryCode, Platform, Section
from domain.campaign_safety import BrandSafety
from domain.campaign_shortlist import ShortlistRules
from domain.durations import Duration
from domain.money import CurrencyCode, Money


class Goal(Section):
    """One figure with a target; the report is measured against it."""

    metric: Literal["engagements", "reach", "conversions"] = "engagements"
    target: Annotated[int, Field(gt=0)]


class Brand(Section):
    """Who advertises what."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    handle: Annotated[str, Field(pattern=r"^@[\w.]{1,40}$", description="mandatory mention")]
    product: Annotated[str, Field(min_length=3, max_length=300)]
    category: Annotated[str, Field(description="product category, see docs/campaign-file.md")]
    website: Annotated[str, Field(pattern=r"^https?://")]
    country: CountryCode
    timezone: str = "UTC"
    contact_name: Annotated[str, Field(description="the person the mails come from")]
    postal_address: Annotated[str, Field(description="required by law in the first mail")]
    business_number: str = ""
    vat_number: str = ""
    competitors: tuple[str, ...] = ()
    blocked_words: tuple[str, ...] = ()


class Budget(Section):
    """What may be spent, at most."""

    total: Money
    per_collaboration: Annotated[Money, Field(description="ceiling for one creator's fee")]


class CreatorCriteria(Section):
    """Whom the campaign looks for."""

    wanted: Annotated[int, Field(gt=0, le=10_000, description="number of collaborations")]
    platforms: tuple[Platform, ...] = ("instagram", "tiktok", "youtube")
    followers_min: Annotated[int, Field(ge=0)] = 2_000
    followers_max: Annotated[int, Field(gt=0)] = 50_000
    engagement_min_percent: Annotated[float, Field(ge=0, le=100)] = 1.0
    exclude: Annotated[tuple[str, ...], Field(description="handles never to work with")] = ()

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.followers_min > self.followers_max:
            raise ValueError("followers_min is above followers_max")
        return self


class DeliverableKind(StrEnum):
    """The formats that can be ordered."""

    POST = "post"
    CAROUSEL = "carousel"
    REEL = "reel"
    STORY = "story"
    VIDEO = "video"
    UGC = "ugc"


class Deliverable(Section):
    """One kind of content, how often, and what the brand may do with it."""

    kind: DeliverableKind
    count: Annotated[int, Field(ge=1, le=20)] = 1
    scope: Literal["creation", "sharing"] = "creation"
    usage_rights: Annotated[Duration, Field(description="how long the brand may reuse it")] = (
        timedelta(0)
    )
    exclusivity: Annotated[Duration, Field(description="how long no competitor")] = timedelta(0)


class Brief(Section):
    """What the creator is asked to say and to leave."""

    summary: Annotated[str, Field(min_length=10, max_length=2_000)]
    messages: tuple[str, ...] = ()
    do: tuple[str, ...] = ()
    dont: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    link: Annotated[str, Field(pattern=r"^https?://")]


class MilestoneKind(StrEnum):
    """The events that earn money."""

    CONTRACT_SIGNED = "contract_signed"
    DRAFT_APPROVED = "draft_approved"
    PUBLICATION_VERIFIED = "publication_verified"
    RETENTION_PASSED = "retention_passed"


class Milestone(Section):
    """A share of the fee and the time in which it is paid once earned."""

    on: MilestoneKind
    percent: Annotated[int, Field(gt=0, le=100)]
    pay_within: Duration = timedelta(days=14)


class Outreach(Section):
    """How creators are written to."""

    reply_within: Annotated[Duration, Field(description="silence after this is a no")] = timedelta(
        days=7
    )
    remind_after: tuple[Duration, ...] = (timedelta(days=3),)
    sending_from: time = time(9, 0)
    sending_until: time = time(17, 30)
    weekdays_only: bool = True
    any_time: Annotated[bool, Field(description="ignore sending hours: for trials only")] = False
    jitter: Duration = timedelta(minutes=10)
    window: Annotated[int, Field(gt=0, le=500, description="unanswered invitations at once")] = 100
    lawful_basis: Literal["legitimate_interest", "consent"] = "legitimate_interest"


class Negotiation(Section):
    """How far the price can move."""

    rounds: Annotated[int, Field(ge=0, le=5)] = 2
    accept_up_to_percent: Annotated[
        int, Field(ge=100, le=200, description="of the quote, accepted at once below the ceiling")
    ] = 115
    answer_within: Duration = timedelta(days=3)


class Contract(Section):
    """The offer to sign."""

    sign_within: Duration = timedelta(days=5)
    remind_after: tuple[Duration, ...] = (timedelta(days=2),)


class PayoutSetup(Section):
    """Following up creators who cannot be paid by their account yet, or not any more."""

    remind_after: tuple[Duration, ...] = (
        timedelta(days=2),
        timedelta(days=5),
        timedelta(days=10),
        timedelta(days=20),
    )


class Drafting(Section):
    """Making the content."""

    submit_within: Duration = timedelta(days=10)
    remind_after: tuple[Duration, ...] = (timedelta(days=5), timedelta(days=8))
    rounds: Annotated[int, Field(ge=1, le=10, description="versions that may be sent back")] = 3


class Review(Approvers):
    """The clock on the reviewer."""

    remind_after: Duration = timedelta(hours=24)
    escalate_after: Annotated[Duration, Field(description="then the manager sees it too")] = (
        timedelta(hours=48)
    )
    on_silence: Annotated[
        Literal["wait", "approve"], Field(description="approve only if the brand says so here")
    ] = "wait"
    approve_after: Duration = timedelta(days=5)


class Publication(Section):
    """When the post must be live, and what happens when something is missing."""

    publish_within: Duration = timedelta(days=5)
    remind_after: tuple[Duration, ...] = (timedelta(days=2), timedelta(days=4))
    cure_within: Annotated[Duration, Field(description="time to mend a failed check")] = timedelta(
        hours=48
    )
    recheck_every: Annotated[Duration, Field(description="while something is to be mended")] = (
        timedelta(hours=6)
    )


class Retention(Section):
    """How long the post stays, and how that is checked."""

    period: Duration = timedelta(days=30)
    checks: Annotated[tuple[Duration, ...], Field(description="after publication")] = (
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=14),
    )
    final_check_after: Annotated[Duration, Field(description="unannounced, after the period")] = (
        timedelta(days=2)
    )
    confirm_gone_after: Annotated[
        Duration, Field(description="a missing post is looked up again before it counts")
    ] = timedelta(hours=6)
    cure_within: Duration = timedelta(hours=48)
    hearing_within: Annotated[Duration, Field(description="time for the creator's objection")] = (
        timedelta(days=5)
    )


class Release(Approvers):
    """Who lets money go."""

    second_person_above: Annotated[Money, Field(description="two different people above this")]
    remind_after: Duration = timedelta(days=2)
    escalate_after: Duration = timedelta(days=5)
    tell_held_after: Annotated[
        Duration, Field(description="finance is told of a released payment that is held")
    ] = timedelta(days=1)
    cooling: Annotated[Duration, Field(description="a release can be taken back for so long")] = (
        timedelta(minutes=10)
    )
    retry_held_every: Annotated[Duration, Field(description="a held payment is tried again")] = (
        timedelta(hours=6)
    )


class CampaignFile(Section):
    """A whole campaign."""

    name: Annotated[str, Field(min_length=3, max_length=80)]
    goal: Goal
    brand: Brand
    markets: Annotated[tuple[CountryCode, ...], Field(min_length=1)]
    currency: CurrencyCode
    budget: Budget
    creators: CreatorCriteria
    deliverables: Annotated[tuple[Deliverable, ...], Field(min_length=1)]
    brief: Brief
    milestones: Annotated[tuple[Milestone, ...], Field(min_length=1)] = (
        Milestone(on=MilestoneKind.PUBLICATION_VERIFIED, percent=50),
        Milestone(on=MilestoneKind.RETENTION_PASSED, percent=50),
    )
    staffing: Annotated[
        Literal["team", "solo"], Field(description="solo: one person may release, after cooling")
    ] = "team"
    release: Release
    outreach: Outreach = Outreach()
    negotiation: Negotiation = Negotiation()
    contract: Contract = Contract()
    payout_setup: PayoutSetup = PayoutSetup()
    drafting: Drafting = Drafting()
    review: Review = Review()
    publication: Publication = Publication()
    retention: Retention = Retention()
    brand_safety: BrandSafety = BrandSafety()
    shortlist: ShortlistRules = ShortlistRules()
    shortlist_remind_after: Duration = timedelta(days=1)
    min_notice: Annotated[
        Duration, Field(description="nobody is timed out without a reminder so long before")
    ] = timedelta(hours=24)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if sum(m.percent for m in self.milestones) != 100:
            total = sum(m.percent for m in self.milestones)
            raise ValueError(f"milestones: the percents must add up to 100, they make {total}")
        if len({m.on for m in self.milestones}) != len(self.milestones):
            raise ValueError("milestones: each event may earn money once")
        for label, money in (
            ("budget.total", self.budget.total),
            ("budget.per_collaboration", self.budget.per_collaboration),
            ("release.second_person_above", self.release.second_person_above),
        ):
            if money.currency != self.currency:
                raise ValueError(
                    f"{label} is in {money.currency}; the campaign is in {self.currency}"
                )
            if money.minor < 0:
                raise ValueError(f"{label} is negative")
        if self.budget.per_collaboration.minor > self.budget.total.minor:
            raise ValueError("budget.per_collaboration is above budget.total")
        return self


class CollaborationPolicy(BaseModel):
    """The part of a campaign file that a collaboration's workflow needs: numbers only, no names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    currency: CurrencyCode
    ceiling_minor: int
    milestones: tuple[Milestone, ...]
    outreach: Outreach
    negotiation: Negotiation
    contract: Contract
    drafting: Drafting
    review: Review
    publication: Publication
    retention: Retention
    min_notice: timedelta
    review_has_substitute: bool = False

    @classmethod
    def of(cls, file: CampaignFile) -> CollaborationPolicy:
        """Take what the workflow needs out of a campaign file."""
        return cls(
            currency=file.currency,
            ceiling_minor=file.budget.per_collaboration.minor,
            review=file.review.nameless(),
            review_has_substitute=bool(file.review.substitute),
            **{
                name: getattr(file, name)
                for name in (
                    "milestones", "outreach", "negotiation", "contract", "drafting",
                    "publication", "retention", "min_notice",
                )
            },
        )  # fmt: skip


class PayoutPolicy(BaseModel):
    """What a payout's workflow needs to know of its campaign."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    release: Release
    staffing: Literal["team", "solo"]
    has_substitute: bool = False

    @classmethod
    def of(cls, file: CampaignFile) -> PayoutPolicy:
        """Take what the workflow needs out of a campaign file."""
        return cls(
            release=file.release.nameless(),
            staffing=file.staffing,
            has_substitute=bool(file.release.substitute),
        )
