"""`troupe up` as a person uses it: started around a taken port, looked at, clicked in, wounded."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from local.child import CHECKOUT
from local.people.pages import Form, Page
from local.plan import WORKERS
from tests.local.running import Up, get, remove, until, up

pytestmark = pytest.mark.slow

AS_JSON = {"Accept": "application/json"}
MANAGER = "manager@troupe.invalid"


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
    with up(folder, TROUPE_SWEEP_SECONDS="3") as running:
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


# --- a click ---------------------------------------------------------------------------------


class Desk:
    """A manager at the desk of a stack with one campaign that waits for a sign-off."""

    def __init__(self, stack: Up) -> None:
        self.stack = stack
        self.http = httpx.Client(
            base_url=stack.address("desk"), timeout=20, follow_redirects=True, trust_env=False
        )
        password = json.loads((stack.folder / "secrets.json").read_text())["passwords"][MANAGER]
        self.http.post("/login", data={"email": MANAGER, "password": password, "next": "/"})

    def inbox(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/inbox", headers=AS_JSON).json()["items"]
        return found

    def sign_off_form(self) -> Form:
        until(lambda: any(each["kind"] == "shortlist" for each in self.inbox()))
        item = next(each for each in self.inbox() if each["kind"] == "shortlist")
        return Page(self.http.get(f"/items/{item['id']}").text).forms()[item["decision"]]

    def click(self, form: Form) -> str:
        """Press the button; what the desk said, or that it was gone."""
        try:
            answer = self.http.post(form.target, data=form.filled(), headers=AS_JSON)
        except httpx.TransportError:
            return "gone"
        return str(answer.json()["status"])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        url = self.stack.state()["environment"]["TROUPE_DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            return list(connection.execute(query))

    def decisions(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT status FROM decisions")]


def test_a_click_counts_once_whatever_is_killed_while_it_is_applied(stack: Up) -> None:
    stack.troupe("roster", "import", "examples/roster.csv")
    stack.troupe("campaign", "start", "examples/campaign.yaml")
    desk = Desk(stack)
    form = desk.sign_off_form()
    stack.kill("worker-workflows")
    # Nobody is there to apply it; the desk waits for an answer, and dies while it waits.
    waiting = httpx.Client(cookies=desk.http.cookies, timeout=0.5, trust_env=False)
    with pytest.raises(httpx.TransportError):
        waiting.post(f"{stack.address('desk')}{form.target}", data=form.filled())
    stack.kill("web")
    until(lambda: desk.decisions() == ["applied"])
    until(lambda: desk.rows("SELECT 1 FROM collaborations") != [])
    signed = "SELECT count(*) FROM events WHERE event = 'sign_off_shortlist'"
    assert desk.rows(signed) == [(1,)]
    until(lambda: desk.click(form) == "refused")
    assert desk.rows(signed) == [(1,)], "the second click is answered, and changes nothing"


# --- wounds --------------------------------------------------------------------------------


def test_each_process_comes_back_after_a_crash(stack: Up) -> None:
    before = stack.children()
    for child in before.values():
        os.kill(child.pid, signal.SIGKILL)
    for name, old in before.items():
        until(lambda name=name, old=old: stack.children()[name].pid != old.pid)  # type: ignore[misc]
    until(lambda: get(f"{stack.address('desk')}/healthz") == 200)
    assert "manager@troupe.invalid" in stack.staff()
