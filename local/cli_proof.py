"""Decisions from the command line that need a person: who it is, proved by the password.

The row is written first and the payment's workflow is told afterwards, as the desk does it; role
and four eyes are looked at here, and again where the decision becomes an event.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from domain.decisions import Choice, DecisionKind, PlainChoice, roles_for
from domain.errors import NotAllowed, Unavailable, UserMistake
from domain.lifecycle import StreamKind
from domain.messages import DecisionRef, DecisionResult
from domain.step_up import NEEDS_PROOF
from integrations.temporal import send_decision
from local.cli_support import MISTAKE, Target, err, now, out, print_json
from store import decisions, desk, four_eyes
from store import staff as people
from store.engine import session
from store.payment_lines import find_payout
from store.tables import Payout, Staff
from web.bringing import Messenger
from web.words import refusal

PASSWORD_VARIABLE = "TROUPE_STAFF_PASSWORD"  # noqa: S105, the name of a variable

As = Annotated[str, typer.Option("--as", help="Who decides, by e-mail address.")]

ITEM_OF = {
    DecisionKind.RESUME_PAYOUT: ("on_hold",),
    DecisionKind.RETRY_PAYOUT: ("unpaid",),
    DecisionKind.SETTLE_PAYOUT: ("unpaid", "on_hold"),
}
"""The questions of which a decision answers one; a hold answers none."""


_NOT_YET = {
    "second": "first of two: a second person has to release it too",
    "held": "released, and put on hold since",
    "anew": "released, and has to be released anew",
}
"""What became of a release that has its effect, and after which money does not go yet."""


class NotProved(UserMistake):
    """Address and password do not belong together, or there is no password."""

    code = "proof_wrong"


class NotHere(UserMistake):
    """The terminal cannot ask for the proof that this decision needs."""

    code = "not_here"


def ask_password(email: str) -> str:
    """The person's password, from the environment or a prompt.

    Raises:
        NotProved: there is nobody to ask.
    """
    given = os.environ.get(PASSWORD_VARIABLE, "")
    if given:
        err.print(f"The password of {escape(email)} is taken from {PASSWORD_VARIABLE}.")
        return given
    if not sys.stdin.isatty():
        raise NotProved(
            f"the password of {email} is needed",
            hint=f"run this in a terminal, or set {PASSWORD_VARIABLE}",
        )
    typed: str = typer.prompt(f"Password of {email}", hide_input=True, err=True)
    return typed


async def proved(
    stack: Target, db: AsyncSession, email: str, password: str, kind: DecisionKind
) -> Staff:
    """The member of staff, if the password is right and a role includes the decision.

    Raises:
        NotHere: the desk asks for another proof than the password before such a decision.
        NotProved: wrong address or password.
        NotAllowed: the person's roles do not include this decision.
    """
    if kind in NEEDS_PROOF and stack.settings.step_up:
        raise NotHere(
            "before decisions about money this installation asks for more than a password",
            hint="take it at the desk, which can ask for it",
        )
    person = await people.authenticate(db, email, password)
    if person is None:
        raise NotProved(f"{email} cannot sign in with this password")
    needed = sorted(role.value for role in roles_for(kind))
    if not set(needed) & set(person.roles):
        raise NotAllowed(f"{email} may not do that: it needs the role {' or '.join(needed)}")
    return person


@dataclass(frozen=True)
class Said:
    """What became of a decision about one payment, or one claim."""

    payout_id: str
    """Of what the decision is about."""
    status: str
    """``applied``, ``submitted`` (recorded, and being applied) or ``refused``."""
    code: str = ""
    message: str = ""
    decision_id: str = ""
    about: str = "payout"
    """``payout`` or ``claim``."""
    became: str = ""
    """Of a release: `domain.batches.became`."""

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {
            self.about: self.payout_id,
            "decision": self.decision_id,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            **({"became": self.became} if self.became else {}),
        }


def answer(
    payout_id: str, status: str, code: str, decision_id: str = "", about: str = "payout",
    *, became: str = "",
) -> Said:  # fmt: skip
    """What is said of a decision about a payment, or a claim."""
    message = {"submitted": "Recorded, and being applied.", "applied": ""}.get(status)
    words = refusal(code) if message is None else message
    return Said(payout_id, status, code, words, decision_id, about, became)


def tell(kind: DecisionKind, said: Sequence[Said], as_json: bool, **more: object) -> None:
    """Print what became of decisions about payments.

    Args:
        kind: of the decisions.
        said: what became of each.
        as_json: for a program.
        more: what else a program is told.

    Raises:
        Exit: one was refused.
    """
    if as_json:
        print_json({"decisions": [one.as_json() for one in said], **more})
    else:
        done = {
            "release_payout": "released", "hold_payout": "on hold", "resume_payout": "goes on",
            "grant_bonus": "granted", "cancel_payout": "withdrawn", "claim_back": "asked for",
            "decide_claim": "decided", "waive_claim": "waived", "book_repayment": "booked",
            "retry_payout": "tried again", "settle_payout": "noted",
        }  # fmt: skip
        for one in said:
            color = {"applied": "green", "refused": "red"}.get(one.status, "yellow")
            word = done[kind.value] if one.status == "applied" else one.status
            if one.became in _NOT_YET:
                color, word = "yellow", _NOT_YET[one.became]
            out.print(f"{one.payout_id} [{color}]{word}[/] {escape(one.message)}".rstrip())
    if any(one.status == "refused" for one in said):
        raise typer.Exit(MISTAKE)


async def say(
    stack: Target,
    person: Staff,
    kind: DecisionKind,
    named: str,
    comment: str = "",
    *,
    choice: Choice | None = None,
) -> Said:
    """Record a decision about a payment, then tell its workflow.

    Args:
        stack: where.
        person: who decides.
        kind: of the decision.
        named: the payment, by its id or its beginning.
        comment: the reason.
        choice: what was decided, if the kind does not say it all.

    Raises:
        NotFound: there is no such payment.
    """
    async with session(stack.engine) as db:
        payout = await find_payout(db, named)
        seen, code = await _asked(db, payout, kind, person.id)
        if code:
            return answer(payout.id, "refused", code)
        made = await decisions.submit(
            db, kind=kind, subject_kind=StreamKind.PAYOUT.value, subject_id=payout.id,
            actor_kind="staff", actor_id=person.id, seen=seen,
            choice=choice or PlainChoice.model_validate({"kind": kind}), comment=comment, at=now(),
        )  # fmt: skip
    # The row stands: if Temporal is away now, the sweep sends it when it is back.
    told = await messenger(stack).bring(kind, payout.id, made, seen)
    return answer(payout.id, told.status, told.code, made)


class _Reaches:
    """Reaches the workflows of a stack, over one connection."""

    def __init__(self, stack: Target) -> None:
        self._stack = stack
        self._client: Client | None = None
        self._lock = asyncio.Lock()

    async def decide(
        self, subject_kind: str, subject_id: str, ref: DecisionRef
    ) -> DecisionResult | None:
        """Send a decision; None if it is being applied, or Temporal is away."""
        try:
            async with self._lock:
                self._client = self._client or await self._stack.temporal()
            return await send_decision(self._client, StreamKind(subject_kind), subject_id, ref)
        except Unavailable:
            return None


def messenger(stack: Target) -> Messenger:
    """What brings a person's decisions from the terminal to the workflows, as the desk's does."""
    return Messenger(stack.engine, _Reaches(stack), now)


async def _asked(
    db: AsyncSession, payout: Payout, kind: DecisionKind, staff_id: str
) -> tuple[str, str]:
    """What the open question shows, and the code of why it is not this person's to answer."""
    if kind not in ITEM_OF:
        return "", ""
    asked = [await desk.open_item(db, name, payout.id) for name in ITEM_OF[kind]]
    item = next((each for each in asked if each), None)
    if item is None:
        return "", "wrong_stage"
    if kind is DecisionKind.SETTLE_PAYOUT:
        return item.seen, await four_eyes.settling_obstacle(db, payout.id, staff_id)
    return item.seen, ""
