"""The result as a table for people."""

from __future__ import annotations

from rich.table import Table

from bench.result import Choosing, History, Result


def table(result: Result) -> Table:
    """One row for each figure; the yardstick beside it where there is one."""
    made = Table(title=_title(result), title_justify="left")
    made.add_column("figure")
    for name in ("Troupe", "bare workflow", "ratio"):
        made.add_column(name, justify="right")
    troupe, bare = result.troupe, result.bare
    made.add_row(
        "collaborations per second, end to end",
        f"{troupe.per_second:.2f}", f"{bare.per_second:.2f}", f"{result.troupe_share_of_bare:.2f}",
    )  # fmt: skip
    for label, name in (("p50", "decision_p50_ms"), ("p95", "decision_p95_ms")):
        ours, theirs = getattr(troupe, name), getattr(bare, name)
        made.add_row(
            f"a decision under full load, {label}", f"{ours:.0f} ms", f"{theirs:.0f} ms",
            f"{ours / max(theirs, 0.1):.1f}",
        )  # fmt: skip
    made.add_row("a decision without load, p50", f"{result.calm_decision_p50_ms:.0f} ms")
    made.add_row("a decision without load, p95", f"{result.calm_decision_p95_ms:.0f} ms")
    made.add_section()
    _add_history(made, "quiet collaboration", result.collaboration_history)
    _add_history(made, "payout", result.payout_history)
    made.add_section()
    rules = result.rules
    made.add_row("captions judged per second", f"{rules.captions_judged_per_second:,.0f}")
    made.add_row(
        f"candidates vetted per second (of {rules.candidates:,})",
        f"{rules.candidates_vetted_per_second:,.0f}",
    )
    _add_choosing(made, rules.choosing)
    made.caption = (
        f"{result.bare_decisions} decisions and {result.bare_activities} activities in each life, "
        f"two payouts included; {result.people_at_once} decisions at once"
    )
    return made


def _add_history(made: Table, label: str, history: History) -> None:
    made.add_row(f"history of a {label}, events", str(history.events))
    made.add_row(f"history of a {label}, bytes", f"{history.size_bytes:,}")


def _add_choosing(made: Table, choosing: Choosing) -> None:
    made.add_row(
        f"shortlist of {choosing.options:,}, {choosing.limits} limits; beside scipy's milp",
        f"{choosing.seconds:.2f} s", f"{choosing.scipy_seconds:.2f} s",
        f"{choosing.seconds / max(choosing.scipy_seconds, 0.001):.2f}",
    )  # fmt: skip
    made.add_row(
        "gap of the shortlist, proven", f"{choosing.gap:.4%}", f"{choosing.scipy_gap:.4%}",
        f"{choosing.value / max(choosing.scipy_value, 1):.4f}",
    )  # fmt: skip


def _title(result: Result) -> str:
    machine = result.machine
    rounds = len(result.troupe.rounds)
    return (
        f"{result.collaborations} collaborations, medians of {rounds} rounds of each side, "
        f"alternating\n{machine.cores} cores, {machine.memory_gib} GiB, {machine.system}, "
        f"Python {machine.python}, Temporal {machine.temporal_server}, "
        f"PostgreSQL {machine.postgresql}"
    )
