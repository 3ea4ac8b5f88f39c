"""One's own page: whether one gets mails."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.staff_mail import Wish
from store import staff
from store.tables import Staff
from web.fields import read_fields
from web.visit import visit

router = APIRouter()


@router.get("/me")
async def show(request: Request) -> HTMLResponse:
    """Who is signed in, and the switch for mails."""
    async with visit(request) as v:
        me = await v.db.get_one(Staff, v.me.staff_id)
        return await v.page("desk/me.html", here="me", email=me.email, mails=me.mails)


@router.post("/me")
async def change(request: Request) -> Response:
    """Switch the mails on or off."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.check_csrf(fields)
        wish = Wish.ON if fields.get("mails") == "on" else Wish.OFF
        await staff.update_staff(v.db, v.me.staff_id, mails=wish)
    return RedirectResponse("/me", 303)
