"""`troupe demo`: a whole campaign in about a minute, with simulated people; then all is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import TroupeError, UserMistake
from domain.lifecycle import CampaignStatus, Role
from local import postgres, rehearsal
from local.child import CHECKOUT
from local.cli_support import out
from local.cli_up import show
from local.demo_kill import Aftermath, KillScene, aftermath
from local.demo_reconcile import Line, reconcile
from local.demo_scenes import find_scenes
from local.demo_screen import Screen, View, money
from local.demo_summary import Ending, tell
from local.interrupts import run_until_stopped
from local.rehearsal import Material
from local.stack import Stack
from local.state import DEFAULT_FOLDER
from local.supervisor import Supervisor
from rendering.report import render_report
from store import campaigns, reports, story
from store.engine import make_engine, session

PAPER = Console(highlight=False)
"""Wraps sentences, where `out` leaves that to the terminal."""

FOLDER = DEFAULT_FOLDER / "demo"
CAMPAIGN = rehearsal.EXAMPLES / "campaign-demo.yaml"
MARK = "demonstration"
"""A file that says that a folder is ours to empty."""
LOOK_EVERY = 0.4
"""Seconds between two looks at the database."""
AT_MOST = 300.0
"""Seconds after which something must be wrong."""
QUIET_WITHIN = 20.0
"""Seconds for the last mails and webhooks to arrive."""


class DemoStuck(TroupeError):
    """The campaign did not come to its end."""

    code = "demo_stuck"


@dataclass(frozen=True)
class Wish:
    """What the person asked for."""

    folder: Path = FOLDER
    seed: int = 1
    roster: Path = rehearsal.ROSTER
    posts: Path | None = rehearsal.POSTS
    campaign: Path = CAMPAIGN
    keep: bool = False
    """Stay up afterwards, until Ctrl-C."""


@dataclass
class Demo:
    """One run."""

    wish: Wish
    material: Material
    view: View
    campaign_id: str = ""
    told: datetime | None = None
    """When the last event happened that the screen knows."""
    sound: bool = field(default=False)

    async def play(self) -> None:
        """Start everything, play the campaign, tell how it went, stop everything."""
        await prepare(self.wish.folder)
        notices: list[str] = []
        self._notice = notices.append
        async with Stack(
            self.wish.folder,
            demo=True,
            notice=lambda text: self._notice(text),
            progress=lambda part: out.print(f"  {part} …"),
        ) as stack:
            for text in notices:
                out.print(f"  {escape(text)}")
            self.view.desk = stack.addresses.desk
            show(stack)
            engine = make_engine(stack.settings.database_url.get_secret_value(), pool_size=3)
            try:
                await self._run(stack, engine)
                if self.wish.keep:
                    out.print("\nEverything stays up (--keep); Ctrl-C stops it.")
                    await asyncio.Event().wait()
            finally:
                await engine.dispose()

    async def _run(self, stack: Stack, engine: AsyncEngine) -> None:
        brought = await rehearsal.bring_in(engine, self.material, self.wish.folder)
        out.print(
            f"{brought.creators} creators and {brought.posts} of their posts imported; the people "
            f"are simulated, with seed {self.wish.seed}.\n"
        )
        manager = next(each.staff_id for each in stack.accounts if each.role == Role.MANAGER.value)
        self.campaign_id = await rehearsal.start(stack, engine, self.material, manager)
        await stack.run(rehearsal.people(stack, self.wish.seed, staff=True))
        scene = KillScene(stack, engine, self.campaign_id, self.view.began)
        with Screen(self.view, PAPER) as screen:
            self._notice = screen.loud
            killing = asyncio.create_task(scene.run(screen.loud))
            try:
                await self._watch(engine, screen, killing)
            finally:
                killing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await killing
            await self._settle(stack, engine)
        await self._tell(stack, engine, scene)

    async def _watch(
        self, engine: AsyncEngine, screen: Screen, killing: asyncio.Task[None]
    ) -> None:
        """Follow the campaign to its end."""
        until = time.monotonic() + AT_MOST
        while True:
            await self._look(engine)
            screen.changed()
            summary = self.view.summary
            if summary is not None and summary.status == CampaignStatus.COMPLETED.value:
                return
            if killing.done() and not killing.cancelled():
                killing.result()
            if time.monotonic() > until:
                raise DemoStuck(
                    f"the campaign did not end in {AT_MOST:.0f} s: {self.view.plain()}",
                    hint=f"logs: {self.wish.folder / 'logs'}",
                )
            await asyncio.sleep(LOOK_EVERY)

    async def _look(self, engine: AsyncEngine) -> None:
        async with session(engine) as db:
            self.view.summary = await campaigns.summary(db, self.campaign_id)
            self.view.waiting = list(await story.waiting(db, self.campaign_id))
            fresh = await story.events(db, self.campaign_id, self.told)
        for event in fresh:
            self.told = event.at
            self.view.tell(event)

    async def _settle(self, stack: Stack, engine: AsyncEngine) -> None:
        """Let the last mails, decisions and webhooks arrive, so that the books can be closed."""
        until = time.monotonic() + QUIET_WITHIN
        async with httpx.AsyncClient(timeout=10, trust_env=False) as web:
            while time.monotonic() < until:
                answer = await web.get(f"{stack.addresses.stripe}/_standin/webhooks")
                undelivered = any(each["next_at"] for each in answer.json()["events"])
                async with session(engine) as db:
                    waiting = await story.open_mails(db) + await story.open_decisions(db)
                if not (undelivered or waiting):
                    return
                await asyncio.sleep(LOOK_EVERY)

    async def _tell(self, stack: Stack, engine: AsyncEngine, scene: KillScene) -> None:
        seconds = self.view.seconds
        async with session(engine) as db:
            summary = await campaigns.summary(db, self.campaign_id)
            events = await story.events(db, self.campaign_id)
            instead = await story.replacements(db, self.campaign_id)
            outcomes = await story.outcomes(db, self.campaign_id)
            report = await reports.for_people(db, self.campaign_id)
        file = self.wish.folder / "report.html"
        await asyncio.to_thread(file.write_text, render_report(report), encoding="utf-8")
        ending = Ending(
            summary=summary,
            scenes=find_scenes(events, instead, self._say),
            killed=scene.killed,
            after=await self._aftermath(stack, scene, outcomes),
            lines=await self._books(stack, engine),
            seconds=seconds,
            seed=self.wish.seed,
            report=_near(file),
            reopen=f"./troupe up --data {_near(self.wish.folder)}",
        )
        tell(ending, PAPER, self._say)
        self.sound = ending.sound

    async def _aftermath(
        self, stack: Stack, scene: KillScene, outcomes: dict[str, str]
    ) -> Aftermath | None:
        if scene.killed is None:
            return None
        async with httpx.AsyncClient(
            base_url=stack.addresses.stripe, timeout=10, trust_env=False
        ) as stripe:
            return await aftermath(stripe, scene.killed, outcomes)

    async def _books(self, stack: Stack, engine: AsyncEngine) -> list[Line]:
        return await reconcile(engine, stack.addresses, self._say)

    def _say(self, minor: int) -> str:
        return money(minor, self.material.file.currency)


async def prepare(folder: Path) -> None:
    """Empty the folder of the last demonstration; a folder of anything else is left alone.

    Raises:
        UserMistake: the folder has other data in it, or a demonstration runs there.
    """
    if await asyncio.to_thread(_has_data, folder):
        async with Supervisor(folder, lambda _: None):
            # Nobody else works here, and what a killed one left behind is stopped by now.
            await asyncio.to_thread(_empty, folder)
    await asyncio.to_thread(_mark, folder)


def _has_data(folder: Path) -> bool:
    if not folder.exists() or not any(folder.iterdir()):
        return False
    if not (folder / MARK).exists():
        raise UserMistake(
            f"{folder} has data that is not a demonstration's",
            hint="name another folder with --data",
        )
    return True


def _mark(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("`troupe demo` empties this folder when it is run again.\n")


def _empty(folder: Path) -> None:
    postgres.discard(folder / "postgres")
    for part in folder.iterdir():
        if part.name == "run":
            continue  # the lock that we hold
        if part.is_dir():
            shutil.rmtree(part)
        else:
            part.unlink()


def _near(path: Path) -> Path:
    """The path as it is typed from the checkout."""
    return path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path


def run_demo(wish: Wish) -> int:
    """Play a demonstration; gives the exit code."""
    material = Material.read(wish.roster, wish.posts, wish.campaign)
    demo = Demo(wish, material, View(material.file.name, "", material.file.currency))
    out.print(f"[bold]Troupe[/]: {escape(material.file.name)}")
    finished = run_until_stopped(
        demo.play(), lambda text: out.print(f"[dim]{escape(text)}[/]")
    )  # fmt: skip
    if not finished and not (wish.keep and demo.sound):
        out.print("Stopped; nothing of it runs any more.")
        return 130
    return 0 if demo.sound else 1
