"""A click survives whatever is killed while it is being applied, and counts once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from local import postgres
from local.child import CHECKOUT
from local.people.pages import Form, Page
from tests.local.test_stack import Up, until, up

pytestmark = pytest.mark.slow

AS_JSON = {"Accept": "application/json"}
MANAGER = "manager@troupe.invalid"


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

    def kill(self, *names: str) -> None:
        for name in names:
            os.kill(self.stack.children()[name].pid, signal.SIGKILL)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        url = self.stack.state()["environment"]["TROUPE_DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            return list(connection.execute(query))

    def decisions(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT status FROM decisions")]


def command(stack: Up, *words: str) -> None:
    subprocess.run(
        [sys.executable, "cli.py", *words, "--data", str(stack.folder)],
        cwd=CHECKOUT, check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("clicks")
    with up(folder, TROUPE_SWEEP_SECONDS="3") as stack:
        command(stack, "roster", "import", "examples/roster.csv")
        command(stack, "campaign", "start", "examples/campaign.yaml")
        yield Desk(stack)
    postgres.discard(folder / "postgres")


def test_a_click_counts_once_whatever_is_killed_while_it_is_applied(desk: Desk) -> None:
    form = desk.sign_off_form()
    desk.kill("worker-workflows")
    # Nobody is there to apply it; the desk waits for an answer, and dies while it waits.
    waiting = httpx.Client(cookies=desk.http.cookies, timeout=0.5, trust_env=False)
    with pytest.raises(httpx.TransportError):
        waiting.post(f"{desk.stack.address('desk')}{form.target}", data=form.filled())
    desk.kill("web")
    until(lambda: desk.decisions() == ["applied"])
    until(lambda: desk.rows("SELECT 1 FROM collaborations") != [])
    signed = "SELECT count(*) FROM events WHERE event = 'sign_off_shortlist'"
    assert desk.rows(signed) == [(1,)]
    until(lambda: desk.click(form) == "refused")
    assert desk.rows(signed) == [(1,)], "the second click is answered, and changes nothing"
