"""The result as it is written down: units stand in the names."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from pydantic import BaseModel

from bench.histories import Cost, typical, typical_kinds


class Round(BaseModel):
    """One round of one side."""

    lives: int
    seconds: float
    per_second: float
    decision_p50_ms: float
    decision_p95_ms: float
    decisions: int
    history_events_per_life: float
    """All workflows of a life together."""

    @classmethod
    def of(cls, lives: int, seconds: float, times: list[float], costs: Sequence[Cost]) -> Round:
        """Put one round's figures together."""
        return cls(
            lives=lives,
            seconds=round(seconds, 3),
            per_second=round(lives / seconds, 3),
            decision_p50_ms=round(percentile(times, 50) * 1_000, 1),
            decision_p95_ms=round(percentile(times, 95) * 1_000, 1),
            decisions=len(times),
            history_events_per_life=round(sum(each.events for each in costs) / lives, 1),
        )


class Side(BaseModel):
    """All rounds of one side, and their medians."""

    per_second: float
    decision_p50_ms: float
    decision_p95_ms: float
    rounds: list[Round]

    @classmethod
    def of(cls, rounds: list[Round]) -> Side:
        """The medians of all rounds."""
        return cls(
            per_second=round(median(each.per_second for each in rounds), 3),
            decision_p50_ms=round(median(each.decision_p50_ms for each in rounds), 1),
            decision_p95_ms=round(median(each.decision_p95_ms for each in rounds), 1),
            rounds=rounds,
        )


class History(BaseModel):
    """The median history of one kind of workflow."""

    events: int
    size_bytes: int
    activities: int
    local_activities: int
    workflow_tasks: int
    decisions: int
    events_by_kind: dict[str, int]

    @classmethod
    def of(cls, costs: Sequence[Cost]) -> History:
        """The medians of many histories."""
        return cls(
            **{name: typical(costs, name) for name in cls.model_fields if name != "events_by_kind"},
            events_by_kind=typical_kinds(costs),
        )


class Choosing(BaseModel):
    """The shortlist, beside scipy's `milp` on the same programme."""

    options: int
    limits: int
    """Rows of the programme: budget, number and quotas."""
    wanted: int
    seconds: float
    value: int
    gap: float
    """The share of the value that might be missing, proven."""
    scipy_seconds: float
    scipy_value: int
    scipy_gap: float


class Rules(BaseModel):
    """How fast the rules are."""

    captions_judged_per_second: float
    candidates_vetted_per_second: float
    candidates: int
    choosing: Choosing


class Machine(BaseModel):
    """Where it was measured."""

    cores: int
    memory_gib: float
    system: str
    python: str
    temporal_server: str
    temporal_sdk: str
    postgresql: str
    durability: str


class Result(BaseModel):
    """Everything that one run found."""

    format: int = 2
    measured_at: str
    machine: Machine
    collaborations: int
    people_at_once: int
    troupe: Side
    bare: Side
    bare_decisions: int
    bare_activities: int
    troupe_share_of_bare: float
    """Troupe's collaborations per second divided by the bare workflow's."""
    calm_decision_p50_ms: float
    """A decision while hardly anything else is going on."""
    calm_decision_p95_ms: float
    collaboration_history: History
    payout_history: History
    rules: Rules


def percentile(values: list[float], percent: int) -> float:
    """A percentile by the nearest rank."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
