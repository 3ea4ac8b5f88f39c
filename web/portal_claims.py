"""What a creator owes, on their page: they read why, and may object once with text and picture."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.decisions import DecisionKind, Objection
from domain.errors import UserMistake
from domain.lifecycle import StreamKind
from store import decisions, portal_claims
from store import portal as store
from web.decisions import Result, send
from web.fields import MAX_TEXT, Fields
from web.pages import deps_of, wants_json
from web.portal import CreatorVisit, creator_visit, portal_fields
from web.visit import Missing

router = APIRouter()

MAX_LINK = 2_000
"""Letters of a link; browsers and servers take no longer ones."""

HEARD = "Nothing was sent again: you have told us your side already, and a person reads it."
RAN_OUT = "Nothing was sent: the time to write has run out, and a second person decides now."
DECIDED = "Nothing was sent: it is decided already. What was decided stands below."


class FormMistake(UserMistake):
    """Something in the form is missing; the message says what."""

    code = "bad_form"


class NotAsked(UserMistake):
    """The creator can object to this no more; the message says why."""

    code = "too_late"


def statement_of(fields: Fields) -> str:
    """What a creator says: their words, and the link to a picture below them.

    Raises:
        FormMistake: no words, or the link is none.
    """
    text = fields.get("statement", "").strip()[:MAX_TEXT]
    if not text:
        raise FormMistake("Please write what you want to say.")
    picture = fields.get("picture", "").strip()
    if not picture:
        return text
    try:
        parts = urlsplit(picture)
        good = parts.scheme in {"https", "http"} and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or len(picture) > MAX_LINK or len(picture.split()) > 1:
        raise FormMistake("The link to the picture has to begin with https://")
    return f"{text}\n\nPicture: {picture}"


@router.post("/portal/{collaboration_id}/claims/{claim_id}/object")
async def objecting(request: Request, collaboration_id: str, claim_id: str) -> Response:
    """Keep what the creator says about a claim, and bring it to the claim's workflow."""
    try:
        async with creator_visit(request, collaboration_id) as c:
            fields = await portal_fields(c)
            choice, decision_id, seen = await _record(c, claim_id, fields)
    except UserMistake as mistake:
        return await _again(request, collaboration_id, claim_id, mistake)
    result = await send(
        deps_of(request), choice, claim_id, decision_id, seen, StreamKind.CLAIM.value
    )
    if wants_json(request):
        return result.as_json()
    refused = result.status == "refused"
    query = {"refused": result.code} if refused else {"did": DecisionKind.OBJECT.value}
    return RedirectResponse(f"/portal/{collaboration_id}?{urlencode(query)}", 303)


async def _record(c: CreatorVisit, claim_id: str, fields: Fields) -> tuple[Objection, str, str]:
    """Write the statement and the decision; a second click of the same is the first one."""
    if not await portal_claims.lock(c.db, claim_id, c.collaboration_id):
        raise Missing
    # Read under the lock: the other click has been committed by now.
    claims = await portal_claims.of_collaboration(c.db, c.collaboration_id)
    asked = next(each for each in claims if each.claim.id == claim_id)
    text = statement_of(fields)
    for said in asked.said:
        if said.text != text:
            raise NotAsked(HEARD)
        row = said.decision
        return Objection.model_validate(row.choice), row.id, row.seen
    if asked.item is None:
        raise NotAsked(RAN_OUT if asked.status == "deciding" else DECIDED)
    content = await store.add_statement(c.db, c.collaboration_id, text, c.deps.clock())
    choice = Objection(content_id=content)
    decision_id = await decisions.submit(
        c.db,
        kind=DecisionKind.OBJECT,
        subject_kind=StreamKind.CLAIM.value,
        subject_id=claim_id,
        actor_kind="creator",
        actor_id=c.view.creator.id,
        choice=choice,
        seen=asked.item.seen,
        at=c.deps.clock(),
    )
    return choice, decision_id, asked.item.seen


async def _again(
    request: Request, collaboration_id: str, claim_id: str, mistake: UserMistake
) -> Response:
    """Back to the page with what was typed, and what is missing."""
    if wants_json(request):
        return Result("", "refused", mistake.code, mistake.message).as_json()
    status = 422 if isinstance(mistake, FormMistake) else 409
    async with creator_visit(request, collaboration_id) as c:
        typed = await portal_fields(c)
        return c.page(status, problem=mistake.message, problem_in=claim_id, typed=typed)
