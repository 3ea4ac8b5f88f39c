"""`troupe payouts`: what is owed and paid, and the decisions about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from domain.decisions import DecisionKind
from domain.errors import UserMistake
from domain.lifecycle import PayoutStatus
from domain.money import Money
from local.cli_bank import sepa_confirm, sepa_file
from local.cli_bonus import bonus
from local.cli_cash import cash, unpaid
from local.cli_exports import export
from local.cli_papers import statement
from local.cli_proof import As, Said, ask_password, proved, say, tell
from local.cli_release import release
from local.cli_settle import paid_elsewhere, retry
from local.cli_stripe_account import stripe_account
from local.cli_support import (
    DATA_DEFAULT,
    AsJson,
    Data,
    out,
    print_json,
    run_async,
    target,
)
from local.cli_totals import totals
from store.campaigns import find_campaign
from store.credits import BETWEEN
from store.engine import session
from store.paging import PAGE, Page
from store.payment_lines import PaymentLine, Wanted, payment_page
from store.tables import Payout
from web.words import milestone

payouts = typer.Typer(help="Payments to creators.", no_args_is_help=True)

payouts.command("release")(release)
payouts.command("bonus")(bonus)
payouts.command("retry")(retry)
payouts.command("paid-elsewhere")(paid_elsewhere)
payouts.command("export")(export)
payouts.command("totals")(totals)
payouts.command("cash")(cash)
payouts.command("unpaid")(unpaid)
payouts.command("statement")(statement)
payouts.command("sepa-file")(sepa_file)
payouts.command("sepa-confirm")(sepa_confirm)
payouts.command("stripe-account")(stripe_account)

_WIDE = 100
"""Columns of a terminal that has room for everything."""

Named = Annotated[
    list[str], typer.Argument(help="The payment's id, or its beginning; several at once.")
]
OfCampaign = Annotated[
    str, typer.Option("--campaign", help="Only this campaign: id, its beginning, or name.")
]
OfStatus = Annotated[PayoutStatus | None, typer.Option("--status", help="Only this status.")]
Comment = Annotated[str, typer.Option(help="The reason; kept with the decision.")]


@payouts.command("list")
def show(
    status: OfStatus = None,
    campaign: OfCampaign = "",
    after: Annotated[str, typer.Option(help="Where the page before ended (its `next`).")] = "",
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show payments, newest first, a page at a time."""

    async def work() -> Page[PaymentLine]:
        async with target(data) as stack, session(stack.engine) as db:
            of = (await find_campaign(db, campaign)).id if campaign else ""
            wanted = Wanted(status=status.value if status else "", campaign_id=of)
            return await payment_page(db, wanted, after)

    page = run_async(work())
    if as_json:
        print_json({"payouts": [_as_json(row) for row in page.rows], "next": page.after})
        return
    if not page.rows:
        out.print("There is no such payment.")
        return
    _show(page.rows)
    if page.after:
        out.print(f"and more: the {PAGE} next ones with --after {page.after}")


def _show(rows: Sequence[PaymentLine]) -> None:
    wide = out.width >= _WIDE
    # An id is there to be copied into the next command: other columns give way to it.
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("payment", no_wrap=True)
    table.add_column("creator", overflow="fold")
    if wide:
        table.add_column("for", no_wrap=True)
    table.add_column("amount", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=not wide)
    table.add_column("pay by", no_wrap=True)
    if wide:
        table.add_column("sent", no_wrap=True)
    for row in rows:
        payout = row.payout
        amount = Money(minor=payout.amount_minor, currency=payout.currency)
        because = payout.hold_reason or row.lacks
        why = f" ({because})" if because else ""
        table.add_row(
            payout.id, escape(row.creator.handle), *([milestone(payout.kind)] if wide else []),
            str(amount), _standing(payout) + why, f"{payout.pay_by:%Y-%m-%d}",
            *([f"{row.sent_at:%Y-%m-%d}" if row.sent_at else ""] if wide else []),
        )  # fmt: skip
    out.print(table)


def _standing(payout: Payout) -> str:
    """The status, and in a word what became of the money after it was sent."""
    if payout.reversed_minor:
        whole = payout.reversed_minor >= payout.sent_minor
        return "taken back" if whole else f"{payout.status}, partly taken back"
    after = {"failed": ", sent back by the bank", "paid_out": ", at the bank"}
    return payout.status + after.get(payout.bank_status or "", "")


def _as_json(row: PaymentLine) -> dict[str, object]:
    payout = row.payout
    return {
        "id": payout.id,
        "campaign": payout.campaign_id,
        "collaboration": payout.collaboration_id,
        "creator": payout.creator_id,
        "handle": row.creator.handle,
        "kind": payout.kind,
        "number": payout.number,
        "amount": payout.amount_minor,
        "kept_back": payout.netted_minor,
        "to_send": payout.sent_minor,
        "currency": payout.currency,
        "status": payout.status,
        "hold_reason": payout.hold_reason,
        "lacks": row.lacks,
        "credit_notes": row.credit_notes.split(BETWEEN) if row.credit_notes else [],
        "releases": payout.releases,
        "ready": row.ready,
        "pay_by": payout.pay_by.isoformat(),
        "sends_at": payout.sends_at.isoformat() if payout.sends_at else None,
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
        "transfer": payout.moved_by,
        "account": row.account_id,
        "bank_status": payout.bank_status,
        "bank_payout": payout.bank_payout_id,
        "reversed": payout.reversed_minor,
        "other_reference": row.other.reference if row.other else None,
        "credited": row.credited.amount_minor if row.credited else None,
        "credited_currency": row.credited.currency if row.credited else None,
        "created_at": payout.created_at.isoformat(),
    }


@payouts.command("hold")
def hold(
    payments: Named,
    who: As,
    comment: Annotated[str, typer.Option(help="Why; kept with the decision.")],
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Stop payments that are not on their way yet."""
    if len(comment.strip()) < 3:
        raise UserMistake("a reason is required", hint='--comment "The invoice is missing."')
    _decide(DecisionKind.HOLD_PAYOUT, payments, who, comment.strip(), data, as_json)


@payouts.command("resume")
def resume(
    payments: Named, who: As, comment: Comment = "", data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Let payments on hold go on; they are released anew."""
    _decide(DecisionKind.RESUME_PAYOUT, payments, who, comment, data, as_json)


@payouts.command("withdraw")
def withdraw(
    payments: Named,
    who: As,
    comment: Annotated[
        str, typer.Option(help="Why; unless it is a bonus not released yet, the creator reads it.")
    ],
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Say of what was taken back or cannot be sent that it is not owed, or withdraw a bonus."""
    if len(comment.strip()) < 3:
        raise UserMistake("a reason is required", hint='--comment "A digit too many."')
    _decide(DecisionKind.CANCEL_PAYOUT, payments, who, comment.strip(), data, as_json)


def _decide(
    kind: DecisionKind, payments: list[str], who: str, comment: str, data: Path, as_json: bool
) -> None:
    async def work() -> list[Said]:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                person = await proved(stack, db, who, ask_password(who), kind)
            return [await say(stack, person, kind, named, comment) for named in payments]

    tell(kind, run_async(work()), as_json)
