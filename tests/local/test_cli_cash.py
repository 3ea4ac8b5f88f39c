"""`troupe payouts cash` and `unpaid`: what finance sees coming, at the terminal."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.lifecycle import Stage
from domain.mails import Mail
from local.cli_support import now
from store import rail_balances
from store.tables import Creator, OutboxMail
from tests import books as made
from tests import builders
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books

__all__ = ["books", "connected", "troupe"]


def test_the_cash_needed_is_held_against_what_is_at_the_provider(
    connected: Terminal, books: Books
) -> None:
    async def owed(db: AsyncSession) -> None:
        await made.earned(db, pay_by=now() + timedelta(days=3), amount_minor=15_000)

    books.run(owed)
    (need,) = connected("payouts", "cash", "--json").json["currencies"]
    assert (need["needed"], need["within_7_days"], need["available"]) == (15_000, 15_000, None)
    assert "not read yet" in connected("payouts", "cash").out

    async def read(db: AsyncSession) -> None:
        at = now() - timedelta(hours=2)
        await rail_balances.record(db, {"EUR": 4_000}, at, reserved={"EUR": 700})

    books.run(read)
    (need,) = connected("payouts", "cash", "--json").json["currencies"]
    assert (need["available"], need["missing"], need["missing_now"]) == (4_000, 11_000, 11_000)
    assert need["enough_until"] == need["first_due"]
    assert [(each["earned"], each["left"]) for each in need["weeks"]] == [(15_000, -11_000)]
    assert (need["old"], need["reserved"]) == (True, 700)
    shown = connected("payouts", "cash").out
    assert "110.00 EUR" in shown
    assert "held back" in shown
    assert "old" in shown
    assert "-110.00 EUR" in shown


def test_without_contracts_no_money_is_needed(connected: Terminal) -> None:
    assert connected("payouts", "cash", "--json").json["currencies"] == []
    assert "Nothing is owed" in connected("payouts", "cash").out
    assert "All 0 creators" in connected("payouts", "unpaid").out


def test_who_cannot_be_paid_yet_is_named_with_the_reason(connected: Terminal, books: Books) -> None:
    async def sign(db: AsyncSession) -> str:
        campaign = await builders.campaign(db)
        for status in ("active", "restricted", ""):
            of = await builders.collaboration(db, campaign, stage=Stage.DRAFTING.value)
            if status:
                who = await db.get_one(Creator, of.creator_id)
                await builders.recipient(db, who, status=status)
                continue
            given_up = OutboxMail(
                id="out_1", campaign_id=campaign.id, collaboration_id=of.id, step="reminder",
                mail=Mail.PAYOUT_SETUP_REMINDER.value, status="expired", facts={}, planned_at=now(),
            )  # fmt: skip
            db.add(given_up)
        return campaign.id

    campaign = books.run(sign)
    found = connected("payouts", "unpaid", "--campaign", campaign, "--json").json
    assert (found["contracts"], found["missing"]) == (3, 2)
    assert sorted(each["why"] for each in found["creators"]) == ["not_begun", "restricted"]
    assert sorted(each["last_mail"] for each in found["creators"]) == ["", "expired"]
    shown = connected("payouts", "unpaid").out
    assert "2 of 3 cannot be paid yet" in shown
    assert "was not sent" in " ".join(shown.split())
