"""One embedded PostgreSQL for the whole run; every test that asks gets a database of its own."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
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

TEMPLATE = "template_troupe"

# How long an example takes depends on what else the machine does: no test asserts a time.
settings.register_profile("troupe", deadline=None)
settings.load_profile("troupe")

pytest_plugins = [
    f"tests.fixtures.{name}"
    for name in ("temporal", "stripe", "social", "mail", "web")
    if (Path(__file__).parent / "fixtures" / f"{name}.py").exists()
]


LONGEST_FIRST = ("local", "browser", "workflows")
"""Folders whose files take minutes: begun first, or one process waits for another at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the order within a file stays."""
    items.sort(key=lambda item: not set(LONGEST_FIRST) & set(item.path.parts))


@pytest.fixture(autouse=True, scope="session")
def real_hasher() -> Iterator[PasswordHasher]:
    """What hashes passwords outside of tests; in tests, something that costs nothing does."""
    real = staff._hasher
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(staff, "_hasher", cheap)
        yield real


@dataclass(frozen=True)
class Database:
    """A migrated, empty database."""

    name: str
    app_url: str
    owner_url: str


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
    migrate(postgres_server.credentials.owner_url(postgres_server.port, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def make_database(
    postgres_server: postgres.Server, administrator: psycopg.Connection, template: str
) -> Iterator[Callable[[], Database]]:
    """A function that makes databases which live to the end of the run: for wider fixtures."""
    with ExitStack() as made:
        yield lambda: _create(postgres_server, administrator, template, made)


@pytest.fixture
def database(
    postgres_server: postgres.Server, administrator: psycopg.Connection, template: str
) -> Iterator[Database]:
    """An empty, migrated database for one test."""
    with ExitStack() as made:
        yield _create(postgres_server, administrator, template, made)


def _create(
    server: postgres.Server, administrator: psycopg.Connection, template: str, made: ExitStack
) -> Database:
    name = f"test_{secrets.token_hex(6)}"
    # Copying the files is several times as quick as writing them through the log: most tests
    # spend their time here.
    administrator.execute(
        f"CREATE DATABASE {name} OWNER {postgres.OWNER_ROLE} TEMPLATE {template} STRATEGY FILE_COPY"
    )
    made.callback(lambda: administrator.execute(f"DROP DATABASE {name} WITH (FORCE)") and None)
    return Database(
        name,
        server.credentials.app_url(server.port, name),
        server.credentials.owner_url(server.port, name),
    )


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The test's database, with the application's rights."""
    made = make_engine(database.app_url)
    yield made
    await made.dispose()
