"""``python -m local.people --folder DIR --seed N``: simulated creators, and staff with --staff."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import ConfigurationError
from integrations.secret_source import is_live
from local.accounts import DOMAIN, STANDARD
from local.people.persona import read_personas
from local.people.town import Town
from local.state import Secrets
from settings import Settings

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def refuse_reality(settings: Settings) -> None:
    """Stop before a simulated person can reach anything real.

    Raises:
        ConfigurationError: real mail, a real payment provider or real platforms are set.
    """
    reasons = {
        "mail goes to a real server": settings.mail_catcher_url,
        "payments go to Stripe": settings.stripe_api_base,
        "posts are looked up on real platforms": settings.social_base,
    }
    for reason, address in reasons.items():
        if not address or urlsplit(address).hostname not in LOOPBACK:
            raise ConfigurationError(
                f"{reason}: simulated people do not act here",
                hint="they need the mail catcher and the stand-ins on this machine",
            )
    if is_live(settings.stripe_key.get_secret_value()):
        raise ConfigurationError("a live Stripe key is set: simulated people do not act here")
    if not settings.is_local:
        raise ConfigurationError(f"{settings.public_url} is not on this machine")


def build(settings: Settings, folder: Path, seed: int, *, staff: bool, spare: str) -> Town:
    """The people of a data folder."""
    home = folder / "people"
    town = Town(
        desk=settings.public_url,
        mail=settings.mail_catcher_url,
        social=settings.social_base,
        personas=read_personas(home / "personas.json"),
        memory=home / "memory.json",
        seed=seed,
        spare=spare,
    )
    if staff:
        passwords = Secrets.load_or_make(folder).passwords
        shifts = {"finance-2": 1}
        for login, _, role in STANDARD:
            email = f"{login}@{DOMAIN}"
            town.employ(role.value, email, passwords[email], shifts.get(login, 0))
    return town


async def main(arguments: argparse.Namespace) -> None:
    """Act until told to stop."""
    settings = Settings.from_environment()
    refuse_reality(settings)
    town = build(
        settings, arguments.folder, arguments.seed, staff=arguments.staff, spare=arguments.spare
    )
    acting = asyncio.create_task(town.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, acting.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await acting


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m local.people", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="the data folder")
    parser.add_argument("--seed", type=int, default=1, help="another course of events")
    parser.add_argument("--staff", action="store_true", help="play the staff too")
    parser.add_argument("--spare", default="", help="the handle that a real person plays")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines carry signed links
    try:
        asyncio.run(main(parse()))
    except ConfigurationError as mistake:
        sys.stderr.write(f"{mistake.message}\n{mistake.hint}\n")
        sys.exit(2)
    sys.stdout.flush()
    os._exit(0)
