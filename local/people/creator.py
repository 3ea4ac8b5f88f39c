"""A simulated creator in one collaboration: wakes for a mail, opens the page, does what is asked.

What is done depends on the page alone and on the temperament, so that doing it again after a
restart is harmless: what is no longer asked is no longer on the page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from decimal import ROUND_HALF_UP, Decimal

import httpx

from local.people import captions
from local.people.browser import Browser
from local.people.captions import Brief
from local.people.deck import Temperament
from local.people.memory import Life, Memory
from local.people.pages import Form, Page, read_money
from local.people.persona import Persona
from local.people.platform import Platform

log = logging.getLogger(__name__)

SLIGHTLY, HARD = Decimal("1.10"), Decimal("1.30")
"""What hagglers ask for, as a multiple of the offer."""
STEPS = 6
"""Forms that are filled in one sitting, at most."""
LOOK_AGAIN = 2.0
"""Seconds until a page is opened again that did not take the answer."""
OBJECTS = 0.8
"""Share of those heard who say something."""

LEFT_HALF_WAY = "left the payment set-up"

ORDER = (
    "object",
    "answer_offer",
    "sign_terms",
    "report_publication",
    "payout_setup",
    "submit_draft",
)


class Creator:
    """One person at one page."""

    def __init__(
        self,
        persona: Persona,
        life: Life,
        memory: Memory,
        browser: Browser,
        platform: Platform,
        seed: int,
    ) -> None:
        self.persona = persona
        self.life = life
        self._memory = memory
        self._browser = browser
        self._platform = platform
        self._chance = random.Random(f"{seed}:{persona.key}")
        self._words = f"words:{seed}:{persona.key}"
        self._wake = asyncio.Event()
        self.link = ""

    @property
    def temperament(self) -> Temperament:
        """What this creator is like."""
        return Temperament(self.life.temperament)

    def mail(self, link: str) -> None:
        """A mail has come, with the link to the page."""
        self.link = link
        self._wake.set()

    async def live(self) -> None:
        """React to mail for as long as the process runs."""
        while True:
            with contextlib.suppress(TimeoutError):
                # Without an address there is no mail: such a person looks from time to time.
                async with asyncio.timeout(None if self.persona.email else LOOK_AGAIN):
                    await self._wake.wait()
            self._wake.clear()
            await self._think()
            try:
                await self._sit_down()
            except (httpx.HTTPError, OSError) as error:
                log.warning("a page did not answer: %s", type(error).__name__)
                await self._again()

    async def _think(self, most: float = 1.6) -> None:
        await asyncio.sleep(0.2 + self._chance.random() * most)

    async def _again(self) -> None:
        await asyncio.sleep(LOOK_AGAIN)
        self._wake.set()

    async def _sit_down(self) -> None:
        """Open the page and do what it asks, one form after the other."""
        page = await self._browser.open(self.link)
        for _ in range(STEPS):
            forms = page.forms()
            name = next((each for each in ORDER if each in forms and self._wants(each, forms)), "")
            if not name:
                break
            done = self._mark(forms[name])
            after = await self._act(name, forms[name], page)
            if after is None or after.text(".banner.bad") or after.text(".problem"):
                # Not taken: look at the page anew, it may ask for something else by now.
                await self._again()
                return
            self._memory.did(self.life, done)
            page = after
            await self._think(0.6)
        if self.temperament is Temperament.DELETING and self.life.post:
            await self._regret(page)

    def _mark(self, form: Form) -> str:
        if form.name == "payout_setup":
            return f"{form.name}|{self._payment_waits}"
        faults = form.around if form.name == "report_publication" and "mend" in form.around else ""
        return f"{form.name}|{form.seen}|{len(faults)}"

    def _wants(self, name: str, forms: dict[str, Form]) -> bool:
        """False for what was done already, and for what this creator leaves undone."""
        form = forms[name]
        if self._mark(form) in self.life.done:
            return False
        temperament = self.temperament
        if name == "answer_offer":
            return temperament is not Temperament.SILENT
        if name == "object":
            return random.Random(f"{self._words}:objects").random() < OBJECTS
        if name == "report_publication":
            return not (temperament is Temperament.DELETING and "deleted" in self.life.done)
        if name == "payout_setup" and temperament is Temperament.LATE:
            return self._payment_waits or LEFT_HALF_WAY not in self.life.done
        return True

    _payment_waits = False

    async def _act(self, name: str, form: Form, page: Page) -> Page | None:
        if name == "answer_offer":
            return await self._answer_offer(form)
        if name == "sign_terms":
            return await self._browser.send(
                form, answer="sign", typed_name=self.persona.signature(),
                address=self.persona.address(),
            )  # fmt: skip
        if name == "submit_draft":
            return await self._submit(form, page)
        if name == "report_publication":
            return await self._publish(form, page)
        if name == "payout_setup":
            return await self._set_up_payments(form)
        text = random.Random(self._words).choice(captions.OBJECTIONS)
        return await self._browser.send(form, statement=text)

    async def _set_up_payments(self, form: Form) -> Page | None:
        """At the payment provider: to the end, or, when it can wait, only half way."""
        late = self.temperament is Temperament.LATE and not self._payment_waits
        if not await self._browser.set_up_payments(form, finish=not late):
            return None
        if late:
            self._memory.did(self.life, LEFT_HALF_WAY)
        return await self._browser.open(self.link)

    async def _answer_offer(self, form: Form) -> Page:
        wish = {Temperament.HAGGLING: SLIGHTLY, Temperament.HAGGLING_HARD: HARD}.get(
            self.temperament
        )
        fee = read_money(form.buttons.get("interested", ""))
        mail = {"email": self.persona.mailbox()} if "email" in form.fields else {}
        if self.temperament is Temperament.DECLINING:
            return await self._browser.send(form, answer="no", amount="")
        if wish is None or fee is None or "countered" in self.life.done:
            return await self._browser.send(form, answer="interested", amount="", **mail)
        asked = (fee * wish).quantize(Decimal(1), ROUND_HALF_UP)
        page = await self._browser.send(
            form, answer="counter", amount=f"{asked}.00",
            comment="The reel takes me two days, with the edit.", **mail,
        )  # fmt: skip
        self._memory.did(self.life, "countered")
        return page

    # --- content ------------------------------------------------------------------------

    async def _submit(self, form: Form, page: Page) -> Page:
        brief, chance = read_brief(page), random.Random(self._words)
        category, first = self.persona.category, form.seen == "1"
        note = captions.picture(chance)
        await self._think()
        if self.temperament is Temperament.CARELESS and first:
            hasty = captions.unlabelled(brief, category, chance)
            answer = await self._browser.send(form, caption=hasty, media_note=note)
            form = answer.forms().get("submit_draft", form)
            text = captions.careless(brief, category, chance)
        else:
            text = captions.caption(brief, category, chance)
        return await self._browser.send(form, caption=text, media_note=note)

    async def _publish(self, form: Form, page: Page) -> Page:
        """Publish what was approved; or mend what is there."""
        approved = page.written("section.card.ask .caption")
        label = read_brief(page).label
        if self.life.post:
            url = await self._platform.mend(self.life.post, approved)
        else:
            forgets = self.temperament is Temperament.FORGETFUL
            text = captions.without_label(approved, label) if forgets else approved
            post = await self._platform.publish(self.persona, text, labelled=not forgets)
            self.life.post, url = post.id, post.url
            self._memory.save()
        return await self._browser.send(form, url=url)

    async def _regret(self, page: Page) -> None:
        """Take the post down once the brand has seen it."""
        while "deleted" not in self.life.done:
            if page.text("ol.steps li.now") == "Stay live":
                await self._think()
                await self._platform.delete(self.life.post)
                self._memory.did(self.life, "deleted")
                return
            if self._wake.is_set() or page.text("ol.steps li.now") not in {"Publish"}:
                return
            await asyncio.sleep(LOOK_AGAIN / 2)
            page = await self._browser.open(self.link)

    def payment_waits(self) -> None:
        """A mail said that money waits until the payments are set up."""
        self._payment_waits = True


def read_brief(page: Page) -> Brief:
    """What the page asks for in a post."""
    facts = page.facts()
    return Brief(
        label=facts.get("Label", ""),
        mention=facts.get("Mention", ""),
        link=facts.get("Your link", ""),
        hashtags=facts.get("Hashtags", ""),
        messages=tuple(page.list_after("Say")),
    )
