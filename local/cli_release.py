"""`troupe payouts release`: one payment, or several that are the same decision."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.markup import escape

from domain.batches import LARGEST, Releasable, Risk, door, groups, sums
from domain.decisions import DecisionKind
from domain.errors import UserMistake
from domain.money import Money
from local.cli_proof import As, Said, answer, ask_password, messenger, proved, tell
from local.cli_release_words import facts_of
from local.cli_support import DATA_DEFAULT, AsJson, Data, Target, err, run_async, target
from store import batches
from store.batches import ReleaseLine
from store.campaigns import find_campaign
from store.engine import session
from store.payment_lines import find_payout
from store.tables import Staff
from web.fields import read_amount
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
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing; --amount says what is meant.")]
Amount = Annotated[str, typer.Option(help="What you say yes to: what is sent, in all.")]
Account = Annotated[str, typer.Option(help="The account that you say yes to, by its whole id.")]


class Mixed(UserMistake):
    """The payments are not one decision."""

    code = "mixed"


class WrongCount(UserMistake):
    """Not as many payments as the person meant."""

    code = "wrong_count"


class NotWhatIsMeant(UserMistake):
    """Another sum or account than the person said, or nobody said yes."""

    code = "not_meant"


@dataclass(frozen=True)
class _Meant:
    """What the person says on the command line that they say yes to."""

    count: int
    yes: bool
    amount: str
    account: str


def release(
    who: As, payments: Named = None, campaign: OfCampaign = "", count: Count = 0, yes: Yes = False,
    amount: Amount = "", account: Account = "", data: Data = DATA_DEFAULT, as_json: AsJson = False,
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
    named, meant = payments or [], _Meant(count, yes, amount, account)

    async def work() -> list[Said]:
        async with target(data) as stack:
            async with session(stack.engine) as db:
                person = await proved(stack, db, who, ask_password(who), RELEASE)
            if len(named) == 1:
                return [await _one(stack, person, named[0], meant)]
            return await _several(stack, person, named, campaign, meant)

    said = run_async(work())
    tally = Counter(one.became for one in said)
    tell(
        RELEASE, said, as_json, released=tally["released"], first_of_two=tally["second"],
        of=len(said),
    )  # fmt: skip


async def _one(stack: Target, person: Staff, named: str, meant: _Meant) -> Said:
    """Release a payment that is looked at by itself, as the desk's page of it shows it."""
    async with session(stack.engine) as db:
        payout = await find_payout(db, named)
        [line] = await batches.lines(db, person.id, [payout.id])
    code = door(line.facts, line.facts.shown, by_itself=True)
    if code:
        return answer(payout.id, "refused", code)
    for name, words in facts_of(line):
        err.print(f"{name:>12}  {escape(words)}", soft_wrap=True)
    _sure_of_one(line.facts, meant)
    [said] = await _release(stack, person, [line], by_itself=True)
    return said


def _sure_of_one(facts: Releasable, meant: _Meant) -> None:
    """Have the person say yes to the sum that was shown.

    Raises:
        NotWhatIsMeant: it is another sum or account, or nobody said yes.
    """
    sent = Money(minor=facts.sent_minor, currency=facts.currency)
    _matches(sent, meant.amount)
    if meant.account and meant.account != facts.account_id:
        raise NotWhatIsMeant(
            "nothing was released: the creator has another account",
            hint="ask the creator by a way that you know, not by answering a mail",
        )
    if meant.yes and meant.amount:
        return
    if meant.yes or not sys.stdin.isatty():
        raise NotWhatIsMeant(
            "nothing was released: say which sum you say yes to", hint=f'--yes --amount "{sent}"'
        )
    if not typer.confirm(f"Release {sent}", err=True):
        raise NotWhatIsMeant("nothing was released")


def _matches(sent: Money, amount: str) -> None:
    """Compare what is sent with what the person said, if they said it.

    Raises:
        NotWhatIsMeant: it is another sum.
        BadAmount: it is no sum.
    """
    if not amount:
        return
    said = 0 if amount.strip() == "0" else read_amount(amount, sent.currency)
    if said != sent.minor:
        raise NotWhatIsMeant(f"nothing was released: {sent} would be sent")


async def _several(
    stack: Target, person: Staff, named: Sequence[str], campaign: str, meant: _Meant
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
    _sure(lines, meant)
    return await _release(stack, person, lines)


async def _release(
    stack: Target, person: Staff, lines: Sequence[ReleaseLine], *, by_itself: bool = False
) -> list[Said]:
    """Record what was shown as released, and say what became of each."""
    by, batch = messenger(stack), new_batch()
    chosen = [Chosen(one.facts.payout_id, one.facts.shown) for one in lines]
    done = await release_all(by, person.id, batch, chosen, by_itself=by_itself)
    async with session(stack.engine) as db:
        rows = await batches.results(db, batch, person.id)
    became = {row.payout.id: row.became for row in rows}
    answers = {
        row.payout_id: answer(
            row.payout_id, row.status, row.code, row.decision_id,
            became=became.get(row.payout_id, ""),
        )
        for row in done
    }  # fmt: skip
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


def _sure(lines: Sequence[ReleaseLine], meant: _Meant) -> None:
    """Have the person say how many payments they mean, after showing each and the sum.

    Raises:
        WrongCount: another number, or nobody to ask.
        NotWhatIsMeant: another sum.
    """
    totals = [
        Money(minor=minor, currency=currency)
        for currency, minor in sums(line.facts for line in lines).items()
    ]
    total, count = ", ".join(map(str, totals)), meant.count
    for line in lines:
        amount = Money(minor=line.facts.amount_minor, currency=line.facts.currency)
        goes_to = line.account.short if line.account else "no account yet"
        err.print(
            f"{line.facts.payout_id}  {amount}  {escape(line.handle)}  {goes_to}  "
            f"{milestone(line.kind)}"
        )
    err.print(f"{len(lines)} payments, {total}")
    if len(totals) == 1:
        _matches(totals[0], meant.amount)
    if not count and not meant.yes and sys.stdin.isatty():
        count = typer.prompt("How many payments are you releasing", type=int, err=True)
    if count != len(lines):
        raise WrongCount(
            f"nothing was released: these are {len(lines)} payments, {total}",
            hint=f"if you mean them all: --count {len(lines)}",
        )
