"""Money that a creator was sent in no payment's name: a person says what it was."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.errors import UserMistake
from domain.inbox import ROLE_OF, ItemKind
from store import comparisons, unnamed
from web import words
from web.fields import read_fields
from web.inbox import show_item
from web.step_up import before_money
from web.visit import Missing, Visit, visit

log = logging.getLogger(__name__)
router = APIRouter()

_SHORTEST = 3
_LONGEST = 1_000


@router.get("/differences/{identity}")
async def show(request: Request, identity: str) -> Response:
    """The newest item about a difference."""
    async with visit(request) as v:
        return RedirectResponse(f"/items/{await _item(v, identity)}", 303)


@router.post("/differences/{identity}/explain")
async def explain(request: Request, identity: str) -> Response:
    """Say what it was; twice is once, and the first word stays."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.need(ROLE_OF[ItemKind.DIFFERENCE].value)
        v.check_csrf(fields)
        item = await _item(v, identity)
        said = fields.get("said", "").strip()[:_LONGEST]
        if len(said) < _SHORTEST:
            return await show_item(v, item, 422, problem="Please say what it was.")
        try:
            await before_money(v, fields)
        except UserMistake as mistake:
            return await show_item(v, item, 403, problem=words.refusal(mistake.code), said=said)
        if await unnamed.explain(v.db, identity, v.me.staff_id, said, v.deps.clock()):
            log.info("%s explained %s", v.me.staff_id, identity)
    return RedirectResponse(f"/items/{item}", 303)


async def _item(v: Visit, identity: str) -> str:
    item = await comparisons.item_of(v.db, identity[:40])
    if item is None:
        raise Missing
    return item
