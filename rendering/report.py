"""The report as one HTML file: nothing to load, pleasant on screen and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment

from rendering.environment import Reader, make_environment
from rendering.vocabulary.events import ANSWERS, EVENTS
from rendering.vocabulary.payments import HOLDS, MILESTONES, PAYOUT_STATUS
from rendering.vocabulary.stages import CAMPAIGN_STATUS, OUTCOMES, STAGES

_STEPS = (
    ("looked_at", "looked at"),
    ("suitable", "suitable"),
    ("invited", "invited"),
    ("signed", "signed"),
    ("published", "published"),
    ("verified", "verified"),
    ("completed", "completed"),
)
_MONEY = (
    ("paid", "paid"),
    ("in_transit", "on its way"),
    ("payable", "earned, not yet released"),
    ("reserved", "reserved for signed work"),
    ("available", "not used"),
)
_METRICS = {"engagements": "engagement", "reach": "view", "conversions": "conversion"}


def render_report(report: Mapping[str, Any], reader: Reader | None = None) -> str:
    """Write a report, from `store.reports.for_people`, as a self-contained HTML page.

    Without ``people`` in it, creators and staff are shown by their ids.
    """
    people = report.get("people") or {}
    return (
        _environment()
        .get_template("documents/report.html")
        .render(
            report=report,
            reader=reader or Reader(),
            currency=report["campaign"]["currency"],
            creators=people.get("creators", {}),
            staff=people.get("staff", {}),
            steps=_steps(report["funnel"]),
            money=_shares(report["money"]),
            unit=_METRICS[report["goal"]["metric"]],
            cost=report["money"]["cost_per_result"],
        )
    )


@cache
def _environment() -> Environment:
    environment = make_environment()
    environment.globals |= {
        "campaign_status": CAMPAIGN_STATUS,
        "outcomes": OUTCOMES,
        "stages": STAGES,
        "milestones": MILESTONES,
        "payout_status": PAYOUT_STATUS,
        "holds": HOLDS,
        "decided": _decided,
    }
    return environment


def _decided(kind: str, answer: str) -> str:
    """What a person decided, as the list of what happened says it."""
    return ANSWERS.get(kind, {}).get(answer) or EVENTS.get(kind) or kind.replace("_", " ")


def _steps(funnel: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The funnel's steps with the width of their bars in percent."""
    widest = max((funnel[key] for key, _ in _STEPS), default=0) or 1
    return [
        {"label": label, "count": funnel[key], "width": funnel[key] * 100 / widest}
        for key, label in _STEPS
    ]


def _shares(money: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where the budget is, with its shares in percent."""
    budget = money["budget"] or 1
    return [
        {"key": key, "label": label, "minor": money[key], "width": money[key] * 100 / budget}
        for key, label in _MONEY
    ]
