"""Choosing ports: the usual one if it is free, else the next free one, and saying so."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
NEIGHBOURS = 50
"""How many ports above the wanted one are tried before the system chooses."""


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


def choose(wanted: Mapping[str, int]) -> dict[str, PortChoice]:
    """Choose a port for each service; 0 asks for any free one."""
    chosen: dict[str, PortChoice] = {}
    taken: set[int] = set()
    for service, port in wanted.items():
        candidates = range(port, min(port + NEIGHBOURS, 65535)) if port else ()
        free = next((one for one in candidates if one not in taken and is_free(one)), None)
        got = free if free is not None else any_free(taken)
        taken.add(got)
        chosen[service] = PortChoice(service, port or got, got)
    return chosen
