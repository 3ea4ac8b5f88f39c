"""A stand-in as a process of its own, to be driven, killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import httpx

from local.child import CHECKOUT, ChildFailed

ANSWERS_WITHIN = 30.0
"""Seconds from the start to the first answer."""


class StandInProcess(ABC):
    """One of our stand-ins on a port, with a client of its pages."""

    def __init__(self, module: str, port: int, health: str = "/_standin/health") -> None:
        """Start nothing yet.

        Args:
            module: the stand-in's package.
            port: where it serves HTTP.
            health: what answers 200 as soon as it is ready.
        """
        self.port = port
        self.http = httpx.Client(base_url=self.base, timeout=10, trust_env=False)
        self._module, self._health = module, health
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def base(self) -> str:
        """The address that it is reached at."""
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def options(self) -> Sequence[str]:
        """The words of its command line."""

    def environment(self) -> Mapping[str, str]:
        """What it is given beside our own environment."""
        return {}

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            ChildFailed: it ended at once, or does not answer.
        """
        command = [sys.executable, "-m", self._module, *self.options()]
        given = os.environ | self.environment()
        self._process = subprocess.Popen(command, cwd=CHECKOUT, env=given)
        deadline = time.monotonic() + ANSWERS_WITHIN
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ChildFailed(f"{self._module} ended at once")
            try:
                if self.http.get(self._health).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise ChildFailed(f"{self._module} does not answer")

    @property
    def runs(self) -> bool:
        """True from its start until it has ended, by itself too."""
        return self._process is not None and self._process.poll() is None

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the process; SIGKILL ends it as a crash does."""
        if self._process is not None and self.runs:
            os.kill(self._process.pid, number)
            self._process.wait(20)
