"""A running `troupe up`, for tests that use it as a person does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from local import postgres
from local.child import CHECKOUT
from local.processes import ProcessMark, read_mark


def until(condition: Callable[[], bool], within: float = 40.0) -> None:
    """Wait for a condition; fail if it does not come."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.05)


@dataclass
class Up:
    """A running `troupe up`."""

    folder: Path
    process: subprocess.Popen[str]
    said: str

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return found

    def address(self, name: str) -> str:
        return str(self.state()["addresses"][name])

    def children(self) -> dict[str, ProcessMark]:
        marks = {file.stem: read_mark(file) for file in (self.folder / "run").glob("*.pid")}
        return {name: found for name, found in marks.items() if found is not None}

    def staff(self) -> list[str]:
        url = self.state()["environment"]["TROUPE_DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            return [row[0] for row in connection.execute("SELECT email FROM staff ORDER BY email")]

    def troupe(self, *words: str) -> str:
        """What a command says that is given to this stack; it must do what it is asked."""
        done = subprocess.run(
            [sys.executable, "cli.py", *words, "--data", str(self.folder)],
            cwd=CHECKOUT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout

    def kill(self, *names: str) -> None:
        """Kill processes of it by their names."""
        for name in names:
            os.kill(self.children()[name].pid, signal.SIGKILL)


@contextmanager
def up(
    folder: Path, *options: str, heard: str = "Ctrl-C stops everything", **settings: str
) -> Iterator[Up]:
    """`troupe up` on a data folder, from its first word to the one that a test waits for."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TROUPE_", "TEMPORAL_"))}
    process = subprocess.Popen(
        [sys.executable, "cli.py", "up", *options, "--data", str(folder)],
        cwd=CHECKOUT, env={**kept, **settings, "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if heard in line:
            break
    else:
        pytest.fail("".join(said))
    try:
        yield Up(folder, process, "".join(said))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def remove(folder: Path) -> None:
    """The database goes too, wherever it is kept."""
    postgres.discard(folder / "postgres")
