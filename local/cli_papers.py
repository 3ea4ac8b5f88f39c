"""Statements as files: `--html` and `--pdf`, and `troupe payouts statement`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from domain.errors import UserMistake
from local.cli_exports import STDOUT, whole_file
from local.cli_support import DATA_DEFAULT, Data, err, run_async, target
from rendering.documents import Document, document_page, payment_statement
from rendering.paper import paper
from store.engine import session
from store.payment_lines import find_payout
from store.remittances import Remittance, remittance
from web.payment_pages import environment

Html = Annotated[str, typer.Option("--html", help="Write it as one page into this file.")]
Pdf = Annotated[str, typer.Option("--pdf", help="Write it as PDF into this file.")]


def write_files(document: Document, html: str, pdf: str) -> None:
    """Write a document into the files that are wanted.

    Raises:
        UserMistake: a file cannot be written, or both are wanted on standard output.
    """
    if html == pdf == STDOUT:
        raise UserMistake("--html - and --pdf - both want standard output", hint="name a file")
    if html:
        with whole_file(html) as into:
            into.write(document_page(environment(), document))
    if pdf:
        with whole_file(pdf) as into:
            into.buffer.write(paper(document))


def statement(
    payment: Annotated[str, typer.Argument(help="The payment's id, or its beginning.")],
    html: Html = "",
    pdf: Pdf = "",
    data: Data = DATA_DEFAULT,
) -> None:
    """Write the statement of a payment that was sent, with the creator's name and address."""
    if not (html or pdf):
        raise UserMistake("where to?", hint="--pdf FILE, --html FILE, or both")

    async def work() -> tuple[str, Remittance | None, bool]:
        async with target(data) as stack, session(stack.engine) as db:
            payout = (await find_payout(db, payment)).id
            by_bank = stack.settings.debtor is not None
            return payout, await remittance(db, payout), by_bank

    payout, found, by_bank = run_async(work())
    if found is None:
        raise UserMistake(
            f"{payout} has not been sent yet, so there is no statement of it",
            hint="./troupe payouts list says where it is",
        )
    write_files(payment_statement(environment(by_bank=by_bank), found), html, pdf)
    for file in (html, pdf):
        if file not in ("", STDOUT):
            err.print(f"statement of {payout} in {escape(file)}")
