"""When Stripe refuses our key: a person lets the payments go on."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.errors import UserMistake
from domain.lifecycle import Role
from store import rail_stops
from web import words
from web.fields import read_fields
from web.step_up import before_money
from web.visit import visit

log = logging.getLogger(__name__)
router = APIRouter()

RESUMERS = (Role.FINANCE.value, Role.OPERATOR.value)
"""Who may let payments go on; each of them was released by people before."""


@router.post("/payments/resume")
async def resume(request: Request) -> Response:
    """End the stop that the page showed; the sweep wakes the payments. Twice is once."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.need(*RESUMERS)
        v.check_csrf(fields)
        stop_id = fields.get("stop", "")[:40]
        try:
            await before_money(v, fields)
        except UserMistake as mistake:
            return await v.page(
                "desk/again.html", 403, fields=fields, problem=words.refusal(mistake.code),
                code=mistake.code, asks_amount=False, back="/payments", target="/payments/resume",
            )  # fmt: skip
        if await rail_stops.resume(v.db, stop_id, v.deps.clock(), v.me.staff_id):
            log.info("%s let payments go on after %s", v.me.staff_id, stop_id)
    return RedirectResponse("/payments", 303)
