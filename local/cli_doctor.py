"""`troupe doctor`: what it found, for people and for programs."""

from __future__ import annotations

import typer
from rich.markup import escape

from local.cli_support import DATA_DEFAULT, FAULT, AsJson, Data, out, print_json, run_async
from local.doctor import examine
from local.findings import Status


def doctor(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Look at everything that is needed, and say what to do where something is wrong."""
    findings = run_async(examine(data.resolve()))
    healthy = all(finding.status is not Status.FAULT for finding in findings)
    if as_json:
        print_json({"healthy": healthy, "checks": [finding.as_json() for finding in findings]})
    else:
        colors = {Status.OK: "green", Status.WARNING: "yellow", Status.FAULT: "red"}
        for finding in findings:
            color = colors.get(finding.status, "dim")
            out.print(
                f"[{color}]{finding.status:<8}[/] {finding.name:<11} {escape(finding.message)}"
            )
            if finding.fix and finding.status is not Status.OK:
                out.print(f"{'':21}{escape(finding.fix)}")
    if not healthy:
        raise typer.Exit(FAULT)
