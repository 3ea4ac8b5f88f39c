"""Looking at it when everything is over: our books beside Stripe's own list, payment by payment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from domain.inbox import ItemKind
from domain.lifecycle import StreamKind
from domain.mails import Mail
from domain.reconciliation import Booked, compare
from integrations.stripe_rail import StripeRail
from local.proof.ground import Ground
from local.proof.scene import Scene
from local.proof.steps import Case, Part, Step
from local.proof.verdict import Found
from store import desk, ledger, rail_stops
from store.attempts import UNSETTLED
from store.engine import session
from store.payout_reads import PayoutDetail, payout_detail
from store.reconciliation import books_of
from store.streams import verify_stream

_KINDS = (
    ItemKind.RELEASE, ItemKind.ON_HOLD, ItemKind.ATTENTION, ItemKind.IN_DOUBT,
    ItemKind.BANK_FAILED, ItemKind.DIFFERENCE,
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
        ended: those whose workflow has ended as transferred.
        progress: how far they had come when something was killed.
        seen: what was wrong with them on the way.
    """
    order = list(Part), list(Step)
    plan = sorted(
        scene.payout_of, key=lambda c: (order[0].index(c.part), order[1].index(c.step), c.number)
    )
    found = []
    rail = ground.standin.rail()
    async with session(ground.engine) as db:
        rows = {each.payout_id: each for each in await books_of(db, scene.payout_of.values())}
        for case in plan:
            row = rows[scene.payout_of[case]]
            detail = await payout_detail(db, row.payout_id)
            assert detail is not None, "every payment of the plan has a row"
            found.append(
                await _found(db, rail, case, row, detail, case in ended)
            )  # fmt: skip
    await rail.close()
    told = tuple(
        each.with_the_way(progress.get(each.case), tuple(seen.get(each.case, ())))
        for each in found
    )  # fmt: skip
    return told, tuple(await _faults(ground, scene))


async def _found(
    db: AsyncSession, rail: StripeRail, case: Case, row: Booked, detail: PayoutDetail, ended: bool
) -> Found:
    listed = await rail.find_transfers(row.payout_id)
    mails = await desk.mails(db, detail.payout.collaboration_id)
    return Found(
        case=case,
        status=row.status.value,
        ended=ended,
        attempts=len(detail.attempts),
        in_doubt=sum(each.outcome in UNSETTLED for each in detail.attempts),
        inbox=await inbox_rows(db, row.payout_id),
        transfers=tuple(each.amount_minor for each in listed if each.counts),
        in_transit_minor=sum(each.in_transit_minor for each in row.posted),
        settled_minor=sum(each.settled_minor for each in row.posted),
        bank=detail.payout.bank_status or "",
        told=sum(
            each.mail == Mail.BANK_FAILED and each.facts["payout_id"] == row.payout_id
            for each in mails
        ),
        differences=tuple(each.code.value for each in compare([row], listed)),
    )


async def inbox_rows(db: AsyncSession, payout_id: str) -> int:
    """How many things wait for a person about a payment; a stop of the whole rail is one."""
    found = [await desk.open_item(db, kind.value, payout_id) for kind in _KINDS]
    stopped = await rail_stops.current(db)
    return sum(each is not None for each in [*found, stopped])


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
