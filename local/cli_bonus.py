"""`troupe payouts bonus`: more than was agreed, granted by a named person."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.decisions import DecisionKind
from local.cli_begin import Amount, OfCollaboration, begin
from local.cli_proof import As, Said, answer, tell
from local.cli_support import DATA_DEFAULT, AsJson, Data, run_async, target
from store import bonuses
from store.engine import session

GRANT = DecisionKind.GRANT_BONUS


def bonus(
    collaboration: OfCollaboration,
    amount: Amount,
    who: As,
    reason: Annotated[str, typer.Option(help="Why; the creator reads it with the payment.")],
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Grant a creator a bonus from the campaign's budget.

    Somebody else has to release it, unless the campaign's staffing is solo.
    """

    async def work() -> Said:
        async with target(data) as stack:
            made, told = await begin(stack, GRANT, who, collaboration, amount, reason)
            async with session(stack.engine) as db:
                payout = await bonuses.payout_of(db, made)
            return answer(payout, told.status, told.code, made)

    tell(GRANT, [run_async(work())], as_json)
