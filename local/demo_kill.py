"""The scene with ``kill -9``: all workers at once, with a transfer on its way.

The stand-in for Stripe is told to move the money at once and to answer late. Then the workers are
killed: the money has moved, and nobody of ours knows it. What follows is the engine's work.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from local.stack import Stack
from store import story
from store.engine import session
from store.story import InFlight

ANSWERS_AFTER = 7.0
"""Seconds that the provider lets its answer wait."""
SLOW_ANSWERS = 4
"""Transfers that are answered late."""
OPEN_AT_LEAST = 1
"""Collaborations under way before it is worth the scene."""
LOOK_EVERY = 0.1
COMPANY = 2.5
"""Seconds to wait for more transfers once one is on its way."""
PATIENCE = 3.0
"""Seconds to wait for a moment at which nothing is between us and the provider."""
TRANSFERS = "/v1/transfers"


@dataclass
class Killed:
    """What happened when the workers were killed."""

    at: float
    """Seconds since the demonstration began."""
    pids: dict[str, int]
    before: InFlight
    moved: int = 0
    """Transfers that the provider had made already, without anybody hearing of it."""
    back_after: float = 0.0
    """Seconds until all workers polled again."""


@dataclass
class Aftermath:
    """What became of everything that was in flight."""

    became: dict[str, int] = field(default_factory=dict)
    """Collaborations by what they became."""
    lost: int = 0
    paid_once: int = 0
    paid_twice: int = 0
    unpaid: int = 0
    asked_again: int = 0
    """Requests that were sent again with the key of the first one."""


class KillScene:
    """Waits for the right moment, kills, and sees the workers come back."""

    def __init__(self, stack: Stack, engine: AsyncEngine, campaign_id: str, began: float) -> None:
        self._stack = stack
        self._engine = engine
        self._campaign = campaign_id
        self._began = began
        self.killed: Killed | None = None

    async def run(self, say: Callable[[str], None]) -> None:
        """Play the scene once; ends without it if the campaign never comes to that point."""
        async with httpx.AsyncClient(
            base_url=self._stack.addresses.stripe, timeout=10, trust_env=False
        ) as stripe:
            await self._released()
            fault = {
                "kind": "slow_after", "count": SLOW_ANSWERS, "method": "POST",
                "path": TRANSFERS, "seconds": ANSWERS_AFTER,
            }  # fmt: skip
            (await stripe.post("/_standin/faults", json=fault)).raise_for_status()
            await self._on_its_way(stripe)
            before, moved = await self._all_at_the_provider(stripe)
            pids = self._stack.kill_workers()
            start = time.monotonic()
            self.killed = Killed(start - self._began, pids, before, moved)
            say(
                f"kill -9 of all {len(pids)} workers: {len(before.collaborations)} collaborations "
                f"open, {count(len(before.sending), 'transfer')} without an answer"
            )
            (await stripe.delete("/_standin/faults")).raise_for_status()
            await self._stack.workers_ready()
            self.killed.back_after = time.monotonic() - start
            say(f"all workers are back after {self.killed.back_after:.1f} s; they go on")

    async def _all_at_the_provider(self, stripe: httpx.AsyncClient) -> tuple[InFlight, int]:
        """A moment at which what is being sent has reached the provider, if it comes soon.

        Of what had not, no webhook could tell: it would be sent when the dead worker's turn is
        over, after the time that people watch a demonstration (`make prove-money` kills there too).
        """
        last = time.monotonic() + PATIENCE
        while True:
            before, moved = await self._in_flight(), await _waiting_answers(stripe)
            if len(before.sending) <= moved or time.monotonic() > last:
                return before, moved
            await asyncio.sleep(LOOK_EVERY / 4)

    async def _in_flight(self) -> InFlight:
        async with session(self._engine) as db:
            return await story.in_flight(db, self._campaign)

    async def _released(self) -> None:
        """Until a payment is about to be sent while enough else is going on."""
        while True:
            now = await self._in_flight()
            if "released" in now.payouts.values() and len(now.collaborations) >= OPEN_AT_LEAST:
                return
            await asyncio.sleep(LOOK_EVERY)

    async def _on_its_way(self, stripe: httpx.AsyncClient) -> None:
        """Until the provider has a transfer that it has not answered; better three."""
        first = 0.0
        while True:
            held = await _waiting_answers(stripe)
            now = time.monotonic()
            first = first or (now if held else 0.0)
            if held > 2 or (first and now - first > COMPANY):
                return
            await asyncio.sleep(LOOK_EVERY)


def count(number: int, what: str) -> str:
    """A number with its word, in the plural where it is one."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


async def _waiting_answers(stripe: httpx.AsyncClient) -> int:
    """Transfers that were made and whose answer is being held back."""
    seen = (await stripe.get("/_standin/requests")).json()
    return sum(
        request["path"] == TRANSFERS and request["fault"] == "slow_after"
        and "status" not in request
        for request in seen
    )  # fmt: skip


async def aftermath(
    stripe: httpx.AsyncClient, killed: Killed, outcomes: dict[str, str]
) -> Aftermath:
    """Compare what was in flight with what there is at the end, at the provider too."""
    groups = Counter(
        each["transfer_group"] for each in (await stripe.get("/_standin/transfers")).json()
    )
    keys = Counter(
        request["key"] for request in (await stripe.get("/_standin/requests")).json()
        if request["path"] == TRANSFERS and request["key"]
    )  # fmt: skip
    became = Counter(outcomes.get(each, "lost") for each in killed.before.collaborations)
    paid = [groups.get(payout, 0) for payout in killed.before.payouts]
    return Aftermath(
        became=dict(became.most_common()),
        lost=became.get("lost", 0),
        paid_once=paid.count(1),
        paid_twice=sum(times > 1 for times in groups.values()),
        unpaid=paid.count(0),
        asked_again=sum(
            times > 1 for key, times in keys.items()
            if any(payout in key for payout in killed.before.sending)
        ),
    )  # fmt: skip
