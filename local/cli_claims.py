"""`troupe claims`: what creators owe back, and the decisions about it."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from domain.decisions import (
    Choice,
    ClaimVerdict,
    DecisionKind,
    PlainChoice,
    RepaymentChoice,
)
from domain.errors import NotFound
from domain.ids import claim_id
from domain.money import Money
from local.cli_begin import Amount, OfCollaboration, begin, given_reason
from local.cli_proof import As, Said, answer, ask_password, messenger, proved, tell
from local.cli_support import (
    DATA_DEFAULT,
    AsJson,
    Data,
    now,
    out,
    print_json,
    run_async,
    target,
)
from store import claim_reads, decisions, desk
from store.claim_reads import ClaimLine
from store.duties import CLAIMANT
from store.engine import session
from web.claim_pages import STATES
from web.fields import read_for
from web.words import person

claims = typer.Typer(help="Money that creators owe back.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(help="The claim's id, as `claims list` has it.")]
Why = Annotated[str, typer.Option(help="Why; kept with the decision.")]


@claims.command("list")
def list_claims(data: Data = DATA_DEFAULT, as_json: AsJson = False) -> None:
    """Show claims, newest first, with what is still open of each."""

    async def work() -> tuple[ClaimLine, ...]:
        async with target(data) as stack, session(stack.engine) as db:
            return tuple(await claim_reads.newest(db))

    found = run_async(work())
    if as_json:
        print_json({"claims": [_as_json(one) for one in found]})
        return
    table = Table("claim", "creator", "amount", "open", "state", "why", box=None)
    for one in found:
        money = [
            str(Money(minor=minor, currency=one.claim.currency))
            for minor in (one.claim.amount_minor, one.open_minor)
        ]
        table.add_row(
            one.claim.id, escape(person(one.creator.name, one.creator.handle)), *money,
            STATES[one.claim.status][1], escape(one.reason),
        )  # fmt: skip
    out.print(table if found else "Nothing was asked back.")


def _as_json(one: ClaimLine) -> dict[str, object]:
    return {
        "claim": one.claim.id,
        "collaboration": one.claim.collaboration_id,
        "creator": one.creator.id,
        "amount": one.claim.amount_minor,
        "currency": one.claim.currency,
        "open": one.open_minor,
        "kept_back_under_way": one.kept_back_minor,
        "status": one.claim.status,
        "reason": one.reason,
        "asked_by": one.claimant_id,
        "object_by": one.claim.object_by.isoformat(),
    }


@claims.command("ask")
def ask(
    collaboration: OfCollaboration,
    amount: Amount,
    who: As,
    reason: Annotated[str, typer.Option(help="Why; the creator reads it.")],
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Ask a creator for money back: they are heard, and a second person decides."""
    kind = DecisionKind.CLAIM_BACK

    async def work() -> Said:
        async with target(data) as stack:
            made, told = await begin(stack, kind, who, collaboration, amount, reason)
            return answer(claim_id(made), told.status, told.code, made, "claim")

    tell(kind, [run_async(work())], as_json)


@claims.command("confirm")
def confirm(
    claim: Named, who: As, comment: Why = "", data: Data = DATA_DEFAULT, as_json: AsJson = False
) -> None:
    """Say that it is owed: later releases keep it back. Not by whoever asked for it."""
    _decide(ClaimVerdict(answer="confirm"), claim, who, comment, data, as_json)


@claims.command("drop")
def drop(
    claim: Named, who: As, comment: Why, data: Data = DATA_DEFAULT, as_json: AsJson = False
) -> None:
    """Say that it is not owed; the creator reads why."""
    given_reason(comment)
    _decide(ClaimVerdict(answer="drop"), claim, who, comment, data, as_json)


@claims.command("waive")
def waive(
    claim: Named, who: As, comment: Why, data: Data = DATA_DEFAULT, as_json: AsJson = False
) -> None:
    """Give up what is still open of a confirmed claim. Not by whoever asked for it."""
    given_reason(comment)
    choice = PlainChoice.model_validate({"kind": DecisionKind.WAIVE_CLAIM})
    _decide(choice, claim, who, comment, data, as_json)


@claims.command("repaid")
def repaid(
    claim: Named,
    amount: Annotated[str, typer.Argument(help="How much came, in the claim's currency.")],
    who: As,
    comment: Annotated[str, typer.Option(help="Where you saw it: reference and day.")],
    data: Data = DATA_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Book what a creator has sent to the brand's own account. Not by whoever asked for it."""
    given_reason(comment)
    _decide(amount, claim, who, comment, data, as_json)


def _decide(
    said: Choice | str, named: str, who: str, comment: str, data: Data, as_json: bool
) -> None:
    """Record a decision about a claim, then tell its workflow; a text is an amount repaid."""
    kind = DecisionKind.BOOK_REPAYMENT if isinstance(said, str) else said.kind

    async def work() -> Said:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                staff = await proved(stack, db, who, ask_password(who), kind)
                found = await claim_reads.find(db, named)
                if found is None:
                    raise NotFound(f"there is no claim {named}", hint="see ./troupe claims list")
                choice = said
                if isinstance(choice, str):
                    minor = read_for(kind, choice, found.claim.currency)
                    choice = RepaymentChoice(amount_minor=minor)
                dropped = isinstance(choice, ClaimVerdict) and choice.answer == "drop"
                if found.is_kept_from(staff.id) and not dropped:
                    return answer(named, "refused", CLAIMANT, about="claim")
                item = await desk.open_item(db, "claim", named)
                seen = item.seen if item and kind is DecisionKind.DECIDE_CLAIM else ""
                made = await decisions.submit(
                    db, kind=kind, subject_kind="claim", subject_id=named, actor_kind="staff",
                    actor_id=staff.id, choice=choice, seen=seen, comment=comment.strip(), at=now(),
                )  # fmt: skip
            told = await messenger(stack).bring(kind, named, made, seen)
            return answer(named, told.status, told.code, made, "claim")

    tell(kind, [run_async(work())], as_json)
