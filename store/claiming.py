"""Making a claim: a person's decision that a creator owes something back of what was earned."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.campaign import CampaignFile, PayoutPolicy
from domain.claims import ClaimStatus
from domain.decisions import ClaimChoice, DecisionKind
from domain.ids import claim_id
from domain.lifecycle import StreamKind
from domain.messages import ApplyDecision, ClaimBack, Claimed, ClaimInput, StreamHead
from store.duties import Refused, check_duties
from store.earned import claimable
from store.engine import session as transaction
from store.streams import NewEvent, write_event
from store.tables import Campaign, Claim, Collaboration, Decision


async def make(engine: AsyncEngine, command: ClaimBack) -> Claimed:
    """Check a claim's decision once more, and write the claim with its first event.

    Making it twice is one claim: the decision's row is locked and gives the claim its id.
    """
    async with transaction(engine) as session:
        return await _make(session, command)


async def _make(session: AsyncSession, command: ClaimBack) -> Claimed:
    row = await session.get(Decision, command.ref.decision_id, with_for_update=True)
    if row is None or row.kind != DecisionKind.CLAIM_BACK:
        return Claimed(code="unknown")
    # Locked: two claims at once may not come to more than was earned.
    of = await session.get(Collaboration, row.subject_id, with_for_update=True)
    if of is None:
        return _refused(row, "unknown", command.at)
    if row.status == "applied":
        return await _input(session, await session.get_one(Claim, claim_id(row.id)))
    if row.status != "submitted":
        return Claimed(code=row.code)
    try:
        await _may_be_made(session, of, row, command)
    except Refused as refusal:
        return _refused(row, refusal.code, command.at)
    claim = await _write(session, of, row, command.at)
    row.status, row.code, row.settled_at = "applied", "applied", command.at
    return await _input(session, claim)


def _refused(row: Decision, code: str, at: datetime) -> Claimed:
    row.status, row.code, row.settled_at = "refused", code, at
    return Claimed(code=code)


async def _may_be_made(
    session: AsyncSession, of: Collaboration, row: Decision, command: ClaimBack
) -> None:
    head = StreamHead(kind=StreamKind.COLLABORATION, entity_id=of.id)
    check = ApplyDecision(head=head, at=command.at, ref=command.ref)
    await check_duties(session, of, row, check)
    if ClaimChoice.model_validate(row.choice).amount_minor > await claimable(session, of.id):
        raise Refused("more_than_earned")


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
    write_event(session, claim, head, NewEvent(f"decision:{row.id}", row.kind, data, at, row.id))
    await session.flush()
    return claim


async def _input(session: AsyncSession, claim: Claim) -> Claimed:
    campaign = await session.get_one(Campaign, claim.campaign_id)
    file = CampaignFile.model_validate(campaign.file)
    return Claimed(
        claim=ClaimInput(
            claim_id=claim.id,
            collaboration_id=claim.collaboration_id,
            campaign_id=claim.campaign_id,
            amount_minor=claim.amount_minor,
            currency=claim.currency,
            hearing_within=file.retention.hearing_within,
            min_notice=file.min_notice,
            policy=PayoutPolicy.of(file),
        )
    )
