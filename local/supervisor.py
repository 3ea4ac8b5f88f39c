"""Starts, watches, restarts and stops the server programs of an embedded Troupe.

What it promises: everything it started is stopped, also when start-up fails half way and when the
supervisor itself is `kill -9`ed (see `local/guard.py`); leftovers of an earlier run are recognised
and stopped; a process that is not ours is never touched; a child that dies is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from domain.errors import UserMistake
from local.child import Child, ChildFailed, ChildSpec
from local.processes import end_process, read_mark

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0
"""Seconds before a dead child is started again: the first time, and at most."""
STEADY_AFTER = 30.0
"""Seconds after which a child counts as healthy, so that the pauses begin small again."""

Notice = Callable[[str], None]


class AlreadyRunning(UserMistake):
    """Another supervisor works in this data folder."""

    code = "already_running"


@dataclass(frozen=True)
class ChildStatus:
    """What the supervisor knows about a child."""

    name: str
    pid: int | None
    ready: bool
    restarts: int
    log: str


class Supervisor:
    """An asynchronous context manager: children live inside it, none outlives it."""

    def __init__(self, folder: Path, notice: Notice) -> None:
        self._folder = folder
        self._notice = notice
        self._children: dict[str, Child] = {}
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._stages: list[list[str]] = []
        self._stopping = False
        self._lock: int | None = None
        self._pipe: tuple[int, int] | None = None

    async def __aenter__(self) -> Self:
        """Take the data folder and stop what an earlier supervisor left behind.

        Raises:
            AlreadyRunning: another supervisor works in this folder.
        """
        for part in ("run", "logs"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._pipe = os.pipe()
            await asyncio.to_thread(self._stop_leftovers)
        except BaseException:
            self._release()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything, in the reverse order, whatever happened."""
        stopping = asyncio.ensure_future(self.stop())
        while not stopping.done():
            # A second Ctrl-C must not leave processes behind: stopping goes on to its end.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(stopping)
        self._release()
        stopping.result()

    def _take_lock(self) -> None:
        path = self._folder / "run" / "supervisor.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # The kernel drops this lock at our death, however we die.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(lock, 32).decode(errors="replace").strip()
            os.close(lock)
            raise AlreadyRunning(
                f"Troupe already runs in {self._folder} (process {holder or 'unknown'})",
                hint="use that one, stop it with Ctrl-C, or choose another data folder",
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock

    def _stop_leftovers(self) -> None:
        # Latest started first, so that servers go after those that use them.
        files = sorted(
            (self._folder / "run").glob("*.pid"),
            key=lambda file: file.stat().st_mtime,
            reverse=True,
        )
        for file in files:
            left = read_mark(file)
            if left is not None and end_process(left):
                self._notice(f"stopped {left.name or file.stem} (process {left.pid}), a leftover")
            file.unlink(missing_ok=True)

    def _release(self) -> None:
        for descriptor in (*(self._pipe or ()), *([] if self._lock is None else [self._lock])):
            os.close(descriptor)
        self._pipe = self._lock = None

    async def start(self, *specs: ChildSpec) -> None:
        """Start these children side by side and wait until each is ready.

        Raises:
            ChildFailed: one of them did not start; the others keep running until the end.
        """
        if self._pipe is None:
            raise RuntimeError("the supervisor is entered before children are started")
        self._stages.append([spec.name for spec in specs])
        fresh = [Child(spec, self._folder, self._pipe[0]) for spec in specs]
        for child in fresh:
            self._children[child.spec.name] = child
            await child.spawn()
        results = await asyncio.gather(
            *(child.until_ready() for child in fresh), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        for child in fresh:
            self._watchers[child.spec.name] = asyncio.create_task(self._watch(child))

    async def _watch(self, child: Child) -> None:
        """Start the child again each time it ends."""
        pause, told = FIRST_PAUSE, False
        while True:
            await child.wait()
            if self._stopping:
                return
            if time.monotonic() - child.started_at > STEADY_AFTER:
                pause, told = FIRST_PAUSE, False
            self._notice(f"{child.spec.name} {child.ending}; starting it again")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            child.restarts += 1
            try:
                await child.spawn()
                await child.until_ready()
                self._notice(f"{child.spec.name} runs again (process {child.pid})")
            except ChildFailed as failed:
                if not told:
                    self._notice(failed.message)
                told = True
                # Ended, or stuck: the next turn of the loop starts it again.
                child.send(signal.SIGKILL)
            except OSError as error:  # no more processes or memory: it may pass
                self._notice(f"{child.spec.name} cannot be started: {error.strerror}")

    async def ready(self, *names: str) -> None:
        """Wait until these children are ready (again)."""
        for name in names:
            await self._children[name].is_ready.wait()

    def pid(self, name: str) -> int | None:
        """The process id of a child; None while it does not run."""
        child = self._children.get(name)
        return child.pid if child else None

    def kill(self, name: str) -> int | None:
        """End a child with SIGKILL, as a crash would; returns the id it had."""
        child = self._children[name]
        pid = child.pid
        child.is_ready.clear()
        child.send(signal.SIGKILL)
        return pid

    def status(self) -> list[ChildStatus]:
        """All children, in the order in which they were started."""
        return [
            ChildStatus(name, child.pid, child.is_ready.is_set(), child.restarts, str(child.log))
            for name, child in self._children.items()
        ]

    async def stop(self) -> None:
        """Stop all children: the last stage first, the children of a stage side by side."""
        self._stopping = True
        for watcher in self._watchers.values():
            watcher.cancel()
        await asyncio.gather(*self._watchers.values(), return_exceptions=True)
        while self._stages:
            names = self._stages.pop()
            stopped = [self._children[name] for name in names if name in self._children]
            await asyncio.gather(*(child.stop() for child in stopped))
