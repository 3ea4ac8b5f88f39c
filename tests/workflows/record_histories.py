"""Records the histories in `tests/histories` anew. Not part of a run of the tests; by hand:

    .venv/bin/python -m pytest tests/workflows/record_histories.py

Do so when a workflow is changed in a way that running workflows never see: before a first release,
or behind `workflow.patched` (then record under a new name and keep the old history as well).
"""

from __future__ import annotations

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from tests.workflows.histories import record
from tests.workflows.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
async def test_record(temporal: WorkflowEnvironment, engine: AsyncEngine, name: str) -> None:
    async with SCENARIOS[name](temporal, engine) as handle:
        await record(temporal.client, handle, name)
