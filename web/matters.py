"""A matter of the brand's account at the provider: a person says what it was, and it is over."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.account_matters import MATTERS, MatterCode
from domain.errors import UserMistake
from domain.inbox import ROLE_OF, ItemKind
from store import account_matters, desk
from web import words
from web.fields import read_fields
from web.inbox import show_item
from web.step_up import before_money
from web.visit import Missing, Visit, visit

log = logging.getLogger(__name__)
router = APIRouter()

_SHORTEST = 3
_LONGEST = 1_000


@router.post("/matters/{matter_id}/settle")
async def settle(request: Request, matter_id: str) -> Response:
    """Settle a matter with what it was; twice is once, and the first word stays."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.need(ROLE_OF[ItemKind.ACCOUNT].value)
        v.check_csrf(fields)
        found = await account_matters.matter(v.db, matter_id)
        if found is None or MATTERS[MatterCode(found[0].code)].by_itself:
            raise Missing
        said = fields.get("said", "").strip()[:_LONGEST]
        if len(said) < _SHORTEST:
            item = await _item(v, matter_id)
            return await show_item(v, item, 422, problem="Please say what it was.")
        try:
            await before_money(v, fields)
        except UserMistake as mistake:
            item = await _item(v, matter_id)
            return await show_item(v, item, 403, problem=words.refusal(mistake.code), said=said)
        if await account_matters.settle(v.db, matter_id, v.deps.clock(), v.me.staff_id, said):
            log.info("%s settled %s", v.me.staff_id, matter_id)
    return RedirectResponse("/", 303)


async def _item(v: Visit, matter_id: str) -> str:
    item = await desk.open_item(v.db, ItemKind.ACCOUNT.value, matter_id)
    if item is None:
        raise Missing
    return item.id
