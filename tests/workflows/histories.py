"""Recorded histories: reading and writing them, and what is in them besides events."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from temporalio.client import Client, WorkflowHistory

from tests.workflows.clock import Handle

FOLDER = Path(__file__).parents[1] / "histories"


async def record(client: Client, handle: Handle, name: str) -> None:
    """Write down every run of a workflow, the first as ``<name>.json``, then ``<name>.2.json``."""
    for old in FOLDER.glob(f"{name}*.json"):
        old.unlink()
    run = (await handle.describe()).raw_description.workflow_execution_info.first_run_id
    number = 1
    while run:
        history = await client.get_workflow_handle(handle.id, run_id=run).fetch_history()
        suffix = f".{number}" if number > 1 else ""
        file = FOLDER / f"{name}{suffix}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        content = _anonymous(json.loads(history.to_json()))
        file.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
        last = history.events[-1].workflow_execution_continued_as_new_event_attributes
        run, number = last.new_execution_run_id, number + 1


def read(file: Path) -> WorkflowHistory:
    """A history as it was recorded."""
    text = file.read_text(encoding="utf-8")
    started = json.loads(text)["events"][0]["workflowExecutionStartedEventAttributes"]
    return WorkflowHistory.from_json(started["workflowId"], text)


def recorded() -> list[Path]:
    """The files of all recorded runs."""
    return sorted(FOLDER.rglob("*.json"))


def plain_text(file: Path) -> str:
    """Everything in a history that can be read, payloads and memos included."""
    return json.dumps(_decoded(json.loads(file.read_text(encoding="utf-8"))), ensure_ascii=False)


def _anonymous(node: Any) -> Any:
    """Leave out which machine and process did the work, and where its files lie."""
    if isinstance(node, dict):
        return {
            key: _anonymous(value)
            for key, value in node.items()
            if key not in {"identity", "binaryChecksum", "originalExecutionRunId", "stackTrace"}
        }
    return [_anonymous(each) for each in node] if isinstance(node, list) else node


def _decoded(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: base64.b64decode(value).decode("utf-8", "replace")
            if key == "data" and isinstance(value, str)
            else _decoded(value)
            for key, value in node.items()
        }
    return [_decoded(each) for each in node] if isinstance(node, list) else node
