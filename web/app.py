"""The web application: desk, portal, api, webhooks."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from store.engine import answers, session
from web import (
    auth,
    bank_pages,
    batch_pages,
    campaigns,
    claim_pages,
    decisions,
    differences,
    exports,
    inbox,
    lists,
    matters,
    me,
    opt_out,
    payment_pages,
    portal,
    portal_claims,
    portal_forms,
    portal_tax,
    rail,
    totals,
    words,
)
from web.assets import Assets
from web.deps import Deps
from web.pages import Pages, pages_of, wants_json
from web.security import Failures, Guard, PortalTokens, TooLarge
from web.step_up import PasswordAgain, StepUp
from web.visit import Forbidden, Missing, SignInNeeded
from web.webhooks import webhook_router

log = logging.getLogger(__name__)

STRIPE_PAGES = "https://*.stripe.com"
"""Where the payout set-up goes on when no stand-in answers."""

Handler = Callable[[Request, Exception], Awaitable[Response]]


def create_app(deps: Deps, step_up: StepUp | None = None) -> FastAPI:
    """Put everything together; nothing is connected before the first request."""
    app = FastAPI(title="Troupe", docs_url=None, redoc_url=None, openapi_url=None)
    assets = Assets()
    app.state.deps = deps
    app.state.pages = Pages(deps, assets)
    app.state.step_up = step_up or PasswordAgain()
    app.state.failures = Failures(deps.clock)
    app.state.portal_tokens = PortalTokens(deps.secret)
    payout_hosts = (_origin(deps.addresses.stripe) or STRIPE_PAGES,)
    app.add_middleware(Guard, public_url=deps.public_url, payout_hosts=payout_hosts)
    for module in (
        auth, inbox, decisions, campaigns, exports, lists, portal, portal_claims, portal_tax,
        portal_forms, opt_out, totals, rail, matters, differences, batch_pages, bank_pages,
        claim_pages, me,
        payment_pages,  # last: /payments/{id} would take the other pages for payments
    ):  # fmt: skip
        app.include_router(module.router)
    app.include_router(
        webhook_router(deps.engine, deps.webhook_secret, deps.sender.dispatch_webhook)
    )
    app.include_router(assets.router())
    app.add_api_route("/healthz", _health, methods=["GET"])
    _add_error_pages(app)
    return app


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


async def _health(request: Request) -> JSONResponse:
    """Alive, and able to read the database; 503 if not."""
    deps: Deps = request.app.state.deps
    async with session(deps.engine) as db:
        await answers(db)
    return JSONResponse({"status": "ok"})


def _add_error_pages(app: FastAPI) -> None:
    handlers: dict[type[Exception], Handler] = {
        SignInNeeded: _sign_in,
        Forbidden: _forbidden,
        Missing: _missing,
        HTTPException: _http,
        TooLarge: _too_large,
        OperationalError: _database_down,
        DBAPIError: _database_down,
        PoolTimeout: _database_down,
        OSError: _database_down,
        Exception: _fault,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _sign_in(request: Request, error: Exception) -> Response:
    if wants_json(request) or "hx-request" in request.headers:
        return JSONResponse({"code": "sign_in", "message": "Please sign in."}, 401)
    if request.method == "GET":
        return RedirectResponse(auth.sign_in_address(request), 303)
    return RedirectResponse("/login", 303)


def _says(request: Request, status: int, title: str, text: str) -> Response:
    if wants_json(request):
        return JSONResponse({"status": "refused", "message": text}, status)
    creators = request.url.path.startswith(("/portal/", "/c/", "/opt-out/"))
    return pages_of(request).page(
        "portal/message.html" if creators else "desk/message.html",
        status, title=title, text=text, back="" if creators else "/",
    )  # fmt: skip


async def _forbidden(request: Request, error: Exception) -> Response:
    code = error.code if isinstance(error, Forbidden) else "not_allowed"
    return _says(request, 403, "This is not possible", words.refusal(code))


async def _missing(request: Request, error: Exception) -> Response:
    return _says(request, 404, "Not here", "There is no such page, or not any more.")


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return await _missing(request, error)
    return _says(request, status, "This did not work", "The request could not be understood.")


async def _too_large(request: Request, error: Exception) -> Response:
    return _says(request, 413, "Too large", "This is larger than anything we expect.")


async def _database_down(request: Request, error: Exception) -> Response:
    log.warning("the database does not answer: %s", type(error).__name__)
    answer = _says(
        request, 503, "The database does not answer",
        "Nothing is lost: what you decided before is kept. Please try again in a moment.",
    )  # fmt: skip
    answer.headers["Retry-After"] = "5"
    return answer


async def _fault(request: Request, error: Exception) -> Response:
    # Only the type: messages of databases and templates carry what people wrote.
    log.error("%s failed: %s", request.scope.get("route", "a request"), type(error).__name__)
    return _says(
        request, 500, "This did not work",
        "The fault is ours. Nothing was changed by this page; please try again.",
    )  # fmt: skip
