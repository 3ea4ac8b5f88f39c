"""Collaborations, the roster and the payments."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from domain.campaign import CampaignFile
from domain.ids import collaboration_workflow_id
from integrations.stripe_version import API_VERSION, is_newer
from store import (
    balance_lines,
    bank_orders,
    bonuses,
    cash,
    claim_reads,
    comparisons,
    credits,
    desk,
    desk_lists,
    desk_shortlist,
    earned,
    external_events,
    finance,
    rail_stops,
)
from web import exports, rail, words
from web.claim_pages import STATES
from web.visit import Missing, visit

router = APIRouter()

BALANCE_WITHIN = timedelta(hours=1)
"""A reading of the balance that is older was missed several times."""

FEES_OF = timedelta(days=30)
"""For how long back the provider's fees are summed up."""

EVENTS_OF = timedelta(days=30)
"""How old an event may be that tells in which version the provider writes them now."""

COMPARED_WITHIN = timedelta(hours=26)
"""A nightly comparison that is older has failed, or nobody makes it."""

NOTES_SHOWN = 20
"""Missing credit notes that the page names; it counts them all."""


@router.get("/collaborations/{collaboration_id}")
async def collaboration(request: Request, collaboration_id: str) -> HTMLResponse:
    """One creator in one campaign, with everything that happened."""
    async with visit(request) as v:
        found = await desk_lists.collaboration(v.db, collaboration_id)
        if found is None:
            raise Missing
        row, creator, campaign = found
        payouts = await desk.payouts(v.db, row.id)
        ordered = await bank_orders.waiting_lines(v.db, payout_ids=[each.id for each in payouts])
        return await v.page(
            "desk/collaboration.html",
            here="campaigns",
            collaboration=row,
            creator=creator,
            campaign=campaign,
            currency=row.currency,
            payouts=payouts,
            ordered={each.payout_id for each in ordered},
            drafts=await desk.drafts(v.db, row.id),
            checks=await desk.checks(v.db, row.id),
            mails=await desk.mails(v.db, row.id),
            publication=await desk.last_publication(v.db, row.id),
            candidate=await desk_shortlist.candidate(v.db, campaign.id, creator.id),
            events=await desk.events_of(v.db, [row.id, *(payout.id for payout in payouts)]),
            workflow=collaboration_workflow_id(row.id),
            signed=await bonuses.is_signed(v.db, row.id),
            claim_states=STATES,
            hearing_within=CampaignFile.model_validate(campaign.file).retention.hearing_within,
            claims=await claim_reads.newest(v.db, collaboration_id=row.id),
            claimable=await earned.claimable(v.db, row.id),
            available=(await desk_lists.money_bar(v.db, campaign)).available,
        )


@router.get("/creators")
async def creators(request: Request) -> HTMLResponse:
    """The roster, to be searched by the beginning of a handle or name."""
    search = request.query_params.get("q", "")[:80]
    async with visit(request) as v:
        page = await desk_lists.creators(v.db, search, request.query_params.get("after", ""))
        return await v.page("desk/creators.html", here="creators", page=page, search=search)


@router.get("/payments")
async def payments(request: Request) -> HTMLResponse:
    """All payments, newest first, with why some are on hold."""
    status = request.query_params.get("status", "")
    status = status if status in words.PAYOUT_STATUS else ""
    async with visit(request) as v:
        page = await desk_lists.payments(
            v.db,
            status,
            request.query_params.get("campaign", "")[:40],
            request.query_params.get("after", ""),
        )
        count, missed = await credits.missing(v.db, NOTES_SHOWN)
        return await v.page(
            "desk/payments.html", here="payments", page=page, chosen=status,
            notes_count=count, notes_missing=missed,
            readiness=await finance.readiness(v.db, by_bank=v.deps.by_bank),
            compared=await comparisons.last(v.db),
            lines_read=await balance_lines.read_until(v.db),
            fees=await balance_lines.fees_since(v.db, v.deps.clock() - FEES_OF),
            compare_by=v.deps.clock() - COMPARED_WITHIN,
            needs=await cash.cash_needed(v.db, v.deps.clock(), by_bank=v.deps.by_bank),
            read_by=v.deps.clock() - BALANCE_WITHIN,
            owed=await claim_reads.owed_by_creators(v.db),
            standstill=await rail_stops.standstill(v.db),
            may_resume=any(v.may(role) for role in rail.RESUMERS),
            may_export=any(v.may(role) for role in exports.READERS),
        )  # fmt: skip


@router.get("/setup")
async def setup(request: Request) -> HTMLResponse:
    """Where the neighbours are: mail catcher, Temporal's page, stand-ins."""
    async with visit(request) as v:
        since = v.deps.clock() - EVENTS_OF
        version = await external_events.newest_version(v.db, since)
        return await v.page(
            "desk/setup.html",
            here="setup",
            events_version=version,
            our_version=API_VERSION,
            is_newer=is_newer(version),
        )
