"""`troupe inbox`: what waits for the brand's staff."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from domain.lifecycle import Role
from local.cli_support import DATA_DEFAULT, AsJson, Data, out, print_json, run_async, target
from store import desk
from store.engine import session


def inbox(
    role: Annotated[
        list[Role] | None, typer.Option(help="Only these roles; may be given several times.")
    ] = None,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show what waits for the brand's staff, worst due first."""
    wanted = [one.value for one in role or [one for one in Role if one is not Role.CREATOR]]

    async def work() -> desk.Inbox:
        async with target(data) as stack, session(stack.engine) as db:
            return await desk.inbox(db, wanted)

    found = run_async(work())
    rows = [
        {
            "id": row.item.id,
            "kind": row.item.kind,
            "role": row.item.role,
            "campaign": row.of.id if row.of else None,
            "subject": row.item.subject_id,
            "opened_at": row.item.opened_at.isoformat(),
            "due_at": row.item.due_at.isoformat() if row.item.due_at else None,
            "escalated": row.item.escalated,
        }
        for row in found.page.rows
    ]
    if as_json:
        print_json({"total": found.total, "counts": found.counts, "items": rows})
        return
    if not rows:
        out.print("Nothing waits for anybody.")
        return
    table = Table("kind", "for", "campaign", "about", "due")
    for row in rows:
        table.add_row(
            str(row["kind"]), str(row["role"]), str(row["campaign"] or ""), str(row["subject"]),
            str(row["due_at"] or ""),
        )  # fmt: skip
    out.print(table)
    if found.total > len(rows):
        out.print(f"and {found.total - len(rows)} more; the desk shows all")
