"""A person's own PostgreSQL and Temporal instead of the embedded ones."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from temporalio.testing import WorkflowEnvironment

from domain.errors import ConfigurationError
from local.stack import Stack
from tests.conftest import Database


@pytest.mark.slow
async def test_the_stack_runs_on_servers_that_are_there_already(
    tmp_path: Path, own_database: Database, temporal_for_a_stack: WorkflowEnvironment
) -> None:
    environment = {
        "TROUPE_DATABASE_URL": own_database.app_url,
        "TROUPE_DATABASE_OWNER_URL": own_database.owner_url,
        "TEMPORAL_ADDRESS": temporal_for_a_stack.client.service_client.config.target_host,
        "TROUPE_PUBLIC_URL": "https://creators.brand.example",
    }
    async with Stack(tmp_path, environment=environment) as stack:
        names = {child.name for child in stack.status()}
        assert not {"postgres", "temporal", "temporal-ui"} & names
        assert stack.addresses.desk == "https://creators.brand.example"
        assert stack.addresses.database == ""
        assert len(stack.accounts) == 5
        before = stack.kill_workers()
        after = await stack.workers_ready()
        assert before.keys() == after.keys()
        assert not set(before.values()) & set(after.values())


async def test_tables_of_another_version_are_named_before_anything_uses_them(
    tmp_path: Path, own_database: Database, temporal_for_a_stack: WorkflowEnvironment
) -> None:
    with psycopg.connect(own_database.owner_url.replace("+psycopg", "")) as connection:
        connection.execute("DELETE FROM alembic_version")
    environment = {
        "TROUPE_DATABASE_URL": own_database.app_url,
        "TEMPORAL_ADDRESS": temporal_for_a_stack.client.service_client.config.target_host,
    }
    with pytest.raises(ConfigurationError, match="version none") as refused:
        async with Stack(tmp_path, environment=environment):
            pass
    assert "TROUPE_DATABASE_OWNER_URL" in refused.value.hint
