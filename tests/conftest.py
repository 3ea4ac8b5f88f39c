"""One embedded PostgreSQL for the whole run; every test that asks gets a database of its own."""

from __future__ import annotations

import functools
import gc
import os
import secrets
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import AsyncExitStack, ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from sqlalchemy.ext.asyncio import AsyncEngine

from local import postgres
from store import staff
from store.engine import make_engine
from store.migrate import migrate
from tests.tampering import ADMINISTRATORS

# Until all tests are collected: to look for garbage among what stays takes a sixth of that.
gc.disable()

TEMPLATE = "template_troupe"

# How long an example takes depends on what else the machine does: no test asserts a time.
settings.register_profile("troupe", deadline=None)
settings.load_profile("troupe")

pytest_plugins = [
    f"tests.fixtures.{name}"
    for name in ("temporal", "stripe", "social", "mail", "web")
    if (Path(__file__).parent / "fixtures" / f"{name}.py").exists()
]


BEGUN_IN_TURN = (
    "test_demo.py", "test_collaboration.py", "test_pages.py", "test_prove_money.py",
    "test_sample.py", "test_campaign.py", "test_whole_path.py", "test_payout.py", "test_bench.py",
    "test_crash.py", "test_stack.py", "test_unpaid.py", "test_own_servers.py", "test_riders.py",
    "test_compose.py", "test_payouts.py",
)  # fmt: skip
"""What takes long is begun first, or one process waits for another at the end. Whole stacks, of a
dozen programs each, stand apart: two at the same time only wait longer, and look more often."""
THEN = ("local", "workflows")
"""Folders that come next."""


PROVE_SEED = "PROVE_SEED"
"""Variable with the seed of `make prove-money` in the tests: one for the run, whoever draws it."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors: a quarter of the time, a test waits for somebody else."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    os.environ.setdefault(PROVE_SEED, os.environ.get("SEED") or str(secrets.randbelow(10_000)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say with which seed money was proved, also when several processes ran the tests."""
    ran = (each for name in ("passed", "failed") for each in terminalreporter.stats.get(name, []))
    seeded = ("killed_at_any_step", "no_order_of_moves_pays_twice")
    if any(name in each.nodeid for each in ran for name in seeded):
        terminalreporter.write_line(
            f"the same again: make prove-money SEED={os.environ[PROVE_SEED]}"
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the order within a file stays."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.path.name in BEGUN_IN_TURN:
        return BEGUN_IN_TURN.index(item.path.name)
    return len(BEGUN_IN_TURN) + (not set(THEN) & set(item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing that is there after collecting becomes garbage."""
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True, scope="session")
def real_hasher() -> Iterator[PasswordHasher]:
    """What hashes passwords outside of tests; in tests, something that costs nothing does."""
    real = staff._hasher
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(staff, "_hasher", cheap)
        yield real


@pytest.fixture(autouse=True, scope="session")
def certificates() -> Iterator[None]:
    """Every client over HTTP reads the certificates of all authorities: in tests, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@dataclass(frozen=True)
class Database:
    """A migrated, empty database."""

    name: str
    app_url: str
    owner_url: str


def _create(
    server: postgres.Server, administrator: psycopg.Connection, template: str, made: ExitStack
) -> Database:
    name = f"test_{secrets.token_hex(6)}"
    # Copying the files is several times as quick as writing them through the log.
    administrator.execute(
        f"CREATE DATABASE {name} OWNER {postgres.OWNER_ROLE} TEMPLATE {template} STRATEGY FILE_COPY"
    )
    ADMINISTRATORS[name] = server.credentials.superuser_url(server.port, name)
    made.callback(lambda: administrator.execute(f"DROP DATABASE {name} WITH (FORCE)") and None)
    return Database(
        name,
        server.credentials.app_url(server.port, name),
        server.credentials.owner_url(server.port, name),
    )


class Reused:
    """A database and the connections to it, which outlive a test.

    A new one for every test would cost more than most tests: its files, a server process for
    each connection, and the statements that SQLAlchemy prepares once per engine.
    """

    def __init__(self, create: Callable[[ExitStack], Database]) -> None:
        self._create = create
        self._open()

    def _open(self) -> None:
        self._made = ExitStack()
        self.database = self._create(self._made)
        self.engine = make_engine(self.database.app_url)
        # Kept open: a new connection learns all tables anew, which costs ten times the rest.
        url = ADMINISTRATORS[self.database.name].replace("+psycopg", "")
        self._emptying = self._made.enter_context(closing(psycopg.connect(url, autocommit=True)))

    async def aclose(self) -> None:
        """Close the connections, drop the database."""
        await self.engine.dispose()
        self._made.close()

    async def empty(self) -> None:
        """Take all rows out; whoever still holds one after his test loses his connection."""
        try:
            with self._emptying.transaction():
                self._emptying.execute(EMPTY)
        except psycopg.Error:
            await self.aclose()
            self._open()


EMPTY = """
SET LOCAL lock_timeout = '2s';
SET LOCAL session_replication_role = replica;  -- neither triggers nor foreign keys
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle';
DO $$ DECLARE it record; BEGIN
  FOR it IN SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
             WHERE nspname = 'public' AND relkind = 'r' AND relname <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', it.relname);
  END LOOP;
  FOR it IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    PERFORM setval(it.sequencename::regclass, 1, false);
  END LOOP;
END $$;
"""
"""A database as it was when it was made."""


TIMELESS = """
CREATE OR REPLACE FUNCTION ledger_clock() RETURNS timestamptz LANGUAGE sql VOLATILE
AS $$ SELECT '-infinity'::timestamptz $$
"""
"""Tests book at times of their own: the database's clock, which cannot be moved, is not asked."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """PostgreSQL for this run of the tests; not durable, so quick."""
    folder = Path(tempfile.mkdtemp(prefix="troupe-tests-"))
    try:
        with postgres.running(folder, durable=False) as server:
            yield server
    finally:
        postgres.discard(folder)


@pytest.fixture(scope="session")
def administrator(postgres_server: postgres.Server) -> Iterator[psycopg.Connection]:
    """A connection that may create and drop databases."""
    url = postgres_server.credentials.superuser_url(postgres_server.port)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def template(postgres_server: postgres.Server, administrator: psycopg.Connection) -> str:
    """The database that all others are copied from: migrated once."""
    administrator.execute(f"CREATE DATABASE {TEMPLATE} OWNER {postgres.OWNER_ROLE}")
    owner = postgres_server.credentials.owner_url(postgres_server.port, TEMPLATE)
    migrate(owner)
    with psycopg.connect(owner.replace("+psycopg", "")) as connection:
        connection.execute(TIMELESS)
    return TEMPLATE


@pytest.fixture(scope="session")
def make_database(
    postgres_server: postgres.Server, administrator: psycopg.Connection, template: str
) -> Iterator[Callable[[], Database]]:
    """A function that makes databases which live to the end of the run: for wider fixtures."""
    with ExitStack() as made:
        yield lambda: _create(postgres_server, administrator, template, made)


@pytest.fixture
def own_database(
    postgres_server: postgres.Server, administrator: psycopg.Connection, template: str
) -> Iterator[Database]:
    """A migrated, empty database that a test may do anything with, its tables included."""
    with ExitStack() as made:
        yield _create(postgres_server, administrator, template, made)


@pytest.fixture(scope="session")
async def reused(
    postgres_server: postgres.Server, administrator: psycopg.Connection, template: str
) -> AsyncIterator[Reused]:
    """The database that one test after another gets, emptied in between."""
    async with AsyncExitStack() as made:
        pool = Reused(lambda stack: _create(postgres_server, administrator, template, stack))
        made.push_async_callback(pool.aclose)
        yield pool


@pytest.fixture
async def database(reused: Reused) -> AsyncIterator[Database]:
    """An empty, migrated database for one test: rows may come and go, tables may not."""
    yield reused.database
    await reused.empty()


@pytest.fixture
async def engine(database: Database, reused: Reused) -> AsyncEngine:
    """The test's database, with the application's rights."""
    return reused.engine
