"""Reads what a mail or a document to a creator may speak of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.correspondence import (
    ClaimFigures,
    Correspondence,
    CreditFigures,
    NettedFigures,
    OtherFigures,
    PayoutFigures,
    WantedPapers,
)
from domain.decisions import SAID_AT_THE_END, DecisionKind
from domain.errors import NotFound
from domain.invoicing import NEVER_HELD, TaxStatus
from domain.lifecycle import CheckState, PayoutStatus
from domain.payments import BONUS, REPAYMENT
from store import credits, other_payments
from store.bonuses import granted_by
from store.claim_reads import find, netting_of, sums_by_kind
from store.credits import Credited
from store.invoices import papers
from store.shares import shares
from store.tables import (
    Campaign,
    Check,
    Collaboration,
    Creator,
    Decision,
    Draft,
    Payout,
    Publication,
    Recipient,
)
from store.taken_back import why_not_owed

_READ_BY_CREATOR = (
    DecisionKind.REVIEW_DRAFT,
    DecisionKind.JUDGE_PUBLICATION,
    DecisionKind.DECIDE_HEARING,
    DecisionKind.ANSWER_COUNTER,
)

# Read together with the collaboration: one way to the database and back for each mail.
_COMMENT = (
    select(Decision.comment)
    .where(
        Decision.subject_id == Collaboration.id,
        Decision.actor_kind == "staff",
        Decision.status == "applied",
        Decision.kind.in_([kind.value for kind in _READ_BY_CREATOR]),
    )
    .order_by(Decision.settled_at.desc(), Decision.created_at.desc())
    .limit(1)
    .correlate(Collaboration)
    .scalar_subquery()
)
_END_WORDS = (
    select(func.array_agg(aggregate_order_by(Decision.comment, Decision.settled_at)))
    .where(
        Decision.subject_id == Collaboration.id,
        Decision.status == "applied",
        Decision.kind.in_([kind.value for kind in SAID_AT_THE_END]),
        Decision.comment != "",
    )
    .correlate(Collaboration)
    .scalar_subquery()
)
_CAPTION = (
    select(Draft.caption)
    .where(
        Draft.collaboration_id == Collaboration.id,
        Draft.version == Collaboration.draft_version,
    )
    .order_by(Draft.created_at.desc())
    .limit(1)
    .correlate(Collaboration)
    .scalar_subquery()
)
_URL = (
    select(Publication.url)
    .where(Publication.collaboration_id == Collaboration.id)
    .order_by(Publication.created_at.desc())
    .limit(1)
    .correlate(Collaboration)
    .scalar_subquery()
)


def _sum_of_payouts(
    which: ColumnElement[bool], amount: SQLColumnExpression[int]
) -> ScalarSelect[Decimal]:
    return (
        select(func.coalesce(func.sum(amount - Payout.reversed_minor), 0))
        .where(Payout.collaboration_id == Collaboration.id, which)
        .correlate(Collaboration)
        .scalar_subquery()
    )


_PAID = _sum_of_payouts(
    Payout.status.in_([PayoutStatus.TRANSFERRED.value, PayoutStatus.ELSEWHERE.value]),
    Payout.sent_minor,
)
# What is beyond the fee takes nothing off it.
_EARNED = _sum_of_payouts(
    (Payout.status != PayoutStatus.CANCELLED) & (Payout.kind != BONUS), Payout.amount_minor
)


_ALL = (
    select(
        Collaboration, Campaign, Creator, Recipient.status, _COMMENT, _END_WORDS, _CAPTION, _URL,
        _PAID, _EARNED,
    )
    .join(Campaign, Campaign.id == Collaboration.campaign_id)
    .join(Creator, Creator.id == Collaboration.creator_id)
    .outerjoin(Recipient, Recipient.creator_id == Creator.id)
)  # fmt: skip


async def load(
    session: AsyncSession, collaboration_id: str, facts: Mapping[str, str | int] | None = None
) -> Correspondence:
    """Everything about one collaboration; ``facts`` may name a payout and a check.

    Raises:
        NotFound: there is no such collaboration.
    """
    facts = facts or {}
    query = _ALL.where(Collaboration.id == collaboration_id)
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise NotFound("there is no such collaboration")
    collaboration, campaign, creator, payee, comment, end_words, caption, url, paid, earned = found
    check, claim = await _check(session, collaboration_id, facts), await _claim(session, facts)
    file = CampaignFile.model_validate(campaign.file)
    payout = await _payout(session, collaboration_id, facts)
    return Correspondence(
        campaign_id=campaign.id,
        collaboration_id=collaboration.id,
        file=file,
        campaign_status=campaign.status,
        stage=collaboration.stage,
        outcome=collaboration.outcome or "",
        fee_minor=collaboration.fee_minor,
        currency=collaboration.currency,
        due_at=collaboration.due_at,
        draft_version=collaboration.draft_version,
        name=creator.name,
        handle=creator.handle,
        platform=creator.platform,
        email=creator.email,
        country=creator.country,
        audience_country=creator.audience_country,
        language=creator.language,
        timezone=creator.timezone,
        source=creator.source,
        comment=comment or "",
        end_words=tuple(end_words or ()),
        approved_caption=caption or "",
        publication_url=url or "",
        check_faults=_faults(check),
        check_reasons=tuple(str(reason) for reason in check.reasons) if check else (),
        payout=payout,
        claim=claim,
        paid_minor=int(paid),
        earned_minor=int(earned),
        payee_missing=payee != "active",
        papers=await _papers(session, collaboration, file, payout),
        credit=await _credit(session, payout),
        claim_credits=await _claim_credits(session, facts),
    )


async def _papers(
    session: AsyncSession, of: Collaboration, file: CampaignFile, payout: PayoutFigures | None
) -> WantedPapers | None:
    there = await papers(session, of, file)
    if there is None or (payout and payout.kind in NEVER_HELD):
        return None
    if there.facts is None:
        return WantedPapers(tax_data=True, mandate=there.self_billing)
    covered = there.mandate is not None and there.self_billing
    if there.facts.status is TaxStatus.PRIVATE or covered:
        return None
    earned = {payout.payout_id} if payout else await _earned(session, of.id)
    if earned and earned <= there.invoices.keys():
        return None
    return WantedPapers(tax_data=False, mandate=there.self_billing)


async def _credit(session: AsyncSession, payout: PayoutFigures | None) -> CreditFigures | None:
    if payout is None or payout.status != PayoutStatus.CANCELLED:
        return None
    found = await credits.one(session, payout.payout_id)
    return _figures(found) if found else None


def _figures(found: Credited) -> CreditFigures:
    return CreditFigures(found.invoice.number, found.note.number if found.note else "")


async def _claim_credits(
    session: AsyncSession, facts: Mapping[str, str | int]
) -> tuple[CreditFigures, ...]:
    if "claim_id" not in facts:
        return ()
    return tuple(map(_figures, await credits.of_claim(session, str(facts["claim_id"]))))


async def _earned(session: AsyncSession, collaboration_id: str) -> set[str]:
    """The payments that need an invoice, as far as they were earned."""
    query = select(Payout.id).where(
        Payout.collaboration_id == collaboration_id,
        Payout.status != PayoutStatus.CANCELLED.value,
        Payout.kind.not_in(NEVER_HELD),
    )
    return set(await session.scalars(query))


async def _check(
    session: AsyncSession, collaboration_id: str, facts: Mapping[str, str | int]
) -> Check | None:
    query = select(Check).where(Check.collaboration_id == collaboration_id)
    if "check_number" in facts:
        query = query.where(Check.number == int(facts["check_number"]))
    return await session.scalar(query.order_by(Check.checked_at.desc()).limit(1))


def _faults(check: Check | None) -> tuple[str, ...]:
    if check is None:
        return ()
    return ("gone",) if check.state == CheckState.GONE else tuple(check.faults)


async def _payout(
    session: AsyncSession, collaboration_id: str, facts: Mapping[str, str | int]
) -> PayoutFigures | None:
    query = select(Payout).where(Payout.collaboration_id == collaboration_id)
    if "payout_id" in facts:
        query = query.where(Payout.id == str(facts["payout_id"]))
    elif "milestone" in facts:
        query = query.where(Payout.kind == str(facts["milestone"]))
    else:
        return None
    row = await session.scalar(query.order_by(Payout.created_at.desc()).limit(1))
    if row is None:
        return None
    paid = await shares(session, row.moved_by) if row.moved_by else []
    others = tuple(each.payout_id for each in paid if each.payout_id != row.id)
    return PayoutFigures(
        kind=row.kind,
        amount_minor=row.amount_minor,
        pay_by=row.pay_by,
        transfer_id=row.moved_by or "",
        together=others,
        together_minor=sum(each.amount_minor for each in paid) if others else 0,
        status=row.status,
        reason=await _why(session, row),
        other=await _other(session, row),
        payout_id=row.id,
        netted=tuple(
            NettedFigures(each.amount_minor, each.reason)
            for each in await netting_of(session, row, upcoming=False)
        ),
    )


async def _claim(session: AsyncSession, facts: Mapping[str, str | int]) -> ClaimFigures | None:
    if "claim_id" not in facts:
        return None
    found = await find(session, str(facts["claim_id"]))
    if found is None:
        return None
    return ClaimFigures(found.reason, found.answer, await sums_by_kind(session, found.claim.id))


async def _other(session: AsyncSession, row: Payout) -> OtherFigures | None:
    found = await other_payments.of_payment(session, row)
    said = await other_payments.last_said(session, row.id) if found else None
    if found is None or said is None:
        return None
    return OtherFigures(found.paid_at, found.reference, said.decision.comment)


async def _why(session: AsyncSession, row: Payout) -> str:
    if row.kind == REPAYMENT or row.status == PayoutStatus.CANCELLED:
        return (await why_not_owed(session, [row.id])).get(row.id, "")
    given = await granted_by(session, row.id) if row.kind == BONUS else None
    return given.reason if given else ""
