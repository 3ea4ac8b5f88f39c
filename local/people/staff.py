"""Simulated staff, in the demonstration only: each signs in and works through an inbox."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import httpx

from domain.step_up import NEEDS_PROOF
from local.people.pages import Form, Page

log = logging.getLogger(__name__)

LOOK_EVERY = 0.8
"""Seconds between two looks at the inbox."""
ACCEPTS_UP_TO, OFFERS = Decimal("1.20"), Decimal("1.12")
"""The manager's way with counter-offers, as multiples of the offered fee."""

AS_JSON = {"Accept": "application/json"}

Item = dict[str, Any]
Answer = dict[str, str]
HandOver = Callable[[str], Awaitable[None]]


class Member:
    """One member of staff at the desk."""

    def __init__(
        self, desk: str, role: str, email: str, password: str, seed: int,
        hand_over: HandOver, shift: int = 0, only: frozenset[str] = frozenset(),
        leaves_one: str = "",
    ) -> None:  # fmt: skip
        self._desk, self._role = desk, role
        self._email, self._password = email, password
        self._chance = random.Random(f"{seed}:{email}")
        self._hand_over = hand_over
        self._shift = shift
        """Which of the two in finance this is: they share the work."""
        self._only = only
        """Kinds of items that this member sees to; empty: all."""
        self._leaves_one = leaves_one
        """A kind of which one item is always left to somebody else."""
        self._client = httpx.AsyncClient(
            base_url=desk, timeout=30.0, follow_redirects=True, trust_env=False
        )
        self._left: dict[str, int] = {}
        """Items that are somebody else's to decide, or were tried too often."""

    async def close(self) -> None:
        """Sign out by closing the browser."""
        await self._client.aclose()

    async def work(self) -> None:
        """Work through the inbox for as long as the process runs."""
        while True:
            try:
                for item in self._to_do(await self._inbox()):
                    await asyncio.sleep(0.2 + self._chance.random() * 0.8)
                    await self._decide(item)
            except (httpx.HTTPError, OSError) as error:
                log.warning("the desk did not answer: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY * (0.5 + self._chance.random()))

    async def _inbox(self) -> list[Item]:
        answer = await self._client.get("/api/inbox", headers=AS_JSON)
        if answer.status_code == 401:
            await self._sign_in()
            answer = await self._client.get("/api/inbox", headers=AS_JSON)
        items: list[Item] = answer.raise_for_status().json()["items"]
        return items

    async def _sign_in(self) -> None:
        fields = {"email": self._email, "password": self._password, "next": "/"}
        (await self._client.post("/login", data=fields)).raise_for_status()

    def _to_do(self, items: list[Item]) -> list[Item]:
        mine = [item for item in items if self._is_mine(item)]
        left = [item for item in mine if item["kind"] == self._leaves_one][-1:]
        return [item for item in mine if item not in left]

    def _is_mine(self, item: Item) -> bool:
        if item["decision"] is None:
            return False
        if item["role"] != self._role or self._left.get(self._name(item), 0) >= 3:
            return False
        if self._only and item["kind"] not in self._only:
            return False
        if item["kind"] != "release" or item["releases"]:
            return True
        return sum(str(item["subject_id"]).encode()) % 2 == self._shift

    @staticmethod
    def _name(item: Item) -> str:
        return f"{item['id']}:{item['seen']}:{item['code']}"

    async def _decide(self, item: Item) -> None:
        """Open the item, look at it, and answer."""
        page = Page((await self._client.get(f"/items/{item['id']}")).text)
        form = page.forms().get(item["decision"])
        if form is None:
            # Settled meanwhile, or for the other person.
            self._leave(item)
            return
        answer = await self._judge(item, page)
        result = await self._send(form, answer)
        if result not in {"applied", "submitted"}:
            self._leave(item)

    def _leave(self, item: Item) -> None:
        self._left[self._name(item)] = self._left.get(self._name(item), 0) + 1

    async def _send(self, form: Form, answer: Answer) -> str:
        reply = await self._client.post(
            urljoin(self._desk, form.target),
            data=form.filled(**answer) | self._proof(form),
            headers=AS_JSON,
        )
        if reply.headers.get("content-type", "").startswith("application/json"):
            return str(reply.json().get("status", "refused"))
        log.warning("a decision was answered with status %s", reply.status_code)
        return "refused"

    def _proof(self, form: Form) -> Answer:
        """Decisions about money may ask for the password again."""
        return {"password": self._password} if form.fields.get("kind") in NEEDS_PROOF else {}

    async def _judge(self, item: Item, page: Page) -> Answer:
        kind = item["kind"]
        if kind == "contact":
            await self._hand_over(page.written("#message"))
        if kind == "counter":
            return counter(int(item["code"]), int(item["fee_minor"]))
        if kind == "draft":
            return review(page.texts("ul.checks li.no"))
        if kind == "hearing":
            return hearing(page.texts(".chip.bad"))
        return {
            "screening": {"answer": "clear", "comment": "Read the posts: nothing to worry about."},
            "scandal": {"answer": "keep", "comment": "Read the posts: nothing to worry about."},
            "publication": {"answer": "faulty" if page.texts("ul.checks li.no") else "verified",
                            "comment": "; ".join(page.texts("ul.checks li.no"))[:500]},
            "kill_fee": {"percent": "50"},
        }.get(kind, {})  # fmt: skip


def counter(asked_minor: int, fee_minor: int) -> Answer:
    """Accept a little more, answer a lot more with a middle figure."""
    if asked_minor <= fee_minor * ACCEPTS_UP_TO:
        return {"answer": "accept", "amount": ""}
    # Rounded down to whole units, as people do.
    middle = int(fee_minor * OFFERS) // 100
    return {"answer": "offer", "amount": f"{middle}.00"}


def review(wrong: list[str]) -> Answer:
    """Send back what fails a check, with the reason; approve the rest."""
    if not wrong:
        return {"answer": "approve"}
    reasons = " ".join(each.removeprefix("Wrong: ") for each in wrong)
    return {"answer": "changes", "comment": f"Nearly there. {reasons}"[:1000]}


def hearing(signs: list[str]) -> Answer:
    """Withhold if the post is gone; pay if it is there after all."""
    if signs:
        reason = "The post was not there for the agreed time, so the second half is not paid."
        return {"answer": "withhold", "comment": reason}
    return {"answer": "pay"}
