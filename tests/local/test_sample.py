"""`make up SAMPLE=1`: within a minute something waits for a person, and one creator is you."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from local import postgres
from local.child import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def waiting(folder: Path) -> set[str]:
    """Kinds of items that wait for staff."""
    told = subprocess.run(
        [sys.executable, "cli.py", "inbox", "--json", "--data", str(folder)],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {item["kind"] for item in json.loads(told.stdout)["items"]}


def test_a_sample_waits_for_its_person_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    handles = []
    for turn in range(2):
        said, code = "", None
        process = start(folder)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                said += line
                if "publish at" in line:
                    break
            assert "signed off the shortlist" in said
            assert {"draft", "release"} <= waiting(folder)
            found = re.search(r"you are also .*\(@([\w.]+)\)", said)
            address = re.search(r"your mail +(http://\S+)", said)
            assert found is not None
            assert address is not None
            handles.append(found[1])
            with urllib.request.urlopen(address[1], timeout=10) as page:
                assert "/messages/" in page.read().decode()
            lives = json.loads((folder / "people" / "memory.json").read_text())["lives"]
            assert found[1] not in {life["handle"].lstrip("@") for life in lives.values()}
            assert ("goes on where it was" in said) is bool(turn)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=90)
            code = process.returncode
        assert code == 0
    assert handles[0] == handles[1]
    postgres.discard(folder / "postgres")


def start(folder: Path) -> subprocess.Popen[str]:
    """`troupe up --sample` on a data folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TROUPE_", "TEMPORAL_"))}
    return subprocess.Popen(
        [sys.executable, "cli.py", "up", "--sample", "--data", str(folder)],
        cwd=CHECKOUT, env={**kept, "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
