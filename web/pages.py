"""Rendering: one environment, the words, short times, and what every page knows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel.dates import format_datetime, format_timedelta
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import pass_context
from jinja2.runtime import Context

from rendering.environment import make_environment
from rendering.reader import Reader
from web import words
from web.assets import Assets
from web.deps import Deps


@pass_context
def short(context: Context, value: datetime) -> str:
    """Day and time for tables, in the reader's zone."""
    reader: Reader = context["reader"]
    now: datetime = context["now"]
    moment = value.astimezone(reader.tzinfo)
    same_year = moment.year == now.astimezone(reader.tzinfo).year
    return format_datetime(
        moment, "d MMM, HH:mm" if same_year else "d MMM y, HH:mm", locale=reader.locale
    )


@pass_context
def apart(context: Context, value: datetime) -> str:
    """How far away, in one unit: ``in 3 hours``, ``2 days ago``."""
    reader: Reader = context["reader"]
    return format_timedelta(
        value - context["now"], add_direction=True, threshold=1.4, locale=reader.locale
    )


class Pages:
    """Renders templates for one web process."""

    def __init__(self, deps: Deps, assets: Assets) -> None:
        self._deps = deps
        self._environment = make_environment(by_bank=deps.by_bank)
        self._environment.filters.update(
            short=short,
            apart=apart,
            milestone=words.milestone,
            phrase=words.phrase,
            platform=words.platform,
        )
        self._environment.globals.update(
            asset=assets.url,
            words=words,
            person=words.person,
            addresses=deps.addresses,
        )

    def html(self, template: str, **context: Any) -> str:
        """A template as text."""
        base: dict[str, Any] = {
            "reader": Reader(),
            "now": self._deps.clock(),
            "me": None,
            "csrf": "",
            "here": "",
            "banner": None,
        }
        return self._environment.get_template(template).render(base | context)

    def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A template as an answer."""
        return HTMLResponse(self.html(template, **context), status_code=status)


def pages_of(request: Request) -> Pages:
    """The renderer of this app."""
    pages: Pages = request.app.state.pages
    return pages


def deps_of(request: Request) -> Deps:
    """What this app was given."""
    deps: Deps = request.app.state.deps
    return deps


def wants_json(request: Request) -> bool:
    """True if the caller asked for JSON rather than a page."""
    return "application/json" in request.headers.get("accept", "")
