"""Campaigns: the list, a new one, one in full, and its report."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.bank_transfer import NotPayable, check_currency
from domain.campaign import CampaignFile
from domain.campaign_nodes import Mistake
from domain.campaign_yaml import check_campaign
from domain.lifecycle import CampaignStatus, Stage
from domain.messages import CampaignInput
from rendering.report import render_report
from store import campaigns as files
from store import desk, desk_lists, finance, reports
from store.approvers import NobodyThere, check_named
from store.tables import Campaign
from web import words
from web.fields import read_fields
from web.security import DOCUMENT_POLICY
from web.visit import Missing, Visit, visit

router = APIRouter()

_LOOKS, _BETWEEN_LOOKS = 13, 0.25
"""How often, and after how many seconds, a page looks for a list that is being solved again."""

_DOUBLE_CLICK = timedelta(minutes=1)
"""The same file by the same person within this time is one campaign."""


@router.get("/campaigns")
async def show_all(request: Request) -> HTMLResponse:
    """All campaigns, newest first."""
    async with visit(request) as v:
        page = await desk_lists.campaigns(v.db, request.query_params.get("after", ""))
        return await v.page("desk/campaigns.html", here="campaigns", page=page)


@router.get("/campaigns/new")
async def new(request: Request) -> HTMLResponse:
    """Choose or paste a campaign file."""
    async with visit(request) as v:
        v.need("manager")
        return await v.page("desk/campaign_new.html", here="campaigns", text="", mistakes=())


@router.post("/campaigns/new")
async def check(request: Request) -> HTMLResponse:
    """Read the file: all mistakes at once, or a summary to confirm. Nothing is kept yet."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.need("manager")
        v.check_csrf(fields)
        text = fields.get("file") or fields.get("text", "")
        if fields.get("edit"):
            return await v.page("desk/campaign_new.html", here="campaigns", text=text, mistakes=())
        found = check_campaign(text)
        if found.file is None:
            return await _mistaken(v, text, found.mistakes)
        if mistakes := await _not_here(v, found.file, text):
            return await _mistaken(v, text, mistakes)
        return await v.page(
            "desk/campaign_confirm.html", here="campaigns", file=found.file, text=text,
            warnings=found.warnings, currency=found.file.currency,
        )  # fmt: skip


async def _mistaken(v: Visit, text: str, mistakes: Sequence[Mistake]) -> HTMLResponse:
    return await v.page(
        "desk/campaign_new.html", 422, here="campaigns", text=text, mistakes=mistakes
    )


async def _not_here(v: Visit, file: CampaignFile, text: str) -> list[Mistake]:
    """What is right in the file and still cannot be begun in this installation."""
    mistakes = [
        Mistake(line=_line_of(path, text), column=1, path=path, message=message, hint=hint)
        for path, message, hint in v.deps.rules.mistakes(file)
    ]
    try:
        check_currency(file.currency, by_bank=v.deps.by_bank)
        await check_named(v.db, file)
    except (NobodyThere, NotPayable) as error:
        mistakes.append(Mistake(line=1, column=1, path="", message=error.message, hint=error.hint))
    return mistakes


def _line_of(path: str, text: str) -> int:
    key = f"{path.rpartition('.')[2]}:"
    return next((n for n, line in enumerate(text.splitlines(), 1) if key in line), 1)


@router.post("/campaigns")
async def start(request: Request) -> Response:
    """Keep the campaign and start it."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.need("manager")
        v.check_csrf(fields)
        text = fields.get("text", "")
        found = check_campaign(text)
        file = found.file
        if file is None:
            return await _mistaken(v, text, found.mistakes)
        if mistakes := await _not_here(v, file, text):
            return await _mistaken(v, text, mistakes)
        now = v.deps.clock()
        campaign_id = await desk_lists.just_started(
            v.db, v.me.staff_id, text, now - _DOUBLE_CLICK
        ) or await files.create_campaign(
            v.db, file, text, v.me.staff_id, now, by_bank=v.deps.by_bank, rules=v.deps.rules
        )
    await v.deps.sender.start_campaign(start_message(campaign_id, file))
    return RedirectResponse(f"/campaigns/{campaign_id}", 303)


@router.post("/campaigns/{campaign_id}/start")
async def start_again(request: Request, campaign_id: str) -> Response:
    """Start the workflow of a campaign that is kept and has not begun; twice is once."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.need("manager")
        v.check_csrf(fields)
        campaign = await _campaign(v, campaign_id)
        file = CampaignFile.model_validate(campaign.file)
    await v.deps.sender.start_campaign(start_message(campaign_id, file))
    return RedirectResponse(f"/campaigns/{campaign_id}", 303)


def start_message(campaign_id: str, file: CampaignFile) -> CampaignInput:
    """What the campaign's workflow is started with."""
    return CampaignInput(
        campaign_id=campaign_id,
        wanted=file.creators.wanted,
        window=file.outreach.window,
        budget_minor=file.budget.total.minor,
        remind_shortlist_seconds=max(1, int(file.shortlist_remind_after.total_seconds())),
    )


async def _campaign(v: Visit, campaign_id: str) -> Campaign:
    campaign = await desk_lists.campaign(v.db, campaign_id)
    if campaign is None:
        raise Missing
    return campaign


def _funnel(counts: dict[tuple[str, str], int]) -> list[tuple[str, str, int, int]]:
    """Stages in order as (code, title, number, percent of the largest)."""
    sums = {stage.value: 0 for stage in Stage if stage is not Stage.CLOSED}
    for (stage, _), count in counts.items():
        if stage in sums:
            sums[stage] += count
    most = max([*sums.values(), *(n for (s, _), n in counts.items() if s == "closed"), 1])
    return [
        (stage, words.STAGES[stage], count, round(100 * count / most))
        for stage, count in sums.items()
    ]


def _endings(counts: dict[tuple[str, str], int]) -> list[tuple[str, int]]:
    ended = [(outcome, n) for (stage, outcome), n in counts.items() if stage == "closed"]
    return sorted(ended, key=lambda each: (each[0] != "completed", -each[1]))


@router.get("/campaigns/{campaign_id}")
async def show(request: Request, campaign_id: str) -> HTMLResponse:
    """One campaign: funnel, money, what happened, and every collaboration."""
    stage = request.query_params.get("stage", "")
    async with visit(request) as v:
        campaign = await _campaign(v, campaign_id)
        counts = await desk_lists.funnel(v.db, campaign_id)
        context: dict[str, Any] = {
            "campaign": campaign,
            "file": CampaignFile.model_validate(campaign.file),
            "currency": campaign.currency,
            "funnel": _funnel(counts),
            "endings": _endings(counts),
            "readiness": await finance.readiness(v.db, campaign_id, by_bank=v.deps.by_bank),
            "bar": await desk_lists.money_bar(v.db, campaign),
            "happenings": await desk_lists.happenings(v.db, campaign_id),
            "stage": stage if stage in words.STAGES else "",
            "page": await desk_lists.collaborations(
                v.db,
                campaign_id,
                stage if stage in words.STAGES else "",
                request.query_params.get("after", ""),
            ),
            "shortlist": await desk.open_item(v.db, "shortlist", campaign_id),
        }
        return await v.page("desk/campaign.html", here="campaigns", **context)


@router.get("/campaigns/{campaign_id}/shortlist")
async def shortlist(request: Request, campaign_id: str) -> Response:
    """The shortlist that waits for sign-off; while it is being solved again, soon."""
    query = f"?{request.url.query}" if request.url.query else ""
    for tries in range(_LOOKS, 0, -1):
        async with visit(request) as v:
            campaign = await _campaign(v, campaign_id)
            waiting = await desk.open_item(v.db, "shortlist", campaign_id)
            if waiting is not None:
                return RedirectResponse(f"/items/{waiting.id}{query}", 303)
            if campaign.status != CampaignStatus.SHORTLISTED:
                return RedirectResponse(f"/campaigns/{campaign_id}{query}", 303)
            if tries == 1:
                return await v.page("desk/solving.html", here="campaigns", campaign=campaign)
        await asyncio.sleep(_BETWEEN_LOOKS)
    raise Missing


@router.get("/campaigns/{campaign_id}/report")
async def report(request: Request, campaign_id: str) -> HTMLResponse:
    """The report: as it was written at the end, or as it stands now."""
    async with visit(request) as v:
        await _campaign(v, campaign_id)
        page = render_report(await reports.for_people(v.db, campaign_id), v.reader)
    return HTMLResponse(page, headers={"Content-Security-Policy": DOCUMENT_POLICY})
