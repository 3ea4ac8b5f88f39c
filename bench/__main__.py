"""Start the embedded stack, measure, print a table, write JSON: ``python -m bench``."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from bench import bare_round, machine, material, rules, troupe_round
from bench.bare import BareInput
from bench.people import AT_ONCE
from bench.result import History, Result, Round, Side
from bench.table import table
from bench.troupe_round import Played
from domain.errors import TroupeError
from integrations import temporal
from local import postgres, rehearsal
from local.plan import WANTED_PORTS
from local.stack import Stack
from local.state import remember_ports
from store.engine import make_engine

DEFAULT_JSON = Path("out/bench.json")
SPARE = 5
"""Creators in the roster beyond those that are wanted."""
CALM_LIVES, THINK_SECONDS = 5, 0.7
"""Collaborations whose histories are counted, and how long people think in them."""

say = Console(stderr=True, highlight=False).print


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--collaborations", type=int, default=40, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, help="of each side, alternating")
    parser.add_argument("--candidates", type=int, default=2_000, help="for the vetting row")
    parser.add_argument("--options", type=int, default=10_000, help="for the shortlist row")
    parser.add_argument("--json", type=Path, default=DEFAULT_JSON, metavar="FILE")
    read = parser.parse_args(arguments)
    if min(read.collaborations, read.rounds, read.candidates, read.options) < 1:
        parser.error("all numbers must be at least 1")
    return read


async def measure(folder: Path, wanted: argparse.Namespace) -> Result:
    """Measure everything on a stack of its own, which ends with it."""
    # Nothing of the person's own servers and keys: all that is measured is started here.
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("TROUPE_", "TEMPORAL_"))}
    for name in set(os.environ) - set(plain):
        del os.environ[name]
    # Any free ports: another stack on this machine keeps the usual ones.
    remember_ports(folder, dict.fromkeys(WANTED_PORTS, 0))
    async with Stack(folder, demo=True, environment=plain, notice=say, progress=say) as stack:
        os.environ.update({k: v for k, v in stack.environment.items() if k.startswith("TEMPORAL_")})
        client = await temporal.connect(identity="bench")
        engine = make_engine(stack.settings.database_url.get_secret_value(), pool_size=AT_ONCE)
        try:
            return await _measure(stack, engine, client, wanted)
        finally:
            await engine.dispose()


async def _measure(
    stack: Stack, engine: AsyncEngine, client: Client, wanted: argparse.Namespace
) -> Result:
    lives, rounds = wanted.collaborations, wanted.rounds
    files = material.write(stack.folder / "bench", creators=lives + SPARE, wanted=lives)
    say("roster and payout accounts")
    await rehearsal.bring_in(engine, files, stack.folder)
    await troupe_round.set_up_payments(stack, engine, client)
    played: list[Played] = []
    bare: list[Round] = []
    for number in range(1, rounds + 1):
        played.append(await troupe_round.run(stack, engine, client, files))
        say(f"round {number}: Troupe {played[-1].result.per_second:.2f} per second")
        life = BareInput(decisions=played[0].decisions, activities=played[0].activities)
        bare.append(await bare_round.run(client, stack.environment, life, lives))
        say(f"round {number}: bare   {bare[-1].per_second:.2f} per second")
    say("histories of collaborations that take their time")
    calm = await _calm(stack, engine, client, lives)
    say("rules")
    manager = next(each.staff_id for each in stack.accounts if each.role == "manager")
    speeds = await rules.measure(
        engine, stack.folder, manager,
        candidates=wanted.candidates, options=wanted.options, rounds=rounds,
    )  # fmt: skip
    troupe_side, bare_side = Side.of([each.result for each in played]), Side.of(bare)
    return Result(
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=await machine.describe(engine, client),
        collaborations=lives,
        people_at_once=AT_ONCE,
        troupe=troupe_side,
        bare=bare_side,
        bare_decisions=life.decisions,
        bare_activities=life.activities,
        troupe_share_of_bare=round(troupe_side.per_second / bare_side.per_second, 3),
        calm_decision_p50_ms=calm.result.decision_p50_ms,
        calm_decision_p95_ms=calm.result.decision_p95_ms,
        collaboration_history=History.of(calm.collaborations),
        payout_history=History.of(calm.payouts),
        rules=speeds,
    )


async def _calm(stack: Stack, engine: AsyncEngine, client: Client, lives: int) -> Played:
    """Some collaborations in which people think and timers fire: their histories are whole."""
    count = min(lives, CALM_LIVES)
    files = material.write(
        stack.folder / "bench", creators=lives + SPARE, wanted=count, pace=material.CALM
    )
    return await troupe_round.run(stack, engine, client, files, think_seconds=THINK_SECONDS)


async def main(wanted: argparse.Namespace) -> Result:
    """Measure in a folder that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="troupe-bench-"))
    try:
        return await measure(folder, wanted)
    finally:
        postgres.discard(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    options = read_arguments()
    try:
        found = asyncio.run(main(options))
    except TroupeError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    Console(highlight=False).print(table(found))
    say(f"written to {options.json}")
