"""What demonstration and sample begin with: roster and posts, a campaign, simulated people."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.campaign import CampaignFile
from domain.campaign_yaml import CampaignMistakes, check_campaign
from domain.messages import CampaignInput
from integrations import temporal
from local.child import CHECKOUT, ChildSpec
from local.cli_imports import read_bytes
from local.people.persona import Persona, write_personas
from local.stack import Stack
from store import campaigns, cast
from store.engine import session
from store.roster import import_posts, import_roster
from store.tables import Creator

EXAMPLES = CHECKOUT / "examples"
ROSTER, POSTS = EXAMPLES / "roster.csv", EXAMPLES / "posts.csv"


@dataclass(frozen=True)
class Material:
    """The files of a rehearsal."""

    roster: Path
    posts: Path | None
    campaign: Path
    file: CampaignFile
    source: str

    @classmethod
    def read(cls, roster: Path, posts: Path | None, campaign: Path) -> Material:
        """Read the campaign file, so that its mistakes are told before anything starts.

        Raises:
            CampaignMistakes: the campaign file is not right.
            UserMistake: a file cannot be read.
        """
        for path in (roster, posts):
            if path is not None:
                read_bytes(path)
        content = read_bytes(campaign)
        found = check_campaign(content)
        if found.file is None:
            raise CampaignMistakes(found.mistakes)
        return cls(roster, posts, campaign, found.file, content.decode("utf-8-sig"))


@dataclass(frozen=True)
class Brought:
    """What was imported."""

    creators: int
    posts: int


async def bring_in(engine: AsyncEngine, material: Material, folder: Path) -> Brought:
    """Import roster and posts, and write down who is to be played."""
    at = datetime.now(UTC)
    roster = await import_roster(
        engine, read_bytes(material.roster), source=material.roster.name, at=at
    )
    posts = 0
    if material.posts is not None:
        made = await import_posts(
            engine, read_bytes(material.posts), source=material.posts.name
        )  # fmt: skip
        posts = made.created + made.updated + made.unchanged
    async with session(engine) as db:
        write_personas(
            folder / "people" / "personas.json",
            [persona_of(row) for row in await cast.everybody(db)],
        )
    return Brought(roster.created + roster.updated + roster.unchanged, posts)


def persona_of(row: Creator) -> Persona:
    """What a creator knows about themselves."""
    return Persona(
        handle=row.handle,
        platform=row.platform,
        email=row.email,
        name=row.name,
        country=row.country,
        category=row.category,
        followers=row.followers,
    )


async def start(stack: Stack, engine: AsyncEngine, material: Material, manager: str) -> str:
    """Start the campaign; gives its id."""
    file = material.file
    async with session(engine) as db:
        made = await campaigns.create_campaign(
            db, file, material.source, manager, datetime.now(UTC)
        )
    client = await temporal.connect(
        identity="rehearsal", environment={**os.environ, **stack.environment}
    )
    await temporal.start_campaign(
        client,
        CampaignInput(
            campaign_id=made,
            wanted=file.creators.wanted,
            window=file.outreach.window,
            budget_minor=file.budget.total.minor,
            remind_shortlist_seconds=max(1, int(file.shortlist_remind_after.total_seconds())),
        ),
    )
    return made


def people(stack: Stack, seed: int, *, staff: bool = False, spare: str = "") -> ChildSpec:
    """The process that plays the people."""
    command = [
        sys.executable, "-m", "local.people", "--folder", str(stack.folder), "--seed", str(seed),
    ]  # fmt: skip
    if staff:
        command.append("--staff")
    if spare:
        command += ["--spare", spare]
    return ChildSpec("people", tuple(command), stack.environment, stop_within=5.0)
