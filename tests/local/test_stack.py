"""`troupe up` as a person uses it: started, wounded, killed, started again, stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
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
from local.plan import WORKERS
from local.processes import ProcessMark, read_mark

pytestmark = pytest.mark.slow


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

    def add_staff(self, email: str) -> None:
        subprocess.run(
            [sys.executable, "cli.py", "staff", "add", email, "--role", "manager",
             "--data", str(self.folder)],
            cwd=CHECKOUT, check=True, capture_output=True,
        )  # fmt: skip


@contextmanager
def up(folder: Path, **settings: str) -> Iterator[Up]:
    """`troupe up` on a data folder, from its first word to its addresses."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TROUPE_", "TEMPORAL_"))}
    process = subprocess.Popen(
        [sys.executable, "cli.py", "up", "--data", str(folder)],
        cwd=CHECKOUT, env={**kept, **settings, "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C stops everything" in line:
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


@pytest.fixture(scope="module")
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, taken: int) -> Iterator[Up]:
    """A stack that was started although its usual port is taken."""
    folder = tmp_path_factory.mktemp("stack")
    (folder / "ports.json").write_text(json.dumps({"desk": taken}))
    with up(folder) as running:
        yield running
    remove(folder)


def test_taken_ports_are_gone_around_and_said(stack: Up, taken: int) -> None:
    assert f"port {taken} is taken" in stack.said
    assert not stack.address("desk").endswith(f":{taken}")
    assert get(f"{stack.address('desk')}/healthz") == 200


def test_up_says_where_everything_is_and_who_may_sign_in(stack: Up) -> None:
    for name in ("desk", "mail", "temporal_ui"):
        assert stack.address(name) in stack.said
        assert 200 <= get(stack.address(name)) < 500
    for login in ("manager", "reviewer", "finance-1", "finance-2", "operator"):
        assert f"{login}@" in stack.said
    servers = {"postgres", "temporal", "web", "mail", "stripe", "social"}
    assert set(WORKERS) | servers <= set(stack.children())


def test_secrets_are_for_their_owner_and_the_stripe_key_for_nobody(stack: Up) -> None:
    assert (stack.folder / "secrets.json").stat().st_mode & 0o077 == 0
    assert (stack.folder / "state.json").stat().st_mode & 0o077 == 0
    assert "TROUPE_STRIPE_KEY" not in stack.state()["environment"]


def test_temporals_pages_only_show(stack: Up) -> None:
    pages = stack.address("temporal_ui")
    with urllib.request.urlopen(f"{pages}/api/v1/settings", timeout=5) as answer:
        assert json.load(answer)["DisableWriteActions"] is True
    with urllib.request.urlopen(f"{pages}/api/v1/namespaces/default", timeout=5) as answer:
        namespace = json.load(answer)
    assert namespace["config"]["workflowExecutionRetentionTtl"] == "7776000s"
    start = urllib.request.Request(f"{pages}/api/v1/namespaces/default/workflows/x", b"{}")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(start, timeout=5)
    foreign = urllib.request.Request(pages, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(foreign, timeout=5)


def test_the_doctor_finds_a_running_stack_healthy(stack: Up) -> None:
    done = subprocess.run(
        [sys.executable, "cli.py", "doctor", "--json", "--data", str(stack.folder)],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    checks = {check["name"]: check["status"] for check in json.loads(done.stdout)["checks"]}
    assert set(checks.values()) <= {"ok"}, checks


def test_each_process_comes_back_after_a_crash(stack: Up) -> None:
    before = stack.children()
    for child in before.values():
        os.kill(child.pid, signal.SIGKILL)
    for name, old in before.items():
        until(lambda name=name, old=old: stack.children()[name].pid != old.pid)  # type: ignore[misc]
    until(lambda: get(f"{stack.address('desk')}/healthz") == 200)
    assert "manager@troupe.invalid" in stack.staff()


def test_nothing_is_lost_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with up(folder) as first:
        first.add_staff("ann@brand.example")
        secrets = (folder / "secrets.json").read_text()
        address = first.address("desk")
        left = first.children()
        first.process.kill()
        first.process.wait()
    with up(folder) as second:
        assert not any(child.lives() for child in left.values())
        assert "ann@brand.example" in second.staff()
        assert second.address("desk") == address, "links in mails that went out still lead here"
        assert (folder / "secrets.json").read_text() == secrets
        children = second.children()
        second.process.send_signal(signal.SIGINT)
        second.process.send_signal(signal.SIGINT)  # an impatient person
        assert second.process.wait(timeout=60) == 0
        assert not any(child.lives() for child in children.values())
        assert not (folder / "state.json").exists()
    remove(folder)
