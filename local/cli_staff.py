"""`troupe staff`: who may sign in to the desk, and as what."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncSession

from domain.errors import NotFound, UserMistake
from domain.lifecycle import Role
from domain.staff_mail import Wish
from local.cli_support import DATA_DEFAULT, AsJson, Data, now, out, print_json, run_async, target
from store import staff as people
from store.engine import session
from store.tables import Staff

staff = typer.Typer(help="Who may sign in to the desk, and as what.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="The person's e-mail address.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password; otherwise one is generated.")
]


def _password(from_input: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_input else secrets.token_urlsafe(15)


async def _find(db: AsyncSession, email: str) -> Staff:
    row = await people.find_by_email(db, email)
    if row is None:
        raise NotFound(f"there is no member of staff {email}", hint="./troupe staff list")
    return row


@staff.command("add")
def add(
    email: Email,
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    name: Annotated[str, typer.Option(help="How the desk calls the person.")] = "",
    timezone: Annotated[str, typer.Option(help="Such as Europe/Berlin.")] = "UTC",
    mail: Annotated[
        bool, typer.Option("--mail/--no-mail", help="Mails about what waits for the person.")
    ] = True,
    password_stdin: FromInput = False,
    data: Data = DATA_DEFAULT,
) -> None:
    """Add a person; prints the generated password once."""
    if "@" not in email:
        raise UserMistake(f"'{email}' is not an e-mail address")
    password = _password(password_stdin)

    async def work() -> None:
        async with target(data) as stack, session(stack.engine) as db:
            await people.create_staff(
                db, email=email, name=name or email.split("@")[0], roles=role,
                password=password, at=now(), timezone=timezone,
                mails=Wish.ON if mail else Wish.OFF,
            )  # fmt: skip

    run_async(work())
    out.print(f"{email} may sign in" + ("" if password_stdin else f"; password: {password}"))


@staff.command("list")
def show(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show everybody."""

    async def work() -> list[Staff]:
        async with target(data) as stack, session(stack.engine) as db:
            return await people.list_staff(db)

    rows = run_async(work())
    if as_json:
        print_json(
            {
                "staff": [
                    {"id": row.id, "email": row.email, "name": row.name, "roles": row.roles,
                     "active": row.active, "timezone": row.timezone, "mails": row.mails}
                    for row in rows
                ]
            }
        )  # fmt: skip
        return
    table = Table("address", "name", "roles", "signs in", "mails")
    for row in rows:
        table.add_row(
            row.email, row.name, ", ".join(row.roles), "yes" if row.active else "no", row.mails
        )
    out.print(table)


@staff.command("passwd")
def passwd(email: Email, password_stdin: FromInput = False, data: Data = DATA_DEFAULT) -> None:
    """Give a person a new password, and end the person's sessions."""
    password = _password(password_stdin)

    async def work() -> None:
        async with target(data) as stack, session(stack.engine) as db:
            await people.update_staff(db, (await _find(db, email)).id, password=password)

    run_async(work())
    out.print(f"{email} has a new password" + ("" if password_stdin else f": {password}"))


@staff.command("mail")
def mail(
    email: Email,
    wish: Annotated[bool, typer.Option("--on/--off", help="Whether the person gets mails.")],
    data: Data = DATA_DEFAULT,
) -> None:
    """Switch mails about what waits for a person on or off."""

    async def work() -> None:
        async with target(data) as stack, session(stack.engine) as db:
            person = await _find(db, email)
            await people.update_staff(db, person.id, mails=Wish.ON if wish else Wish.OFF)

    run_async(work())
    out.print(f"{email} gets {'mails' if wish else 'no mails'} about what waits")


@staff.command("disable")
def disable(email: Email, data: Data = DATA_DEFAULT) -> None:
    """End a person's access at once; what the person decided stays."""

    async def work() -> None:
        async with target(data) as stack, session(stack.engine) as db:
            await people.deactivate(db, (await _find(db, email)).id)

    run_async(work())
    out.print(f"{email} cannot sign in any more")
