"""Delivering events as signed webhooks, again and again until they are accepted."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field

import httpx
import stripe

from local.stripe_standin.shapes import Json
from local.stripe_standin.state import State

_WAITS_SECONDS = (0.5, 1, 2, 5, 10, 20, 30)
"""Between two tries; the last one repeats. Stripe waits longer, for up to three days."""

_MAX_TRIES = 500
_TIMEOUT_SECONDS = 5.0
_AT_ONCE = 20


@dataclass
class Deliveries:
    """Posts what is due; the queue is the table of events, so a restart goes on with it."""

    state: State
    url: str
    secret: str
    paused: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """There may be something to deliver."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            while True:
                self._wake.clear()
                due = [] if self.paused else self.state.due_events(time.time(), _AT_ONCE)
                if due:
                    await asyncio.gather(*(self._deliver(client, *item) for item in due))
                else:
                    await self._wait()

    async def _wait(self) -> None:
        due_at = None if self.paused else self.state.next_due()
        seconds = None if due_at is None else max(0.05, due_at - time.time())
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _deliver(self, client: httpx.AsyncClient, ident: str, body: Json, tries: int) -> None:
        answer = await self._post(client, body)
        next_at = None
        if not answer.startswith("2") and tries + 1 < _MAX_TRIES:
            next_at = time.time() + _WAITS_SECONDS[min(tries, len(_WAITS_SECONDS) - 1)]
        with self.state.transaction():
            self.state.delivery_tried(ident, answer, next_at)

    async def _post(self, client: httpx.AsyncClient, body: Json) -> str:
        payload = json.dumps(body, indent=2)
        header = stripe.WebhookSignature.generate_signature_header(payload, self.secret)
        try:
            response = await client.post(
                self.url,
                content=payload.encode(),
                headers={"Stripe-Signature": header, "Content-Type": "application/json"},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        return str(response.status_code)
