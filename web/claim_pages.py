"""What creators owe back: the list, and one claim with what came back of it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from domain.lifecycle import Role
from store import claim_reads, desk
from web.visit import Missing, visit

router = APIRouter()

READERS = (Role.FINANCE, Role.MANAGER)

STATES = {
    "announced": ("warn", "The creator may object"),
    "deciding": ("warn", "Waits for a second person"),
    "confirmed": ("accent", "Owed"),
    "dropped": ("", "Not owed"),
    "settled": ("good", "Settled"),
}
"""A claim's status: how it looks, and in words."""

WAYS = {
    "netted": "Kept back from a payment",
    "given_back": "That payment was called off: open again",
    "taken_back": "Taken back at the provider",
    "repaid": "Repaid by the creator",
    "waived": "Waived",
    "not_earned": "Not owed: what it was asked of was called off",
}
"""By what a claim became smaller."""


@router.get("/claims")
async def claims(request: Request) -> HTMLResponse:
    """Every claim, newest first, and what creators owe in all."""
    async with visit(request) as v:
        v.need(*READERS)
        return await v.page(
            "desk/claims.html",
            here="payments",
            claims=await claim_reads.newest(v.db),
            owed=await claim_reads.owed_by_creators(v.db),
            most=claim_reads.MOST,
            states=STATES,
        )


@router.get("/claims/{claim_id}")
async def claim(request: Request, claim_id: str) -> HTMLResponse:
    """One claim: why, what the creator says, and what came back of it."""
    async with visit(request) as v:
        v.need(*READERS)
        found = await claim_reads.find(v.db, claim_id)
        if found is None:
            raise Missing
        return await v.page(
            "desk/claim.html",
            here="payments",
            claim=found,
            is_claimant=found.is_kept_from(v.me.staff_id),
            currency=found.claim.currency,
            states=STATES,
            ways=WAYS,
            settlements=await claim_reads.settlements(v.db, claim_id),
            statements=await claim_reads.statements(v.db, claim_id),
            item=await desk.open_item(v.db, "claim", claim_id),
            decided=await desk.decisions(v.db, [claim_id]),
            events=await desk.events_of(v.db, [claim_id]),
        )
