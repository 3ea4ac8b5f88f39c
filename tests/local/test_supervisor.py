"""The supervisor's promises: nothing outlives it, what dies comes back, strangers are safe."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.child import CHECKOUT, ChildFailed, ChildSpec
from local.probes import listens
from local.processes import ProcessMark, mark, read_mark, write_mark
from local.supervisor import AlreadyRunning, Supervisor
from tests.local.supervised import sleeper


def until(condition: Callable[[], bool], within: float = 20.0) -> None:
    """Wait for a condition; fail if it does not come."""
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.02)


@contextmanager
def supervised(folder: Path, method: str = "kernel") -> Iterator[subprocess.Popen[str]]:
    """A supervisor in a process of its own, that has started its two children."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.local.supervised", str(folder)],
        cwd=CHECKOUT,
        env={**os.environ, "TROUPE_GUARD_METHOD": method},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.strip() == "ready":
            break
    process.said = "".join(said)  # type: ignore[attr-defined]
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def child(folder: Path, name: str) -> ProcessMark:
    found = read_mark(folder / "run" / f"{name}.pid")
    assert found is not None
    return found


METHOD = pytest.mark.parametrize(
    "method", [*(["kernel"] if sys.platform == "linux" else []), "pipe"]
)


@METHOD
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path, method: str) -> None:
    with supervised(tmp_path, method) as supervisor:
        children = [child(tmp_path, name) for name in ("first", "second")]
        assert all(one.lives() for one in children)
        supervisor.kill()
        supervisor.wait()
        until(lambda: not any(one.lives() for one in children))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_stop_ends_the_children_in_reverse_order(tmp_path: Path, number: int) -> None:
    with supervised(tmp_path) as supervisor:
        supervisor.send_signal(number)
        assert supervisor.wait(timeout=20) == 0
    assert (tmp_path / "ended").read_text().split() == ["second", "first"]
    assert not list((tmp_path / "run").glob("*.pid"))


def test_leftovers_are_stopped_before_anything_starts(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (tmp_path / "run").mkdir()
    write_mark(tmp_path / "run" / "first.pid", mark(left.pid, "first"))
    with supervised(tmp_path) as supervisor:
        assert left.wait(timeout=20) == -signal.SIGTERM
        assert f"stopped first (process {left.pid}), a leftover" in supervisor.said  # type: ignore[attr-defined]
        assert child(tmp_path, "first").pid != left.pid


def test_a_stranger_who_got_an_old_process_id_is_not_touched(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        (tmp_path / "run").mkdir()
        old = ProcessMark(stranger.pid, "another start", "first")
        write_mark(tmp_path / "run" / "first.pid", old)
        (tmp_path / "run" / "third.pid").write_text("not a pid file")
        with supervised(tmp_path):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_dead_child_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    async with Supervisor(tmp_path, said.append) as supervisor:
        await supervisor.start(sleeper("first", tmp_path))
        pid = supervisor.kill("first")
        async with asyncio.timeout(20):
            await supervisor.ready("first")
        assert supervisor.pid("first") not in {pid, None}
        assert supervisor.status()[0].restarts == 1
    assert "first was ended by signal 9 (SIGKILL); starting it again" in said


async def test_a_child_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broken = ChildSpec("broken", (sys.executable, "-c", "print('no such thing'); exit(3)"),
                       ready=listens(1))  # fmt: skip
    started: list[ProcessMark] = []

    async def start_up() -> None:
        async with Supervisor(tmp_path, print) as supervisor:
            await supervisor.start(sleeper("first", tmp_path))
            started.append(child(tmp_path, "first"))
            await supervisor.start(broken)

    with pytest.raises(ChildFailed, match="broken ended with code 3") as failed:
        await start_up()
    assert "no such thing" in failed.value.message
    assert not started[0].lives(), "a start-up that fails half way stops what was started"


async def test_a_child_that_is_never_ready_says_so(tmp_path: Path) -> None:
    deaf = ChildSpec("deaf", (sys.executable, "-c", "import time; time.sleep(60)"),
                     ready=listens(1), ready_within=0.5)  # fmt: skip
    with pytest.raises(ChildFailed, match="deaf was not ready after"):
        async with Supervisor(tmp_path, print) as supervisor:
            await supervisor.start(deaf)


async def test_two_supervisors_never_share_a_folder(tmp_path: Path) -> None:
    async with Supervisor(tmp_path, print):
        with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
            async with Supervisor(tmp_path, print):
                pass


async def test_a_child_that_ignores_requests_is_forced(tmp_path: Path) -> None:
    stubborn = ChildSpec(
        "stubborn",
        (sys.executable, "-c", "import signal,time; signal.signal(15, signal.SIG_IGN); "
         "print('up', flush=True); time.sleep(60)"),
        ready=sleeper("stubborn", tmp_path).ready,
        stop_within=0.3,
    )  # fmt: skip
    async with Supervisor(tmp_path, print) as supervisor:
        await supervisor.start(stubborn)
        running = child(tmp_path, "stubborn")
    assert not running.lives()


async def test_secrets_of_the_supervisor_are_not_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TROUPE_STRIPE_KEY", "sk_test_of_the_parent")
    teller = ChildSpec("teller", (sys.executable, "-c", "import os,time; print(dict(os.environ));"
                       "print('up', flush=True); time.sleep(60)"), {"TROUPE_SOCIAL_BASE": "here"},
                       ready=sleeper("teller", tmp_path).ready)  # fmt: skip
    async with Supervisor(tmp_path, print) as supervisor:
        await supervisor.start(teller)
    told = (tmp_path / "logs" / "teller.log").read_text()
    assert "sk_test_of_the_parent" not in told
    assert "TROUPE_SOCIAL_BASE" in told
