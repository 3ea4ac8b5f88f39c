"""One payment: its page, its statement for the books; and a creator's statement of account."""

from __future__ import annotations

import asyncio
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import UserMistake
from domain.moments import read_moment
from rendering.documents import (
    Document,
    account_statement,
    document_page,
    payment_statement,
    self_billed,
)
from rendering.environment import make_environment
from rendering.paper import paper
from store import desk, invoices
from store.creator_statements import creator_statement
from store.payout_reads import payout_detail
from store.remittances import Remittance, remittance
from store.tables import Creator
from web.exports import READERS
from web.pages import deps_of, pages_of
from web.portal import creator_visit
from web.security import DOCUMENT_POLICY
from web.visit import Missing, visit

router = APIRouter()


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
        found = await payout_detail(v.db, payout_id)
        if found is None:
            raise Missing
        return await v.page(
            "desk/payment.html",
            here="payments",
            payout=found.payout,
            creator=found.creator,
            campaign=found.campaign,
            recipient=found.recipient,
            attempts=found.attempts,
            item=await desk.open_item(v.db, "release", payout_id),
            invoice=await invoices.invoice(v.db, payout_id),
            decided=await desk.decisions(v.db, [payout_id]),
            events=await desk.events_of(v.db, [payout_id]),
            may_export=any(v.may(role) for role in READERS),
        )


@router.get("/creators/{creator_id}/statement")
async def account(request: Request, creator_id: str) -> Response:
    """What a creator earned and was paid in all campaigns, until now or a past moment."""
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
        who = await v.db.get(Creator, creator_id)
        if who is None:
            raise Missing
        found = await creator_statement(v.db, who, at)
    return await _answer(request, account_statement(_environment(request), who, found.lines, at))


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
    suffix = found.media_type.rpartition("/")[2]
    headers = {
        "Content-Security-Policy": DOCUMENT_POLICY,
        "Content-Disposition": f'attachment; filename="invoice-{payout_id}.{suffix}"',
    }
    content = await invoices.content(db, payout_id)
    return Response(content, headers=headers, media_type=found.media_type)


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
