"""What a creator's page shows, and the rows that their forms write before a decision."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.decisions import SAID_AT_THE_END
from domain.lifecycle import PayoutStatus
from store import portal_claims
from store.claim_reads import Netted
from store.credits import Credited, of_collaboration
from store.invoices import Papers, papers
from store.portal_claims import CreatorClaim
from store.tables import (
    BankAccount,
    Campaign,
    Check,
    Collaboration,
    Creator,
    Decision,
    Draft,
    InboxItem,
    OnboardingLink,
    OtherPayment,
    Payout,
    Publication,
    Recipient,
    Signature,
    Statement,
    Terms,
)
from store.taken_back import why_not_owed


@dataclass(frozen=True)
class PortalView:
    """Everything on a creator's page."""

    collaboration: Collaboration
    creator: Creator
    campaign: Campaign
    items: dict[str, InboxItem]
    """The creator's open items by kind."""
    drafts: tuple[Draft, ...]
    reviews: tuple[Decision, ...]
    """The brand's applied words on the drafts, oldest first."""
    terms: Terms | None
    signature: Signature | None
    publication: Publication | None
    check: Check | None
    payouts: tuple[Payout, ...]
    not_owed: dict[str, str]
    """Why payments are not made (again), by payment."""
    elsewhere: dict[str, OtherPayment]
    """How payments were made without Troupe, by payment."""
    recipient: Recipient | None
    account: BankAccount | None
    """Where the money goes by bank transfer."""
    papers: Papers | None
    """Tax data and invoices; None if the brand's country has no rules here."""
    credits: tuple[Credited, ...]
    """What the invoices are less by, oldest first."""
    claims: tuple[CreatorClaim, ...]
    """What was paid too much, newest first."""
    kept_back: dict[str, tuple[Netted, ...]]
    """By payment: what is kept back from it for what the creator owes."""
    end_words: tuple[str, ...]
    """Why it was cancelled, and what the kill fee is for, in the brand's words."""
    waiting: tuple[Decision, ...]
    """The creator's own decisions that are recorded and not applied yet."""


async def view(session: AsyncSession, collaboration_id: str) -> PortalView | None:
    """One creator's page; as many queries however long the collaboration has been."""
    row = (
        await session.execute(
            select(Collaboration, Creator, Campaign, Recipient, BankAccount)
            .join(Creator, Creator.id == Collaboration.creator_id)
            .join(Campaign, Campaign.id == Collaboration.campaign_id)
            .outerjoin(Recipient, Recipient.creator_id == Creator.id)
            .outerjoin(BankAccount, BankAccount.id == Recipient.account_id)
            .where(Collaboration.id == collaboration_id)
        )
    ).first()
    if row is None:
        return None
    decisions = await _decisions(session, collaboration_id)
    signed_by = _signed_by(decisions)
    payouts = await _payouts(session, collaboration_id)
    claims = await portal_claims.of_collaboration(session, collaboration_id)
    said = [said.decision for claim in claims for said in claim.said]
    return PortalView(
        collaboration=row[0],
        creator=row[1],
        campaign=row[2],
        recipient=row[3],
        account=row[4],
        items=await _items(session, collaboration_id),
        drafts=await _drafts(session, collaboration_id),
        reviews=tuple(d for d in decisions if d.kind == "review_draft" and d.status == "applied"),
        terms=await _last(session, Terms, collaboration_id, Terms.version),
        signature=await session.get(Signature, signed_by) if signed_by else None,
        publication=await _last(session, Publication, collaboration_id, Publication.created_at),
        check=await _last(session, Check, collaboration_id, Check.id),
        payouts=payouts,
        not_owed=await _not_owed(session, payouts),
        elsewhere=await _elsewhere(session, payouts),
        papers=await papers(session, row[0], CampaignFile.model_validate(row[2].file)),
        credits=await of_collaboration(session, collaboration_id),
        claims=claims,
        kept_back=await portal_claims.kept_back(session, payouts),
        end_words=tuple(
            d.comment
            for d in decisions
            if d.kind in SAID_AT_THE_END and d.status == "applied" and d.comment
        ),
        waiting=tuple(
            d for d in [*decisions, *said] if d.status == "submitted" and d.actor_kind == "creator"
        ),
    )


async def _decisions(session: AsyncSession, collaboration_id: str) -> list[Decision]:
    rows = await session.scalars(
        select(Decision)
        .where(Decision.subject_id == collaboration_id)
        .order_by(Decision.created_at)
    )
    return list(rows)


def _signed_by(decisions: list[Decision]) -> str:
    """The signature that counts: the last one that was applied."""
    return next(
        (
            str(decision.choice.get("content_id", ""))
            for decision in reversed(decisions)
            if decision.kind == "sign_terms"
            and decision.status == "applied"
            and decision.choice.get("answer") == "sign"
        ),
        "",
    )


async def _items(session: AsyncSession, collaboration_id: str) -> dict[str, InboxItem]:
    rows = await session.scalars(
        select(InboxItem).where(
            InboxItem.subject_id == collaboration_id,
            InboxItem.closed_at.is_(None),
            InboxItem.role == "creator",
        )
    )
    return {item.kind: item for item in rows}


async def _drafts(session: AsyncSession, collaboration_id: str) -> tuple[Draft, ...]:
    rows = await session.scalars(
        select(Draft)
        .where(Draft.collaboration_id == collaboration_id)
        .order_by(Draft.created_at, Draft.id)
    )
    return tuple(rows)


async def _payouts(session: AsyncSession, collaboration_id: str) -> tuple[Payout, ...]:
    rows = await session.scalars(
        select(Payout)
        .where(Payout.collaboration_id == collaboration_id)
        .order_by(Payout.created_at, Payout.number)
    )
    return tuple(rows)


async def _elsewhere(session: AsyncSession, payouts: tuple[Payout, ...]) -> dict[str, OtherPayment]:
    named = [each.other_payment_id for each in payouts if each.other_payment_id]
    if not named:
        return {}
    found = await session.scalars(select(OtherPayment).where(OtherPayment.id.in_(named)))
    return {each.payout_id: each for each in found}


async def _not_owed(session: AsyncSession, payouts: tuple[Payout, ...]) -> dict[str, str]:
    given_up = [each.id for each in payouts if each.status == PayoutStatus.CANCELLED]
    return await why_not_owed(session, given_up) if given_up else {}


Row = TypeVar("Row", Terms, Publication, Check)


async def _last(
    session: AsyncSession, table: type[Row], collaboration_id: str, order: Any
) -> Row | None:
    found: Row | None = await session.scalar(
        select(table)
        .where(table.collaboration_id == collaboration_id)
        .order_by(order.desc())
        .limit(1)
    )
    return found


async def exists(session: AsyncSession, collaboration_id: str) -> bool:
    """True if there is such a collaboration."""
    return await session.get(Collaboration, collaboration_id) is not None


async def creator_of(session: AsyncSession, collaboration_id: str) -> Creator | None:
    """The creator of a collaboration."""
    return await session.scalar(
        select(Creator)
        .join(Collaboration, Collaboration.creator_id == Creator.id)
        .where(Collaboration.id == collaboration_id)
    )


async def has_opted_out(session: AsyncSession, collaboration_id: str) -> bool:
    """True if the creator has already said here that they want no more mail."""
    found = await session.scalar(
        select(Decision.id)
        .where(Decision.subject_id == collaboration_id, Decision.kind == "opt_out")
        .limit(1)
    )
    return found is not None


def _id(prefix: str) -> str:
    return f"{prefix}_{uuid.uuid4().hex[:20]}"


def draft_digest(salt: str, caption: str, media_note: str) -> str:
    """What a reviewer's word is bound to: salted, because it stands in the history."""
    return hashlib.sha256(f"{salt}\x1f{caption}\x1f{media_note}".encode()).hexdigest()


async def add_draft(
    session: AsyncSession,
    collaboration: Collaboration,
    caption: str,
    media_note: str,
    prechecks: list[Any],
    at: datetime,
) -> str:
    """A version as handed in; it counts once a SUBMIT_DRAFT decision is applied."""
    draft_id = _id("dra")
    session.add(
        Draft(
            id=draft_id,
            collaboration_id=collaboration.id,
            version=None,
            caption=caption,
            media_note=media_note,
            digest=draft_digest(collaboration.salt, caption, media_note),
            prechecks=prechecks,
            created_at=at,
        )
    )
    await session.flush()
    return draft_id


async def add_signature(
    session: AsyncSession, terms_id: str, typed_name: str, address: str, at: datetime
) -> str:
    """A typed name; it counts once a SIGN_TERMS decision is applied."""
    signature_id = _id("sig")
    session.add(
        Signature(
            id=signature_id,
            terms_id=terms_id,
            typed_name=typed_name,
            address=address,
            created_at=at,
        )
    )
    await session.flush()
    return signature_id


async def add_publication(
    session: AsyncSession,
    collaboration_id: str,
    url: str,
    platform: str,
    platform_post_id: str,
    at: datetime,
) -> str:
    """Where the post is; it counts once a REPORT_PUBLICATION decision is applied."""
    publication_id = _id("pub")
    session.add(
        Publication(
            id=publication_id,
            collaboration_id=collaboration_id,
            url=url,
            platform=platform,
            platform_post_id=platform_post_id,
            created_at=at,
        )
    )
    await session.flush()
    return publication_id


async def add_statement(
    session: AsyncSession, collaboration_id: str, text: str, at: datetime
) -> str:
    """A creator's objection; it counts once an OBJECT decision is applied."""
    statement_id = _id("sta")
    session.add(
        Statement(id=statement_id, collaboration_id=collaboration_id, text=text, created_at=at)
    )
    await session.flush()
    return statement_id


async def set_address(session: AsyncSession, creator_id: str, address: str) -> None:
    """Where a creator's mails go from now on; the next import of the roster may change it."""
    await session.execute(update(Creator).where(Creator.id == creator_id).values(email=address))


async def add_onboarding_link(session: AsyncSession, creator_id: str, at: datetime) -> str:
    """An empty row that the payout worker fills with a single-use link."""
    link_id = _id("onb")
    session.add(
        OnboardingLink(id=link_id, creator_id=creator_id, url="", created_at=at, expires_at=None)
    )
    await session.flush()
    return link_id


async def onboarding_url(session: AsyncSession, link_id: str, creator_id: str) -> str:
    """The link, once the payout worker has made it; else empty."""
    link = await session.get(OnboardingLink, link_id)
    return link.url if link is not None and link.creator_id == creator_id else ""


async def recent_links(session: AsyncSession, creator_id: str, since: datetime) -> int:
    """How many onboarding links were asked for lately: each is a call to the provider."""
    count = await session.scalar(
        select(func.count())
        .select_from(OnboardingLink)
        .where(OnboardingLink.creator_id == creator_id, OnboardingLink.created_at > since)
    )
    return count or 0
