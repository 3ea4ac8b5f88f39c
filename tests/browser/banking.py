"""A brand that pays by bank transfer: what waits for a file, and a file that waits for the bank."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.bank_rail import BankRail
from activities.payouts import Payouts
from domain.messages import TransferRequest
from store import bank_clock
from store.engine import session
from store.tables import InboxItem, Payout
from tests import builders
from tests.bank import BRAND, give_bank_account
from web.bank_files import make_file
from web.deps import Deps

FILE_AGE = timedelta(days=6)


async def fill(deps: Deps, by: str) -> tuple[dict[str, str], str]:
    """A file without an answer, and two payments for the next one, of which one is suspended.

    Args:
        deps: of the site.
        by: who makes the file.

    Returns:
        The addresses of the desk's pages about it by name, and a creator's link.
    """
    now = deps.clock()
    sender = Payouts(deps.engine, BankRail(deps.engine), deps.public_url)
    for first in (True, False):
        async with session(deps.engine) as db:
            payouts = [await _released(db, suspended=suspended) for suspended in (False, True)]
        for payout in payouts:
            await sender.send_transfer(TransferRequest(payout_id=payout.id, attempt=1))
        if first:
            assert await make_file(deps.engine, BRAND, by, now - FILE_AGE)
    async with session(deps.engine) as db:
        await bank_clock.look(db, now, by_bank=True, answer_days=3)
        items = await db.scalars(select(InboxItem).where(InboxItem.closed_at.is_(None)))
        pages = {f"item_{each.kind}": f"/items/{each.id}" for each in items}
    return pages | {"bank": "/payments/bank"}, deps.links.portal(payouts[0].collaboration_id)


async def _released(db: AsyncSession, *, suspended: bool) -> Payout:
    of = await builders.collaboration(db, stage="retaining", suspended=suspended)
    await give_bank_account(db, of.creator_id, "Zoë Łuczak-Vandenberghe")
    return await builders.payout(db, of)
