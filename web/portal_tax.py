"""The creator's tax data, their mandate for invoices, and the invoices of their payments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.errors import UserMistake
from domain.invoicing import (
    BadTaxData,
    TaxFacts,
    TaxStatus,
    checked,
    is_the_vat,
    mandate_text,
)
from domain.places import country_code
from store import credits
from store import invoices as store
from store.invoices import Papers
from web.fields import Fields
from web.handed_in import read_upload
from web.payment_pages import credit_note_answer, invoice_answer
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


@router.post("/portal/{collaboration_id}/credit-note")
async def credit_note(request: Request, collaboration_id: str) -> Response:
    """Keep the credit note for an invoice of the creator's own."""
    return await _save(request, collaboration_id, "credit_note", _credit_note)


@router.get("/portal/{collaboration_id}/credit-notes/{credit_id}")
async def show_credit_note(request: Request, collaboration_id: str, credit_id: str) -> Response:
    """A credit note, for the creator whose it is."""
    async with creator_visit(request, collaboration_id) as c:
        return await credit_note_answer(c.db, request, credit_id, collaboration_id)


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
    sent = await read_upload(c.request, fields, wanted.payout.currency, c.deps.clock().date())
    if not is_the_vat(sent.vat_minor, wanted.amounts):
        raise BadTaxData("The VAT is not what it has to be for how you are taxed")
    await store.add_upload(c.db, wanted.payout.id, sent, c.deps.clock())


async def _credit_note(c: CreatorVisit, _: Papers, fields: Fields) -> None:
    named = fields.get("credit", "")
    wanted = next((each for each in c.view.credits if each.credit.id == named), None)
    if wanted is None:
        raise Forbidden("wrong_stage")
    now = c.deps.clock()
    sent = await read_upload(c.request, fields, wanted.invoice.currency, now.date())
    await credits.hand_in(c.db, wanted, sent, now)
