"""One payment: its page, its statement for the books; and a creator's statement of account."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from domain.errors import UserMistake
from domain.moments import read_moment
from rendering.documents import account_html, document_page, remittance_html
from rendering.environment import make_environment
from store import desk
from store.creator_statements import creator_statement
from store.payout_reads import payout_detail
from store.remittances import Remittance, remittance
from store.tables import Creator
from web.exports import READERS
from web.pages import pages_of
from web.portal import creator_visit
from web.security import DOCUMENT_POLICY
from web.visit import Missing, visit

router = APIRouter()


@router.get("/portal/{collaboration_id}/payments/{payout_id}")
async def for_creator(request: Request, collaboration_id: str, payout_id: str) -> HTMLResponse:
    """The statement of a payment that was sent, for the creator whose payment it is."""
    async with creator_visit(request, collaboration_id) as c:
        found = await remittance(c.db, payout_id, collaboration_id)
    return _document(request, found)


@router.get("/payments/{payout_id}/statement")
async def for_finance(request: Request, payout_id: str) -> HTMLResponse:
    """The same statement for the brand's books; it carries the creator's postal address."""
    async with visit(request) as v:
        v.need(*READERS)
        found = await remittance(v.db, payout_id)
    return _document(request, found)


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
            decided=await desk.decisions(v.db, [payout_id]),
            events=await desk.events_of(v.db, [payout_id]),
            may_export=any(v.may(role) for role in READERS),
        )


@router.get("/creators/{creator_id}/statement")
async def account(request: Request, creator_id: str) -> HTMLResponse:
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
    article = account_html(environment(), who, found.lines, at)
    return _answer(request, f"Statement of account {who.id}", article, f"account-{who.id}")


@cache
def environment() -> Environment:
    """The environment of documents, made once."""
    return make_environment()


def _document(request: Request, found: Remittance | None) -> HTMLResponse:
    if found is None:
        raise Missing
    signature = found.signature
    article = remittance_html(
        environment(), found.about, sent_at=found.sent_at, number=found.payout_id,
        signed_name=signature.typed_name if signature else "",
        signed_address=signature.address if signature else "",
        signed_at=signature.created_at if signature else None,
    )  # fmt: skip
    title = f"Statement of payment {found.payout_id}"
    return _answer(request, title, article, found.payout_id)


def _answer(request: Request, title: str, article: str, name: str) -> HTMLResponse:
    headers = {"Content-Security-Policy": DOCUMENT_POLICY}
    if request.query_params.get("file"):
        headers["Content-Disposition"] = f'attachment; filename="{name}.html"'
    return HTMLResponse(document_page(environment(), title, article), headers=headers)
