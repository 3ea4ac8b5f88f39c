"""How fast the rules are: captions judged, candidates vetted, a shortlist solved."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median

from sqlalchemy.ext.asyncio import AsyncEngine

from activities.vetting import Vetting
from bench import choosing, material
from bench.result import Rules
from integrations.classifier import fast_engine
from local.rehearsal import bring_in
from store import campaigns
from store.engine import session

CAPTIONS = 2_000


async def measure(
    engine: AsyncEngine, folder: Path, manager: str, *, candidates: int, options: int, rounds: int
) -> Rules:
    """Measure each rule ``rounds`` times and take the median."""
    vetted = await _vet(engine, folder, manager, candidates, rounds)
    return Rules(
        captions_judged_per_second=round(CAPTIONS / _median(_judge_captions, rounds), 1),
        candidates_vetted_per_second=round(vetted, 1),
        candidates=candidates,
        choosing=choosing.measure(options, rounds),
    )


def _median(work: Callable[[], float], rounds: int) -> float:
    return median(work() for _ in range(rounds))


def _judge_captions() -> float:
    texts = list(islice(material.captions(7), CAPTIONS))
    began = time.perf_counter()
    fast_engine().find(texts, "en")
    return time.perf_counter() - began


async def _vet(
    engine: AsyncEngine, folder: Path, manager: str, candidates: int, rounds: int
) -> float:
    """Candidates per second with all reads and writes; each round is a campaign of its own."""
    files = material.write(folder / "vetting", creators=candidates, wanted=100, prefix="vetting")
    await bring_in(engine, files, folder / "vetting")
    vetting = Vetting(engine, safety=fast_engine())
    speeds = []
    for _ in range(rounds):
        async with session(engine) as db:
            campaign = await campaigns.create_campaign(
                db, files.file, files.source, manager, datetime.now(UTC)
            )
        began = time.perf_counter()
        found = await vetting.vet_roster(campaign)
        speeds.append(found.candidates / (time.perf_counter() - began))
    return median(speeds)
