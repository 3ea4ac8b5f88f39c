"""`troupe worker` and `troupe version`."""

from __future__ import annotations

import os
import sys
import tomllib
from typing import Annotated

import typer

from local.child import CHECKOUT
from local.cli_support import out


def worker(
    queue: Annotated[
        list[str] | None, typer.Option(help="workflows, vetting, outreach, publication, payouts.")
    ] = None,
) -> None:
    """Run workers with the settings of the environment; all queues, or the ones named."""
    named = [part for name in queue or ["all"] for part in ("--queue", name)]
    program = str(CHECKOUT / "worker.py")
    # Becomes the worker, so that signals and exit codes are its own.
    os.execv(sys.executable, [sys.executable, program, *named])  # noqa: S606


def version() -> None:
    """Print the version."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    out.print(f"troupe {project['version']}")
