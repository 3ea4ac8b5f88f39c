"""Everybody at once: one reader of the mail that wakes the creators, and the staff."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterable
from pathlib import Path

import httpx

from local.people.browser import Browser
from local.people.creator import Creator
from local.people.memory import Memory
from local.people.pages import Page
from local.people.persona import Persona
from local.people.platform import Platform
from local.people.staff import Member

log = logging.getLogger(__name__)

_LINK = re.compile(r"https?://\S+?/c/[^\s\"'<>)\]]+")
_HANDLE = re.compile(r"@[\w.\-]+")
PAYMENT_WAITS = "waits for your payment details"
"""What the subject says when money cannot be sent yet."""
WAIT = 10.0
"""Seconds that the mail catcher holds a question for new mail."""


class Town:
    """The simulated people of one installation."""

    def __init__(
        self, *, desk: str, mail: str, social: str, personas: Iterable[Persona],
        memory: Path, seed: int, spare: str = "",
    ) -> None:  # fmt: skip
        self._desk = desk
        self._mail = httpx.AsyncClient(base_url=mail, timeout=WAIT + 20, trust_env=False)
        self._platform = Platform(social)
        self._seed = seed
        self._spare = spare.lstrip("@").casefold()
        self._memory = Memory(memory, seed)
        self._by_address: dict[str, list[Persona]] = {}
        self._by_handle = {each.key: each for each in personas}
        for persona in self._by_handle.values():
            self._by_address.setdefault(persona.mailbox().casefold(), []).append(persona)
        self._creators: dict[str, Creator] = {}
        self._members: list[Member] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def employ(self, role: str, email: str, password: str, shift: int = 0) -> None:
        """Let a member of staff be played too."""
        self._members.append(
            Member(self._desk, role, email, password, self._seed, self._handed_over, shift)
        )

    async def run(self) -> None:
        """Until the process is told to stop."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for member in self._members:
                    group.create_task(member.work())
                await self._read_mail()
        finally:
            await self._close()

    async def _close(self) -> None:
        with contextlib.suppress(httpx.HTTPError):
            await self._mail.aclose()
            await self._platform.close()
            for member in self._members:
                await member.close()

    async def _read_mail(self) -> None:
        """Read every mail from the first one on: who has acted already sees it on the page."""
        after = ""
        while True:
            try:
                answer = await self._mail.get(
                    "/api/messages", params={"after": after, "wait": str(WAIT)}
                )
                messages = answer.raise_for_status().json()["messages"]
            except (httpx.HTTPError, ValueError):
                await asyncio.sleep(0.5)
                continue
            for message in messages:
                after = message["id"]
                link = next((each for each in message["links"] if "/c/" in each), "")
                if link and message["to"].casefold() in self._by_address:
                    waits = PAYMENT_WAITS in message["subject"]
                    await self._deliver(link, waits)

    async def _handed_over(self, text: str) -> None:
        """A message that a manager sends by hand, on the platform itself."""
        if found := _LINK.search(text):
            await self._deliver(found[0], False)

    async def _deliver(self, link: str, payment_waits: bool) -> None:
        creator = self._creators.get(link) or await self._meet(link)
        if creator is None:
            return
        if payment_waits:
            creator.payment_waits()
        creator.mail(link)

    async def _meet(self, link: str) -> Creator | None:
        """Find out whose page it is, and wake that person up."""
        browser = Browser(self._desk)
        page = await browser.open(link)
        persona = self._owner(page)
        if persona is None or persona.key == self._spare:
            await browser.close()
            return None
        collaboration = browser.where.partition("?")[0].rstrip("/").rpartition("/")[2]
        life = self._memory.life(collaboration, persona.handle)
        creator = Creator(persona, life, self._memory, browser, self._platform, self._seed)
        self._creators[link] = creator
        self._group.create_task(creator.live())
        return creator

    def _owner(self, page: Page) -> Persona | None:
        for handle in reversed(_HANDLE.findall(page.text("title"))):
            if persona := self._by_handle.get(handle.lstrip("@").casefold()):
                return persona
        log.warning("a page of somebody who is not in the roster")
        return None
