"""Campaigns: started from a file, listed, and summed up for the command line."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from domain.bank_transfer import check_currency
from domain.campaign import CampaignFile
from domain.errors import NotFound
from domain.house_rules import NO_HOUSE_RULES, HouseRules
from domain.ids import CAMPAIGN
from domain.lifecycle import CampaignStatus
from store.approvers import check_named
from store.tables import Campaign, Candidate, Collaboration, InboxItem, LedgerAccount, Payout

NEWEST = 50
"""Campaigns in one list."""


class CampaignSummary(BaseModel):
    """Where a campaign stands; ready for ``--json``."""

    id: str
    name: str
    status: str
    currency: str
    wanted: int
    created_at: datetime
    ended_at: datetime | None
    candidates: dict[str, int]
    """``chosen``, ``waitlist``, ``out``."""
    stages: dict[str, int]
    """Collaborations that are going on, by stage."""
    outcomes: dict[str, int]
    """Collaborations that are over, by outcome."""
    needs_attention: int
    waits_for: dict[str, int]
    """Open items by role; ``creator`` are the creators' own."""
    payouts: dict[str, int]
    """Payments by status."""
    money: dict[str, int]
    """Ledger balances in the smallest unit of the currency, by account."""


async def create_campaign(
    session: AsyncSession,
    file: CampaignFile,
    source: str,
    started_by: str | None,
    at: datetime,
    *,
    by_bank: bool = False,
    rules: HouseRules = NO_HOUSE_RULES,
) -> str:
    """Write a campaign down and return its id; its workflow does the rest.

    Args:
        session: a transaction.
        file: the campaign.
        source: its text, as it was written.
        started_by: the member of staff who starts it.
        at: now.
        by_bank: this installation pays by bank transfer.
        rules: what no campaign goes beyond here.

    Raises:
        NobodyThere: it names people who cannot decide.
        NotPayable: its creators cannot be paid in its currency.
        BeyondHouseRules: this installation does not allow it.
    """
    rules.check(file)
    check_currency(file.currency, by_bank=by_bank)
    await check_named(session, file)
    campaign_id = f"{CAMPAIGN}_{secrets.token_hex(8)}"
    session.add(
        Campaign(
            id=campaign_id,
            name=file.name,
            file=file.model_dump(mode="json"),
            source=source,
            status=CampaignStatus.VETTING.value,
            currency=file.currency,
            budget_minor=file.budget.total.minor,
            wanted=file.creators.wanted,
            salt=secrets.token_hex(16),
            report=None,
            started_by=started_by,
            created_at=at,
            ended_at=None,
        )
    )
    await session.flush()
    return campaign_id


async def get_campaign(session: AsyncSession, campaign_id: str) -> Campaign:
    """A campaign's row.

    Raises:
        NotFound: there is no such campaign.
    """
    campaign = await session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFound(
            f"there is no campaign '{campaign_id}'", hint="./troupe campaign status lists them"
        )
    return campaign


async def campaign_file(session: AsyncSession, campaign_id: str) -> CampaignFile:
    """The file a campaign was started with.

    Raises:
        NotFound: there is no such campaign.
    """
    return CampaignFile.model_validate((await get_campaign(session, campaign_id)).file)


async def list_campaigns(
    session: AsyncSession, *, before: datetime | None = None, limit: int = NEWEST
) -> Sequence[Campaign]:
    """Campaigns, newest first; ``before`` is the ``created_at`` of the last one seen."""
    query = select(Campaign).order_by(Campaign.created_at.desc(), Campaign.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Campaign.created_at < before)
    return (await session.scalars(query)).all()


async def find_campaign(session: AsyncSession, wanted: str = "") -> Campaign:
    """A campaign by id, by the beginning of its id or by name; the newest if nothing is said.

    Raises:
        NotFound: none, or more than one.
    """
    query = select(Campaign).order_by(Campaign.created_at.desc(), Campaign.id.desc()).limit(2)
    if wanted:
        query = query.where(
            Campaign.id.startswith(wanted, autoescape=True)
            | (func.lower(Campaign.name) == wanted.lower())
        )
    found = (await session.scalars(query)).all()
    if wanted and len(found) > 1:
        exact = next((campaign for campaign in found if campaign.id == wanted), None)
        if exact is None:
            raise NotFound(f"more than one campaign is called '{wanted}'", hint="use its id")
        return exact
    if not found:
        raise NotFound(
            f"there is no campaign '{wanted}'" if wanted else "there is no campaign yet",
            hint="./troupe campaign status lists them"
            if wanted
            else "start one with ./troupe campaign start FILE",
        )
    return found[0]


async def summary(session: AsyncSession, campaign_id: str) -> CampaignSummary:
    """Where a campaign stands, in counts.

    Raises:
        NotFound: there is no such campaign.
    """
    campaign = await get_campaign(session, campaign_id)
    stages: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    attention = 0
    for stage, outcome, needs, count in await session.execute(
        select(
            Collaboration.stage, Collaboration.outcome, Collaboration.needs_attention, func.count()
        )
        .where(Collaboration.campaign_id == campaign_id)
        .group_by(Collaboration.stage, Collaboration.outcome, Collaboration.needs_attention)
    ):
        target, key = (outcomes, outcome) if outcome else (stages, stage)
        target[key] = target.get(key, 0) + count
        attention += count if needs else 0
    return CampaignSummary(
        id=campaign.id,
        name=campaign.name,
        status=campaign.status,
        currency=campaign.currency,
        wanted=campaign.wanted,
        created_at=campaign.created_at,
        ended_at=campaign.ended_at,
        candidates=await _counts(session, Candidate.status, Candidate.campaign_id == campaign_id),
        stages=stages,
        outcomes=outcomes,
        needs_attention=attention,
        waits_for=await _counts(
            session,
            InboxItem.role,
            (InboxItem.campaign_id == campaign_id) & InboxItem.closed_at.is_(None),
        ),
        payouts=await _counts(session, Payout.status, Payout.campaign_id == campaign_id),
        money=await money(session, campaign_id),
    )


async def money(session: AsyncSession, campaign_id: str) -> dict[str, int]:
    """Ledger balances of a campaign by account, in the smallest unit of its currency."""
    rows = await session.execute(
        select(LedgerAccount.name, func.sum(LedgerAccount.balance_minor))
        .where(LedgerAccount.campaign_id == campaign_id)
        .group_by(LedgerAccount.name)
        .order_by(LedgerAccount.name)
    )
    return {name: int(balance) for name, balance in rows}


async def _counts(
    session: AsyncSession, column: InstrumentedAttribute[str], where: ColumnElement[bool]
) -> dict[str, int]:
    rows = await session.execute(
        select(column, func.count()).where(where).group_by(column).order_by(column)
    )
    return {name: int(count) for name, count in rows}
