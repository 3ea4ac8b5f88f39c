"""`troupe payouts bonus`: more than was agreed, granted by a named person."""

from __future__ import annotations

from typing import Annotated

import typer

from domain.decisions import BonusChoice, DecisionKind
from domain.errors import UserMistake
from local.cli_proof import As, Said, answer, ask_password, messenger, proved, tell
from local.cli_support import DATA_DEFAULT, AsJson, Data, now, run_async, target
from store import bonuses, decisions, desk_lists
from store.engine import session
from web.fields import read_for

GRANT = DecisionKind.GRANT_BONUS


def bonus(
    collaboration: Annotated[
        str, typer.Argument(help="The collaboration's id, as `payouts list --json` has it.")
    ],
    amount: Annotated[str, typer.Argument(help="How much, in the campaign's currency.")],
    who: As,
    reason: Annotated[str, typer.Option(help="Why; the creator reads it with the payment.")],
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Grant a creator a bonus from the campaign's budget.

    Somebody else has to release it, unless the campaign's staffing is solo.
    """
    if len(reason.strip()) < 3:
        raise UserMistake("a reason is required", hint='--reason "The post did so well."')

    async def work() -> Said:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                person = await proved(db, who, ask_password(who), GRANT)
                found = await desk_lists.collaboration(db, collaboration)
                if found is None:
                    raise UserMistake(f"there is no collaboration {collaboration}")
                choice = BonusChoice(amount_minor=read_for(GRANT, amount, found[0].currency))
                made = await decisions.submit(
                    db, kind=GRANT, subject_kind="collaboration", subject_id=collaboration,
                    actor_kind="staff", actor_id=person.id, choice=choice, seen="",
                    comment=reason.strip(), at=now(),
                )  # fmt: skip
            # The row stands: if Temporal is away now, the sweep sends it when it is back.
            told = await messenger(stack).bring(GRANT, collaboration, made, "")
            async with session(stack.engine) as db:
                payout = await bonuses.payout_of(db, made)
            return answer(payout, told.status, told.code, made)

    tell(GRANT, [run_async(work())], as_json)
