"""Which module has which command of `troupe`; a module is imported when its command is used.

All of them together take seconds, which nobody should wait for who asks for a quote.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "up": ("local.cli_up:up",),
    "demo": ("local.cli_demo:demonstration",),
    "doctor": ("local.cli_doctor:doctor",),
    "inbox": ("local.cli_inbox:inbox",),
    "roster": ("local.cli_imports:roster",),
    "posts": ("local.cli_imports:posts",),
    "campaign": ("local.cli_campaign:campaign",),
    "shortlist": ("local.cli_shortlist:show_shortlist",),
    "quote": ("local.cli_quote:show_quote",),
    "check-disclosure": ("local.cli_disclosure:disclosure",),
    "evaluate": ("local.cli_evaluate:evaluate", "local.cli_credibility"),
    "payouts": ("local.cli_payouts:payouts",),
    "claims": ("local.cli_claims:claims",),
    "ledger": ("local.cli_ledger:ledger",),
    "reconcile": ("local.cli_reconcile:reconcile",),
    "staff": ("local.cli_staff:staff",),
    "worker": ("local.cli_worker:worker",),
    "version": ("local.cli_worker:version",),
}
"""A command or group of commands, and the modules that add commands to the group."""


class Commands(TyperGroup):
    """The commands of `troupe`, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order in which they are needed."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """A command, or None if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        first, *more = COMMANDS[cmd_name]
        module, _, attribute = first.partition(":")
        found: typer.Typer | Callable[..., Any] = getattr(import_module(module), attribute)
        for each in more:
            import_module(each)
        gc.freeze()
        gc.enable()  # cli.py leaves it off while it imports
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = cmd_name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(found)
        command = typer.main.get_command(alone)
        assert isinstance(command, TyperCommand)
        return command
