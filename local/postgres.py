"""PostgreSQL that needs no installation: the binaries of a wheel, run by ourselves.

Only the programs in the package's folder are used, never its Python: the server listens on
127.0.0.1 alone, every role has a generated password, and nothing of the machine is changed. As
root, PostgreSQL refuses to run; it is then started as the unprivileged user ``nobody``.

In the foreground, for a supervisor: ``python -m local.postgres FOLDER --port 5433``. The process
becomes the server itself, so its pid is the server's; stop it with `STOP_SIGNAL`.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import psycopg

from domain.errors import ConfigurationError, Unavailable
from local import postgres_files as files
from local.ports import any_free

STOP_SIGNAL = signal.SIGINT
"""PostgreSQL's fast shutdown: open transactions are rolled back, nothing committed is lost.
SIGTERM would wait for every client to leave."""

OWNER_ROLE, APP_ROLE, SUPERUSER, DATABASE = "troupe_owner", "troupe_app", "postgres", "troupe"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "idle_in_transaction_session_timeout": "60s",
    # Failed statements and their details carry people's data, which no log is to have.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True)
class Credentials:
    """The generated passwords of the three roles."""

    superuser: str
    owner: str
    app: str

    def _url(self, role: str, password: str, port: int, database: str) -> str:
        return f"postgresql+psycopg://{role}:{password}@127.0.0.1:{port}/{database}"

    def app_url(self, port: int, database: str = DATABASE) -> str:
        """URL for the application: what its processes use."""
        return self._url(APP_ROLE, self.app, port, database)

    def owner_url(self, port: int, database: str = DATABASE) -> str:
        """URL for migrations: the role that owns the tables."""
        return self._url(OWNER_ROLE, self.owner, port, database)

    def superuser_url(self, port: int, database: str = "postgres") -> str:
        """URL for the administrator: creates databases for tests."""
        return self._url(SUPERUSER, self.superuser, port, database)


@dataclass(frozen=True)
class Running:
    """A server that runs on a data folder."""

    pid: int
    port: int


@dataclass(frozen=True)
class Server:
    """A started server and how to reach it."""

    port: int
    pid: int
    credentials: Credentials


def initialise(folder: Path) -> Credentials:
    """Make the database files in a folder, once; return the passwords.

    An interrupted first attempt leaves nothing that counts: files are prepared aside and renamed
    when they are complete.

    Raises:
        ConfigurationError: the programs are missing or refuse; says what to do.
    """
    folder = folder.resolve()
    user = files.server_user()
    home = files.home_of(folder, user)
    kept = home / "passwords.json"
    if (home / "cluster" / "PG_VERSION").exists() and kept.exists():
        return Credentials(**json.loads(kept.read_text()))
    made = Credentials(*(secrets.token_urlsafe(24) for _ in range(3)))
    fresh = home / "cluster.new"
    shutil.rmtree(fresh, ignore_errors=True)
    files.make_private_folder(fresh, user)
    install = files.install_for(None, user)
    _initdb(install, fresh, made, user)
    _create_roles(install, fresh, made, user)
    files.write_private(kept, json.dumps(asdict(made)))
    fresh.rename(home / "cluster")
    return made


def _initdb(
    install: Path, cluster: Path, credentials: Credentials, user: files.ServerUser | None
) -> None:
    password_file = cluster.with_name("password.new")
    files.write_private(password_file, credentials.superuser, user)
    try:
        _run(
            [
                str(install / "bin" / "initdb"), "-D", str(cluster), "-U", SUPERUSER,
                "-A", "scram-sha-256", "--pwfile", str(password_file),
                "--no-locale", "-E", "UTF8", "--no-instructions",
            ],
            install, cluster, user,
        )  # fmt: skip
    finally:
        password_file.unlink(missing_ok=True)


def _create_roles(
    install: Path, cluster: Path, credentials: Credentials, user: files.ServerUser | None
) -> None:
    # Single-user mode: no port is open before every role has its password.
    statements = [
        f"CREATE ROLE {OWNER_ROLE} LOGIN PASSWORD '{credentials.owner}';",
        f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{credentials.app}';",
        f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE};",
        f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC;",
        f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP_ROLE};",
    ]
    _run(
        [
            str(install / "bin" / "postgres"), "--single", "-D", str(cluster),
            "-c", "exit_on_error=on", "-c", "log_statement=none", "postgres",
        ],
        install, cluster, user, "\n".join(statements) + "\n",
    )  # fmt: skip


def _run(
    command: list[str],
    install: Path,
    cluster: Path,
    user: files.ServerUser | None,
    given: str | None = None,
) -> None:
    done = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        cwd=cluster,
        env=files.environment(install),
        check=False,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        # Only errors: a statement that is repeated in the output carries a password.
        errors = [line for line in said if "STATEMENT" not in line][-3:]
        raise ConfigurationError(
            f"{Path(command[0]).name} failed: {' '.join(errors) or done.returncode}",
            hint=f"look at {cluster.parent}; it needs a local file system with some free space",
        )


def command(folder: Path, port: int, *, durable: bool = True) -> list[str]:
    """The server's command line, to be run as `files.server_user` in the cluster's folder."""
    cluster, install = _cluster(folder)
    settings = _SETTINGS | {"port": str(port)} | ({} if durable else _NOT_DURABLE)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [str(install / "bin" / "postgres"), "-D", str(cluster), *options]


def _cluster(folder: Path) -> tuple[Path, Path]:
    user = files.server_user()
    cluster = files.home_of(folder.resolve(), user) / "cluster"
    return cluster, files.install_for((cluster / "PG_VERSION").read_text().strip(), user)


def leftover(folder: Path) -> Running | None:
    """The server that already runs on this folder, started by somebody else before us."""
    cluster = files.home_of(folder.resolve(), files.server_user()) / "cluster"
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (FileNotFoundError, IndexError, ValueError):
        return None
    return Running(pid, port) if pid in _server_processes(cluster) else None


def _server_processes(cluster: Path) -> set[int]:
    """Pids of all server processes of a cluster, also those whose parent was killed."""
    found = set()
    for process in psutil.process_iter(["name", "cwd"]):
        name, folder = process.info["name"] or "", process.info["cwd"]
        if name.startswith("postgres") and folder and Path(folder) == cluster:
            found.add(process.pid)
    return found


def stop(folder: Path, *, within: float = 20.0) -> bool:
    """Stop the folder's server, gracefully and if need be at once; False if none runs."""
    found = leftover(folder)
    if found is None:
        return False
    for stopping in (STOP_SIGNAL, signal.SIGQUIT):
        with suppress(psutil.NoSuchProcess):
            psutil.Process(found.pid).send_signal(stopping)
        until = time.monotonic() + within
        while time.monotonic() < until:
            if not _alive(found.pid):
                return True
            time.sleep(0.05)
    raise Unavailable(f"PostgreSQL (pid {found.pid}) does not stop")


def _alive(pid: int) -> bool:
    """False also for a process that has ended and that its parent has not looked at yet."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def serve(folder: Path, port: int, *, durable: bool = True, die_with_parent: bool = False) -> None:
    """Become the server: replaces this process and does not return.

    Raises:
        ConfigurationError: another server runs on this folder.
    """
    initialise(folder)
    running_already = leftover(folder)
    if running_already:
        raise ConfigurationError(
            f"PostgreSQL already runs on {folder} (pid {running_already.pid})",
            hint=f"stop it with: python -m local.postgres {folder} --stop",
        )
    cluster, install = _cluster(folder)
    _bury(cluster)
    arguments = command(folder, port, durable=durable)
    environment = files.environment(install)
    os.chdir(cluster)
    parent = os.getppid()
    user = files.server_user()
    if user:
        os.setgroups([])
        os.setgid(user.gid)
        os.setuid(user.uid)
    if die_with_parent and sys.platform == "linux":
        # After the change of user, which would clear it.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, STOP_SIGNAL)
        if os.getppid() != parent:
            sys.exit("the parent ended before the server started")
    sys.stdout.flush()
    os.execve(arguments[0], arguments, environment)  # noqa: S606 - we are to become it


def _bury(cluster: Path) -> None:
    """Wait for the last children of a killed server, then forget its pid file.

    The file would stop a new server if its pid meanwhile belongs to another program of ours.
    """
    until = time.monotonic() + 15
    while _server_processes(cluster) and time.monotonic() < until:
        time.sleep(0.05)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def wait_ready(
    credentials: Credentials,
    port: int,
    *,
    within: float = 60.0,
    ended: Callable[[], object] = lambda: None,
) -> None:
    """Return as soon as the server answers to the application's role.

    Args:
        credentials: from `initialise`.
        port: where the server was started.
        within: seconds; a server that repairs itself after a kill needs some.
        ended: anything but None means that the server's process has ended.

    Raises:
        Unavailable: it does not answer in time, or has ended.
    """
    url = credentials.app_url(port).replace("+psycopg", "")
    until = time.monotonic() + within
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until or ended() is not None:
                raise Unavailable(f"PostgreSQL does not answer on port {port}") from None
            time.sleep(0.05)


@contextmanager
def running(folder: Path, port: int = 0, *, durable: bool = True) -> Iterator[Server]:
    """A server for the time of the block, as tests and trials need it; 0 takes a free port."""
    credentials = initialise(folder)
    port = port or any_free()
    arguments = [sys.executable, "-m", "local.postgres", str(folder), "--port", str(port)]
    arguments += ["--die-with-parent"] + ([] if durable else ["--not-durable"])
    with (folder / "postgres.log").open("ab") as log:
        process = subprocess.Popen(
            arguments, stdout=log, stderr=log, cwd=Path(__file__).parent.parent
        )
    try:
        wait_ready(credentials, port, ended=process.poll)
        yield Server(port, process.pid, credentials)
    finally:
        process.send_signal(STOP_SIGNAL)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=20)


def discard(folder: Path) -> None:
    """Delete a folder's database for good; its server must not run."""
    home = files.home_of(folder.resolve(), files.server_user())
    shutil.rmtree(home / "cluster", ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Command line for a supervisor: run in the foreground, or stop."""
    parser = argparse.ArgumentParser(prog="python -m local.postgres", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=5433)
    parser.add_argument("--not-durable", action="store_true", help="for tests: no fsync")
    parser.add_argument("--die-with-parent", action="store_true", help="Linux: stop with it")
    parser.add_argument("--stop", action="store_true", help="stop the folder's server")
    given = parser.parse_args()
    try:
        if given.stop:
            stop(given.folder)
        else:
            serve(
                given.folder,
                given.port,
                durable=not given.not_durable,
                die_with_parent=given.die_with_parent,
            )
    except (ConfigurationError, Unavailable) as error:
        sys.exit(f"{error.message}. {error.hint}".strip())


if __name__ == "__main__":
    main()
