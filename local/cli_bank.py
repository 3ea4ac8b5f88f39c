"""`troupe payouts sepa-file` and `sepa-confirm`: files for the bank, and what it says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from domain.bank_transfer import Debtor
from domain.decisions import DecisionKind
from domain.errors import NotFound, UserMistake
from domain.money import Money
from local.cli_proof import As, ask_password, proved
from local.cli_support import (
    DATA_DEFAULT,
    AsJson,
    Data,
    Target,
    now,
    out,
    print_json,
    run_async,
    target,
)
from store import bank_orders
from store.engine import session
from web.bank_files import SENTENCES, Imported, import_confirmation, make_file


def sepa_file(
    file: Annotated[Path, typer.Argument(help="Where to; it must not be there yet.")],
    who: As,
    again: Annotated[str, typer.Option(help="A file that was made before, by its id.")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Write what waits into a pain.001 file for the bank, or an earlier file once more."""
    if file.exists():
        raise UserMistake(f"{file} is there already", hint="name another file")

    async def work() -> tuple[str, bytes, int, int] | None:
        async with target(data) as stack:
            debtor, person = await _allowed(stack, who)
            if again:
                async with session(stack.engine) as db:
                    kept = await bank_orders.file_content(db, again)
                if kept is None:
                    raise NotFound(f"there is no bank file {again}")
                return again, kept, 0, 0
            made = await make_file(stack.engine, debtor, person, now())
            return (made.id, made.content, made.payments, made.total_minor) if made else None

    found = run_async(work())
    if found is None:
        if as_json:
            print_json({"file": None, "payments": 0})
        else:
            out.print("Nothing waits for a file.")
        return
    name, content, count, total = found
    # It names people and accounts: for the one who asked only.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as into:
        into.write(content)
    if as_json:
        print_json({"file": name, "path": str(file), "payments": count, "total": total})
    elif again:
        out.print(f"{escape(str(file))} is {escape(name)} once more, byte for byte.")
    else:
        amount = Money(minor=total, currency="EUR")
        out.print(f"{escape(str(file))}: {count} payments, {amount}; the file's id is {name}.")


def sepa_confirm(
    file: Annotated[Path, typer.Argument(help="pain.002, camt.053 or camt.054, as XML.")],
    who: As,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Import what the bank says; the same file again changes nothing."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserMistake(f"{file} cannot be read", hint="name the bank's file") from error

    async def work() -> Imported:
        async with target(data) as stack:
            debtor, person = await _allowed(stack, who)
            return await import_confirmation(stack.engine, debtor, content, person, now())

    found = run_async(work())
    if as_json:
        print_json(
            {
                "changed": found.changed, "strange": found.strange, "others": found.others,
                "lines": [
                    {"reference": each.reference, "became": each.became.value,
                     "code": each.code, "payout": each.payout_id}
                    for each in found.told
                ],
            }
        )  # fmt: skip
        return
    for each in found.told:
        code = f" ({escape(each.code)})" if each.code else ""
        out.print(f"{escape(each.reference)}: {SENTENCES[each.became]}{code}")
    out.print(f"{found.changed} moved on, {found.strange} to look at, {found.others} others.")


async def _allowed(stack: Target, who: str) -> tuple[Debtor, str]:
    """The account that pays, and the id of the person who may."""
    debtor = stack.settings.debtor
    if debtor is None:
        raise UserMistake("payments do not go by bank transfer here", hint="see TROUPE_PAYOUT_RAIL")
    async with session(stack.engine) as db:
        person = await proved(stack, db, who, ask_password(who), DecisionKind.RELEASE_PAYOUT)
    return debtor, person.id
