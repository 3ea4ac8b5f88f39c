"""Taking decisions: the row is committed first, then its workflow is told."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import CREATOR_DECISIONS, Choice, DecisionKind
from domain.errors import UserMistake
from domain.inbox import ItemKind
from store import claim_reads, desk, desk_lists
from store import decisions as store
from web import words
from web.bringing import Messenger
from web.choices import needs_currency, read_choice, subject_kind
from web.deps import Deps
from web.fields import MAX_TEXT, Fields, local_path, read_fields
from web.inbox import show_item
from web.pages import pages_of, wants_json
from web.settling import keep_other_payment
from web.step_up import before_decision
from web.visit import Forbidden, Visit, visit
from web.wishes import MOST_FIELDS, WishesRefused, keep_wishes

router = APIRouter()

STATUS_OF_CODE = {
    "not_allowed": 403,
    "same_person": 403,
    "requester": 403,
    "claimant": 403,
    "forged": 403,
    "proof_needed": 403,
    "proof_wrong": 403,
}
"""HTTP status of a refusal; everything else is a conflict with what is there now."""


UNREADABLE = frozenset(
    {
        "reason_needed", "bad_amount", "bad_choice", "bad_wishes", "bad_day", "reference_needed",
    }
)  # fmt: skip
"""Something is missing in what was sent."""


class Result:
    """What became of a decision, for a page or a program."""

    def __init__(self, decision_id: str, status: str, code: str, message: str) -> None:
        self.decision_id = decision_id
        self.status = status
        """``applied``, ``submitted`` or ``refused``."""
        self.code = code
        self.message = message
        self.content_id = ""
        """Of the rows that the choice refers to, if any."""

    def as_json(self) -> JSONResponse:
        """For programs."""
        status = 200 if self.status != "refused" else STATUS_OF_CODE.get(self.code, 409)
        if self.code in UNREADABLE:
            status = 422
        body = {
            "decision_id": self.decision_id,
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        return JSONResponse(body, 202 if self.status == "submitted" else status)


async def send(
    deps: Deps, choice: Choice, subject_id: str, decision_id: str, seen: str, about: str = ""
) -> Result:
    """Tell the workflow about a committed row; without an answer it is "being applied"."""
    told = await Messenger(deps.engine, deps.sender, deps.clock).bring(
        choice.kind, subject_id, decision_id, seen, about
    )
    message = {
        "submitted": "Recorded, and being applied.",
        "applied": words.done(choice.kind.value, str(getattr(choice, "answer", ""))),
    }
    return Result(
        decision_id, told.status, told.code,
        message.get(told.status) or words.refusal(told.code),
    )  # fmt: skip


async def _currency(db: AsyncSession, kind: DecisionKind, subject_id: str) -> str:
    if subject_kind(kind) == "claim":
        claim = await claim_reads.find(db, subject_id)
        if claim is None:
            raise Forbidden("not_found")
        return claim.claim.currency
    found = await desk_lists.collaboration(db, subject_id)
    if found is None:
        raise Forbidden("not_found")
    return found[2].currency


def _kind(fields: Fields) -> DecisionKind:
    try:
        kind = DecisionKind(fields.get("kind", ""))
    except ValueError:
        raise Forbidden("bad_choice") from None
    if kind in CREATOR_DECISIONS:
        raise Forbidden("not_allowed")
    return kind


async def _about(db: AsyncSession, kind: DecisionKind, subject_id: str) -> str:
    """What a decision is about: a step may have failed of anything that has a workflow."""
    if kind is DecisionKind.RETRY_STEP:
        item = await desk.open_item(db, ItemKind.ATTENTION.value, subject_id)
        if item is not None:
            return item.subject_kind
    return subject_kind(kind)


async def _record(v: Visit, fields: Fields) -> tuple[Choice, str, str, str, str]:
    """Check what can be checked here, and write the row: choice, subject and its kind, id, seen."""
    kind = _kind(fields)
    stands_in = fields.get("escalated") == "yes" and v.may("manager")
    if not (stands_in or v.may_decide(kind)):
        raise Forbidden("not_allowed")
    subject_id = fields.get("subject_id", "")[:40]
    await before_decision(v, kind, fields, subject_id)
    currency = await _currency(v.db, kind, subject_id) if needs_currency(fields) else ""
    seen = fields.get("seen", "")[:200]
    content_id = ""
    if kind is DecisionKind.RESOLVE_SHORTLIST:
        content_id = await keep_wishes(v, fields, subject_id, seen)
    if kind is DecisionKind.SETTLE_PAYOUT:
        content_id = await keep_other_payment(v, fields, subject_id)
    choice = read_choice(kind, fields, currency, content_id)
    about = await _about(v.db, kind, subject_id)
    decision_id = await store.submit(
        v.db,
        kind=kind,
        subject_kind=about,
        subject_id=subject_id,
        actor_kind="staff",
        actor_id=v.me.staff_id,
        choice=choice,
        seen=seen,
        comment=fields.get("comment", "").strip()[:MAX_TEXT],
        at=v.deps.clock(),
    )
    return choice, subject_id, about, decision_id, seen


@router.post("/decisions")
async def decide(request: Request) -> Response:
    """Every decision of the staff, from a form or from a program."""
    fields = await read_fields(request, MOST_FIELDS)
    try:
        async with visit(request) as v:
            v.check_csrf(fields)
            choice, subject_id, about, decision_id, seen = await _record(v, fields)
        result = await send(v.deps, choice, subject_id, decision_id, seen, about)
        result.content_id = str(getattr(choice, "content_id", ""))
    except WishesRefused as refused:
        return await _list_again(request, fields, refused)
    except UserMistake as mistake:
        return await _again(request, fields, mistake.code)
    except Forbidden as refusal:
        if not wants_json(request):
            raise
        return Result("", "refused", refusal.code, words.refusal(refusal.code)).as_json()
    if wants_json(request):
        return result.as_json()
    return await _go_on(request, fields, result)


async def _again(request: Request, fields: Fields, code: str) -> Response:
    """Something is missing: back to the form, with what was typed."""
    if wants_json(request):
        return Result("", "refused", code, words.refusal(code)).as_json()
    async with visit(request) as v:
        return await v.page(
            "desk/again.html", 422, fields=fields, problem=words.refusal(code), code=code,
            asks_amount=needs_currency(fields),
            back=local_path(fields.get("back", "")), target="/decisions",
        )  # fmt: skip


async def _list_again(request: Request, fields: Fields, refused: WishesRefused) -> Response:
    """Back to the list, with everything that was filled in and what cannot be had of it."""
    if wants_json(request):
        return Result("", "refused", refused.code, str(refused)).as_json()
    async with visit(request) as v:
        row = await desk.open_item(v.db, "shortlist", fields.get("subject_id", "")[:40])
        if row is None:
            raise Forbidden("wrong_stage")
        return await show_item(v, row.id, 422, typed=fields, mistakes=refused.mistakes)


async def _go_on(request: Request, fields: Fields, result: Result) -> RedirectResponse:
    """To the next item after a decision that stands; back to the page after one that does not."""
    goal = local_path(fields.get("back", ""))
    if fields.get("kind") == DecisionKind.RESOLVE_SHORTLIST:
        goal = f"/campaigns/{quote(fields.get('subject_id', ''), safe='')}/shortlist"
        if result.status == "refused":
            goal += f"?{urlencode({'change': result.content_id})}"
    elif goal.startswith("/items/") and result.status != "refused":
        here = urlsplit(goal).path.removeprefix("/items/")
        async with visit(request) as v:
            following = await desk.next_item(v.db, v.me.roles, here, v.me.staff_id)
        goal = f"/items/{following}" if following else "/"
    joint = "&" if "?" in goal else "?"
    return RedirectResponse(f"{goal}{joint}{urlencode({'done': result.decision_id})}", 303)


@router.get("/decisions/{decision_id}/status")
async def status(request: Request, decision_id: str) -> HTMLResponse:
    """The banner of one's own decision; asks again while it is being applied."""
    async with visit(request) as v:
        banner = await v.banner(decision_id)
        return pages_of(request).page("desk/banner.html", banner=banner)
