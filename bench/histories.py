"""What a history costs: events, bytes, and how many activities are behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client


@dataclass(frozen=True)
class Cost:
    """One workflow's history in figures."""

    events: int
    size_bytes: int
    activities: int
    """Ordinary activities that were scheduled."""
    local_activities: int
    workflow_tasks: int
    decisions: int
    """Updates that were accepted."""
    started: datetime
    closed: datetime
    kinds: Counter[str]
    """Events by kind."""


async def read(client: Client, workflow_id: str) -> Cost:
    """Read a closed workflow's history."""
    history = await client.get_workflow_handle(workflow_id).fetch_history()
    kinds = Counter(
        EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
        for event in history.events
    )
    first, last = history.events[0], history.events[-1]
    return Cost(
        events=len(history.events),
        size_bytes=sum(event.ByteSize() for event in history.events),
        activities=kinds["activity_task_scheduled"],
        local_activities=kinds["marker_recorded"],
        workflow_tasks=kinds["workflow_task_scheduled"],
        decisions=kinds["workflow_execution_update_accepted"],
        started=first.event_time.ToDatetime(tzinfo=UTC),
        closed=last.event_time.ToDatetime(tzinfo=UTC),
        kinds=kinds,
    )


def seconds_of(costs: Iterable[Cost]) -> float:
    """From the first start to the last close, by the server's clock."""
    listed = list(costs)
    first = min(each.started for each in listed)
    return (max(each.closed for each in listed) - first).total_seconds()


def typical(costs: Iterable[Cost], name: str) -> int:
    """The median of one figure."""
    found: float = median(getattr(each, name) for each in costs)
    return round(found)


def typical_kinds(costs: Iterable[Cost]) -> dict[str, int]:
    """The median number of events of each kind, the most frequent first."""
    listed = list(costs)
    names = {name for each in listed for name in each.kinds}
    found = {name: round(median(each.kinds[name] for each in listed)) for name in names}
    return dict(sorted(((n, c) for n, c in found.items() if c), key=lambda pair: -pair[1]))
