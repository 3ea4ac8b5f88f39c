"""One child of the supervisor: how it is started, seen to be ready, and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import TroupeError
from local.probes import Probe, at_once
from local.processes import ProcessMark, mark, write_mark

CHECKOUT = Path(__file__).resolve().parent.parent
GUARD = Path(__file__).with_name("guard.py")
LOG_TAIL = 15
"""Lines of a child's log that an error shows."""
LOG_LIMIT = 20 * 1024 * 1024
"""Bytes after which a log is set aside at the next start."""
LOOK_EVERY = 0.1
"""Seconds between two looks at whether a child is ready."""


class ChildFailed(TroupeError):
    """A server program did not start, or ended at once."""

    code = "child_failed"


@dataclass(frozen=True)
class ChildSpec:
    """What is needed to run one server program."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """The whole environment of the child beside what every program needs (PATH, HOME, …)."""
    ready: Probe = at_once
    ready_within: float = 60.0
    """Seconds."""
    stop_signal: int = signal.SIGTERM
    stop_within: float = 20.0
    """Seconds until it is forced."""
    folder: Path = CHECKOUT


INHERITED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "VIRTUAL_ENV",
)  # fmt: skip
"""What a child sees of the supervisor's environment; everything else is given by name."""


def base_environment() -> dict[str, str]:
    """The part of our environment that children inherit; secrets are not in it."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # TZ: the PostgreSQL server and Python must agree that everything is UTC.
    return {**kept, "TZ": "UTC", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def tail(path: Path, lines: int = LOG_TAIL) -> str:
    """The last lines of a log."""
    try:
        with path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - 16_384))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-lines:])


class Child:
    """A running server program."""

    def __init__(self, spec: ChildSpec, folder: Path, pipe: int) -> None:
        self.spec = spec
        self.log = folder / "logs" / f"{spec.name}.log"
        self.pid_file = folder / "run" / f"{spec.name}.pid"
        self._pipe = pipe
        self._process: asyncio.subprocess.Process | None = None
        self.mark: ProcessMark | None = None
        self.started_at = 0.0
        self.is_ready = asyncio.Event()
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The server's process id; None if it does not run."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode if self._process else None
        if code is None:
            return "still runs"
        if code < 0:
            return f"was ended by signal {-code} ({signal.Signals(-code).name})"
        return f"ended with code {code}"

    async def spawn(self) -> None:
        """Start the program; its output goes to its log, its id to its pid file."""
        self.is_ready.clear()
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._guarded(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**base_environment(), **self.spec.environment},
                cwd=self.spec.folder,
                pass_fds=(self._pipe,),
                # Its own session: Ctrl-C in the terminal reaches the supervisor only, which then
                # stops everything in order.
                start_new_session=True,
            )
        self.started_at = time.monotonic()
        self.mark = mark(self._process.pid, self.spec.name)
        write_mark(self.pid_file, self.mark)

    def _guarded(self) -> list[str]:
        usual = "kernel" if sys.platform == "linux" else "pipe"
        # The variable is for trying the other way on a machine that has both.
        method = os.environ.get("TROUPE_GUARD_METHOD", usual)
        options = [
            f"--parent={os.getpid()}",
            f"--pipe={self._pipe}",
            f"--death-signal={int(self.spec.stop_signal)}",
            f"--grace={self.spec.stop_within}",
            f"--method={method}",
        ]
        return [sys.executable, "-I", "-S", str(GUARD), *options, "--", *self.spec.command]

    async def until_ready(self) -> None:
        """Wait until it is ready.

        Raises:
            ChildFailed: it ended, or took too long; shows the end of its log.
        """
        until = time.monotonic() + self.spec.ready_within
        while not await self.spec.ready():
            if self.pid is None:
                raise self.failure(self.ending)
            if time.monotonic() > until:
                raise self.failure(f"was not ready after {self.spec.ready_within:.0f} s")
            await asyncio.sleep(LOOK_EVERY)
        if self.pid is None:
            # Somebody else answered at its address.
            raise self.failure(self.ending)
        self.is_ready.set()

    def failure(self, what: str) -> ChildFailed:
        """An error that shows why, as far as the log knows."""
        last = tail(self.log)
        shown = f"\n{last}" if last else " (nothing was logged)"
        return ChildFailed(f"{self.spec.name} {what}. End of its log:{shown}", hint=f"{self.log}")

    async def wait(self) -> None:
        """Wait until the process has ended."""
        if self._process is not None:
            await self._process.wait()
        self.is_ready.clear()

    def send(self, number: int) -> None:
        """Send a signal; nothing happens if it does not run."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def stop(self) -> None:
        """End it: politely, then by force."""
        if self.pid is not None:
            self.send(self.spec.stop_signal)
            try:
                async with asyncio.timeout(self.spec.stop_within):
                    await self.wait()
            except TimeoutError:
                self.send(signal.SIGKILL)
                await self.wait()
        self.pid_file.unlink(missing_ok=True)
