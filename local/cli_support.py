"""What all commands share: finding the running stack, printing, and turning errors into words.

Exit codes: 0 done, 2 the person's mistake, 1 a fault. A person never sees a traceback; it goes to
a log file that is named.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError

from domain.errors import ConfigurationError, TroupeError, Unavailable, UserMistake
from integrations.temporal import connect
from local.state import DEFAULT_FOLDER, find_running
from settings import Settings
from store.engine import make_engine

Result = TypeVar("Result")

DONE, FAULT, MISTAKE, INTERRUPTED = 0, 1, 2, 130

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Data = Annotated[
    Path, typer.Option("--data", envvar="TROUPE_DATA", help="The data folder of the stack.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
DATA_DEFAULT = DEFAULT_FOLDER


class NotRunning(UserMistake):
    """There is no stack to talk to."""

    code = "not_running"


def print_json(content: object) -> None:
    """Print JSON on standard output, and nothing else."""
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n")


def target_environment(data: Path) -> dict[str, str]:
    """Settings of the stack that commands talk to: the environment's, or the running one's.

    Raises:
        NotRunning: neither is there.
    """
    if os.environ.get("TROUPE_DATABASE_URL"):
        return {
            name: value
            for name, value in os.environ.items()
            if name.startswith(("TROUPE_", "TEMPORAL_"))
        }
    running = find_running(data.resolve())
    if running is None:
        raise NotRunning(
            f"no Troupe runs on {data}",
            hint="start it with `make up` in another terminal, name its folder with --data, or "
            "set TROUPE_DATABASE_URL and the others (docs/configuration.md)",
        )
    return running.environment


@dataclass(frozen=True)
class Target:
    """The stack that a command talks to."""

    engine: AsyncEngine
    settings: Settings
    environment: Mapping[str, str] = field(repr=False, default_factory=dict)
    """The variables that it was started with."""

    async def temporal(self) -> Client:
        """Its Temporal.

        Raises:
            Unavailable: Temporal does not answer.
        """
        try:
            # Where Temporal's own configuration looks for files, our environment says.
            known = {**os.environ, **self.environment}
            return await connect(identity="troupe command line", environment=known)
        except (RPCError, RuntimeError) as error:
            raise Unavailable(
                "Temporal does not answer", hint="./troupe doctor says more"
            ) from error


@asynccontextmanager
async def target(data: Path) -> AsyncIterator[Target]:
    """Connect to the stack for one command."""
    environment = target_environment(data)
    settings = Settings.from_environment(environment)
    engine = make_engine(settings.database_url.get_secret_value(), pool_size=2)
    try:
        yield Target(engine, settings, environment)
    finally:
        await engine.dispose()


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's asynchronous part."""
    return asyncio.run(work)


def now() -> datetime:
    """The time, for rows that a command writes."""
    return datetime.now(UTC)


def wants_json() -> bool:
    """True if this command was asked for JSON."""
    return "--json" in sys.argv


def exit_with(error: BaseException) -> NoReturn:
    """Say what went wrong, and leave with the right code."""
    if isinstance(error, KeyboardInterrupt):
        raise SystemExit(INTERRUPTED)
    if isinstance(error, TroupeError):
        mistake = isinstance(error, UserMistake | ConfigurationError)
        _say(error.code, error.message, error.hint)
        raise SystemExit(MISTAKE if mistake else FAULT)
    if isinstance(error, OperationalError):
        _say("unavailable", "the database does not answer", "./troupe doctor says more")
        raise SystemExit(FAULT)
    log = _write_log(error)
    kind = "the database refused a statement" if isinstance(error, DBAPIError) else "a fault in us"
    _say("fault", f"this did not work: {kind} ({type(error).__name__})", f"details: {log}")
    raise SystemExit(FAULT)


def _say(code: str, message: str, hint: str) -> None:
    if wants_json():
        print_json({"error": {"code": code, "message": message, "hint": hint}})
    err.print(f"[bold red]troupe:[/] {escape(message)}")
    if hint:
        err.print(f"        {escape(hint)}")


def _write_log(error: BaseException) -> Path:
    folder = Path(os.environ.get("TROUPE_DATA") or DATA_DEFAULT) / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "cli.log"
    with log.open("a") as file:
        # The command's name, not its arguments: those may carry names and texts of people.
        file.write(f"\n--- {now().isoformat()} {' '.join(sys.argv[1:3])}\n")
        traceback.print_exception(error, file=file)
    return log
