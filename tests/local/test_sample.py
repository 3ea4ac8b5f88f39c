"""`make up SAMPLE=1`: within a minute something waits for a person, and one creator is you.

Its supervisor is then killed, and the next `make up` goes on where it was.
"""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.request
from pathlib import Path

import pytest

from local.ports import is_free
from tests.local.running import Up, remove, up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

YOURS = "publish at"
"""The sample's last words: what "you" can do."""


def test_a_sample_goes_on_where_it_was_when_its_supervisor_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    # The usual port may be taken, while nobody has it, by a stack of another test.
    (folder / "ports.json").write_text(json.dumps({"desk": out_of_the_way()}))
    with up(folder, "--sample", heard=YOURS) as first:
        assert "goes on where it was" not in first.said
        handle = you_are_waited_for(first)
        first.troupe("staff", "add", "ann@brand.example", "--role", "manager")
        secrets = (folder / "secrets.json").read_text()
        address = first.address("desk")
        left = first.children()
        first.process.kill()
        first.process.wait()
    with up(folder, "--sample", heard=YOURS) as second:
        assert not any(child.lives() for child in left.values())
        assert "goes on where it was" in second.said
        assert you_are_waited_for(second) == handle
        assert "ann@brand.example" in second.staff()
        assert second.address("desk") == address, "links in mails that went out still lead here"
        assert (folder / "secrets.json").read_text() == secrets
        children = second.children()
        second.process.send_signal(signal.SIGINT)
        second.process.send_signal(signal.SIGINT)  # an impatient person
        assert second.process.wait(timeout=90) == 0
        assert not any(child.lives() for child in children.values())
        assert not (folder / "state.json").exists()
    remove(folder)


def out_of_the_way() -> int:
    """A free port that neither another stack wants nor the system gives away."""
    return next(port for port in range(20_000 + os.getpid() % 10_000, 32_000) if is_free(port))


def you_are_waited_for(sample: Up) -> str:
    """Staff and a creator have something to do; the answer is who that creator, "you", is."""
    assert "signed off the shortlist" in sample.said
    waiting = {item["kind"] for item in json.loads(sample.troupe("inbox", "--json"))["items"]}
    assert {"draft", "release"} <= waiting
    found = re.search(r"you are also .*\(@([\w.]+)\)", sample.said)
    address = re.search(r"your mail +(http://\S+)", sample.said)
    assert found is not None
    assert address is not None
    with urllib.request.urlopen(address[1], timeout=10) as page:
        assert "/messages/" in page.read().decode()
    lives = json.loads((sample.folder / "people" / "memory.json").read_text())["lives"]
    assert found[1] not in {life["handle"].lstrip("@") for life in lives.values()}
    return found[1]
