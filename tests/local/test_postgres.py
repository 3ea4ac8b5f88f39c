"""The embedded PostgreSQL: private, quick to come and go, and never two on one folder."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from local import postgres, postgres_files
from local.ports import any_free

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def filled() -> Iterator[Path]:
    """A folder with a database that one test after another starts and ends: made only once."""
    yield from _folder()


@pytest.fixture
def folder() -> Iterator[Path]:
    yield from _folder()


def _folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="troupe-pg-"))
    yield made
    postgres.stop(made)
    postgres.discard(made)


def plain(url: str) -> str:
    return url.replace("+psycopg", "")


def test_every_role_has_its_own_password_and_nobody_gets_in_without(filled: Path) -> None:
    with postgres.running(filled, durable=False) as server:
        made = server.credentials
        assert len({made.superuser, made.owner, made.app}) == 3
        with psycopg.connect(plain(made.app_url(server.port))) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("troupe_app",)
        wrong = plain(made.app_url(server.port)).replace(made.app, "guessed")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)
        owner_pid = psutil.Process(server.pid)
        assert owner_pid.uids().real != 0
        listening = {each.laddr.ip for each in owner_pid.net_connections("tcp") if not each.raddr}
        assert listening == {"127.0.0.1"}


def test_passwords_are_made_once_and_can_be_read_by_us_only(filled: Path) -> None:
    first = postgres.initialise(filled)
    assert postgres.initialise(filled) == first
    kept = postgres_files.home_of(filled, postgres_files.server_user()) / "passwords.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_data_survives_a_kill_and_the_pid_file_does_not_block(filled: Path) -> None:
    with postgres.running(filled) as server:
        owner = plain(server.credentials.owner_url(server.port))
        with psycopg.connect(owner) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        os.kill(server.pid, signal.SIGKILL)
    with (
        postgres.running(filled) as server,
        psycopg.connect(plain(server.credentials.owner_url(server.port))) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_leftover_is_seen_refuses_a_second_and_can_be_stopped(filled: Path) -> None:
    credentials = postgres.initialise(filled)
    port = any_free()
    command = [sys.executable, "-m", "local.postgres", str(filled), "--port", str(port)]
    first = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    postgres.wait_ready(credentials, port)
    assert postgres.leftover(filled) == postgres.Running(first.pid, port)
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode != 0
    assert "already runs" in second.stderr
    stopping = subprocess.run([*command[:4], "--stop"], cwd=ROOT, check=False)
    assert stopping.returncode == 0
    assert first.wait(timeout=20) == 0
    assert postgres.leftover(filled) is None
    assert not postgres.stop(filled)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has no parent-death signal")
def test_the_server_ends_with_its_parent(filled: Path) -> None:
    postgres.initialise(filled)
    script = (
        "import sys, time; from pathlib import Path; from local import postgres\n"
        "with postgres.running(Path(sys.argv[1]), durable=False) as server:\n"
        "    print(server.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, str(filled)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    server = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    server.wait(timeout=20)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_as_root_a_closed_parent_folder_stays_closed(folder: Path) -> None:
    folder.chmod(0o700)
    inner = folder / "data"
    with postgres.running(inner, durable=False) as server:
        assert psutil.Process(server.pid).uids().real != 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    elsewhere = Path((inner / "elsewhere").read_text().strip())
    postgres.discard(inner)
    assert not elsewhere.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_as_root_programs_in_a_closed_folder_are_used_from_a_copy(folder: Path) -> None:
    """As with a checkout, and so an environment, in root's own closed home."""
    folder.chmod(0o700)
    site = postgres_files.install_for(None, None).parent.parent
    for part in site.glob(f"{postgres_files.PACKAGE}*"):
        (folder / part.name).symlink_to(part)
    script = (
        "import sys; from pathlib import Path; from local import postgres\n"
        "with postgres.running(Path(sys.argv[1]), durable=False):\n"
        "    print(postgres.command(Path(sys.argv[1]), 1)[0])\n"
        "postgres.discard(Path(sys.argv[1]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(folder / "data")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    program = Path(run.stdout.strip())
    copy = next(place for place in program.parents if place.parent == postgres_files.SHARED)
    shutil.rmtree(copy)
