"""`troupe payouts retry` and `paid-elsewhere`: what finance says of what cannot be sent."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.decisions import DecisionKind, PlainChoice, SettleChoice
from domain.errors import UserMistake
from local.cli_proof import As, Said, ask_password, proved, say, tell
from local.cli_support import DATA_DEFAULT, AsJson, Data, now, run_async, target
from store import other_payments
from store.engine import session
from store.payment_lines import find_payout

RETRY, SETTLE = DecisionKind.RETRY_PAYOUT, DecisionKind.SETTLE_PAYOUT


def retry(
    payments: Annotated[list[str], typer.Argument(help="Ids, or their beginnings.")],
    who: As,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Try again what was released and could not be sent."""

    async def work() -> list[Said]:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                person = await proved(stack, db, who, ask_password(who), RETRY)
            choice = PlainChoice(kind=RETRY)
            return [await say(stack, person, RETRY, named, choice=choice) for named in payments]

    tell(RETRY, run_async(work()), as_json)


def paid_elsewhere(
    payment: Annotated[str, typer.Argument(help="The payment's id, or its beginning.")],
    who: As,
    comment: Annotated[
        str, typer.Option(help="Why it was not paid as usual; the creator reads it.")
    ],
    paid_on: Annotated[
        str, typer.Option("--on", help="The day on which it was paid, like 2026-06-30.")
    ] = "",
    reference: Annotated[
        str, typer.Option(help="By which it is found at your bank; the creator reads it.")
    ] = "",
    adopt: Annotated[
        bool, typer.Option("--adopt", help="By the transfer made by hand in its group at Stripe.")
    ] = False,
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Say of a payment that cannot be sent that it was made another way.

    Of one that was released, or of one on hold since the creator's account is gone or rejected.

    Above the limit a second person says the same, with the same day and reference.
    """
    if len(comment.strip()) < 3:
        raise UserMistake("a reason is required", hint='--comment "Their bank is not served."')

    async def work() -> Said:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                person = await proved(stack, db, who, ask_password(who), SETTLE)
                payout = await find_payout(db, payment)
                choice = SettleChoice(answer="adopt")
                if not adopt:
                    kept = await other_payments.keep(db, payout.id, paid_on, reference, now())
                    choice = SettleChoice(answer="elsewhere", content_id=kept)
            return await say(stack, person, SETTLE, payout.id, comment.strip(), choice=choice)

    tell(SETTLE, [run_async(work())], as_json)
