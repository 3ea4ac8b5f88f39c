"""Who cannot be paid yet, and how much money is needed by when."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.invoicing import TaxFacts, TaxStatus
from domain.messages import Posting, PostingKind
from store import cash, finance, invoices, ledger, rail_balances
from store.engine import session
from store.tables import Collaboration, Recipient
from tests import books, builders
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
                        requirements=[], since=NOW, updated_at=NOW,
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


async def test_what_the_law_wants_counts_beside_the_account(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        file = builders.campaign_file()
        brand = file.brand.model_copy(update={"country": "FR"})
        campaign = await builders.campaign(db, file.model_copy(update={"brand": brand}))

        async def signed(status: str, account: str = "active") -> Collaboration:
            who = await builders.creator(db)
            await builders.recipient(db, who, status=account)
            if status:
                facts = TaxFacts(TaxStatus(status), "FR", "Anne Martin", "1 rue de la Paix")
                await invoices.add_profile(db, who.id, facts, NOW)
            return await builders.collaboration(db, campaign, who, stage="drafting")

        silent, both = await signed(""), await signed("", "pending")
        private, early, late = (
            await signed("private"),
            await signed("exempt"),
            await signed("exempt"),
        )
        handed_in = await signed("exempt")
        for of in (private, late, handed_in):
            row = await builders.payout(db, of, post=False)
        await books.invoiced(db, row, 0)
        found = await finance.readiness(db, campaign.id)
        assert (found.contracts, found.missing) == (6, 3)
        assert {each.collaboration.id: each.reasons for each in found.named} == {
            silent.id: ("tax_missing",), both.id: ("pending", "tax_missing"),
            late.id: ("invoice_missing",),
        }  # fmt: skip
        assert early.id not in [each.collaboration.id for each in found.named]


async def test_the_cash_that_is_needed_is_sorted_by_when(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        campaign = await builders.campaign(db)
        for amount, days, status in (
            (100, -1, "requested"), (20, 5, "held"), (3, 20, "released"), (7_000, 40, "requested"),
            (9_000, 5, "transferred"),
        ):  # fmt: skip
            row = await builders.collaboration(db, campaign, await builders.creator(db))
            await builders.payout(
                db, row, amount_minor=amount, pay_by=NOW + timedelta(days=days), status=status
            )
        for kind in (PostingKind.FUND, PostingKind.RESERVE):
            posting = Posting(kind=kind, key=f"{kind}:test", amount_minor=55)
            await ledger.post(
                db, campaign.id, None, None, None, posting, campaign.currency, NOW
            )  # fmt: skip
        (need,) = await cash.cash_needed(db, NOW)
        assert (need.overdue, need.week, need.total) == (100, 20, 123)
        assert [(step.until - NOW, step.earned) for step in need.steps] == [
            (timedelta(days=7), 20), (timedelta(days=21), 3),
        ]  # fmt: skip
        assert need.first_due == NOW - timedelta(days=1)
        assert (need.signed, need.expected, need.undated) == (55, 0, 55)
        assert (need.funds, need.short) == (None, 0)


async def test_what_is_needed_is_held_against_what_is_there_less_what_was_sent_since(
    engine: AsyncEngine,
) -> None:
    hour = timedelta(hours=1)
    async with session(engine) as db:
        await books.paid(db, at=NOW - hour, amount_minor=1_000)
        await books.paid(db, at=NOW + hour, amount_minor=30)
        for amount, days in ((100, 3), (50, 20)):
            await books.earned(db, amount_minor=amount, pay_by=NOW + timedelta(days=days))
        await rail_balances.record(db, {"EUR": 120, "USD": 5}, NOW)
        (need,) = await cash.cash_needed(db, NOW)
        assert need.funds == rail_balances.Funds(available=120, sent_since=30, read_at=NOW)
        assert (need.total, need.funds.left, need.short, need.short_now) == (150, 90, 60, 10)
        assert need.outlook.enough_until == NOW + timedelta(days=3)
        (need,) = await cash.cash_needed(db, NOW, by_bank=True)
        assert (need.total, need.funds, need.short) == (150, None, 0)
        assert (need.steps[-1].left, need.outlook.enough_until) == (None, None)


async def test_what_is_signed_is_expected_at_its_own_time_unless_it_stands_still(
    engine: AsyncEngine,
) -> None:
    day = timedelta(days=1)
    async with session(engine) as db:
        campaign = await builders.campaign(db)
        for stage, suspended in (
            ("contracting", False), ("publishing", False), ("publishing", True),
        ):  # fmt: skip
            await builders.collaboration(
                db, campaign, stage=stage, suspended=suspended, due_at=NOW + 3 * day
            )
        live = await builders.collaboration(db, campaign, stage="retaining")
        await books.paid(db, live, at=NOW - 20 * day, kind="publication_verified")
        await builders.publication(db, live, created_at=NOW - 20 * day)
        key = "reserve:test"
        reserve = Posting(kind=PostingKind.RESERVE, key=key, amount_minor=105_000)
        await ledger.post(db, campaign.id, None, None, None, reserve, campaign.currency, NOW)
        await rail_balances.record(db, {"EUR": 25_000}, NOW)
        (need,) = await cash.cash_needed(db, NOW)
        # Half of the fee two weeks after the post, the other half two weeks after the last look.
        assert [(step.until - NOW, step.expected, step.left) for step in need.steps] == [
            (21 * day, 15_000, 10_000), (28 * day, 15_000, -5_000),
        ]  # fmt: skip
        assert (need.total, need.short, need.short_with_expected) == (0, 0, 5_000)
        assert need.outlook.enough_until == NOW + (-20 + 30 + 2 + 14) * day
        assert (need.outlook.later, need.undated) == (15_000, 60_000)
        campaign.status = "paused"
        await db.flush()
        (need,) = await cash.cash_needed(db, NOW)
        assert (need.steps, need.undated, need.outlook.enough_until) == ((), 105_000, None)


async def test_a_newer_reading_of_the_balance_replaces_the_older_one_as_a_whole(
    engine: AsyncEngine,
) -> None:
    later = NOW + timedelta(minutes=15)
    async with session(engine) as db:
        await books.earned(db, amount_minor=10)
        await rail_balances.record(db, {"EUR": 1, "USD": 2}, NOW)
        await rail_balances.record(db, {"USD": 3}, later)
        await rail_balances.record(db, {"EUR": 9, "USD": 9}, later - timedelta(minutes=1))
        found = await rail_balances.funds(db)
        assert {code: each.available for code, each in found.items()} == {"USD": 3}
