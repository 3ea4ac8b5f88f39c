"""The creator's tax data, their mandate for invoices, and the invoices of their payments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import UploadFile

from domain.errors import UserMistake
from domain.invoicing import (
    BadTaxData,
    TaxFacts,
    TaxStatus,
    checked,
    file_type,
    is_the_vat,
    mandate_text,
)
from domain.places import country_code
from store import invoices as store
from store.invoices import Papers, Upload
from store.issuing import SERIES
from web.fields import Fields, read_amount
from web.payment_pages import invoice_answer
from web.portal import CreatorVisit, creator_visit, portal_fields
from web.tax_card import asked
from web.visit import Forbidden

router = APIRouter()

Save = Callable[[CreatorVisit, Papers, Fields], Awaitable[None]]


@router.post("/portal/{collaboration_id}/tax")
async def tax(request: Request, collaboration_id: str) -> Response:
    """Keep how the creator is taxed; may be changed at any time."""
    return await _save(request, collaboration_id, "tax", _tax)


@router.post("/portal/{collaboration_id}/mandate")
async def mandate(request: Request, collaboration_id: str) -> Response:
    """Keep the creator's yes to invoices that the brand issues, or that they take it back."""
    return await _save(request, collaboration_id, "mandate", _mandate)


@router.post("/portal/{collaboration_id}/invoice")
async def upload(request: Request, collaboration_id: str) -> Response:
    """Keep the invoice of a payment."""
    return await _save(request, collaboration_id, "invoice", _upload)


@router.get("/portal/{collaboration_id}/invoices/{payout_id}")
async def show(request: Request, collaboration_id: str, payout_id: str) -> Response:
    """An invoice, for the creator whose it is."""
    async with creator_visit(request, collaboration_id) as c:
        return await invoice_answer(c.db, request, payout_id, collaboration_id)


async def _save(request: Request, collaboration_id: str, form: str, save: Save) -> Response:
    """Keep what was sent, or show the page again with what is wrong."""
    try:
        async with creator_visit(request, collaboration_id) as c:
            fields = await portal_fields(c)
            if c.view.papers is None or c.view.signature is None:
                raise Forbidden("wrong_stage")
            await save(c, c.view.papers, fields)
    except UserMistake as mistake:
        said = f"{mistake.message[:1].upper()}{mistake.message[1:]}".rstrip(".") + "."
        async with creator_visit(request, collaboration_id) as c:
            typed = await portal_fields(c)
            return c.page(422, problem=said, problem_in=form, typed=typed, tax_open=form == "tax")
    return RedirectResponse(f"/portal/{collaboration_id}?kept={form}", 303)


async def _tax(c: CreatorVisit, _: Papers, fields: Fields) -> None:
    try:
        status = TaxStatus(fields.get("status", ""))
    except ValueError:
        raise BadTaxData("Please choose how you are taxed") from None
    facts = TaxFacts(
        status, country_code(fields.get("country", "")) or "", fields.get("legal_name", ""),
        fields.get("address", ""), fields.get("business_number", ""), fields.get("vat_number", ""),
    )  # fmt: skip
    await store.add_profile(c.db, c.view.creator.id, checked(facts), c.deps.clock())


async def _mandate(c: CreatorVisit, papers: Papers, fields: Fields) -> None:
    if papers.profile is None or not papers.self_billing:
        raise Forbidden("wrong_stage")
    agreed = fields.get("answer") == "agree"
    name = fields.get("typed_name", "").strip()[:200]
    if agreed and len(name) < 2:
        raise BadTaxData("Please type your full name to give the mandate")
    text = mandate_text(c.file.brand.name, papers.profile.legal_name)
    if agreed and fields.get("text") != text:
        # The name was changed in another window: what was read is not what would be kept.
        raise BadTaxData("The words have changed; please read them again")
    at = c.deps.clock()
    await store.add_mandate(c.db, c.collaboration_id, text, name, at, agreed=agreed)


async def _upload(c: CreatorVisit, _: Papers, fields: Fields) -> None:
    wanted = next(
        (
            each
            for each in asked(c.view, c.file.brand.country)
            if each.payout.id == fields.get("payment")
        ),
        None,
    )
    if wanted is None:
        raise Forbidden("wrong_stage")
    number, issued_on = _head(fields, c.deps.clock().date())
    content = await _file(c.request)
    media_type = file_type(content)
    if not media_type:
        raise BadTaxData("Please choose the file of your invoice: a PDF, a PNG or a JPEG")
    currency, vat = wanted.payout.currency, fields.get("vat", "").strip()
    vat_minor = read_amount(vat, currency) if vat.strip("0., ") else 0
    if not is_the_vat(vat_minor, wanted.amounts):
        raise BadTaxData("The VAT is not what it has to be for how you are taxed")
    gross = read_amount(fields.get("gross", ""), currency)
    sent = Upload(number, issued_on, vat_minor, gross, media_type, content)
    await store.add_upload(c.db, wanted.payout.id, sent, c.deps.clock())


def _head(fields: Fields, today: date) -> tuple[str, date]:
    """Number and date of an invoice, as typed."""
    number = " ".join(fields.get("number", "").split())[:60]
    if not number:
        raise BadTaxData("Please type the number of your invoice")
    if number.startswith(SERIES):
        raise BadTaxData("Numbers that begin like this are those of invoices that we issue")
    try:
        issued_on = date.fromisoformat(fields.get("issued_on", ""))
    except ValueError:
        raise BadTaxData("Please give the date of your invoice") from None
    if issued_on > today:
        raise BadTaxData("The date of your invoice lies in the future")
    return number, issued_on


async def _file(request: Request) -> bytes:
    """The uploaded file's bytes; the size of the whole request is limited already."""
    found = (await request.form()).get("file")
    if not isinstance(found, UploadFile):
        return b""
    await found.seek(0)
    return await found.read()
