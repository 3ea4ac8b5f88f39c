"""Prove that a payment is one transfer whatever is killed: ``python -m local.proof``.

Starts PostgreSQL, Temporal and the Stripe stand-in for itself, on free ports and in a folder that
it removes. Ends with 0 if the proof holds, with 1 if it does not.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from domain import search_attributes
from domain.errors import TroupeError
from integrations.temporal import leave
from local import postgres
from local.ports import any_free
from local.proof.ground import Ground
from local.proof.matrix import prove
from local.proof.stripe_process import StripeStandIn
from local.proof.table import show
from local.proof.verdict import Proof
from local.proof.walks import WALKS, walk_all
from local.temporal import DYNAMIC_CONFIG, program
from store.engine import make_engine
from store.migrate import migrate

DEFAULT_JSON = Path("out/prove-money.json")
SEEDS = 10_000

say = Console(stderr=True, highlight=False).print


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m local.proof", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="the same course again")
    parser.add_argument("--json", type=Path, default=DEFAULT_JSON, metavar="FILE")
    return parser.parse_args(arguments)


@contextlib.asynccontextmanager
async def ground(folder: Path) -> AsyncIterator[Ground]:
    """The servers that the proof runs on, for the time of the block."""
    options: list[str] = []
    for key, value in DYNAMIC_CONFIG.items():
        options += ["--dynamic-config-value", f"{key}={value}"]
    with postgres.running(folder, durable=False) as server:
        migrate(server.credentials.owner_url(server.port))
        url = server.credentials.app_url(server.port)
        engine = make_engine(url)
        # Nobody listens there while others are killed: a payment must not need its webhooks.
        webhooks = f"http://127.0.0.1:{any_free()}/webhooks/stripe"
        standin = StripeStandIn(folder / "stripe", any_free(), webhooks)
        async with await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(program()),
            dev_server_log_level="error",
            dev_server_extra_args=options,
            data_converter=pydantic_data_converter,
            search_attributes=list(search_attributes.ALL),
        ) as environment:
            standin.start()
            try:
                yield Ground(engine, url, environment.client, standin, folder)
            finally:
                standin.stop()
                await engine.dispose()


async def run(seed: int) -> Proof:
    """Prove it on servers that end with it."""
    folder = Path(tempfile.mkdtemp(prefix="troupe-proof-"))
    try:
        say("PostgreSQL, Temporal and the stand-in for Stripe")
        async with ground(folder) as servers:
            proof = await prove(servers, seed, say)
            say(f"{WALKS} walks over everything that can happen to money, in any order")
            return replace(proof, walked=await walk_all(servers.engine, seed))
    finally:
        postgres.discard(folder)


def main(arguments: list[str] | None = None) -> int:
    """Prove, show, and write the result down."""
    wanted = read_arguments(arguments)
    seed = secrets.randbelow(SEEDS) if wanted.seed is None else wanted.seed
    say(f"SEED={seed}")
    try:
        proof = asyncio.run(run(seed))
    except (TroupeError, TimeoutError) as error:
        say(f"[red]the proof could not be finished[/]: {error}")
        return 1
    show(proof, Console(highlight=False))
    wanted.json.parent.mkdir(parents=True, exist_ok=True)
    wanted.json.write_text(json.dumps(proof.as_json(), indent=1) + "\n")
    say(f"written to {wanted.json}")
    return 0 if proof.holds else 1


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
