"""Who cannot be paid yet, and how much money is needed by when."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.messages import Posting, PostingKind
from store import finance, ledger
from store.engine import session
from store.tables import Recipient
from tests import builders
from tests.builders import NOW


async def test_who_cannot_be_paid_yet_is_counted_and_named_with_the_reason(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        campaign = await builders.campaign(db)
        for status in ("", "pending", "restricted", "active"):
            creator = await builders.creator(db)
            await builders.collaboration(db, campaign, creator, stage="drafting")
            if status:
                db.add(
                    Recipient(
                        creator_id=creator.id, account_id=f"acct_{status}", status=status,
                        requirements=[], updated_at=NOW,
                    )
                )  # fmt: skip
        invited = await builders.creator(db)
        await builders.collaboration(db, campaign, invited, stage="inviting")
        await db.flush()
        found = await finance.readiness(db, campaign.id)
        assert (found.contracts, found.missing) == (4, 3)
        assert sorted(each.why for each in found.named) == ["not_begun", "pending", "restricted"]
        assert await finance.readiness(db, "another") == finance.Readiness(0, 0, ())


async def test_a_creator_with_money_waiting_counts_after_the_collaboration_is_over(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as db:
        row = await builders.collaboration(db, await builders.campaign(db), stage="closed")
        assert not (await finance.readiness(db)).contracts
        payout = await builders.payout(db, row)
        assert (await finance.readiness(db)).missing == 1
        payout.status = "transferred"
        await db.flush()
        assert not (await finance.readiness(db)).contracts


async def test_the_cash_that_is_needed_is_sorted_by_when(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        campaign = await builders.campaign(db)
        for amount, days, status in (
            (100, -1, "requested"), (20, 5, "held"), (3, 20, "released"), (7_000, 40, "requested"),
            (9_000, 5, "transferred"),
        ):  # fmt: skip
            row = await builders.collaboration(db, campaign, await builders.creator(db))
            payout = await builders.payout(db, row, amount_minor=amount)
            payout.pay_by, payout.status = NOW + timedelta(days=days), status
        for kind in (PostingKind.FUND, PostingKind.RESERVE):
            posting = Posting(kind=kind, key=f"{kind}:test", amount_minor=55)
            await ledger.post(
                db, campaign.id, None, None, None, posting, campaign.currency, NOW
            )  # fmt: skip
        (need,) = await finance.cash_needed(db, NOW)
        assert (need.overdue, need.week, need.later, need.total) == (100, 20, 3, 123)
        assert need.first_due == NOW - timedelta(days=1)
        assert need.expected == 55
