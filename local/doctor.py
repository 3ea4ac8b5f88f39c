"""`troupe doctor`: looks at everything that Troupe needs, and says what to do where it is wrong."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.service import RPCError

from domain.errors import TroupeError
from integrations.temporal import connect
from local import postgres_files, temporal
from local.cli_support import NotRunning, target_environment
from local.doctor_stripe import check_stripe
from local.findings import TIMEOUT, Finding, Status
from local.plan import SHOWN_PORTS, WANTED_PORTS
from local.ports import is_free
from local.state import RunningStack, find_running, remembered_ports
from settings import Settings
from store.migrate import current_version, newest_version

OLDEST, NEWEST = (3, 11), (3, 14)


def check_python() -> Finding:
    """Is this a Python that the lock files were made for?"""
    version = platform.python_version()
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return Finding("python", Status.OK, f"Python {version}")
    return Finding(
        "python", Status.FAULT, f"Python {version}; 3.11 to 3.14 is needed",
        "install one, remove .venv, and start again",
    )  # fmt: skip


def check_programs() -> Finding:
    """Are the server programs of the embedded stack there?"""
    try:
        server = temporal.program()
        postgres_files.install_for(None, None)
    except TroupeError as error:
        return Finding("programs", Status.FAULT, error.message, error.hint)
    return Finding("programs", Status.OK, f"PostgreSQL from its wheel, Temporal at {server}")


def check_data(folder: Path) -> Finding:
    """Can the data folder be written?"""
    place = folder if folder.exists() else folder.parent
    probe = place / ".troupe-probe"
    try:
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        return Finding(
            "data", Status.FAULT, f"{folder} cannot be written: {error.strerror}",
            "choose another folder with --data, or change who owns this one",
        )  # fmt: skip
    return Finding("data", Status.OK, f"{folder}")


def check_ports(folder: Path, running: RunningStack | None) -> Finding:
    """Are the usual ports free? Others are found when they are not."""
    if running is not None:
        return Finding("ports", Status.OK, f"in use by the running stack: {running.mode}")
    kept = remembered_ports(folder)
    wanted = {name: kept.get(name, WANTED_PORTS[name]) for name in SHOWN_PORTS}
    taken = [f"{name} {port}" for name, port in wanted.items() if not is_free(port)]
    if taken:
        return Finding(
            "ports", Status.WARNING, f"taken by other programs: {', '.join(taken)}",
            "nothing to do: free ones are chosen and said by `make up`",
        )  # fmt: skip
    return Finding("ports", Status.OK, "all usual ports are free")


def check_settings(environment: dict[str, str]) -> Finding:
    """Are the settings complete, and do they fit together?"""
    try:
        settings = Settings.from_environment(environment)
    except TroupeError as error:
        return Finding("settings", Status.FAULT, error.message, error.hint)
    if settings.is_local:
        return Finding(
            "settings", Status.OK,
            f"links point to {settings.public_url}: fine for trials on this machine",
        )  # fmt: skip
    return Finding("settings", Status.OK, f"links point to {settings.public_url}")


def _database(environment: dict[str, str]) -> tuple[str, str | None]:
    settings = Settings.from_environment(environment)
    engine = create_engine(
        settings.database_url.get_secret_value(), connect_args={"connect_timeout": int(TIMEOUT)}
    )
    try:
        with engine.connect() as connection:
            info: Any = connection.connection.dbapi_connection
            return str(info.info.server_version), current_version(connection)
    finally:
        engine.dispose()


async def check_database(environment: dict[str, str]) -> list[Finding]:
    """Does the database answer, and has it the tables of this version?"""
    try:
        version, migrated = await asyncio.to_thread(_database, environment)
    except (SQLAlchemyError, TroupeError) as error:
        return [
            Finding(
                "database", Status.FAULT, f"PostgreSQL does not answer ({type(error).__name__})",
                "is it running, and is TROUPE_DATABASE_URL right?",
            ),
            Finding("migrations", Status.SKIPPED, "the database does not answer"),
        ]  # fmt: skip
    found = [Finding("database", Status.OK, f"PostgreSQL {int(version) // 10000}")]
    newest = newest_version()
    if migrated == newest:
        found.append(Finding("migrations", Status.OK, f"version {migrated}"))
    else:
        found.append(
            Finding(
                "migrations", Status.FAULT,
                f"the tables are of version {migrated or 'none'}, this code needs {newest}",
                "`make up` migrates; elsewhere: python -m store.migrate",
            )
        )  # fmt: skip
    return found


async def _temporal(environment: dict[str, str]) -> str:
    async with asyncio.timeout(TIMEOUT):
        asked = {**os.environ, **environment}
        client = await connect(identity="troupe doctor", environment=asked)
        info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    return f"Temporal {info.server_version}, namespace {client.namespace}"


async def check_temporal(environment: dict[str, str]) -> Finding:
    """Does Temporal answer? It is asked twice: a busy machine is not a fault of Temporal's."""
    refusal = ""
    for _ in range(2):
        try:
            return Finding("temporal", Status.OK, await _temporal(environment))
        except TimeoutError:
            refusal = f"no answer within {TIMEOUT:.0f} s"
        except (RPCError, RuntimeError) as error:
            refusal = str(error)
    where = environment.get("TEMPORAL_ADDRESS", "127.0.0.1:7233")
    return Finding(
        "temporal", Status.FAULT, f"Temporal does not answer at {where}: {refusal}",
        "is it running, and are TEMPORAL_ADDRESS and its certificates right?",
    )  # fmt: skip


def _smtp_greeting(host: str, port: int) -> str:
    with socket.create_connection((host, port), timeout=TIMEOUT) as connection:
        return connection.recv(200).decode(errors="replace").strip()


async def check_mail(environment: dict[str, str]) -> Finding:
    """Does the mail server greet?"""
    settings = Settings.from_environment(environment)
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    if settings.smtp_tls != "tls":
        try:
            greeting = await asyncio.to_thread(
                _smtp_greeting, settings.smtp_host, settings.smtp_port
            )
        except OSError:
            greeting = ""
        if not greeting.startswith("220"):
            return Finding(
                "mail", Status.FAULT, f"no mail server answers at {where}",
                "are TROUPE_SMTP_HOST and TROUPE_SMTP_PORT right?",
            )  # fmt: skip
    if settings.mail_catcher_url:
        return Finding(
            "mail", Status.OK, f"the mail catcher at {settings.mail_catcher_url}; nothing leaves"
        )
    return Finding("mail", Status.OK, f"mail leaves through {where}")


async def examine(folder: Path) -> list[Finding]:
    """All checks; those that need a stack are skipped when none runs and none is set."""
    running = find_running(folder)
    found = [check_python(), check_programs(), check_data(folder), check_ports(folder, running)]
    try:
        environment = target_environment(folder)
    except NotRunning as stopped:
        names = ("settings", "database", "migrations", "temporal", "mail", "stripe")
        fix = "`make up` starts everything"
        return [*found, *(Finding(n, Status.SKIPPED, stopped.message, fix) for n in names)]
    found.append(check_settings(environment))
    if found[-1].status is Status.FAULT:
        return found
    found += await check_database(environment)
    checks: tuple[Callable[[dict[str, str]], Awaitable[Finding]], ...] = (
        check_temporal, check_mail, check_stripe,
    )  # fmt: skip
    for check in checks:
        found.append(await check(environment))
    return found
