"""Workflows that are running survive a new version: recorded histories replay with this code.

If this turns red after a change, running workflows would stop at the changed place. Put the change
behind `workflow.patched`, or, if nothing runs that could see it, record anew (see
`tests/workflows/record_histories.py`).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from tests.workflows.histories import FOLDER, plain_text, read, recorded
from tests.workflows.scenarios import SCENARIOS
from worker import workflow_runner
from workflows.registry import WORKFLOWS

OF_PEOPLE = (
    # What the builders and the people of these tests are called, write and publish.
    "Jule Brandt", "creators.example", "@creator_", "Noor Haddad", "brand.example",
    "Mara Lind", "Lumen", "lumen", "Anzeige", "instagram.com", "because", "My morning with",
    "by mistake",
)  # fmt: skip


def _name(file: Path) -> str:
    return str(file.relative_to(FOLDER).with_suffix(""))


@pytest.fixture(scope="module")
def replayer() -> Replayer:
    return Replayer(
        workflows=WORKFLOWS,
        workflow_runner=workflow_runner(),
        data_converter=pydantic_data_converter,
    )


def test_every_scenario_is_recorded_and_a_continued_campaign_with_all_its_runs() -> None:
    names = {_name(file) for file in recorded()}
    assert {name.split(".")[0] for name in names} == set(SCENARIOS)
    assert "campaign/backfill.2" in names


@pytest.mark.parametrize("file", recorded(), ids=_name)
async def test_a_recorded_history_replays(replayer: Replayer, file: Path) -> None:
    await replayer.replay_workflow(read(file))


@pytest.mark.parametrize("file", recorded(), ids=_name)
def test_a_recorded_history_knows_nothing_of_people(file: Path) -> None:
    text = plain_text(file)
    assert '"fee_minor' in text or "amount_minor" in text or "budget_minor" in text
    assert [word for word in OF_PEOPLE if word in text] == []
