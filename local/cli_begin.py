"""Decisions from the terminal that begin something of their own: a bonus, or a claim."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import TypeAdapter

from domain.decisions import Choice, DecisionKind
from domain.errors import UserMistake
from local.cli_proof import ask_password, messenger, proved
from local.cli_support import Target, now
from store import decisions, desk_lists
from store.engine import session
from web.bringing import Brought
from web.fields import read_for

OfCollaboration = Annotated[
    str, typer.Argument(help="The collaboration's id, as `payouts list --json` has it.")
]
_CHOICE: TypeAdapter[Choice] = TypeAdapter(Choice)

Amount = Annotated[str, typer.Argument(help="How much, in the campaign's currency.")]


def given_reason(text: str) -> str:
    """The reason without blanks around it.

    Raises:
        UserMistake: there is none.
    """
    if len(text.strip()) < 3:
        raise UserMistake("a reason is required", hint="say it in a sentence; it is kept")
    return text.strip()


async def begin(
    stack: Target, kind: DecisionKind, who: str, collaboration: str, amount: str, reason: str
) -> tuple[str, Brought]:
    """Record a decision on a collaboration and have it applied: its id, and what became of it.

    Args:
        stack: where.
        kind: of the decision, which is about a sum.
        who: who decides, by e-mail address; asked for the password.
        collaboration: id of what it is about.
        amount: how much, as typed.
        reason: why.

    Raises:
        UserMistake: there is no such collaboration, or that is no such amount.
    """
    comment = given_reason(reason)
    async with session(stack.engine) as db:
        person = await proved(stack, db, who, ask_password(who), kind)
        found = await desk_lists.collaboration(db, collaboration)
        if found is None:
            raise UserMistake(f"there is no collaboration {collaboration}")
        minor = read_for(kind, amount, found[0].currency)
        choice = _CHOICE.validate_python({"kind": kind, "amount_minor": minor})
        made = await decisions.submit(
            db, kind=kind, subject_kind="collaboration", subject_id=collaboration,
            actor_kind="staff", actor_id=person.id, choice=choice, seen="", comment=comment,
            at=now(),
        )  # fmt: skip
    # The row stands: if Temporal is away now, the sweep sends it when it is back.
    return made, await messenger(stack).bring(kind, collaboration, made, "")
