"""`troupe demo`: what it may be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from local import demo
from local.rehearsal import POSTS, ROSTER


def demonstration(
    seed: Annotated[int, typer.Option(envvar="SEED", help="Another course of events.")] = 1,
    roster: Annotated[Path, typer.Option(help="Who may be invited (CSV or JSON lines).")] = ROSTER,
    posts: Annotated[
        Path | None, typer.Option(help="What they have posted; the example's posts by default.")
    ] = None,
    campaign: Annotated[Path, typer.Option(help="A campaign file, with deadlines in seconds.")] = (
        demo.CAMPAIGN
    ),
    keep: Annotated[bool, typer.Option("--keep", help="Stay up afterwards, until Ctrl-C.")] = False,
    data: Annotated[Path, typer.Option("--data", help="A folder of its own.")] = demo.FOLDER,
) -> None:
    """Play a whole campaign in about a minute, with simulated people, and stop."""
    captions = posts or (POSTS if roster == ROSTER else None)
    wish = demo.Wish(data.resolve(), seed, roster, captions, campaign, keep)
    raise typer.Exit(demo.run_demo(wish))
