"""The launcher's words when something is missing: one command that helps, never a riddle."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.child import CHECKOUT

LOCKS = (
    "requirements.lock", "requirements-assets.lock", "requirements-dev.lock",
    "requirements-spec.lock",
)  # fmt: skip
TOOLS = ("sh", "dirname", "cat", "cksum", "tail", "rm", "id", "grep", "sleep", "apt-get")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh checkout without an environment."""
    (tmp_path / "here" / "local").mkdir(parents=True)
    shutil.copy(CHECKOUT / "local" / "bootstrap.sh", tmp_path / "here" / "local")
    for lock in LOCKS:
        shutil.copy(CHECKOUT / lock, tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A PATH with the usual tools, to which a test adds its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found and tool != "apt-get":
            (folder / tool).symlink_to(found)
    add(folder, "uname", "echo Linux")
    add(folder, "apt-get", "exit 0")
    return folder


def add(folder: Path, name: str, body: str) -> None:
    program = folder / name
    program.unlink(missing_ok=True)
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)


def bootstrap(checkout: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(checkout / "local" / "bootstrap.sh")],
        env={"PATH": str(programs), "HOME": os.environ.get("HOME", "/")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_python_it_says_what_is_needed_and_how_to_get_it(
    checkout: Path, programs: Path
) -> None:
    done = bootstrap(checkout, programs)
    assert done.returncode == 1
    assert "Python 3.11 to 3.14 is needed; found: no python3" in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr


def test_an_old_python_is_named(checkout: Path, programs: Path) -> None:
    add(programs, "python3", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = bootstrap(checkout, programs)
    assert done.returncode == 1
    assert "found: Python 3.9.2" in done.stderr


def test_a_missing_venv_module_is_answered_with_the_one_command(
    checkout: Path, programs: Path
) -> None:
    add(
        programs,
        "python3",
        'case "$2" in *version_info\\[:2\\]\\ \\<=*|*"(3, 11)"*) exit 0;;'
        " *ensurepip*) exit 1;; *) echo 3.12;; esac",
    )
    done = bootstrap(checkout, programs)
    assert done.returncode == 1
    assert "its venv module is missing" in done.stderr
    assert "apt-get install python3.12-venv" in done.stderr


def test_windows_is_told_to_use_wsl(checkout: Path, programs: Path) -> None:
    add(programs, "uname", "echo MINGW64_NT-10.0")
    done = bootstrap(checkout, programs)
    assert done.returncode == 1
    assert "wsl --install" in done.stderr


def test_packages_that_cannot_be_had_are_explained_and_tried_again(
    checkout: Path, programs: Path
) -> None:
    """A stamp is only written at the end, so an interrupted set-up is done again."""
    (checkout / ".venv" / "bin").mkdir(parents=True)
    add(
        checkout / ".venv" / "bin",
        "python",
        'case "$*" in *"pip install"*) echo "ERROR: no index"; exit 1;; *) exit 0;; esac',
    )
    done = bootstrap(checkout, programs)
    assert done.returncode == 1
    assert "ERROR: no index" in done.stderr
    assert "installing the packages did not work" in done.stderr
    add(checkout / ".venv" / "bin", "python", "exit 0")
    assert bootstrap(checkout, programs).returncode == 0
    silent = bootstrap(checkout, programs)
    assert silent.stderr == silent.stdout == ""


def test_a_changed_lock_is_installed(checkout: Path, programs: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    add(checkout / ".venv" / "bin", "python", 'echo "$*" >>installs; exit 0')
    bootstrap(checkout, programs)
    bootstrap(checkout, programs)
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    bootstrap(checkout, programs)
    installs = [line for line in (checkout / "installs").read_text().splitlines() if "pip" in line]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_have_exact_versions_and_hashes_and_no_address(name: str) -> None:
    lock = (CHECKOUT / name).read_text()
    assert "://" not in lock
    packages = re.findall(r"^([A-Za-z][\w.-]*)(\S*)", lock, re.MULTILINE)
    assert packages
    assert all("==" in version for _, version in packages)
    assert lock.count("--hash=sha256:") >= len(packages)


def test_what_tests_use_is_what_runs() -> None:
    pinned = [
        dict(re.findall(r"^([\w.-]+)==(\S+)", (CHECKOUT / name).read_text(), re.MULTILINE))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    runtime, development = pinned
    assert runtime.items() <= development.items()
    assert not {"pytest", "playwright", "mypy", "ruff"} & set(runtime)
