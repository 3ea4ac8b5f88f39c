"""When the demonstration's workers are killed: with money that has moved and nobody who knows."""

from __future__ import annotations

from typing import Any, cast

import httpx
import pytest

from local import demo_kill
from local.demo_kill import TRANSFERS, KillScene
from local.stack import Stack
from store.story import InFlight


class _Scene(KillScene):
    """The scene with a database that says one thing after another."""

    def __init__(self, sending: list[int]) -> None:
        super().__init__(cast("Stack", None), cast("Any", None), "cmp_1", 0.0)
        self.sending = sending

    async def _in_flight(self) -> InFlight:
        count = self.sending.pop(0) if len(self.sending) > 1 else self.sending[0]
        return InFlight({}, {f"pay_{number}": "sending" for number in range(count)}, 0, 0)


def stripe(moved: int) -> httpx.AsyncClient:
    """A provider that holds back so many answers."""
    request = {"path": TRANSFERS, "fault": "slow_after"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=[request] * moved))
    return httpx.AsyncClient(transport=transport, base_url="http://provider.example")


async def test_it_waits_until_all_that_is_sent_has_reached_the_provider() -> None:
    scene = _Scene([3, 3, 2])
    async with stripe(2) as provider:
        before, moved = await scene._all_at_the_provider(provider)
    assert (len(before.sending), moved) == (2, 2)


async def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_kill, "PATIENCE", 0.05)
    scene = _Scene([3])
    async with stripe(2) as provider:
        before, moved = await scene._all_at_the_provider(provider)
    assert (len(before.sending), moved) == (3, 2)
