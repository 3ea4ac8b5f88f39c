"""`troupe payouts release`: one payment, or several that are the same decision."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from domain.batches import LARGEST, Releasable, Risk, groups, sums
from domain.decisions import DecisionKind
from domain.errors import UserMistake
from domain.money import Money
from local.cli_proof import As, Said, answer, ask_password, messenger, proved, say, tell
from local.cli_support import DATA_DEFAULT, AsJson, Data, Target, err, run_async, target
from store import batches
from store.batches import ReleaseLine
from store.campaigns import find_campaign
from store.engine import session
from store.payment_lines import find_payout
from store.tables import Staff
from web.releasing import TURN_WORDS, Chosen, new_batch, release_all
from web.words import milestone

RELEASE = DecisionKind.RELEASE_PAYOUT

Named = Annotated[
    list[str] | None, typer.Argument(help="The payment's id, or its beginning; several at once.")
]
OfCampaign = Annotated[
    str, typer.Option("--campaign", help="Everything of this campaign that waits for you.")
]
Count = Annotated[
    int, typer.Option(min=0, help="How many payments you mean: asked for when there are several.")
]


class Mixed(UserMistake):
    """The payments are not one decision."""

    code = "mixed"


class WrongCount(UserMistake):
    """Not as many payments as the person meant."""

    code = "wrong_count"


def release(
    who: As, payments: Named = None, campaign: OfCampaign = "", count: Count = 0,
    data: Data = DATA_DEFAULT, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Release payments; four eyes and the campaign's limit hold as at the desk.

    Several go together if they are of one campaign, need the same number of people, and their
    creators can all be paid now or all cannot yet. Each is a decision of its own.
    """
    if bool(payments) == bool(campaign):
        raise UserMistake(
            "name the payments, or a campaign with --campaign",
            hint="./troupe payouts list --status requested shows what waits",
        )
    named = payments or []

    async def work() -> list[Said]:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                person = await proved(db, who, ask_password(who), RELEASE)
            if len(named) == 1:
                return [await say(stack, person, RELEASE, named[0])]
            return await _several(stack, person, named, campaign, count)

    said = run_async(work())
    amounts = {"released": sum(one.status == "applied" for one in said), "of": len(said)}
    tell(RELEASE, said, as_json, **amounts)


async def _several(
    stack: Target, person: Staff, named: Sequence[str], campaign: str, count: int
) -> list[Said]:
    async with session(stack.engine) as db:
        if campaign:
            of = (await find_campaign(db, campaign)).id
            found = await batches.waiting(db, person.id, of)
            lines = [one for one in found if one.facts.open and not one.facts.alone]
        else:
            ids = [(await find_payout(db, each)).id for each in named]
            lines = list(await batches.lines(db, person.id, ids))
    _one_decision(lines)
    _sure(lines, count)
    chosen = [Chosen(one.facts.payout_id, one.facts.shown) for one in lines]
    done = await release_all(messenger(stack), person.id, new_batch(), chosen)
    answers = {
        row.payout_id: answer(row.payout_id, row.status, row.code, row.decision_id) for row in done
    }
    lost = "Could not be written down; it still waits."
    return [
        answers.get(one.payout_id, Said(one.payout_id, "refused", "not_recorded", lost))
        for one in chosen
    ]


def _one_decision(lines: Sequence[ReleaseLine]) -> None:
    """Refuse what is not one decision, or nothing at all.

    Raises:
        Mixed: the payments differ; the hint names what goes together.
        UserMistake: there is nothing to release, or too much.
    """
    if not lines:
        raise UserMistake("nothing of this waits for you to be released")
    found = groups([line.facts for line in lines])
    if len(found) > 1:
        parts = [_group(risk, members) for risk, members in found.items()]
        raise Mixed("these payments are not one decision", hint="\n".join(parts))
    if len(lines) > LARGEST:
        raise UserMistake(f"{len(lines)} payments are too many: at most {LARGEST} go together")


def _group(risk: Risk, members: Sequence[Releasable]) -> str:
    ready = "can be paid now" if risk.ready else "cannot be paid yet"
    ids = " ".join(one.payout_id for one in members)
    return f"{TURN_WORDS[risk.turn]}, {ready}: {ids}"


def _sure(lines: Sequence[ReleaseLine], count: int) -> None:
    """Have the person say how many payments they mean, after showing each and the sum.

    Raises:
        WrongCount: another number, or nobody to ask.
    """
    total = ", ".join(
        str(Money(minor=minor, currency=currency))
        for currency, minor in sums(line.facts for line in lines).items()
    )
    for line in lines:
        amount = Money(minor=line.facts.amount_minor, currency=line.facts.currency)
        err.print(
            f"{line.facts.payout_id}  {amount}  {escape(line.handle)}  {milestone(line.kind)}"
        )
    err.print(f"{len(lines)} payments, {total}")
    if not count and sys.stdin.isatty():
        count = typer.prompt("How many payments are you releasing", type=int, err=True)
    if count != len(lines):
        raise WrongCount(
            f"nothing was released: these are {len(lines)} payments, {total}",
            hint=f"if you mean them all: --count {len(lines)}",
        )
