"""The routes that people use: the onboarding page behind a link, and the overview."""

from __future__ import annotations

import hmac
import secrets
import time

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from local.stripe_standin import forms, pages
from local.stripe_standin.deliveries import Deliveries
from local.stripe_standin.operations import Operations

_HEADERS = {
    "Content-Security-Policy": pages.CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_OVERVIEW_ROWS = 200


def people_routes(operations: Operations, deliveries: Deliveries) -> list[Route]:
    """The pages over a state."""
    state = operations.state

    async def overview(request: Request) -> Response:
        return _html(
            pages.overview(
                state.accounts()[-_OVERVIEW_ROWS:],
                state.transfers()[:_OVERVIEW_ROWS],
                state.balance(""),
                state.deliveries(),
            )
        )

    async def visit(request: Request) -> Response:
        token = request.path_params["token"]
        link = state.link(token)
        if link is None:
            return _html(pages.gone(), 404)
        if link["session"] or link["used"] or link["expires"] < time.time():
            # As Stripe does: a used or old link leads back to where a new one is made.
            return RedirectResponse(link["refresh_url"], 303, _HEADERS)
        session = secrets.token_urlsafe(18)
        with state.transaction():
            state.open_link(token, session)
        return _html(pages.onboarding(token, session))

    async def finish(request: Request) -> Response:
        token = request.path_params["token"]
        form = forms.parse_form((await request.body()).decode(errors="replace"))
        link = state.link(token)
        session = str(form.get("session", ""))
        if link is None or link["used"] or not link["session"]:
            return _html(pages.gone(), 404)
        if not hmac.compare_digest(session.encode(), link["session"].encode()):
            return _html(pages.gone(), 403)
        with state.transaction():
            state.finish_link(token)
            if form.get("choice") == "finish":
                operations.set_capability(link["account"], "active")
        deliveries.wake()
        return RedirectResponse(link["return_url"], 303, _HEADERS)

    return [
        Route("/", overview),
        Route("/setup/{token}", visit),
        Route("/setup/{token}", finish, methods=["POST"]),
    ]


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, _HEADERS)
