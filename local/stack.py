"""The whole embedded Troupe as one object: started in order, watched, stopped in order."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from local import postgres, services, temporal
from local.accounts import Account, ensure_accounts
from local.child import ChildSpec
from local.plan import SHOWN_PORTS, WANTED_PORTS, WORKERS, Mode, Plan
from local.ports import Claims, choose
from local.processes import mark
from local.state import (
    DEFAULT_FOLDER,
    RunningStack,
    Secrets,
    forget_running,
    remember_ports,
    remembered_ports,
)
from local.supervisor import ChildStatus, Notice, Supervisor
from settings import Settings
from store.engine import make_engine
from store.migrate import migrate_for, require_newest


@dataclass(frozen=True)
class Addresses:
    """Where the parts of the stack are; empty means that this part is not ours."""

    desk: str
    mail: str
    temporal_ui: str
    temporal: str
    stripe: str
    social: str
    database: str


def _quiet(_: str) -> None:
    """Tell nobody."""


class Stack:
    """An asynchronous context manager; inside it everything runs.

    Args:
        folder: where all data, logs and secrets are; the same folder continues the same data.
        sample: simulated creators are going to act; refuses real mail and live keys.
        demo: simulated staff too, and speed before safety against a power cut.
        environment: settings of the person who starts it; the process' own by default.
        notice: told what a person should know (another port, a restart).
    """

    def __init__(
        self,
        folder: Path = DEFAULT_FOLDER,
        *,
        sample: bool = False,
        demo: bool = False,
        environment: Mapping[str, str] | None = None,
        notice: Notice = _quiet,
        progress: Callable[[str], None] = _quiet,
    ) -> None:
        self.folder = folder.resolve()
        self.mode = Mode.DEMO if demo else Mode.SAMPLE if sample else Mode.UP
        self.accounts: list[Account] = []
        self._given = dict(os.environ if environment is None else environment)
        self._notice = notice
        self._progress = progress
        self._exits = AsyncExitStack()
        self._claims = Claims()
        self._database_url = ""
        self._credentials: postgres.Credentials | None = None

    async def __aenter__(self) -> Self:
        """Start everything; what was started is stopped if one part does not start.

        Raises:
            TroupeError: a part did not start, or settings contradict each other.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o711)  # as root, PostgreSQL's user passes through
        async with AsyncExitStack() as exits:
            self.supervisor = await exits.enter_async_context(Supervisor(self.folder, self._notice))
            exits.callback(self._claims.release)
            self.plan = self._make_plan()
            exits.callback(forget_running, self.folder)
            await self._start_servers()
            await self._start_processes()
            self._announce()
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything, in order."""
        await self._exits.__aexit__(kind, error, trace)

    def _make_plan(self) -> Plan:
        # After the leftovers are gone: their ports are free again.
        kept = remembered_ports(self.folder)
        wanted = {name: kept.get(name, usual) for name, usual in WANTED_PORTS.items()}
        ports = choose(wanted, self._claims)
        for service in SHOWN_PORTS:
            if ports[service].moved:
                self._notice(
                    f"port {ports[service].wanted} is taken: {service} uses {ports[service].port}"
                )
        remember_ports(self.folder, {name: choice.port for name, choice in ports.items()})
        plan = Plan(
            self.folder, self.mode, self._given, ports, Secrets.load_or_make(self.folder),
            durable=self.mode is not Mode.DEMO,
        )  # fmt: skip
        plan.check()
        return plan

    async def _start_servers(self) -> None:
        plan = self.plan
        self._progress("database and Temporal")
        preparing = asyncio.create_task(self._prepare_database())
        try:
            helpers = services.stand_ins(plan)
            if not plan.own_temporal:
                helpers += services.temporal_servers(plan)
            await self.supervisor.start(*helpers)
        finally:
            # A thread cannot be stopped half way: the database files are finished first.
            await asyncio.gather(preparing, return_exceptions=True)
        preparing.result()
        if self._credentials is not None:
            await self.supervisor.start(services.database_server(plan, self._credentials))
        if not plan.own_temporal:
            await temporal.keep_histories(plan.port("temporal"))

    async def _prepare_database(self) -> None:
        if self.plan.own_database:
            self._database_url = self._given["TROUPE_DATABASE_URL"]
            self._owner_url = self._given.get("TROUPE_DATABASE_OWNER_URL", "")
            return
        made = await asyncio.to_thread(postgres.initialise, self.folder / "postgres")
        self._credentials = made
        self._database_url = made.app_url(self.plan.port("postgres"))
        self._owner_url = made.owner_url(self.plan.port("postgres"))

    def _migrate(self) -> None:
        if self._owner_url:
            migrate_for(self._owner_url, self._database_url)
        else:
            require_newest(self._database_url)

    async def _start_processes(self) -> None:
        self._progress("tables and accounts")
        await asyncio.to_thread(self._migrate)
        engine = make_engine(self._database_url, pool_size=2)
        try:
            self.accounts = await ensure_accounts(engine, self.folder, self.plan.secrets)
        finally:
            await engine.dispose()
        self._progress("desk and workers")
        await self.supervisor.start(
            services.web(self.plan, self._database_url),
            *services.workers(self.plan, self._database_url),
        )

    def _announce(self) -> None:
        addresses = self.addresses
        RunningStack(
            supervisor=mark(os.getpid(), "supervisor"),
            mode=str(self.mode),
            addresses=vars(addresses),
            environment=self.environment,
        ).save(self.folder)

    async def run(self, *children: ChildSpec) -> None:
        """Start more children, stopped first: the simulated people."""
        await self.supervisor.start(*children)

    @property
    def environment(self) -> dict[str, str]:
        """Settings for a process that acts beside the stack; without the Stripe key."""
        return {
            **self.plan.shared_settings(self._database_url),
            **self.plan.web_settings(),
            **self.plan.stripe_key_files(),
        }

    @property
    def settings(self) -> Settings:
        """The same, read."""
        return Settings.from_environment(self.environment)

    @property
    def addresses(self) -> Addresses:
        """Where the parts are."""
        plan = self.plan
        own = plan.own_temporal
        return Addresses(
            desk=plan.shared_settings(self._database_url)["TROUPE_PUBLIC_URL"],
            mail="" if plan.real_mail else plan.url("mail"),
            temporal_ui=plan.temporal_ui,
            temporal=self._given.get("TEMPORAL_ADDRESS", "")
            if own
            else f"127.0.0.1:{plan.port('temporal')}",
            stripe="" if plan.real_stripe else plan.url("stripe"),
            social="" if plan.real_social else plan.url("social"),
            database="" if plan.own_database else f"127.0.0.1:{plan.port('postgres')}",
        )

    def kill_workers(self) -> dict[str, int]:
        """End all workers at once as a crash would; the supervisor starts them again.

        Returns:
            The process ids that were killed, by worker.
        """
        killed = {name: self.supervisor.kill(name) for name in WORKERS}
        return {name: pid for name, pid in killed.items() if pid is not None}

    async def workers_ready(self) -> dict[str, int]:
        """Wait until all workers poll (again); returns their process ids."""
        await self.supervisor.ready(*WORKERS)
        return {name: self.supervisor.pid(name) or 0 for name in WORKERS}

    def status(self) -> list[ChildStatus]:
        """All processes of the stack."""
        return self.supervisor.status()
