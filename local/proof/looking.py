"""Looking at it when everything is over: our books beside Stripe's own list, payment by payment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from domain.inbox import ItemKind
from domain.lifecycle import StreamKind
from domain.mails import Mail
from domain.payments import RailTransfer
from domain.reconciliation import Booked, compare
from local.proof.ground import Ground
from local.proof.scene import Scene
from local.proof.steps import Case, Part, Step
from local.proof.verdict import Found, Moved
from store import desk, ledger, rail_stops
from store.attempts import UNSETTLED
from store.engine import session
from store.payout_reads import payout_detail
from store.reconciliation import books_of
from store.streams import verify_stream

_KINDS = (
    ItemKind.RELEASE, ItemKind.ON_HOLD, ItemKind.ATTENTION, ItemKind.IN_DOUBT,
    ItemKind.BANK_FAILED, ItemKind.DIFFERENCE, ItemKind.UNPAID,
)  # fmt: skip
"""What may wait for a person about a payment."""


async def look(
    ground: Ground, scene: Scene, ended: set[Case], progress: Mapping[Case, int],
    seen: Mapping[Case, Sequence[str]],
) -> tuple[tuple[Found, ...], tuple[str, ...]]:  # fmt: skip
    """What became of each payment, and what is wrong with the books as a whole.

    Args:
        ground: the servers.
        scene: the payments.
        ended: those whose workflow has ended as it should.
        progress: how far they had come when something was killed.
        seen: what was wrong with them on the way.
    """
    parts, steps = list(Part), list(Step)
    plan = sorted(
        scene.payout_of,
        key=lambda c: (
            parts.index(c.part), steps.index(c.lead.step), c.lead.number, c.small, c.number
        ),
    )  # fmt: skip
    rail = ground.standin.rail()
    listed = await rail.transfers_between(None, None)
    await rail.close()
    async with session(ground.engine) as db:
        rows = {each.payout_id: each for each in await books_of(db, scene.payout_of.values())}
        differ = _differences(rows.values(), listed)
        found: dict[Case, Found] = {}
        for case in plan:
            row = rows[scene.payout_of[case]]
            each = await _found(db, case, row, listed)
            found[case] = replace(
                each,
                ended=case in ended,
                of_other=found[case.other].transfers if case.other else (),
                differences=tuple(differ.pop(row.payout_id, ())),
                progress=progress.get(case),
                seen=tuple(seen.get(case, ())),
            )
    strange = [f"{code}: {payout}" for payout, codes in differ.items() for code in codes]
    faults = [*strange, *to_accounts(scene.account_of, listed), *await _faults(ground, scene)]
    return tuple(found.values()), tuple(faults)


def _differences(
    rows: Iterable[Booked], listed: Sequence[RailTransfer]
) -> dict[str, list[str]]:  # fmt: skip
    """In what all books and Stripe's whole list disagree, by payment."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in compare(rows, listed):
        found[each.payout_id].append(each.code.value)
    return found


async def _found(
    db: AsyncSession, case: Case, row: Booked, listed: Sequence[RailTransfer]
) -> Found:  # fmt: skip
    detail = await payout_detail(db, row.payout_id)
    assert detail is not None, "every payment of the plan has a row"
    mails = await desk.mails(db, detail.payout.collaboration_id)
    along = {each.transfer_id for each in row.along_with}
    return Found(
        case=case,
        status=row.status.value,
        ended=False,
        attempts=len(detail.attempts),
        in_doubt=sum(each.outcome in UNSETTLED for each in detail.attempts),
        inbox=await inbox_rows(db, row.payout_id),
        transfers=tuple(
            Moved(each.id, each.amount_minor)
            for each in listed
            if each.counts and (each.transfer_group == row.payout_id or each.id in along)
        ),
        in_transit_minor=sum(each.in_transit_minor for each in row.posted),
        settled_minor=sum(each.settled_minor for each in row.posted),
        bank=detail.payout.bank_status or "",
        told=sum(
            each.mail == Mail.BANK_FAILED and each.facts["payout_id"] == row.payout_id
            for each in mails
        ),
    )


async def inbox_rows(db: AsyncSession, payout_id: str) -> int:
    """How many things wait for a person about a payment; a stop of the whole rail is one."""
    found = [await desk.open_item(db, kind.value, payout_id) for kind in _KINDS]
    stopped = await rail_stops.current(db)
    return sum(each is not None for each in [*found, stopped])


def to_accounts(
    account_of: Mapping[Case, str], listed: Sequence[RailTransfer]
) -> list[str]:  # fmt: skip
    """What Stripe has sent to each account, whatever it is for, beside what is owed to it."""
    owed: dict[str, int] = defaultdict(int)
    sent: dict[str, int] = defaultdict(int)
    for case, account in account_of.items():
        owed[account] += case.sent_minor
    for each in listed:
        sent[each.account_id] += each.amount_minor - each.reversed_minor
    return [
        f"{account} was sent {sent[account]} of {owed[account]}"
        for account in sorted(owed.keys() | sent.keys())
        if sent[account] != owed[account]
    ]


async def _faults(ground: Ground, scene: Scene) -> list[str]:
    """The ledger as a whole, and every payment's chain of events."""
    paid: dict[str, int] = defaultdict(int)
    kept: dict[str, int] = defaultdict(int)
    for case in scene.payout_of:
        paid[case.currency] += case.amount_minor
        kept[case.currency] += case.owed_minor
    async with session(ground.engine) as db:
        faults = await ledger.check(db)
        for currency, campaign in scene.campaign_of.items():
            money = await ledger.balances(db, campaign)
            if (money.recovered, money.creator_receivable) != (kept[currency], 0):
                faults.append(f"{money.recovered} {currency} came back of {kept[currency]}")
            if (money.paid, money.in_transit, money.payable) != (paid[currency], 0, 0):
                faults.append(f"the ledger has paid {money.paid} {currency} of {paid[currency]}")
        for identity in scene.payout_of.values():
            if not await verify_stream(db, StreamKind.PAYOUT, identity):
                faults.append(f"the events of {identity} do not verify")
    return faults
