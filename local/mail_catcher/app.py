"""The web side: pages for people, JSON for simulated creators and for looking mail up."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from local.mail_catcher.mailbox import Caught, Mailbox
from local.mail_catcher.server import Fault, Faults, Trouble

_PAGES = Path(__file__).parent / "pages"
_SHOWN = 100
_LONGEST_WAIT = 25.0
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class FaultOrder(BaseModel):
    """Trouble that a test or a demonstration wants."""

    model_config = ConfigDict(extra="forbid")

    kind: Trouble
    to: str = "*"
    times: int = Field(default=1, ge=1, le=100_000)


class Catcher:
    """The requests that the catcher answers."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        self._mailbox = mailbox
        self._faults = faults
        self._pages = Environment(
            loader=FileSystemLoader(_PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def app(self, names: tuple[str, ...] = ()) -> Starlette:
        """The application; it answers to this machine's names, and to ``names``, only."""
        return Starlette(
            routes=[
                Route("/", self.inbox),
                Route("/messages/{id}", self.message),
                Route("/messages/{id}/html", self.html),
                Route("/messages/{id}/raw", self.raw),
                Route("/messages/{id}/attachments/{number:int}", self.attachment),
                Route("/style.css", self.style),
                Route("/health", self.health),
                Route("/api/messages", self.api_messages),
                Route("/api/messages/{id}", self.api_message),
                Route("/_catcher/faults", self.faults, methods=["GET", "POST", "DELETE"]),
            ],
            middleware=[
                # Otherwise a foreign web page could read the mail through a name of its own.
                Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", *names])
            ],
        )

    async def inbox(self, request: Request) -> Response:
        """The list alone."""
        return self._page(request, None)

    async def message(self, request: Request) -> Response:
        """The list with one message beside it."""
        return self._page(request, self._caught(request))

    async def html(self, request: Request) -> Response:
        """The HTML part by itself, for the frame; links open in the top window."""
        document = '<base target="_top">' + self._mailbox.html(self._caught(request).id)
        return HTMLResponse(document, headers=_HEADERS | {"Content-Security-Policy": _MAIL_POLICY})

    async def raw(self, request: Request) -> Response:
        """The bytes as received."""
        return Response(
            self._mailbox.raw(self._caught(request).id),
            media_type="text/plain; charset=utf-8",
            headers=_HEADERS,
        )

    async def attachment(self, request: Request) -> Response:
        """One attachment, to be saved: nothing of it is shown or run here."""
        number: int = request.path_params["number"]
        found = self._mailbox.attachment(self._caught(request).id, number)
        if found is None:
            raise HTTPException(404, "there is no such attachment")
        file_name, content = found
        saved = f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
        return Response(
            content,
            media_type="application/octet-stream",
            headers=_HEADERS | {"Content-Disposition": saved},
        )

    async def style(self, _request: Request) -> Response:
        """The style sheet."""
        return FileResponse(_PAGES / "style.css", media_type="text/css")

    async def health(self, _request: Request) -> Response:
        """Ready to be asked."""
        return JSONResponse({"status": "ok", "messages": len(self._mailbox)})

    async def api_messages(self, request: Request) -> Response:
        """Messages, oldest first: ``to``, ``after`` (an id), ``message_id``, ``wait`` (seconds)."""
        query = request.query_params
        to, after, message_id = (query.get(name, "") for name in ("to", "after", "message_id"))
        try:
            wait = min(float(query.get("wait", "0")), _LONGEST_WAIT)
        except ValueError:
            raise HTTPException(422, "wait is a number of seconds") from None
        if message_id:
            found = self._mailbox.find(to=to, after=after, message_id=message_id)
        else:
            found = await self._mailbox.wait(to=to, after=after, seconds=wait)
        return JSONResponse({"messages": [_as_json(caught) for caught in found]})

    async def api_message(self, request: Request) -> Response:
        """One message."""
        return JSONResponse(_as_json(self._caught(request)))

    async def faults(self, request: Request) -> Response:
        """Order trouble, see what is ordered, or end it."""
        if request.method == "POST":
            # A form of a foreign page cannot send this type without asking first.
            if request.headers.get("content-type", "") != "application/json":
                raise HTTPException(415, "send JSON")
            try:
                order = FaultOrder.model_validate_json(await request.body())
            except ValidationError as error:
                raise HTTPException(422, str(error)) from None
            self._faults.ordered.append(Fault(order.kind, order.to, order.times))
        elif request.method == "DELETE":
            self._faults.ordered.clear()
        return JSONResponse({"faults": [asdict(fault) for fault in self._faults.ordered]})

    def _caught(self, request: Request) -> Caught:
        caught = self._mailbox.get(request.path_params["id"])
        if caught is None:
            raise HTTPException(404, "there is no such message")
        return caught

    def _page(self, request: Request, shown: Caught | None) -> Response:
        search = request.query_params.get("q", "")
        view = request.query_params.get("view", "html")
        has_html = bool(shown and self._mailbox.html(shown.id))
        page = self._pages.get_template("page.html").render(
            messages=self._mailbox.latest(search, _SHOWN),
            total=len(self._mailbox),
            search=search,
            shown=shown,
            view=view if view in {"text", "headers"} or has_html else "text",
            has_html=has_html,
        )
        return HTMLResponse(page, headers=_HEADERS | {"Content-Security-Policy": _PAGE_POLICY})


def _as_json(caught: Caught) -> dict[str, Any]:
    return {
        "id": caught.id,
        "to": caught.to,
        "from": caught.sender,
        "subject": caught.subject,
        "message_id": caught.message_id,
        "text": caught.text,
        "links": list(caught.links),
        "headers": [list(header) for header in caught.headers],
        "received_at": caught.received_at.isoformat(),
        "attachments": list(caught.attachments),
    }
