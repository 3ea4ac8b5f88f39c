"""`troupe demo` as a stranger sees it: it ends well, tells all, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from domain import search_attributes
from local import postgres, temporal
from local.child import CHECKOUT
from local.demo_scenes import find_scenes
from local.ports import any_free
from worker import workflow_runner
from workflows.registry import WORKFLOWS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SEED = 1


@dataclass
class Run:
    """A demonstration, from its first line to its last."""

    folder: Path
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    started: dict[int, psutil.Process] = field(default_factory=dict)
    """Every process that was seen below it."""

    @property
    def text(self) -> str:
        return "".join(self.said)

    def follow(self, until: str = "") -> bool:
        """Read what it says, to the end or to a line with these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if until and until in line:
                return True
        return False

    def watch(self) -> None:
        """Note its children as long as it runs."""
        parent = psutil.Process(self.process.pid)
        while self.process.poll() is None:
            try:
                for child in parent.children(recursive=True):
                    self.started.setdefault(child.pid, child)
            except psutil.Error:
                return
            time.sleep(0.2)

    def left(self) -> list[str]:
        """Processes of it that still run."""
        alive = [child for child in self.started.values() if child.is_running()]
        return [str(child) for child in alive if child.status() != psutil.STATUS_ZOMBIE]


@contextmanager
def demo(folder: Path, seed: int = SEED) -> Iterator[Run]:
    """A running demonstration in a folder of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TROUPE_", "TEMPORAL_"))}
    process = subprocess.Popen(
        [sys.executable, "cli.py", "demo", "--seed", str(seed), "--data", str(folder)],
        cwd=CHECKOUT, env={**kept, "PYTHONUNBUFFERED": "1", "COLUMNS": "160"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    run = Run(folder, process)
    watching = threading.Thread(target=run.watch, daemon=True)
    watching.start()
    try:
        yield run
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=90)
        watching.join(timeout=10)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A demonstration that has come to its end."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with demo(folder) as run:
        run.follow()
        run.process.wait(timeout=30)
        yield run
    postgres.discard(folder / "postgres")


def test_it_ends_well_and_in_time(played: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert played.process.returncode == 0, played.text[-6000:]
    took = re.search(r"It took (\d+) seconds", played.text)
    assert took is not None
    with capsys.disabled():
        sys.stdout.write(f" [the demonstration took {took[1]} s] ")


def test_every_scene_comes_up_and_is_told(played: Run) -> None:
    for scene in find_scenes([], [], str):
        assert f"✓ {scene.title}" in played.text, played.text[-6000:]
    assert "sent back by the reviewer" in played.text
    assert re.search(r"were released by Finance \d and Finance \d", played.text)


def test_workers_are_killed_with_a_transfer_on_its_way_and_nothing_is_lost(played: Run) -> None:
    killed = re.search(
        r"kill -9 of all 3 workers: (\d+) collaborations open, (\d+) transfer", played.text
    )
    assert killed is not None
    assert int(killed[1]) >= 4
    assert int(killed[2]) >= 1
    assert "it had moved the money of" in played.text
    assert "0 lost, 0 paid twice." in played.text


def test_all_books_agree(played: Run) -> None:
    compared = played.text.partition("The books compared")[2]
    assert compared.count("✓") == 8, compared
    assert "✗" not in played.text


def test_nothing_runs_any_more_and_the_report_is_there(played: Run) -> None:
    assert len(played.started) > 8, "the children were seen while they ran"
    assert played.left() == []
    assert not (played.folder / "state.json").exists()
    assert "<html" in (played.folder / "report.html").read_text()
    assert f"./troupe up --data {played.folder}" in played.text


# --- histories -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
async def histories(played: Run) -> AsyncIterator[list[WorkflowHistory]]:
    """Every history of the demonstration, from its own Temporal, started once more."""
    ports: list[int] = []
    for _ in range(4):
        ports.append(any_free(ports))
    command = temporal.command(
        played.folder / "temporal.db", port=ports[0], ui_port=ports[1], http_port=ports[2],
        metrics_port=ports[3], attributes=search_attributes.ALL,
    )  # fmt: skip
    server = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        client = await connected(ports[0])
        found = [
            await client.get_workflow_handle(each.id, run_id=each.run_id).fetch_history()
            async for each in client.list_workflows()
        ]
        yield found
    finally:
        server.terminate()
        await server.wait()


async def connected(port: int) -> Client:
    """A client of a server that is just starting."""
    look = temporal.serves(port)
    async with asyncio.timeout(60):
        while True:
            if await look():
                break
            await asyncio.sleep(0.1)
    return await Client.connect(f"127.0.0.1:{port}", data_converter=pydantic_data_converter)


def decoded(value: Any) -> Iterator[str]:
    """Every text in a history as JSON, payloads in the clear."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "data" and isinstance(part, str):
                yield base64.b64decode(part).decode(errors="replace")
            yield from decoded(part)
    elif isinstance(value, list):
        for part in value:
            yield from decoded(part)
    elif isinstance(value, str):
        yield value


def personal(folder: Path) -> set[str]:
    """Names, addresses, handles and texts of the people of a demonstration."""
    people = json.loads((folder / "people" / "personas.json").read_text())
    words = {each[part] for each in people for part in ("handle", "name", "email")}
    with sqlite3.connect(folder / "social" / "social.sqlite3") as database:
        captions = [row[0] for row in database.execute("SELECT caption FROM posts")]
    assert len(captions) > 5
    lines = {line for caption in captions for line in caption.splitlines()}
    return {word.casefold() for word in words | lines if len(word) > 5}


def test_no_history_and_no_log_has_personal_data(
    played: Run, histories: list[WorkflowHistory]
) -> None:
    kinds = {each.workflow_id.partition("/")[0] for each in histories}
    assert {"campaign", "collaboration", "payout"} <= kinds
    texts = [text for each in histories for text in decoded(json.loads(each.to_json()))]
    logs = [
        path.read_text(errors="replace")
        for pattern in ("worker-*.log", "web.log", "temporal.log", "postgres.log")
        for path in (played.folder / "logs").glob(pattern)
    ]
    haystack = "\n".join([*texts, *logs]).casefold()
    assert "answer_offer" in haystack, "payloads are read in the clear"
    assert [word for word in personal(played.folder) if word in haystack] == []


async def test_every_history_can_be_replayed_on_this_code(
    histories: list[WorkflowHistory],
) -> None:
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=workflow_runner(),
        data_converter=pydantic_data_converter,
    )

    async def each() -> AsyncIterator[WorkflowHistory]:
        for history in histories:
            yield history

    found = await replayer.replay_workflows(each(), raise_on_replay_failure=False)
    assert found.replay_failures == {}


# --- stopping ------------------------------------------------------------------------------


def test_ctrl_c_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with demo(folder, seed=2) as run:
        assert run.follow(until="the people are simulated"), run.text
        run.process.send_signal(signal.SIGINT)
        run.follow()
        assert run.process.wait(timeout=60) == 130
        assert "nothing of it runs any more" in run.text
    assert len(run.started) > 8
    assert run.left() == []
    assert list((folder / "run").glob("*.pid")) == []
    postgres.discard(folder / "postgres")


def test_a_folder_with_other_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{}")
    with demo(tmp_path) as run:
        run.follow()
        assert run.process.wait(timeout=30) == 2
    assert "has data that is not a demonstration's" in run.text
    assert (tmp_path / "secrets.json").exists()
