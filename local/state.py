"""What is kept in the data folder: generated secrets, the ports in use, how to reach the stack."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from local.child import CHECKOUT
from local.processes import ProcessMark

DEFAULT_FOLDER = CHECKOUT / ".troupe"
SECRET_BYTES = 32


def write_private(path: Path, content: object) -> None:
    """Write JSON that only we can read; never half of it, never readable for a moment."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@dataclass(frozen=True)
class Secrets:
    """Generated once for a data folder, and kept: links in mails that went out stay valid."""

    secret_key: str
    webhook_secret: str
    stripe_key: str
    """Only the stand-in accepts it."""
    passwords: dict[str, str] = field(default_factory=dict)
    """By the e-mail address of the account that was made with it."""

    @classmethod
    def load_or_make(cls, folder: Path) -> Secrets:
        """The folder's secrets; made at the first start."""
        kept = _read(folder / "secrets.json")
        if kept:
            return cls(**kept)
        made = cls(
            secret_key=secrets.token_urlsafe(SECRET_BYTES),
            webhook_secret=f"whsec_{secrets.token_hex(SECRET_BYTES)}",
            stripe_key=f"sk_test_standin_{secrets.token_hex(16)}",
        )
        made.save(folder)
        return made

    def save(self, folder: Path) -> None:
        """Write them down."""
        write_private(folder / "secrets.json", asdict(self))


def remember_ports(folder: Path, ports: Mapping[str, int]) -> None:
    """Keep the ports, so that addresses in mails of the last run still lead here."""
    (folder / "ports.json").write_text(json.dumps(dict(ports), indent=1))


def remembered_ports(folder: Path) -> dict[str, int]:
    """The ports of the last run."""
    return {str(name): int(port) for name, port in _read(folder / "ports.json").items()}


@dataclass(frozen=True)
class RunningStack:
    """A stack that runs now, as commands in other terminals find it."""

    supervisor: ProcessMark
    mode: str
    """``up``, ``sample`` or ``demo``."""
    addresses: dict[str, str]
    environment: dict[str, str]
    """Settings with which commands talk to it; without the Stripe key."""

    def save(self, folder: Path) -> None:
        """Write it down for other commands."""
        write_private(folder / "state.json", asdict(self))


def forget_running(folder: Path) -> None:
    """The stack has stopped."""
    (folder / "state.json").unlink(missing_ok=True)


def find_running(folder: Path) -> RunningStack | None:
    """The stack that runs on this folder; None if there is none, or only its remains."""
    kept = _read(folder / "state.json")
    try:
        process = ProcessMark(**kept["supervisor"])
        found = RunningStack(process, kept["mode"], kept["addresses"], kept["environment"])
    except (KeyError, TypeError):
        return None
    return found if process.lives() else None
