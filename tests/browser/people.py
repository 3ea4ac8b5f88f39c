"""People of a campaign, each with a browser of their own, in front of a stack that really runs."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Look
from tests.local.running import Up

PATIENCE = 30_000
"""Milliseconds in which a stack on a busy machine does anything that it does."""

PICTURES = os.environ.get("TROUPE_PICTURES", "")
"""A folder: every step is then also kept as pictures, to be looked at."""


@dataclass
class People:
    """Everybody who takes part, by name."""

    up: Up
    chromium: Browser
    looks: dict[str, Look] = field(default_factory=dict)
    taken: int = 0

    def page(self, name: str) -> Page:
        """The page in front of this person."""
        if name not in self.looks:
            context = self.chromium.new_context(viewport={"width": 1280, "height": 800})
            context.set_default_timeout(PATIENCE)
            self.looks[name] = Look(context.new_page()).listen()
        return self.looks[name].page

    def complaints(self) -> dict[str, list[str]]:
        """What the browsers complained about, breaches of the content policy among it."""
        # Chromium reports the answer to a form that was refused, as we mean it, like a fault.
        refused = "status of 422"
        found = {
            name: [text for text in look.complaints if refused not in text]
            for name, look in self.looks.items()
        }
        return {name: complaints for name, complaints in found.items() if complaints}

    def sign_in(self, login: str) -> Page:
        """Sign in with the password that was generated for this account."""
        email = f"{login}@troupe.invalid"
        kept = json.loads((self.up.folder / "secrets.json").read_text())
        page = self.page(login)
        page.goto(f"{self.up.address('desk')}/login")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(kept["passwords"][email])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{self.up.address('desk')}/")
        return page

    def open_item(self, login: str, sentence: str) -> Page:
        """Wait until the inbox asks for this, and open it."""
        page = self.page(login)
        page.goto(self.up.address("desk"))
        row = page.locator("[data-row]").filter(has_text=re.compile(sentence)).first
        row.wait_for()  # the inbox refreshes itself
        self.picture(page, f"inbox-{login}")
        row.click()
        page.wait_for_url("**/items/**")
        return page

    def read_mail(self, subject: str, *, email: str = "") -> Page:
        """Wait for a mail in the catcher's list, and open it."""
        page = self.page("mail")
        page.goto(f"{self.up.address('mail')}/?q={email}")
        row = page.locator(".list li a").filter(has_text=re.compile(subject)).first
        row.wait_for()  # the list refreshes itself
        row.click()
        page.wait_for_url("**/messages/**")
        self.picture(page, f"mail-{subject}")
        return page

    def picture(self, page: Page, name: str) -> None:
        """Keep what is seen, wide, dark and narrow, if somebody wants to look."""
        if not PICTURES:
            return
        self.taken += 1
        stem = f"{self.taken:02d}-{re.sub('[^a-z0-9]+', '-', name.casefold())[:40]}"
        shots = (("light", 1280), ("dark", 1280), ("light", 320))
        for scheme, width in shots:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{PICTURES}/{stem}-{scheme}-{width}.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 800})


@contextmanager
def people(up: Up, chromium: Browser) -> Iterator[People]:
    """Everybody, until all browsers are closed."""
    made = People(up, chromium)
    try:
        yield made
    finally:
        if PICTURES:
            for name, look in made.looks.items():
                shot = Path(PICTURES) / f"end-{name}.png"
                look.page.screenshot(path=str(shot), full_page=True)
        for look in made.looks.values():
            look.page.context.close()


def told(page: Page, text: str) -> None:
    """The page says in its banner what became of the click."""
    expect(page.get_by_role("status").first).to_contain_text(re.compile(text), timeout=PATIENCE)
