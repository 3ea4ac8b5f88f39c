"""Knowing a process again: process ids are reused, so an id alone is never enough to stop one."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

POLL = 0.05
"""Seconds between two looks at whether a process that is not our child has ended."""


@dataclass(frozen=True)
class ProcessMark:
    """What is written down about a process so that it is recognised later."""

    pid: int
    started: str
    """When it started, in the system's own words; with the id unique since the machine's start."""
    name: str = ""

    def lives(self) -> bool:
        """True if this very process still runs (a zombie does not)."""
        return start_mark(self.pid) == self.started


def start_mark(pid: int) -> str:
    """When a process started, or "" if there is none.

    On Linux from the boot's id and the kernel's tick count: a clock that is set during the run
    does not change them, while the calculated time of day would.
    """
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        except (OSError, IndexError):
            return ""
        return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return ""
        return f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


def mark(pid: int, name: str = "") -> ProcessMark:
    """Describe a running process."""
    return ProcessMark(pid=pid, started=start_mark(pid), name=name)


def write_mark(path: Path, process: ProcessMark) -> None:
    """Write a pid file; never half of one."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(process)))
    partial.replace(path)


def read_mark(path: Path) -> ProcessMark | None:
    """Read a pid file; None if there is none or it makes no sense."""
    try:
        read = json.loads(path.read_text())
        return ProcessMark(int(read["pid"]), str(read["started"]), str(read.get("name", "")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def signal_process(process: ProcessMark, number: int) -> bool:
    """Send a signal to this very process; False if it is not there any more."""
    if not process.started or not process.lives():
        return False
    try:
        os.kill(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_process(process: ProcessMark, number: int = signal.SIGTERM, within: float = 15.0) -> bool:
    """Ask a process that is not our child to end, then force it; False if it was not there."""
    if not signal_process(process, number):
        return False
    until = time.monotonic() + within
    while process.lives():
        if time.monotonic() > until:
            signal_process(process, signal.SIGKILL)
            until = time.monotonic() + within
        time.sleep(POLL)
    return True
