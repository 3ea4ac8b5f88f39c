"""One builder per domain object: real rows, sensible values, anything can be overridden.

Each takes a session and inserts; what the row needs and was not given is built too.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.claims import ClaimStatus
from domain.decisions import Choice, ClaimChoice
from domain.ids import CAMPAIGN, CREATOR, claim_id, collaboration_id, payout_id
from domain.lifecycle import (
    CampaignStatus,
    PayoutStatus,
    Role,
    SafetyVerdict,
    Stage,
    StreamKind,
    WaitingFor,
)
from domain.messages import DecisionRef, Posting, PostingKind, StreamHead
from store import decisions, ledger
from store.tables import (
    Campaign,
    Candidate,
    Claim,
    Collaboration,
    Creator,
    Decision,
    Draft,
    Payout,
    PayoutAttempt,
    Publication,
    Recipient,
    SafetyLook,
    Signature,
    Staff,
    Statement,
    Terms,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""A Monday morning: the moment at which tests begin unless they say otherwise."""

Row = TypeVar("Row")

NO_PASSWORD = "no password was set"  # Hashing costs 60 ms; sign-in tests make a real one.


def unique(prefix: str) -> str:
    """An id that no other row of the run has."""
    return f"{prefix}_{secrets.token_hex(10)}"


def campaign_file(**overrides: Any) -> CampaignFile:
    """A campaign file as a brand would write it; sections can be replaced by name."""
    content: dict[str, Any] = {
        "name": "Spring serum",
        "goal": {"metric": "engagements", "target": 5_000},
        "brand": {
            "name": "Lumen",
            "handle": "@lumen.skin",
            "product": "A vitamin C serum for every day",
            "category": "beauty",
            "website": "https://lumen.example",
            "country": "DE",
            "timezone": "Europe/Berlin",
            "contact_name": "Mara Lind",
            "postal_address": "Lumen GmbH, Hauptstr. 1, 10115 Berlin",
        },
        "markets": ["DE"],
        "currency": "EUR",
        "budget": {"total": "10,000 EUR", "per_collaboration": "600 EUR"},
        "creators": {"wanted": 10},
        "deliverables": [{"kind": "reel"}],
        "brief": {"summary": "Show your morning routine.", "link": "https://lumen.example/serum"},
        "release": {"second_person_above": "400 EUR"},
    }
    return CampaignFile.model_validate(content | overrides)


async def campaign(
    session: AsyncSession,
    file: CampaignFile | None = None,
    *,
    fund: bool = True,
    brand: Mapping[str, str] | None = None,
    **overrides: Any,
) -> Campaign:
    """A running campaign with its budget in the ledger; of its brand, some things may be others."""
    file = file or campaign_file()
    content = file.model_dump(mode="json")
    values: dict[str, Any] = {
        "id": unique(CAMPAIGN),
        "name": file.name,
        "file": content | {"brand": content["brand"] | dict(brand or {})},
        "status": CampaignStatus.RUNNING.value,
        "currency": file.currency,
        "budget_minor": file.budget.total.minor,
        "wanted": file.creators.wanted,
        "salt": secrets.token_hex(16),
        "created_at": NOW,
    }
    row = await _insert(session, Campaign(**(values | overrides)))
    if fund and row.budget_minor:
        posting = Posting(
            kind=PostingKind.FUND, key=f"{row.id}:fund", amount_minor=row.budget_minor
        )
        await ledger.post(session, row.id, None, None, None, posting, row.currency, NOW)
    return row


async def creator(session: AsyncSession, **overrides: Any) -> Creator:
    """A micro-influencer in Germany with an address."""
    handle = overrides.pop("handle", f"@creator_{secrets.token_hex(4)}")
    values: dict[str, Any] = {
        "id": unique(CREATOR),
        "platform": "instagram",
        "handle": handle,
        "handle_key": handle.removeprefix("@").casefold(),
        "name": "Jule Brandt",
        "email": f"{secrets.token_hex(6)}@creators.example",
        "country": "DE",
        "language": "de",
        "timezone": "Europe/Berlin",
        "category": "beauty",
        "followers": 12_000,
        "engagement_ppm": 35_000,
        "audience_country": "DE",
        "source": "roster of the agency",
        "salt": secrets.token_hex(16),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return await _insert(session, Creator(**(values | overrides)))


async def candidate(
    session: AsyncSession, of: Campaign, who: Creator, **overrides: Any
) -> Candidate:
    """A creator whom the campaign has chosen."""
    values: dict[str, Any] = {
        "campaign_id": of.id,
        "creator_id": who.id,
        "status": "chosen",
        "verdict": SafetyVerdict.CLEAR.value,
        "verdict_reasons": [],
        "reasons": [],
        "fit_percent": 80,
        "quote": {},
        "fee_minor": 30_000,
    }
    return await _insert(session, Candidate(**(values | overrides)))


async def collaboration(
    session: AsyncSession,
    of: Campaign | None = None,
    who: Creator | None = None,
    **overrides: Any,
) -> Collaboration:
    """A collaboration that has just begun."""
    of = of or await campaign(session)
    who = who or await creator(session)
    values: dict[str, Any] = {
        "id": collaboration_id(of.id, who.id),
        "campaign_id": of.id,
        "creator_id": who.id,
        "stage": Stage.SCREENING.value,
        "waiting_for": WaitingFor.ENGINE.value,
        "quoted_minor": 30_000,
        "fee_minor": 30_000,
        "currency": of.currency,
        "salt": secrets.token_hex(16),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return await _insert(session, Collaboration(**(values | overrides)))


async def staff(
    session: AsyncSession, roles: Collection[Role] = (Role.MANAGER,), **overrides: Any
) -> Staff:
    """A member of staff; cannot sign in (see `store.staff.create_staff` for one who can)."""
    values: dict[str, Any] = {
        "id": unique("stf"),
        "email": f"{secrets.token_hex(6)}@brand.example",
        "name": "Noor Haddad",
        "roles": [role.value for role in roles],
        "password_hash": NO_PASSWORD,
        "created_at": NOW,
    }
    return await _insert(session, Staff(**(values | overrides)))


async def terms(session: AsyncSession, of: Collaboration, **overrides: Any) -> Terms:
    """Terms as they were offered."""
    values: dict[str, Any] = {
        "id": unique("trm"),
        "collaboration_id": of.id,
        "version": 1,
        "fee_minor": of.fee_minor,
        "html": "<h1>Terms</h1>",
        "created_at": NOW,
    }
    values |= overrides
    values.setdefault("digest", _digest(of.salt, str(values["version"]), values["html"]))
    return await _insert(session, Terms(**values))


async def signature(session: AsyncSession, of: Terms, **overrides: Any) -> Signature:
    """A name typed under terms."""
    values: dict[str, Any] = {
        "id": unique("sig"),
        "terms_id": of.id,
        "typed_name": "Jule Brandt",
        "created_at": NOW,
    }
    return await _insert(session, Signature(**(values | overrides)))


async def draft(session: AsyncSession, of: Collaboration, **overrides: Any) -> Draft:
    """A draft that has not been handed in yet."""
    values: dict[str, Any] = {
        "id": unique("drf"),
        "collaboration_id": of.id,
        "caption": "Anzeige: mein Morgen mit @lumen.skin https://lumen.example/serum",
        "media_note": "reel, 30 seconds",
        "prechecks": [],
        "created_at": NOW,
    }
    values |= overrides
    values.setdefault("digest", _digest(of.salt, values["caption"], values["media_note"]))
    return await _insert(session, Draft(**values))


async def safety_look(session: AsyncSession, of: Collaboration, **overrides: Any) -> SafetyLook:
    """A look at a creator's posts that found something."""
    caption = overrides.pop("caption", "what a fucking day")
    evidence = {
        "key": "1", "category": "obscenity", "title": "Obscenity and profanity", "severity": 2,
        "words": "fucking", "caption": caption, "engine": "lexicon 1", "language": "en",
        "is_new": True,
    }  # fmt: skip
    values: dict[str, Any] = {
        "collaboration_id": of.id,
        "digest": _digest(caption),
        "verdict": "review",
        "reasons": ["Obscenity and profanity: ‘fucking’ in 1 post."],
        "evidence": [evidence, evidence | {"key": "2", "is_new": False}],
        "engine": "lexicon 1",
        "posts": 12,
        "newest_post_id": 0,
        "news": True,
        "looked_at": NOW,
    }
    return await _insert(session, SafetyLook(**(values | overrides)))


async def publication(session: AsyncSession, of: Collaboration, **overrides: Any) -> Publication:
    """A post that the creator has reported."""
    post = secrets.token_hex(5)
    values: dict[str, Any] = {
        "id": unique("pub"),
        "collaboration_id": of.id,
        "url": f"https://www.instagram.com/p/{post}/",
        "platform": "instagram",
        "platform_post_id": post,
        "created_at": NOW,
    }
    return await _insert(session, Publication(**(values | overrides)))


async def statement(session: AsyncSession, of: Collaboration, **overrides: Any) -> Statement:
    """A creator's objection."""
    values: dict[str, Any] = {
        "id": unique("stm"),
        "collaboration_id": of.id,
        "text": "The platform removed the post by mistake.",
        "created_at": NOW,
    }
    return await _insert(session, Statement(**(values | overrides)))


async def payout(
    session: AsyncSession,
    of: Collaboration | None = None,
    *,
    post: bool = True,
    **overrides: Any,
) -> Payout:
    """An earned payment that waits for release, with the ledger as it is then."""
    of = of or await collaboration(session)
    kind, number = overrides.get("kind", "publication_verified"), overrides.get("number", 1)
    values: dict[str, Any] = {
        "id": payout_id(of.id, kind, number),
        "campaign_id": of.campaign_id,
        "collaboration_id": of.id,
        "creator_id": of.creator_id,
        "kind": kind,
        "number": number,
        "amount_minor": 15_000,
        "currency": of.currency,
        "status": PayoutStatus.REQUESTED.value,
        "pay_by": NOW + timedelta(days=14),
        "created_at": NOW,
        "updated_at": NOW,
    }
    row = await _insert(session, Payout(**(values | overrides)))
    if post:
        postings = [
            Posting(kind=move, key=f"{row.id}:{move}", amount_minor=row.amount_minor)
            for move in (PostingKind.RESERVE, PostingKind.EARN)
        ]
        await ledger.post_all(
            session, of.campaign_id, of.creator_id, of.id, None, postings, row.currency, NOW
        )
    return row


async def attempt(session: AsyncSession, of: Payout, **overrides: Any) -> PayoutAttempt:
    """One try to send a payment, of which nobody knows whether it has moved the money."""
    values: dict[str, Any] = {
        "payout_id": of.id, "number": 1, "key": f"payout:{of.id}:transfer:1", "request_hash": "x",
        "account_id": f"acct_{of.creator_id}", "amount_minor": of.sent_minor,
        "first_sent_at": NOW,
    }  # fmt: skip
    return await _insert(session, PayoutAttempt(**(values | overrides)))


async def claim(
    session: AsyncSession, of: Collaboration, who: Staff | None = None, **overrides: Any
) -> Claim:
    """A confirmed claim, with the ledger as it is then."""
    who = who or await staff(session, (Role.FINANCE,))
    amount = int(overrides.get("amount_minor", 4_000))
    asked = await decision(
        session, of, who, ClaimChoice(amount_minor=amount), comment="Half of it was not published."
    )
    (await session.get_one(Decision, asked.decision_id)).status = "applied"
    values: dict[str, Any] = {
        "id": claim_id(asked.decision_id),
        "campaign_id": of.campaign_id,
        "collaboration_id": of.id,
        "creator_id": of.creator_id,
        "decision_id": asked.decision_id,
        "amount_minor": amount,
        "currency": of.currency,
        "status": ClaimStatus.CONFIRMED.value,
        "object_by": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    row = await _insert(session, Claim(**(values | overrides)))
    if row.status == ClaimStatus.CONFIRMED:
        posting = Posting(kind=PostingKind.CLAIM, key=f"claim:{row.id}", amount_minor=amount)
        await ledger.post(
            session, of.campaign_id, of.creator_id, of.id, None, posting, row.currency, NOW
        )
    return row


async def recipient(session: AsyncSession, who: Creator, **overrides: Any) -> Recipient:
    """A creator who can be paid."""
    values: dict[str, Any] = {
        "creator_id": who.id,
        "account_id": f"acct_{secrets.token_hex(8)}",
        "status": "active",
        "requirements": [],
        "since": NOW,
        "updated_at": NOW,
    }
    return await _insert(session, Recipient(**(values | overrides)))


async def decision(
    session: AsyncSession,
    subject: Campaign | Collaboration | Payout | Claim,
    actor: Staff | Creator,
    choice: Choice,
    *,
    seen: str = "",
    comment: str = "",
    at: datetime = NOW,
) -> DecisionRef:
    """A decision as the desk or the portal writes it, and what is sent to the workflow."""
    decision_id = await decisions.submit(
        session,
        kind=choice.kind,
        subject_kind=head_of(subject).kind.value,
        subject_id=subject.id,
        actor_kind="staff" if isinstance(actor, Staff) else "creator",
        actor_id=actor.id,
        choice=choice,
        seen=seen,
        comment=comment,
        at=at,
    )
    return DecisionRef(decision_id=decision_id, kind=choice.kind, seen=seen)


def head_of(row: Campaign | Collaboration | Payout | Claim) -> StreamHead:
    """The head of an entity's stream as its row has it."""
    kind = StreamKind(type(row).__name__.casefold())
    return StreamHead(kind=kind, entity_id=row.id, sequence=row.sequence, digest=row.digest)


async def _insert(session: AsyncSession, row: Row) -> Row:
    session.add(row)
    await session.flush()
    return row


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
