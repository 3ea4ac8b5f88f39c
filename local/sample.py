"""`make up SAMPLE=1`: an example that waits for you, with simulated creators and one who is you."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import TroupeError
from domain.lifecycle import CampaignStatus, Role
from local import rehearsal
from local.cli_support import out
from local.people.staff import Member
from local.rehearsal import Material
from local.stack import Stack
from local.state import write_private
from store import campaigns, cast, story
from store.engine import make_engine, session
from store.tables import Creator

CAMPAIGN = rehearsal.EXAMPLES / "campaign-sample.yaml"
SEED = 3
LOOK_EVERY = 0.3
"""Seconds between two looks at the database."""
OPENING_WITHIN = 90.0
"""Seconds after which the sample stops acting for the staff, whatever waits by then."""
KEPT = "sample.json"


class NoSample(TroupeError):
    """The example did not get to its start."""

    code = "no_sample"


@dataclass(frozen=True)
class Sample:
    """What is remembered of a sample in its data folder."""

    campaign_id: str
    handle: str
    """Of the creator who is not simulated."""
    name: str
    email: str
    approved: int = 0
    """Drafts that the sample approved for the reviewer."""


async def begin(stack: Stack) -> None:
    """Load the example into an empty folder, or go on with the one that is there."""
    engine = make_engine(stack.settings.database_url.get_secret_value(), pool_size=2)
    try:
        sample = await asyncio.to_thread(_remembered, stack.folder)
        if sample is None:
            sample = await _start(stack, engine)
        else:
            await stack.run(rehearsal.people(stack, SEED, spare=sample.handle))
            out.print("The sample goes on where it was.")
        _tell(stack, sample)
    finally:
        await engine.dispose()


async def _start(stack: Stack, engine: AsyncEngine) -> Sample:
    out.print("Loading the sample: simulated creators act, and one of them is you.")
    material = Material.read(rehearsal.ROSTER, rehearsal.POSTS, CAMPAIGN)
    await rehearsal.bring_in(engine, material, stack.folder)
    manager = next(each.staff_id for each in stack.accounts if each.role == Role.MANAGER.value)
    campaign_id = await rehearsal.start(stack, engine, material, manager)
    you = await _first_in_line(engine, campaign_id)
    sample = Sample(campaign_id, you.handle, you.name, you.email)
    await asyncio.to_thread(write_private, stack.folder / KEPT, asdict(sample))
    await stack.run(rehearsal.people(stack, SEED, spare=you.handle))
    await _open(stack, engine, campaign_id)
    async with session(engine) as db:
        events = await story.events(db, campaign_id)
    approved = sum(event.event == "draft_approved" for event in events)
    sample = replace(sample, approved=approved)
    await asyncio.to_thread(write_private, stack.folder / KEPT, asdict(sample))
    return sample


async def _first_in_line(engine: AsyncEngine, campaign_id: str) -> Creator:
    """The first of the shortlist who can be written to, and shares the address with nobody."""
    await _until(engine, lambda db_engine: _is_shortlisted(db_engine, campaign_id))
    async with session(engine) as db:
        shared = Counter(row.email for row in await cast.everybody(db))
        line = await cast.first_in_line(db, campaign_id)
    for row in line:
        if row.email and shared[row.email] == 1:
            return row
    raise NoSample("nobody on the shortlist of the sample has an address of their own")


async def _is_shortlisted(engine: AsyncEngine, campaign_id: str) -> bool:
    async with session(engine) as db:
        found = await campaigns.get_campaign(db, campaign_id)
        return found.status != CampaignStatus.VETTING.value


async def _open(stack: Stack, engine: AsyncEngine, campaign_id: str) -> None:
    """Act for the staff until a payment and a draft wait for a person; then never again."""
    async with AsyncExitStack() as acting:
        manager = _member(stack, Role.MANAGER, "shortlist")
        acting.push_async_callback(_dismiss, manager, asyncio.create_task(manager.work()))
        # A payment is earned some time after a draft was approved; one has to be left by then.
        reviewer = _member(stack, Role.REVIEWER, "screening", "draft", leaves_one="draft")
        reviewing = asyncio.create_task(reviewer.work())
        acting.push_async_callback(_dismiss, reviewer, reviewing)
        await _until(engine, lambda db_engine: _waits(db_engine, campaign_id, "release"))
        reviewing.cancel()
        await _until(engine, lambda db_engine: _waits(db_engine, campaign_id, "draft"))


def _member(stack: Stack, role: Role, *kinds: str, leaves_one: str = "") -> Member:
    account = next(each for each in stack.accounts if each.role == role.value)
    return Member(
        stack.addresses.desk, role.value, account.email, account.password, SEED,
        _by_hand, only=frozenset(kinds), leaves_one=leaves_one,
    )  # fmt: skip


async def _by_hand(_: str) -> None:
    """Messages by hand are left for the person at the desk."""


async def _dismiss(member: Member, task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await member.close()


async def _waits(engine: AsyncEngine, campaign_id: str, kind: str) -> bool:
    async with session(engine) as db:
        return any(each[1] == kind for each in await story.waiting(db, campaign_id))


async def _until(engine: AsyncEngine, condition: Callable[[AsyncEngine], Awaitable[bool]]) -> None:
    end = time.monotonic() + OPENING_WITHIN
    while True:
        if await condition(engine) or time.monotonic() > end:
            return
        await asyncio.sleep(LOOK_EVERY)


def _remembered(folder: Path) -> Sample | None:
    try:
        return Sample(**json.loads((folder / KEPT).read_text()))
    except FileNotFoundError:
        return None


def _tell(stack: Stack, sample: Sample) -> None:
    mailbox = f"{stack.addresses.mail}/?{urlencode({'q': sample.email})}"
    drafts = f"{sample.approved} draft{'' if sample.approved == 1 else 's'}"
    out.print(
        "\n[bold]The sample[/]\n"
        "  So that something waits for you, the sample itself has signed off the shortlist as the\n"
        f"  manager and approved {drafts} as the reviewer, once. From now on nobody acts for the\n"
        "  staff: reviews, releases and answers to counter-offers are yours.\n\n"
        f"  desk           [bold]{stack.addresses.desk}[/]\n"
        "                 a draft waits for the reviewer, a payment for finance\n"
        f"  you are also   {escape(sample.name)} (@{escape(sample.handle.lstrip('@'))}), "
        "a creator who was invited\n"
        f"  your mail      [bold]{escape(mailbox)}[/]\n"
        f"  publish at     {stack.addresses.social}\n"
    )
