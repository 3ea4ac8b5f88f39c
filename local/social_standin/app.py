"""The stand-in as one application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response

from local.social_standin.api import api
from local.social_standin.platforms import router, with_faults
from local.social_standin.posts import Memory
from local.social_standin.site import site

_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"


def make_app(folder: Path, base: str, day_seconds: float = 86_400.0) -> FastAPI:
    """Make the application.

    Args:
        folder: where its SQLite file is kept.
        base: the address that it is reached at, without a slash at the end.
        day_seconds: how long a day lasts for the growth of figures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    app = FastAPI(title="Simulated social platforms", docs_url=None, redoc_url=None)
    app.state.memory = Memory(folder / "social.sqlite3", day_seconds)
    app.state.base = base
    app.middleware("http")(with_faults)
    app.middleware("http")(_with_headers)
    for each in (api, router, site):
        app.include_router(each)
    return app


async def _with_headers(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await call_next(request)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
