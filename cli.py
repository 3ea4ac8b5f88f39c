"""The `troupe` command. Exit codes: 0 done, 2 the person's mistake, 1 a fault (docs/cli.md)."""

from __future__ import annotations

import gc

if __name__ == "__main__":
    # Until everything is imported: to look for garbage among what stays takes a sixth of the start.
    gc.disable()

import typer

from integrations.temporal import leave
from local.cli_support import DONE, FAULT, exit_with
from local.commands import Commands

app = typer.Typer(
    cls=Commands,
    name="troupe",
    help="Runs influencer campaigns: people decide, everything between is automatic.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def troupe() -> None:
    """Runs influencer campaigns: people decide, everything between is automatic."""


def main() -> None:
    """Run a command; whatever goes wrong is said in a sentence, with the right exit code."""
    try:
        app(prog_name="troupe")
    except SystemExit:
        raise
    except BaseException as error:
        exit_with(error)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else FAULT if end.code else DONE)
    leave(DONE)
