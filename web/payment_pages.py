"""One payment: its page, its statement for the books; and a creator's statement of account."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import UserMistake
from domain.lifecycle import Role
from domain.moments import read_moment
from rendering.documents import (
    Document,
    account_statement,
    campaign_statement,
    credit_note,
    document_page,
    payment_statement,
    self_billed,
)
from rendering.environment import make_environment
from rendering.paper import paper
from store import (
    bank_orders,
    claim_reads,
    credits,
    desk,
    invoices,
    ledger_reports,
    other_payments,
    riders,
    shares,
)
from store.creator_statements import creator_statement
from store.payout_reads import payout_detail
from store.remittances import Remittance, remittance
from store.tables import Campaign, Creator
from web.exports import READERS
from web.fields import Fields, read_fields
from web.handed_in import file_answer, read_upload
from web.pages import deps_of, pages_of
from web.portal import creator_visit
from web.security import DOCUMENT_POLICY
from web.visit import Missing, Visit, visit

router = APIRouter()
log = logging.getLogger(__name__)


@router.get("/portal/{collaboration_id}/payments/{payout_id}")
async def for_creator(request: Request, collaboration_id: str, payout_id: str) -> Response:
    """The statement of a payment that was sent, for the creator whose payment it is."""
    async with creator_visit(request, collaboration_id) as c:
        found = await remittance(c.db, payout_id, collaboration_id)
    return await _document(request, found)


@router.get("/payments/{payout_id}/statement")
async def for_finance(request: Request, payout_id: str) -> Response:
    """The same statement for the brand's books; it carries the creator's postal address."""
    async with visit(request) as v:
        v.need(*READERS)
        found = await remittance(v.db, payout_id)
    return await _document(request, found)


@router.get("/payments/{payout_id}/invoice")
async def invoice_for_finance(request: Request, payout_id: str) -> Response:
    """The invoice of a payment for the brand's books."""
    async with visit(request) as v:
        v.need(*READERS)
        return await invoice_answer(v.db, request, payout_id)


@router.get("/payments/{payout_id}")
async def payment(request: Request, payout_id: str) -> HTMLResponse:
    """One payment: what became of it, what was tried, who decided."""
    async with visit(request) as v:
        return await _payment_page(v, payout_id)


async def _payment_page(
    v: Visit, payout_id: str, status: int = 200, problem: str = "", typed: Fields | None = None
) -> HTMLResponse:
    found = await payout_detail(v.db, payout_id)
    if found is None:
        raise Missing
    along = await riders.riders_of(v.db, payout_id)
    sent = [each.transfer_id for each in found.attempts if each.transfer_id and along]
    surplus = [share for each in sent for share in await shares.too_much(v.db, each)]
    return await v.page(
        "desk/payment.html",
        status,
        here="payments",
        payout=found.payout,
        creator=found.creator,
        campaign=found.campaign,
        recipient=found.recipient,
        attempts=found.attempts,
        netting=await claim_reads.netting_of(v.db, found.payout, upcoming=False),
        item=await desk.open_item(v.db, "release", payout_id),
        stuck=await desk.open_item(v.db, "unpaid", payout_id)
        or await desk.open_item(v.db, "on_hold", payout_id),
        still=await desk.open_item(v.db, "standstill", payout_id),
        other=await other_payments.of_payment(v.db, found.payout),
        ordered=bool(await bank_orders.waiting_lines(v.db, payout_ids=[payout_id])),
        ride=await riders.ride_of(v.db, payout_id),
        along=along,
        too_much={each.payout_id for each in surplus},
        invoice=await invoices.invoice(v.db, found.payout.first_of or payout_id),
        credited=await credits.of_payment(v.db, payout_id),
        may_enter=v.may(Role.FINANCE),
        problem=problem,
        typed=typed or {},
        decided=await desk.decisions(v.db, [payout_id]),
        events=await desk.events_of(v.db, [payout_id]),
        may_export=any(v.may(role) for role in READERS),
    )


@router.get("/credit-notes/{credit_id}")
async def credit_note_for_finance(request: Request, credit_id: str) -> Response:
    """A credit note for the brand's books."""
    async with visit(request) as v:
        v.need(*READERS)
        return await credit_note_answer(v.db, request, credit_id)


@router.post("/payments/{payout_id}/credit-notes")
async def enter_credit_note(request: Request, payout_id: str) -> Response:
    """Keep a credit note that came to finance by another way than the creator's page."""
    fields = await read_fields(request)
    credit_id = fields.get("credit", "")
    try:
        async with visit(request) as v:
            v.need(Role.FINANCE)
            v.check_csrf(fields)
            found = await credits.one(v.db, credit_id)
            if found is None or payout_id not in {found.credit.id, found.credit.payout_id}:
                raise Missing
            now = v.deps.clock()
            sent = await read_upload(request, fields, found.invoice.currency, now.date())
            await credits.hand_in(v.db, found, sent, now, entered_by=v.me.staff_id)
    except UserMistake as mistake:
        async with visit(request) as v:
            return await _payment_page(v, payout_id, 422, f"{mistake.message}.", fields)
    log.info("%s entered the credit note %s", v.me.staff_id, credit_id)
    return RedirectResponse(f"/payments/{payout_id}", 303)


@router.get("/creators/{creator_id}/statement")
async def account(request: Request, creator_id: str) -> Response:
    """What a creator earned and was paid in all campaigns, until now or a past moment."""

    async def made(db: AsyncSession, at: datetime) -> Document:
        who = await db.get(Creator, creator_id)
        if who is None:
            raise Missing
        found = await creator_statement(db, who, at)
        return account_statement(_environment(request), who, found.lines, at)

    return await _until(request, made)


@router.get("/campaigns/{campaign_id}/statement")
async def campaign_ledger(request: Request, campaign_id: str) -> Response:
    """What a campaign's money did, who let it and why, until now or a past moment."""

    async def made(db: AsyncSession, at: datetime) -> Document:
        campaign = await db.get(Campaign, campaign_id)
        if campaign is None:
            raise Missing
        found = await ledger_reports.statement(db, campaign_id, at)
        environment = _environment(request)
        return campaign_statement(environment, campaign, found.lines, found.balances, found.at)

    return await _until(request, made)


async def _until(
    request: Request, made: Callable[[AsyncSession, datetime], Awaitable[Document]]
) -> Response:
    """A statement until the moment that is asked for, else until now; for those who may read it."""
    until = request.query_params.get("at", "")
    async with visit(request) as v:
        v.need(*READERS)
        try:
            at = read_moment(until, "Until", end=True) if until else v.deps.clock()
        except UserMistake as mistake:
            return pages_of(request).page(
                "desk/message.html", 422, title="This statement cannot be made",
                text=f"{mistake.message}; {mistake.hint}.", back="/payments",
            )  # fmt: skip
        document = await made(v.db, at)
    return await _answer(request, document)


async def invoice_answer(
    db: AsyncSession, request: Request, payout_id: str, collaboration_id: str = ""
) -> Response:
    """An invoice: the uploaded file, always to be saved; or the one that was issued, as a page.

    Raises:
        Missing: the payment has none, or it is not one of this collaboration's.
    """
    found = await invoices.invoice(db, payout_id, collaboration_id)
    if found is None:
        raise Missing
    if found.series is not None:
        return await _answer(request, self_billed(environment(), found))
    content = await invoices.content(db, payout_id)
    return file_answer(content, found.media_type, f"invoice-{payout_id}")


async def credit_note_answer(
    db: AsyncSession, request: Request, credit_id: str, collaboration_id: str = ""
) -> Response:
    """A credit note, as `invoice_answer`.

    Raises:
        Missing: it is not there yet, or not one of this collaboration's.
    """
    found = await credits.one(db, credit_id, collaboration_id)
    if found is None or found.note is None:
        raise Missing
    if found.note.series is not None:
        return await _answer(request, credit_note(environment(), found.note))
    content = await credits.content(db, credit_id)
    return file_answer(content, found.note.media_type, f"credit-note-{credit_id}")


@cache
def environment(*, by_bank: bool = False) -> Environment:
    """The environment of documents, made once."""
    return make_environment(by_bank=by_bank)


def _environment(request: Request) -> Environment:
    return environment(by_bank=deps_of(request).by_bank)


async def _document(request: Request, found: Remittance | None) -> Response:
    if found is None:
        raise Missing
    return await _answer(request, payment_statement(_environment(request), found))


async def _answer(request: Request, document: Document) -> Response:
    """The page; with ``?file=pdf`` or ``?file=html`` the same to keep."""
    headers = {"Content-Security-Policy": DOCUMENT_POLICY}
    wanted = request.query_params.get("file", "")
    if wanted:
        suffix = "pdf" if wanted == "pdf" else "html"
        headers["Content-Disposition"] = f'attachment; filename="{document.file_name}.{suffix}"'
    if wanted == "pdf":
        made = await asyncio.to_thread(paper, document)
        return Response(made, headers=headers, media_type="application/pdf")
    return HTMLResponse(document_page(_environment(request), document), headers=headers)
