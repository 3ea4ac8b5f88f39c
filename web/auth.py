"""Signing in and out."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from store import staff
from store.engine import session
from store.sessions import ABSOLUTE, close_session, open_session, read_session
from web.deps import Deps
from web.fields import local_path, read_fields
from web.pages import deps_of, pages_of
from web.security import Failures
from web.visit import cookie_name, visit

router = APIRouter()

_WRONG = "E-mail address or password is not right."
_TOO_OFTEN = "Too many tries. Please wait a quarter of an hour and try again."


def sign_in_address(request: Request) -> str:
    """Where to sign in, and where to go on afterwards."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/login" if path == "/" else f"/login?{urlencode({'next': path})}"


@router.get("/login")
async def show(request: Request) -> Response:
    """The form; somebody who is signed in goes straight on."""
    deps = deps_of(request)
    goal = local_path(request.query_params.get("next", ""))
    async with session(deps.engine) as db:
        token = request.cookies.get(cookie_name(deps), "")
        if await read_session(db, token, deps.clock()):
            return RedirectResponse(goal, 303)
    return _form(request, goal)


@router.post("/login")
async def sign_in(request: Request) -> Response:
    """Check the password, at a speed that does not reward guessing."""
    deps = deps_of(request)
    fields = await read_fields(request)
    failures: Failures = request.app.state.failures
    email = fields.get("email", "").strip().casefold()[:200]
    address = request.client.host if request.client else ""
    goal = local_path(fields.get("next", ""))
    if failures.blocked(email, address):
        return _form(request, goal, email, _TOO_OFTEN, 429)
    old = request.cookies.get(cookie_name(deps), "")
    async with session(deps.engine) as db:
        person = await staff.authenticate(db, email, fields.get("password", "")[:1000])
        if person is None:
            failures.add(email, address)
            return _form(request, goal, email, _WRONG, 401)
        if old:
            await close_session(db, old)
        token = await open_session(db, person.id, deps.clock())
    failures.forget(email, address)
    answer = RedirectResponse(goal, 303)
    _set_cookie(answer, deps, token)
    return answer


@router.post("/logout")
async def sign_out(request: Request) -> Response:
    """End the session on our side; the cookie is worth nothing from now on."""
    fields = await read_fields(request)
    async with visit(request) as v:
        v.check_csrf(fields)
        await close_session(v.db, request.cookies.get(cookie_name(v.deps), ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(cookie_name(v.deps), path="/", secure=v.deps.secure, httponly=True)
    return answer


def _set_cookie(answer: Response, deps: Deps, token: str) -> None:
    answer.set_cookie(
        cookie_name(deps),
        token,
        max_age=int(ABSOLUTE.total_seconds()),
        path="/",
        secure=deps.secure,
        httponly=True,
        samesite="lax",
    )


def _form(
    request: Request, goal: str, email: str = "", problem: str = "", status: int = 200
) -> HTMLResponse:
    return pages_of(request).page(
        "desk/login.html", status, goal=goal, email=email, problem=problem
    )
