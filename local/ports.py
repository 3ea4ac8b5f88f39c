"""Choosing ports: the usual one if it is free, else the next free one, and saying so."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
NEIGHBOURS = 50
"""How many ports above the wanted one are tried before the system chooses."""
OUT_OF_THE_WAY = range(20_000, 32_000)
"""Where any port will do: the system gives none of these to whoever calls somebody."""


@dataclass(frozen=True)
class PortChoice:
    """A port for one service, and the one that was wanted."""

    service: str
    wanted: int
    port: int

    @property
    def moved(self) -> bool:
        """True if somebody else has the wanted port."""
        return self.port != self.wanted


def is_free(port: int) -> bool:
    """True if nobody listens on the port, neither on loopback nor on all addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    # macOS lets us bind beside somebody who listens on all addresses.
    with contextlib.closing(socket.socket()) as caller:
        caller.settimeout(0.2)
        return caller.connect_ex((LOOPBACK, port)) != 0


def any_free(taken: Iterable[int] = ()) -> int:
    """A free port that the system chooses."""
    avoid = set(taken)
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if port not in avoid:
            return port


class Claims:
    """Ports that this process has chosen and may not listen on yet.

    Between the choice and the moment when its server listens, another stack that starts on the
    same machine would find the port free. So each choice is a locked file; the kernel drops the
    lock when this process ends, however it ends.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or Path(tempfile.gettempdir()) / f"troupe-ports-{os.getuid()}"
        self._held: dict[int, int] = {}

    def take(self, port: int) -> bool:
        """Claim a port; False if another stack has."""
        if port in self._held:
            return False
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / str(port), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._held[port] = lock
        return True

    def release(self) -> None:
        """Give all claims back."""
        for lock in self._held.values():
            os.close(lock)
        self._held.clear()


def choose(wanted: Mapping[str, int], claims: Claims) -> dict[str, PortChoice]:
    """Choose and claim a port for each service; 0 asks for any free one."""
    return {service: _choose(service, port, claims) for service, port in wanted.items()}


def _choose(service: str, wanted: int, claims: Claims) -> PortChoice:
    near = range(wanted, min(wanted + NEIGHBOURS, 65535))
    candidates = near if wanted else random.sample(OUT_OF_THE_WAY, NEIGHBOURS)
    got = next((port for port in candidates if is_free(port) and claims.take(port)), None)
    while got is None:
        port = any_free()
        got = port if claims.take(port) else None
    return PortChoice(service, wanted or got, got)
