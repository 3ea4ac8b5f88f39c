"""Every table. Columns say their unit; amounts are in the smallest unit of the row's currency.

Names, addresses, handles and texts of people stand only in `creators`, `creator_posts`, `terms`,
`drafts`, `publications`, `statements`, `outbox`, `bank_accounts`, `bank_files` and
`decisions.comment`; everything else refers
to them by id, so that erasing a person leaves events and ledger whole.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        Json: JSONB,
        list[Any]: JSONB,
        str: Text,
        int: BigInteger,
    }


# --- people and sessions -------------------------------------------------------------------


class Staff(Base):
    """A member of the brand's staff who can sign in."""

    __tablename__ = "staff"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    roles: Mapped[list[Any]]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    timezone: Mapped[str] = mapped_column(default="UTC")
    mails: Mapped[str] = mapped_column(String(10), default="on", server_default="on")
    """``on``, ``off``, or ``bounced``: their server said that there is no such mailbox."""
    created_at: Mapped[datetime]


class DeskSession(Base):
    """A signed-in browser; the cookie holds a random token, this row its SHA-256."""

    __tablename__ = "desk_sessions"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


# --- campaigns and the roster --------------------------------------------------------------


class Campaign(Base):
    """A campaign: its file as it was started, and its read model."""

    __tablename__ = "campaigns"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    file: Mapped[Json]
    """The campaign file as JSON, as validated by `domain.campaign.CampaignFile`."""
    source: Mapped[str] = mapped_column(default="")
    """The YAML as the person wrote it."""
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    budget_minor: Mapped[int]
    wanted: Mapped[int]
    salt: Mapped[str]
    shortlist_digest: Mapped[str] = mapped_column(default="")
    shortlist: Mapped[Json | None]
    """How good the shortlist is, and the limits not kept, as `domain.shortlist.record`."""
    report: Mapped[Json | None]
    started_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")


class Creator(Base):
    """A person or account in the roster; one row per platform and handle."""

    __tablename__ = "creators"
    __table_args__ = (
        UniqueConstraint("platform", "handle_key"),
        # byte order, so that one index serves both the order of the list and a search by prefix
        Index("ix_creators_handle", text('handle_key COLLATE "C"'), "id"),
        Index("ix_creators_name", text('lower(name) COLLATE "C"')),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    platform: Mapped[str] = mapped_column(String(20))
    handle: Mapped[str]
    handle_key: Mapped[str]
    """The handle for comparison: without @, case-folded."""
    platform_account_id: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    timezone: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    followers: Mapped[int]
    following: Mapped[int | None]
    posts_count: Mapped[int | None]
    engagement_ppm: Mapped[int | None]
    """Engagements per post as parts per million of the followers; 25,000 is 2.5 %."""
    audience_country: Mapped[str] = mapped_column(String(2), default="")
    source: Mapped[str] = mapped_column(default="")
    """Where the record comes from; named in the first mail (GDPR art. 14)."""
    salt: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CreatorPost(Base):
    """A recent post of a creator, for vetting."""

    __tablename__ = "creator_posts"
    __table_args__ = (UniqueConstraint("creator_id", "post_key"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    post_key: Mapped[str]
    """The platform's id of the post, or a digest of caption and date."""
    caption: Mapped[str]
    posted_at: Mapped[datetime | None]
    likes: Mapped[int | None]
    comments: Mapped[int | None]
    comment_marks: Mapped[list[str] | None] = mapped_column(JSONB)
    """What is kept of comments' texts, see `domain.comments`; NULL if none were brought in."""


class CreatorFigures(Base):
    """What a list said of an account on one day."""

    __tablename__ = "creator_figures"
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    seen_on: Mapped[date] = mapped_column(primary_key=True)
    followers: Mapped[int]
    engagement_ppm: Mapped[int | None]


class Candidate(Base):
    """What a campaign thinks of a creator: verdict, quote, place in the list, and why."""

    __tablename__ = "candidates"
    __table_args__ = (
        Index("ix_candidates_place", "campaign_id", "status", "place"),
        Index("ix_candidates_batch", "campaign_id", "batch"),
    )
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    """``chosen``, ``waitlist`` or ``out``."""
    place: Mapped[int] = mapped_column(default=0)
    """Order in which candidates are invited: the chosen first, then the waitlist."""
    verdict: Mapped[str] = mapped_column(String(10))
    verdict_reasons: Mapped[list[Any]]
    judged_by: Mapped[str] = mapped_column(default="")
    """Name and version of the brand-safety engine that gave the verdict."""
    judged_at: Mapped[datetime | None]
    out_rule: Mapped[str] = mapped_column(default="")
    """Code of the rule that left the candidate out."""
    reasons: Mapped[list[Any]]
    """Sentences: why in, why out."""
    fit_percent: Mapped[int] = mapped_column(Integer, default=0)
    quote: Mapped[Json]
    """`domain.quote.Quote` as JSON: total, range and lines."""
    fee_minor: Mapped[int]
    expected: Mapped[int] = mapped_column(default=0)
    """What the candidate is expected to bring of the campaign's metric."""
    batch: Mapped[int | None]
    collaboration_id: Mapped[str | None]


class ShortlistWish(Base):
    """What a manager wants of a candidate's place: written first, in force once it is applied."""

    __tablename__ = "shortlist_wishes"
    __table_args__ = (Index("ix_shortlist_wishes_campaign", "campaign_id", "creator_id", "number"),)
    change_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The wishes of one form, which are decided together."""
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    wish: Mapped[str] = mapped_column(String(10))
    """``pin``, ``strike`` or ``free``."""
    reason: Mapped[str]
    other_id: Mapped[str | None] = mapped_column(ForeignKey("creators.id"))
    """The other half of a swap."""
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime]
    number: Mapped[int | None]
    """Which change of the campaign it was, counted from 1; none as long as it is not applied."""


class SafetyLook(Base):
    """What brand safety found about somebody who was selected: kept with evidence and engine."""

    __tablename__ = "safety_looks"
    __table_args__ = (
        Index(
            "ix_safety_looks_untold", "looked_at", postgresql_where=text("news AND told_at IS NULL")
        ),
    )
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The same posts with the same findings are the same look."""
    verdict: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[list[Any]]
    evidence: Mapped[list[Any]]
    """`domain.scandal.Evidence` as JSON; the captions are the creator's words."""
    engine: Mapped[str]
    """Name and version of what judged."""
    posts: Mapped[int]
    newest_post_id: Mapped[int]
    """No newer post of the creator was known then; 0 if there was none."""
    news: Mapped[bool]
    """True if it was put before the manager."""
    looked_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    """When the collaboration's workflow was told of the news."""


# --- collaborations and their content ------------------------------------------------------


class Collaboration(Base):
    """One creator in one campaign: the read model that lists and screens use."""

    __tablename__ = "collaborations"
    __table_args__ = (
        UniqueConstraint("campaign_id", "creator_id"),
        Index("ix_collaborations_stage", "campaign_id", "stage"),
        Index("ix_collaborations_moved", "campaign_id", "updated_at", "id"),
        Index("ix_collaborations_creator", "creator_id"),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    stage: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    waiting_for: Mapped[str] = mapped_column(String(20))
    due_at: Mapped[datetime | None]
    needs_attention: Mapped[bool] = mapped_column(default=False)
    suspended: Mapped[bool] = mapped_column(default=False)
    delivered: Mapped[bool] = mapped_column(default=False)
    """The publication was verified once; such a creator is not replaced."""
    quoted_minor: Mapped[int]
    fee_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    draft_version: Mapped[int] = mapped_column(Integer, default=0)
    salt: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")


class Terms(Base):
    """The terms of one offer, rendered once; what was signed, by whom and when."""

    __tablename__ = "terms"
    __table_args__ = (UniqueConstraint("collaboration_id", "version"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    version: Mapped[int] = mapped_column(Integer)
    fee_minor: Mapped[int]
    html: Mapped[str]
    digest: Mapped[str]
    """SHA-256 over the collaboration's salt and the text."""
    created_at: Mapped[datetime]


class Signature(Base):
    """A name typed under terms; counts when a SIGN_TERMS decision refers to it and is applied."""

    __tablename__ = "signatures"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    terms_id: Mapped[str] = mapped_column(ForeignKey("terms.id"))
    typed_name: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    """Postal address for the contract and the remittance."""
    created_at: Mapped[datetime]


class Draft(Base):
    """One version of a deliverable's content, as submitted."""

    __tablename__ = "drafts"
    __table_args__ = (Index("ix_drafts_collaboration", "collaboration_id", "created_at"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    version: Mapped[int | None] = mapped_column(Integer)
    """Given when the submission is applied; None before."""
    caption: Mapped[str]
    media_note: Mapped[str] = mapped_column(default="")
    """Link to, or description of, the picture or video."""
    digest: Mapped[str]
    """SHA-256 over the collaboration's salt, the caption and the media note."""
    prechecks: Mapped[list[Any]]
    """`domain.prechecks.Precheck` rows as JSON."""
    created_at: Mapped[datetime]


class Publication(Base):
    """Where the creator says the post is."""

    __tablename__ = "publications"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), index=True)
    url: Mapped[str]
    platform: Mapped[str] = mapped_column(String(20))
    platform_post_id: Mapped[str]
    created_at: Mapped[datetime]


class Check(Base):
    """One look at a publication, with its evidence."""

    __tablename__ = "checks"
    __table_args__ = (UniqueConstraint("publication_id", "number"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), index=True)
    publication_id: Mapped[str] = mapped_column(ForeignKey("publications.id"))
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    level: Mapped[str] = mapped_column(String(2))
    """Evidence level E0 (nothing) to E4 (the creator's own consented account)."""
    faults: Mapped[list[Any]]
    reasons: Mapped[list[Any]]
    evidence: Mapped[Json]
    """What was read: caption, account, label, figures, source and time."""
    checked_at: Mapped[datetime]


class Statement(Base):
    """A creator's objection in a hearing."""

    __tablename__ = "statements"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"), index=True)
    text: Mapped[str]
    created_at: Mapped[datetime]


# --- what happened, what waits, what was decided -------------------------------------------


class Event(Base):
    """One event of one stream; append-only, chained by digest."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("kind", "entity_id", "key"),
        Index("ix_events_at", "at"),
    )
    kind: Mapped[str] = mapped_column(String(15), primary_key=True)
    entity_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    """What the step is known by when it is asked for again."""
    event: Mapped[str]
    at: Mapped[datetime]
    data: Mapped[Json]
    decision_id: Mapped[str | None]
    previous: Mapped[str]
    digest: Mapped[str]


class InboxItem(Base):
    """Something that waits for a member of staff."""

    __tablename__ = "inbox_items"
    __table_args__ = (
        Index(
            "uq_inbox_open",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_inbox_open_role", "role", "opened_at", postgresql_where=text("closed_at IS NULL")
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(String(12))
    subject_kind: Mapped[str] = mapped_column(String(15))
    """``campaign``, ``collaboration`` or ``payout``."""
    subject_id: Mapped[str] = mapped_column(String(40))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), index=True)
    seen: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(Integer, default=0)
    escalated: Mapped[bool] = mapped_column(Boolean, default=False)
    handed_over: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """True once the substitute whom the campaign names may decide it too."""
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    """The decision that closed it, or None when the engine did."""


class Decision(Base):
    """A person's decision: written first, applied by the subject's workflow."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_waiting", "created_at", postgresql_where=text("status = 'submitted'")),
        Index("ix_decisions_subject", "subject_id", "kind"),
        Index(
            "uq_decisions_batch",
            "batch",
            "subject_id",
            unique=True,
            postgresql_where=text("batch IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    subject_kind: Mapped[str] = mapped_column(String(15))
    subject_id: Mapped[str] = mapped_column(String(40))
    actor_kind: Mapped[str] = mapped_column(String(10))
    """``staff`` or ``creator``."""
    actor_id: Mapped[str] = mapped_column(String(40))
    choice: Mapped[Json]
    """`domain.decisions.Choice` as JSON."""
    seen: Mapped[str] = mapped_column(default="")
    comment: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(String(10), default="submitted")
    """``submitted``, ``applied`` or ``refused``."""
    code: Mapped[str] = mapped_column(default="")
    """Why it was refused."""
    batch: Mapped[str | None] = mapped_column(String(40))
    """What it was decided together with; None if by itself."""
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class ExternalEvent(Base):
    """An event from outside, stored before it is acknowledged."""

    __tablename__ = "external_events"
    __table_args__ = (UniqueConstraint("source", "event_id"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(20))
    event_id: Mapped[str]
    type: Mapped[str]
    payload: Mapped[Json]
    received_at: Mapped[datetime]
    dispatched_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]


# --- mail ----------------------------------------------------------------------------------


class OutboxMail(Base):
    """A mail that is to be sent once: the row is claimed before the server is spoken to."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("collaboration_id", "step"),
        Index(
            "ix_outbox_open", "planned_at", postgresql_where=text("status IN ('planned','claimed')")
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    mail: Mapped[str] = mapped_column(String(30))
    step: Mapped[str]
    facts: Mapped[Json]
    not_before: Mapped[datetime | None]
    not_after: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(12), default="planned")
    """``planned``, ``claimed``, ``accepted``, ``bounced``, ``suppressed``, ``expired``,
    ``by_hand`` or ``in_doubt``."""
    code: Mapped[str] = mapped_column(default="")
    message_id: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    text_body: Mapped[str] = mapped_column(default="")
    planned_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class StaffMail(Base):
    """A mail to a member of staff about what waits for them; at most one is unsent."""

    __tablename__ = "staff_mails"
    __table_args__ = (
        Index(
            "uq_staff_mail_unsent",
            "staff_id",
            unique=True,
            postgresql_where=text("status = 'planned'"),
        ),
        Index("ix_staff_mails_last", "staff_id", "planned_at"),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    status: Mapped[str] = mapped_column(String(12), default="planned")
    """``planned``, ``claimed``, ``accepted``, ``bounced``, ``in_doubt``, or ``expired``: nothing
    waited any more."""
    code: Mapped[str] = mapped_column(default="")
    planned_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    """Of the last attempt, also after it was given back."""
    settled_at: Mapped[datetime | None]


class StaffMailNews(Base):
    """What a mail to a member of staff tells; each piece of news is told to them once."""

    __tablename__ = "staff_mail_news"
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("inbox_items.id"), primary_key=True)
    event: Mapped[str] = mapped_column(String(20), primary_key=True)
    """``new``, ``reminded:2``, ``handed_over`` or ``escalated``."""
    mail_id: Mapped[str] = mapped_column(ForeignKey("staff_mails.id"), index=True)


class Suppression(Base):
    """An address that is never written to again; survives erasure as a hash."""

    __tablename__ = "suppressions"
    address_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]


# --- money ---------------------------------------------------------------------------------


class Recipient(Base):
    """A creator's account at the payment provider."""

    __tablename__ = "recipients"
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(String(12))
    """``pending``, ``active`` or ``restricted``."""
    requirements: Mapped[list[Any]]
    updated_at: Mapped[datetime]


class OnboardingLink(Base):
    """A single-use link to the provider's onboarding; made on the creator's click."""

    __tablename__ = "onboarding_links"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    url: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class Payout(Base):
    """An earned payment; unique by (collaboration, kind, number): it is paid once."""

    __tablename__ = "payouts"
    __table_args__ = (
        UniqueConstraint("collaboration_id", "kind", "number"),
        CheckConstraint("amount_minor > 0", name="payout_amount_positive"),
        Index("ix_payouts_status", "campaign_id", "status"),
        Index("ix_payouts_created", "created_at", "id"),
        Index("ix_payouts_creator", "creator_id"),
        Index("ix_payouts_again_of", "again_of", postgresql_where=text("again_of IS NOT NULL")),
        Index(
            "ix_payouts_rail_stopped",
            "pay_by",
            "id",
            postgresql_where=text("hold_reason = 'rail_stopped'"),
        ),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    kind: Mapped[str] = mapped_column(String(24))
    """The milestone, ``kill_fee``, ``repayment`` or ``bonus``."""
    number: Mapped[int] = mapped_column(Integer)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(12))
    hold_reason: Mapped[str | None] = mapped_column(String(20))
    releases: Mapped[int] = mapped_column(Integer, default=0)
    payee_account: Mapped[str | None]
    """The creator's account when it was released, or the first one after that; no other is paid."""
    attempt: Mapped[int] = mapped_column(Integer, default=0)
    pay_by: Mapped[datetime]
    sends_at: Mapped[datetime | None]
    transfer_id: Mapped[str | None] = mapped_column(unique=True)
    reversed_minor: Mapped[int] = mapped_column(default=0)
    """What of it was taken back at the provider after it was paid."""
    bank_status: Mapped[str | None] = mapped_column(String(12))
    """`domain.lifecycle.BankStatus`: what came after the transfer."""
    bank_payout_id: Mapped[str | None]
    """The provider's payout to the bank that this status is about."""
    again_of: Mapped[str | None] = mapped_column(ForeignKey("payouts.id"))
    """The payment of which this was taken back; with kind ``repayment``."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(default="")


class TaxProfile(Base):
    """What a creator said of their taxes; rows are only added, the newest counts."""

    __tablename__ = "tax_profiles"
    __table_args__ = (Index("ix_tax_profiles_creator", "creator_id", "id"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    status: Mapped[str] = mapped_column(String(12))
    """`domain.invoicing.TaxStatus`."""
    country: Mapped[str] = mapped_column(String(2))
    legal_name: Mapped[str]
    address: Mapped[str]
    business_number: Mapped[str]
    vat_number: Mapped[str]
    created_at: Mapped[datetime]


class InvoiceMandate(Base):
    """A creator's word on invoices that the brand issues for them; the newest counts."""

    __tablename__ = "invoice_mandates"
    __table_args__ = (Index("ix_invoice_mandates", "collaboration_id", "id"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    collaboration_id: Mapped[str] = mapped_column(ForeignKey("collaborations.id"))
    agreed: Mapped[bool]
    """False: withdrawn."""
    text: Mapped[str]
    text_hash: Mapped[str] = mapped_column(String(64))
    typed_name: Mapped[str]
    created_at: Mapped[datetime]


class Invoice(Base):
    """The invoice of a payment: a file from the creator, or issued under their mandate."""

    __tablename__ = "invoices"
    __table_args__ = (
        UniqueConstraint("creator_id", "number"),
        CheckConstraint("net_minor + vat_minor = gross_minor", name="invoice_adds_up"),
    )
    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    series: Mapped[int | None] = mapped_column(Integer)
    """The number within the creator's self-billed invoices, without gaps; None if uploaded."""
    number: Mapped[str]
    issued_on: Mapped[date]
    net_minor: Mapped[int]
    vat_minor: Mapped[int]
    gross_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    facts: Mapped[Json]
    """What a self-billed invoice says besides; empty if uploaded."""
    media_type: Mapped[str] = mapped_column(default="")
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The uploaded file; empty if self-billed."""
    created_at: Mapped[datetime]


class PayoutAttempt(Base):
    """One try to pay; committed before the provider is called."""

    __tablename__ = "payout_attempts"
    __table_args__ = (Index("ix_attempts_settled", "settled_at"),)
    payout_id: Mapped[str] = mapped_column(ForeignKey("payouts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    request_hash: Mapped[str]
    account_id: Mapped[str]
    first_sent_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(20))
    transfer_id: Mapped[str | None] = mapped_column(unique=True)
    code: Mapped[str] = mapped_column(default="")
    settled_at: Mapped[datetime | None]
    sender: Mapped[str] = mapped_column(String(32), default="")
    """The call whose turn it is; another one may not send."""
    sending_until: Mapped[datetime | None]
    """Until then that call may still have an effect at the provider."""
    late_until: Mapped[datetime | None]
    """The same of earlier calls, from which the attempt was taken over."""


class BankAccount(Base):
    """Where a creator's money goes by bank transfer; never changed: a new one is a new row."""

    __tablename__ = "bank_accounts"
    __table_args__ = (Index("ix_bank_accounts_creator", "creator_id", "created_at"),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    creator_id: Mapped[str] = mapped_column(ForeignKey("creators.id"))
    holder: Mapped[str]
    iban: Mapped[str]
    created_at: Mapped[datetime]


class BankFile(Base):
    """A file for the brand's bank, byte for byte as it was first handed out."""

    __tablename__ = "bank_files"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """The file's message id at the bank."""
    content: Mapped[bytes] = mapped_column(LargeBinary)
    payments: Mapped[int]
    total_minor: Mapped[int]
    """In cents of a euro."""
    made_by: Mapped[str]
    made_at: Mapped[datetime]


class BankOrder(Base):
    """One attempt to pay by bank transfer, from the order to the bank's last word about it."""

    __tablename__ = "bank_orders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["payout_id", "attempt"], ["payout_attempts.payout_id", "payout_attempts.number"]
        ),
        UniqueConstraint("payout_id", "attempt"),
        Index("ix_bank_orders_state", "state", "ordered_at", "end_to_end_id"),
        Index("ix_bank_orders_file", "file_id"),
    )
    end_to_end_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    payout_id: Mapped[str] = mapped_column(String(40))
    attempt: Mapped[int] = mapped_column(Integer)
    account_id: Mapped[str] = mapped_column(ForeignKey("bank_accounts.id"))
    amount_minor: Mapped[int]
    """In cents of a euro."""
    state: Mapped[str] = mapped_column(String(12))
    """`domain.bank_transfer.OrderState`."""
    file_id: Mapped[str | None] = mapped_column(ForeignKey("bank_files.id"))
    returned_minor: Mapped[int] = mapped_column(default=0)
    code: Mapped[str] = mapped_column(default="")
    """Why it was rejected or returned, as the bank says."""
    ordered_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    """Who brought the bank's answer."""


class Comparison(Base):
    """One comparison of all our books with the provider's list; the newest is shown."""

    __tablename__ = "comparisons"
    __table_args__ = (Index("ix_comparisons_at", "compared_at"),)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    compared_at: Mapped[datetime]
    payouts: Mapped[int]
    attempts: Mapped[int]
    transfers: Mapped[int]
    under_way: Mapped[int]
    differences: Mapped[int]


class StoredDifference(Base):
    """Something in which books and provider disagree, or did; its id is an inbox item's subject."""

    __tablename__ = "differences"
    __table_args__ = (Index("ix_differences_open", "id", postgresql_where=text("gone_at IS NULL")),)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    """`domain.reconciliation.DifferenceCode`."""
    payout_id: Mapped[str] = mapped_column(String(40))
    """As the provider or our books name it; there need not be such a payout."""
    transfer_id: Mapped[str]
    currency: Mapped[str] = mapped_column(String(3))
    ours_minor: Mapped[int | None]
    theirs_minor: Mapped[int | None]
    found_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]


class RailStop(Base):
    """A time in which nothing is paid, since the provider refuses our key; one is open at most."""

    __tablename__ = "rail_stops"
    __table_args__ = (
        Index("uq_rail_stopped", "rail", unique=True, postgresql_where=text("resumed_at IS NULL")),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    rail: Mapped[str] = mapped_column(String(12), server_default="stripe")
    said: Mapped[str]
    """What the provider said, without the key."""
    key_mark: Mapped[str] = mapped_column(String(16))
    """Which key was refused, without saying it."""
    stopped_at: Mapped[datetime]
    resumed_at: Mapped[datetime | None]
    resumed_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    """Empty after the end: the provider accepted another key."""


class RailBalance(Base):
    """What the brand has at the provider in one currency, as it was last read."""

    __tablename__ = "rail_balances"
    rail: Mapped[str] = mapped_column(String(12), primary_key=True, server_default="stripe")
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    available_minor: Mapped[int]
    read_at: Mapped[datetime]


class LedgerAccount(Base):
    """An account with its balance, locked while a transaction is written.

    The balance counts in the account's normal direction; ``guarded`` accounts cannot be
    overdrawn, which is what stops a hundred signatures in the same second from overspending.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("campaign_id", "name", "owner_id", "currency"),
        CheckConstraint("balance_minor >= 0 OR NOT guarded", name="no_overdraft"),
    )
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    name: Mapped[str] = mapped_column(String(20))
    """``funding``, ``available``, ``reserved``, ``payable``, ``in_transit`` or ``paid``."""
    owner_id: Mapped[str] = mapped_column(String(40), default="")
    """The creator, for ``payable``, ``in_transit`` and ``paid``; else empty."""
    currency: Mapped[str] = mapped_column(String(3))
    normal: Mapped[str] = mapped_column(String(6))
    """``debit`` or ``credit``."""
    guarded: Mapped[bool]
    balance_minor: Mapped[int] = mapped_column(default=0)


class LedgerTransaction(Base):
    """One movement; ``key`` is unique, so the same movement is written once."""

    __tablename__ = "ledger_transactions"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), index=True)
    collaboration_id: Mapped[str | None] = mapped_column(String(40))
    payout_id: Mapped[str | None] = mapped_column(String(40))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    at: Mapped[datetime]


class LedgerEntry(Base):
    """One side of a movement: debits positive, credits negative; each transaction sums to zero."""

    __tablename__ = "ledger_entries"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transactions.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_accounts.id"), index=True)
    signed_minor: Mapped[int]


APPEND_ONLY = (
    "events", "ledger_transactions", "ledger_entries", "signatures", "terms", "tax_profiles",
    "invoice_mandates", "bank_accounts", "bank_files",
)  # fmt: skip
"""Tables on which the application's role may only insert and read."""
