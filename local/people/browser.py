"""A creator's browser: cookies, one page at a time, forms sent as they are."""

from __future__ import annotations

import asyncio
from urllib.parse import urljoin

import httpx
from selectolax.lexbor import LexborHTMLParser

from local.people.pages import Form, Page

TRIES, PAUSE = 12, 1.0
"""How often a page is tried that does not answer, and the seconds between."""


class Browser:
    """Opens links and sends forms; patient with servers that are away for a moment."""

    def __init__(self, desk: str) -> None:
        self._desk = desk
        self._client = httpx.AsyncClient(timeout=30.0, follow_redirects=True, trust_env=False)
        self.where = ""

    async def close(self) -> None:
        """Close the browser."""
        await self._client.aclose()

    async def open(self, url: str) -> Page:
        """Open a link."""
        return Page(await self._ask("GET", url))

    async def send(self, form: Form, **values: str) -> Page:
        """Send a form with some fields written anew; the page that follows."""
        target = urljoin(self._desk, form.target)
        return Page(await self._ask("POST", target, form.filled(**values)))

    async def set_up_payments(self, form: Form, *, finish: bool = True) -> bool:
        """Follow the portal to the payment provider, and finish there or leave; False: later."""
        html = await self._ask("POST", urljoin(self._desk, form.target), dict(form.fields))
        here = self.where
        setup = LexborHTMLParser(html).css_first('form input[name="session"]')
        if setup is None or here.startswith(self._desk):
            return False
        answers = {
            "session": setup.attributes.get("value") or "",
            "choice": "finish" if finish else "leave",
        }
        await self._ask("POST", here, answers)
        return True

    async def _ask(self, method: str, url: str, data: dict[str, str] | None = None) -> str:
        for left in range(TRIES, 0, -1):
            try:
                answer = await self._client.request(method, url, data=data)
            except httpx.TransportError:
                if left == 1:
                    raise
            else:
                if answer.status_code < 500 or left == 1:
                    self.where = str(answer.url)
                    return answer.text
            await asyncio.sleep(PAUSE)
        raise AssertionError("the last try returns or raises")
