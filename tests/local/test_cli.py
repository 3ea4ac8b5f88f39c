"""The command line: right exit codes, sentences instead of tracebacks, stable JSON."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cli
from domain.campaign_yaml import read_campaign
from local.child import CHECKOUT
from local.cli_support import out
from local.doctor import check_ports, check_temporal
from local.findings import Status
from local.state import remember_ports
from store.campaigns import create_campaign
from store.engine import make_engine, session
from tests.conftest import Database

EXAMPLE = CHECKOUT / "examples" / "campaign.yaml"


@dataclass(frozen=True)
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """Runs commands as a person would."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch = patch
        self._capture = capture

    def __call__(self, *words: str) -> Answer:
        self._patch.setattr(sys, "argv", ["troupe", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self._capture.readouterr()
        code = ended.value.code
        assert "Traceback" not in said.err + said.out
        return Answer(code if isinstance(code, int) else 0, said.out, said.err)


@pytest.fixture
def troupe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Terminal:
    """The command line on an empty data folder."""
    monkeypatch.setenv("TROUPE_DATA", str(tmp_path / "data"))
    for name in ("TROUPE_DATABASE_URL", "TEMPORAL_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    # Rich reads COLUMNS when it is imported, and a process of xdist has 80 there.
    monkeypatch.setattr(out, "width", 200)
    return Terminal(monkeypatch, capsys)


@pytest.fixture
def connected(troupe: Terminal, database: Database, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line with a database of its own, and no Temporal."""
    monkeypatch.setenv("TROUPE_DATABASE_URL", database.app_url)
    monkeypatch.setenv("TROUPE_SECRET_KEY", "a secret that is only used in this test")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    return troupe


def test_a_command_without_a_stack_says_how_to_start_one(troupe: Terminal) -> None:
    answer = troupe("inbox", "--json")
    assert answer.code == 2
    assert answer.json["error"]["code"] == "not_running"
    assert "make up" in answer.err


@pytest.mark.parametrize(
    "words",
    [
        ("no-such-command",),
        ("campaign", "start"),
        ("roster", "import", "no-such-file.csv"),
        ("campaign", "validate", "no-such-file.yaml"),
        ("check-disclosure", "--country", "DE"),
    ],
)
def test_mistakes_end_with_two(troupe: Terminal, words: tuple[str, ...]) -> None:
    answer = troupe(*words)
    assert answer.code == 2
    assert answer.err


def test_the_example_is_a_valid_campaign(troupe: Terminal) -> None:
    answer = troupe("campaign", "validate", str(EXAMPLE), "--json")
    assert answer.code == 0
    assert answer.json["valid"] is True
    assert answer.json["mistakes"] == []


def test_all_mistakes_of_a_campaign_file_are_said_at_once(troupe: Terminal, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: x\nbudgett: {}\ncreators: many\n")
    answer = troupe("campaign", "validate", str(broken), "--json")
    assert answer.code == 2
    assert answer.json["valid"] is False
    assert len(answer.json["mistakes"]) > 1
    assert set(answer.json["mistakes"][0]) == {"line", "column", "path", "message", "hint"}


def test_disclosure_is_judged_with_reasons_and_rule_version(troupe: Terminal) -> None:
    answer = troupe(
        "check-disclosure", "--country", "DE", "--brand", "Lumen", "--text", "So schön!", "--json"
    )
    assert answer.code == 0
    assert answer.json["verdict"] == "fail"
    assert answer.json["reasons"]
    assert answer.json["rule_version"]


def test_an_engine_is_judged_on_labels_of_the_user(troupe: Terminal, tmp_path: Path) -> None:
    rows = "text,unsafe\nwhat the fuck,1\nlovely tea today,0\nunread,\nyou are late,true\n"
    file = tmp_path / "labelled.csv.gz"
    file.write_bytes(gzip.compress(rows.encode()))
    words = ("evaluate", "safety", str(file), "--text", "text", "--label", "unsafe", "--json")
    answer = troupe(*words)
    assert answer.code == 0, answer.err
    found = answer.json
    assert (found["texts"], found["labelled"], found["flagged"]) == (3, 2, 1)
    assert (found["precision"], found["recall"], found["auc"]) == (1.0, 0.5, 1.0)
    assert found["engine"].startswith("fast 20")
    lists = found["word_lists"]
    assert (lists["precision"], lists["recall"], lists["auc"]) == (1.0, 0.5, 0.75)


@pytest.mark.parametrize(
    ("rows", "said"),
    [(b"text,other\nhi,1\n", "no column 'unsafe'"), (b"text,unsafe\nhi,maybe\n", "line 2: 'maybe'"),
     (b"text,unsafe\nhi,\n", "no row with a label"),
     (gzip.compress(b"text,unsafe\nhi,1\n", mtime=0)[:-9], "cut off")],
    ids=["column missing", "label unreadable", "label missing", "file cut off"],
)  # fmt: skip
def test_a_file_that_cannot_be_evaluated_says_why(
    troupe: Terminal, tmp_path: Path, rows: bytes, said: str
) -> None:
    file = tmp_path / "labelled.csv"
    file.write_bytes(rows)
    answer = troupe("evaluate", "safety", str(file), "--text", "text", "--label", "unsafe")
    assert answer.code == 2
    assert said in answer.err


POSTS = """who,post,is
ana,Baking sourdough bread tonight,food
ana,My favourite pasta recipe,food
ana,Dinner at a new restaurant,food
ben,New lipstick and mascara,beauty
cleo,A walk with my puppy,pets
"""


def test_fit_is_judged_on_creators_of_the_user(troupe: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(POSTS)
    words = ("evaluate", "fit", str(file), "--text", "post", "--label", "is", "--creator", "who")
    answer = troupe(*words, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["all"]["labelled"] == 3
    assert answer.json["all"]["mean_auc"] == 1.0
    assert answer.json["one_or_two_posts"]["labelled"] == 2
    assert answer.json["three_posts_and_more"]["auc"] == {"food": None}
    assert "mean AUC" in troupe(*words).out


@pytest.mark.parametrize(
    ("line", "said"),
    [("ana,More bread,submarines", "is not a category"),
     ("ana,More bread,beauty", "food before"), ("", "no row with a category")],
    ids=["unknown category", "two categories", "nothing"],
)  # fmt: skip
def test_a_file_of_posts_that_cannot_be_evaluated_says_why(
    troupe: Terminal, tmp_path: Path, line: str, said: str
) -> None:
    file = tmp_path / "posts.csv"
    file.write_text(POSTS + line if line else "who,post,is\nana,Bread,\n")
    words = ("evaluate", "fit", str(file), "--text", "post", "--label", "is", "--creator", "who")
    answer = troupe(*words)
    assert answer.code == 2
    assert said in answer.err


def test_a_roster_is_imported_and_bad_rows_are_kept_aside(
    connected: Terminal, tmp_path: Path
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text(
        "platform,handle,followers,email,country\n"
        "instagram,@ana,12000,ana@creators.example,DE\n"
        "instagram,,9000,nobody@creators.example,DE\n"
    )
    answer = connected("roster", "import", str(roster), "--json")
    assert answer.code == 0, answer.err
    assert answer.json["created"] == 1
    assert answer.json["quarantined"] == 1
    assert Path(answer.json["quarantine_file"]).read_text()


def test_a_map_that_names_a_missing_column_is_a_mistake(
    connected: Terminal, tmp_path: Path
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("a,b\n1,2\n")
    answer = connected("roster", "import", str(roster), "--map", "handle=Username", "--json")
    assert answer.code == 2
    assert "Username" in answer.json["error"]["message"]


def test_staff_are_added_listed_and_disabled(connected: Terminal) -> None:
    added = connected("staff", "add", "ann@brand.example", "--role", "manager")
    assert added.code == 0
    assert "password: " in added.out
    assert connected("staff", "add", "ann@brand.example", "--role", "manager").code == 2
    assert connected("staff", "passwd", "ann@brand.example").code == 0
    for wish, kept in (("--off", "off"), ("--on", "on"), ("--off", "off")):
        assert connected("staff", "mail", "ann@brand.example", wish).code == 0
        assert connected("staff", "list", "--json").json["staff"][0]["mails"] == kept
    assert connected("staff", "mail", "ann@brand.example").code == 2
    assert connected("staff", "disable", "ann@brand.example").code == 0
    assert connected("staff", "disable", "bob@brand.example").code == 2
    listed = connected("staff", "list", "--json").json["staff"]
    assert [(row["email"], row["roles"], row["active"]) for row in listed] == [
        ("ann@brand.example", ["manager"], False)
    ]


def test_an_empty_inbox_is_said_and_counted(connected: Terminal) -> None:
    assert "Nothing waits" in connected("inbox").out
    assert connected("inbox", "--json").json == {"total": 0, "counts": {}, "items": []}


def test_starting_without_temporal_is_a_fault_and_keeps_nothing(connected: Terminal) -> None:
    connected("staff", "add", "ann@brand.example", "--role", "manager")
    answer = connected("campaign", "start", str(EXAMPLE))
    assert answer.code == 1
    assert "Temporal does not answer" in answer.err
    assert connected("campaign", "status").code == 2


def test_a_database_that_is_gone_is_a_fault(
    connected: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TROUPE_DATABASE_URL", "postgresql+psycopg://a:b@127.0.0.1:1/none")
    answer = connected("inbox", "--json")
    assert answer.code == 1
    assert answer.json["error"]["code"] == "unavailable"


def test_an_unforeseen_error_goes_to_a_log_that_is_named(
    troupe: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("TROUPE_DATABASE_URL", "no address at all")
    monkeypatch.setenv("TROUPE_SECRET_KEY", "x" * 32)
    answer = troupe("inbox")
    log = tmp_path / "data" / "logs" / "cli.log"
    assert answer.code == 1
    assert str(log) in answer.err
    assert "Traceback" in log.read_text()


def test_the_doctor_says_what_is_wrong_and_what_to_do(connected: Terminal) -> None:
    answer = connected("doctor", "--json")
    checks = {check["name"]: check for check in answer.json["checks"]}
    assert answer.code == 1
    assert answer.json["healthy"] is False
    assert list(checks) == [
        "python", "programs", "data", "ports", "settings", "database", "migrations", "temporal",
        "mail", "stripe",
    ]  # fmt: skip
    assert checks["database"]["status"] == "ok"
    assert checks["migrations"]["status"] == "ok"
    assert checks["temporal"]["status"] == "fault"
    assert checks["temporal"]["fix"]


def test_the_doctor_is_content_with_a_machine_on_which_nothing_runs(troupe: Terminal) -> None:
    answer = troupe("doctor", "--json")
    assert answer.code == 0
    assert {check["status"] for check in answer.json["checks"]} <= {"ok", "warning", "skipped"}


def test_the_doctor_asks_the_stack_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:7")
    found = asyncio.run(check_temporal({"TEMPORAL_ADDRESS": "127.0.0.1:9"}))
    assert found.status is Status.FAULT
    assert found.message.startswith("Temporal does not answer at 127.0.0.1:9: ")
    assert "127.0.0.1:7" not in found.message


def test_the_doctor_names_ports_that_others_use(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        remember_ports(tmp_path, {"desk": taken})
        found = check_ports(tmp_path, None)
    assert found.status is Status.WARNING
    assert f"desk {taken}" in found.message


def test_the_version_is_the_projects(troupe: Terminal) -> None:
    assert troupe("version").out.startswith("troupe 0.")


def test_a_campaign_that_is_kept_has_a_status_and_a_report(
    connected: Terminal, database: Database, tmp_path: Path
) -> None:
    asyncio.run(keep_campaign(database))
    status = connected("campaign", "status", "--json").json
    assert status["campaign"]["status"] == "vetting"
    page = tmp_path / "report.html"
    report = connected("campaign", "report", "--html", str(page), "--json")
    assert report.code == 0
    assert report.json["campaign"]["id"] == status["campaign"]["id"]
    assert "<html" in page.read_text()
    assert connected("campaign", "report", "no such campaign").code == 2
    assert connected("campaign", "report").code == 0


def test_who_decides_must_be_a_manager(connected: Terminal, database: Database) -> None:
    asyncio.run(keep_campaign(database))
    connected("staff", "add", "rita@brand.example", "--role", "reviewer")
    assert "no manager" in connected("campaign", "pause").err
    assert connected("campaign", "pause", "--as", "rita@brand.example").code == 2


def test_a_decision_is_kept_while_temporal_is_away(connected: Terminal, database: Database) -> None:
    asyncio.run(keep_campaign(database))
    connected("staff", "add", "ann@brand.example", "--role", "manager")
    answer = connected("campaign", "pause", "--comment", "a storm", "--json")
    assert answer.code == 0
    assert answer.json["applied"] is False


async def keep_campaign(database: Database) -> None:
    source = EXAMPLE.read_text()
    engine = make_engine(database.app_url)
    async with session(engine) as db:
        await create_campaign(db, read_campaign(source), source, None, datetime.now(UTC))
    await engine.dispose()
