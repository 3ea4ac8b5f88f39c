"""Making a claim: a person's decision that a creator owes something back of what was earned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.campaign import CampaignFile, PayoutPolicy
from domain.claims import ClaimStatus
from domain.decisions import ClaimChoice, DecisionKind
from domain.ids import claim_id
from domain.lifecycle import StreamKind
from domain.messages import Begin, Claimed, ClaimInput, StreamHead
from store.beginnings import begin
from store.duties import Refused
from store.earned import claimable
from store.streams import decided, write_event
from store.tables import Campaign, Claim, Collaboration, Decision


async def make(engine: AsyncEngine, command: Begin) -> Claimed:
    """Check a claim's decision once more, and write the claim with its first event.

    Making it twice is one claim: the decision's row is locked and gives the claim its id.
    """
    code, claim = await begin(engine, command, DecisionKind.CLAIM_BACK, _make)
    return Claimed(code=code, claim=claim)


async def _make(
    session: AsyncSession, of: Collaboration, row: Decision, at: datetime
) -> ClaimInput:
    if row.status == "applied":
        return await _input(session, await session.get_one(Claim, claim_id(row.id)))
    if ClaimChoice.model_validate(row.choice).amount_minor > await claimable(session, of.id):
        raise Refused("more_than_earned")
    return await _input(session, await _write(session, of, row, at))


async def _write(session: AsyncSession, of: Collaboration, row: Decision, at: datetime) -> Claim:
    choice = ClaimChoice.model_validate(row.choice)
    campaign = await session.get_one(Campaign, of.campaign_id)
    within = CampaignFile.model_validate(campaign.file).retention.hearing_within
    claim = Claim(
        id=claim_id(row.id),
        campaign_id=of.campaign_id,
        collaboration_id=of.id,
        creator_id=of.creator_id,
        decision_id=row.id,
        amount_minor=choice.amount_minor,
        currency=of.currency,
        status=ClaimStatus.ANNOUNCED.value,
        object_by=at + within,
        created_at=at,
        updated_at=at,
        sequence=0,
        digest="",
    )
    session.add(claim)
    head = StreamHead(kind=StreamKind.CLAIM, entity_id=claim.id)
    data = choice.model_dump(mode="json")
    write_event(session, claim, head, decided(row, data, at))
    await session.flush()
    return claim


async def _input(session: AsyncSession, claim: Claim) -> ClaimInput:
    campaign = await session.get_one(Campaign, claim.campaign_id)
    file = CampaignFile.model_validate(campaign.file)
    return ClaimInput(
        claim_id=claim.id,
        collaboration_id=claim.collaboration_id,
        campaign_id=claim.campaign_id,
        amount_minor=claim.amount_minor,
        currency=claim.currency,
        hearing_within=file.retention.hearing_within,
        min_notice=file.min_notice,
        policy=PayoutPolicy.of(file),
    )
