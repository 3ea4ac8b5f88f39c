"""Never write again: a button for people, one POST for mail programs."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from domain.decisions import DecisionKind, PlainChoice
from store import decisions, outbox
from store import portal as store
from store.engine import session
from web.decisions import send
from web.pages import deps_of, pages_of
from web.visit import Forbidden

router = APIRouter()


def _collaboration(request: Request, token: str) -> str:
    collaboration_id = deps_of(request).links.read_opt_out(token)
    if collaboration_id is None:
        raise Forbidden("link")
    return collaboration_id


@router.get("/opt-out/{token}")
async def ask(request: Request, token: str) -> HTMLResponse:
    """A button: mail scanners that open links change nothing."""
    _collaboration(request, token)
    return pages_of(request).page("portal/opt_out.html", token=token, done=False)


@router.post("/opt-out/{token}")
async def opt_out(request: Request, token: str) -> HTMLResponse:
    """Stop writing; also the one click of mail programs (RFC 8058). Twice is once."""
    deps = deps_of(request)
    collaboration_id = _collaboration(request, token)
    choice = PlainChoice(kind=DecisionKind.OPT_OUT)
    async with session(deps.engine) as db:
        creator = await store.creator_of(db, collaboration_id)
        if creator is None:
            raise Forbidden("link")
        if creator.email:
            await outbox.suppress(db, creator.email, "opt_out", deps.clock())
        first = not await store.has_opted_out(db, collaboration_id)
        decision_id = first and await decisions.submit(
            db,
            kind=DecisionKind.OPT_OUT,
            subject_kind="collaboration",
            subject_id=collaboration_id,
            actor_kind="creator",
            actor_id=creator.id,
            choice=choice,
            seen="",
            comment="",
            at=deps.clock(),
        )
    if decision_id:
        await send(deps, choice, collaboration_id, decision_id, "")
    return pages_of(request).page("portal/opt_out.html", token=token, done=True)
