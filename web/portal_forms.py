"""The creator's forms: each writes its row and a decision, then tells the collaboration."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.addresses import usable_address
from domain.decisions import CREATOR_DECISIONS, Choice, DecisionKind
from domain.errors import UserMistake
from domain.iban import read_iban
from domain.inbox import DECIDED_BY
from domain.messages import OnboardingTask
from integrations.social.urls import NotAPost, parse_post_url
from store import bank_accounts, decisions
from store import portal as store
from store.engine import session
from web import words
from web.choices import read_choice
from web.decisions import Result, send
from web.drafting import as_rows, asked_for, disclosed, lines, precheck
from web.fields import MAX_TEXT, Fields
from web.pages import deps_of, pages_of, wants_json
from web.portal import CreatorVisit, creator_visit, look_over, portal_fields
from web.portal_claims import FormMistake, statement_of
from web.visit import Forbidden, Missing

router = APIRouter()
log = logging.getLogger(__name__)

LINKS_PER_HOUR = 10
"""Onboarding links that one creator may ask for: each is a call to the payment provider."""

MAX_HOLDER = 70
"""Letters of a name in a bank file (pain.001, Max140Text; SEPA reads 70)."""

_LINK_WAIT_SECONDS = 10.0
_LINK_LOOK_SECONDS = 0.2

_ITEM_OF = {decision: item.value for item, decision in DECIDED_BY.items()}


@router.post("/portal/{collaboration_id}/payout-setup")
async def payout_setup(request: Request, collaboration_id: str) -> Response:
    """Have a single-use link made and go on to the payment provider."""
    deps = deps_of(request)
    if deps.by_bank:
        raise Missing
    async with creator_visit(request, collaboration_id) as c:
        await portal_fields(c)
        if c.view.signature is None:
            raise Forbidden("wrong_stage")
        creator_id = c.view.creator.id
        since = deps.clock() - timedelta(hours=1)
        if await store.recent_links(c.db, creator_id, since) >= LINKS_PER_HOUR:
            raise Forbidden("too_often")
        link_id = await store.add_onboarding_link(c.db, creator_id, deps.clock())
    try:
        task = OnboardingTask(
            creator_id=creator_id, link_id=link_id, collaboration_id=collaboration_id
        )
        sent = await deps.sender.request_onboarding(task)
    except Exception as error:
        log.warning("onboarding link not asked for now: %s", type(error).__name__)
        sent = False
    url = await _await_link(request, link_id, creator_id) if sent else ""
    if url:
        return RedirectResponse(url, 303)
    return pages_of(request).page(
        "portal/message.html", 503, title="Just a moment",
        text="The payment provider does not answer right now. Please try again in a minute.",
        back=f"/portal/{collaboration_id}",
    )  # fmt: skip


async def _await_link(request: Request, link_id: str, creator_id: str) -> str:
    deps = deps_of(request)
    for _ in range(int(_LINK_WAIT_SECONDS / _LINK_LOOK_SECONDS)):
        async with session(deps.engine) as db:
            url = await store.onboarding_url(db, link_id, creator_id)
        if url.startswith(("https://", deps.addresses.stripe or "https://")):
            return url
        await asyncio.sleep(_LINK_LOOK_SECONDS)
    return ""


@router.post("/portal/{collaboration_id}/bank-account")
async def bank_account(request: Request, collaboration_id: str) -> Response:
    """Where the money goes by bank transfer; another account sends payments back to release."""
    deps = deps_of(request)
    if deps.debtor is None:
        raise Missing
    async with creator_visit(request, collaboration_id) as c:
        fields = await portal_fields(c)
        if c.view.signature is None:
            raise Forbidden("wrong_stage")
        creator_id, since = c.view.creator.id, deps.clock() - timedelta(hours=1)
        if await bank_accounts.given_since(c.db, creator_id, since) >= LINKS_PER_HOUR:
            raise Forbidden("too_often")
        holder = " ".join(fields.get("holder", "").split())
        try:
            if not 2 <= len(holder) <= MAX_HOLDER:
                raise FormMistake("Please type the name of the account's holder.")
            iban = read_iban(fields.get("iban", ""))
        except UserMistake as mistake:
            text = f"{mistake.message}: {mistake.hint}." if mistake.hint else mistake.message
            return c.page(
                422, problem=text[:1].upper() + text[1:], problem_in="bank_account",
                typed={"holder": holder[:MAX_HOLDER]},
            )  # fmt: skip
        await bank_accounts.give(c.db, creator_id, holder, iban, deps.clock())
    return RedirectResponse(f"/portal/{collaboration_id}?setup=given", 303)


@router.post("/portal/{collaboration_id}/{kind}")
async def act(request: Request, collaboration_id: str, kind: str) -> Response:
    """One answer of the creator."""
    decision = _decision(kind)
    try:
        async with creator_visit(request, collaboration_id) as c:
            fields = await portal_fields(c)
            choice, decision_id, seen = await _record(c, decision, fields)
    except UserMistake as mistake:
        return await _again(request, collaboration_id, decision, mistake)
    result = await send(deps_of(request), choice, collaboration_id, decision_id, seen)
    if wants_json(request):
        return result.as_json()
    return _go_on(collaboration_id, decision, fields, result)


def _decision(kind: str) -> DecisionKind:
    try:
        decision = DecisionKind(kind)
    except ValueError:
        raise Missing from None
    if decision not in CREATOR_DECISIONS or decision is DecisionKind.OPT_OUT:
        raise Missing
    return decision


async def _record(c: CreatorVisit, kind: DecisionKind, fields: Fields) -> tuple[Choice, str, str]:
    """Write the content, if the answer has any, and the decision that refers to it."""
    item = c.view.items.get(_ITEM_OF.get(kind, ""))
    seen = fields.get("seen", "")[:200]
    if item is None and kind is not DecisionKind.WITHDRAW:
        raise FormMistake(words.refusal("wrong_stage"))
    if item is not None and item.seen != seen:
        raise FormMistake(words.refusal("stale"))
    content_id = await _content(c, kind, fields)
    choice = read_choice(kind, fields, c.view.collaboration.currency, content_id)
    decision_id = await decisions.submit(
        c.db,
        kind=kind,
        subject_kind="collaboration",
        subject_id=c.collaboration_id,
        actor_kind="creator",
        actor_id=c.view.creator.id,
        choice=choice,
        seen=seen,
        comment=fields.get("comment", "").strip()[:MAX_TEXT],
        at=c.deps.clock(),
    )
    return choice, decision_id, seen


async def _content(c: CreatorVisit, kind: DecisionKind, fields: Fields) -> str:
    """The row that a decision refers to; empty for answers that are their own content."""
    at = c.deps.clock()
    if kind is DecisionKind.ANSWER_OFFER and fields.get("answer") != "no":
        await _address(c, fields.get("email", ""))
    if kind is DecisionKind.SIGN_TERMS and fields.get("answer") == "sign":
        name, address = fields.get("typed_name", "").strip(), fields.get("address", "").strip()
        if len(name) < 2 or len(address) < 5:
            raise FormMistake("Please type your full name and your postal address to sign.")
        if c.view.terms is None:
            raise FormMistake(words.refusal("wrong_stage"))
        return await store.add_signature(c.db, c.view.terms.id, name[:200], address[:500], at)
    if kind is DecisionKind.SUBMIT_DRAFT:
        caption = fields.get("caption", "").strip()[:MAX_TEXT]
        if not caption:
            raise FormMistake("Please paste the caption first.")
        return await _draft(c, caption, fields.get("media_note", "").strip()[:MAX_TEXT])
    if kind is DecisionKind.REPORT_PUBLICATION:
        return await _publication(c, fields.get("url", ""))
    if kind is DecisionKind.OBJECT:
        return await store.add_statement(c.db, c.collaboration_id, statement_of(fields), at)
    return ""


async def _address(c: CreatorVisit, typed: str) -> None:
    """Whoever was contacted by hand says where the mails of the collaboration shall go."""
    if usable_address(c.view.creator.email):
        return
    address = usable_address(typed)
    if address is None:
        raise FormMistake("Please type your e-mail address: the terms and the brief go there.")
    await store.set_address(c.db, c.view.creator.id, address)


async def _draft(c: CreatorVisit, caption: str, note: str) -> str:
    found = await precheck(c.file, c.view.creator, caption, c.deps.safety)
    if not disclosed(found):
        label = asked_for(c.file, c.view.creator)
        raise FormMistake(f"The label is missing: begin the caption with “{label}”.")
    return await store.add_draft(
        c.db, c.view.collaboration, caption, note, as_rows(found), c.deps.clock()
    )


async def _publication(c: CreatorVisit, url: str) -> str:
    try:
        post = parse_post_url(url, c.deps.addresses.social)
    except NotAPost as mistake:
        hint = f" {mistake.hint[:1].upper()}{mistake.hint[1:]}." if mistake.hint else ""
        raise FormMistake(f"{mistake.message}.{hint}".replace("..", ".")) from None
    agreed = c.view.creator.platform
    if post.platform != agreed:
        # The same handle may be somebody else's there; and the terms name the account.
        raise FormMistake(
            f"This is a post on {words.platform(post.platform)}. "
            f"The terms are about your {words.platform(agreed)} account: publish it there."
        )
    return await store.add_publication(
        c.db, c.collaboration_id, post.url, post.platform, post.post_id, c.deps.clock()
    )


async def _again(
    request: Request, collaboration_id: str, kind: DecisionKind, mistake: UserMistake
) -> Response:
    """Back to the page with what was typed, and what is missing."""
    own = isinstance(mistake, FormMistake)
    message = mistake.message if own else words.refusal(mistake.code)
    message = message[:1].upper() + message[1:]
    if wants_json(request):
        code = "bad_form" if own else mistake.code
        return Result("", "refused", code, message).as_json()
    async with creator_visit(request, collaboration_id) as c:
        typed = await portal_fields(c)
        caption = typed.get("caption", "")
        found = await look_over(c, caption)
        return c.page(
            422,
            problem=message,
            problem_in=kind.value,
            typed=typed,
            caption=caption,
            prechecks=lines(found) if found else None,
            media_note=typed.get("media_note", ""),
        )


def _go_on(
    collaboration_id: str, kind: DecisionKind, fields: Fields, result: Result
) -> RedirectResponse:
    query = {"did": kind.value, "answer": fields.get("answer", "")}
    if result.status == "refused":
        query = {"refused": result.code}
    return RedirectResponse(f"/portal/{collaboration_id}?{urlencode(query)}", 303)
