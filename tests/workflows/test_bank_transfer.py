"""A payment by bank: released, ordered, in a file, and over when the bank has answered."""

from __future__ import annotations

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from activities.bank_rail import BankRail
from activities.maintenance import Maintenance
from activities.payouts import Payouts
from domain.bank_transfer import end_to_end_id
from domain.decisions import DecisionKind
from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role
from domain.mails import Mail
from domain.messages import ACCOUNT_LOST, AccountLost
from store import bank_accounts, bank_orders, ledger
from store.engine import session
from store.tables import BankFile, OutboxMail, Payout
from tests.bank import BRAND, IBAN, OTHER, debit, rejection, statement
from tests.builders import NOW
from tests.workflows.payment import Payment, payment
from tests.workflows.people import SILENCE, Plan
from web.bank_files import import_confirmation, make_file


async def gives(pay: Payment, iban: str) -> None:
    """The creator gives an account, or another one."""
    async with session(pay.stage.engine) as db:
        await bank_accounts.give(db, pay.stage.creator.id, "Zoë Łuczak", iban, NOW)


async def ordered(pay: Payment) -> tuple[Payout, BankFile]:
    """The payment once it is in a file: it may look sent before its account was compared."""
    for _ in range(100):
        row = await pay.until(PayoutStatus.SENDING)
        made = await make_file(pay.stage.engine, BRAND, "stf_1", NOW)
        if made is not None:
            return row, made
        await asyncio.sleep(0.02)
    raise AssertionError(f"never ordered: {await pay.story()}")


async def waits_for_a_file(pay: Payment) -> None:
    """The payment is ordered and in no file."""
    for _ in range(100):
        await pay.until(PayoutStatus.SENDING)
        async with session(pay.stage.engine) as db:
            if await bank_orders.waiting_lines(db, payout_ids=[pay.payout_id]):
                return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never ordered: {await pay.story()}")


async def told(pay: Payment) -> list[tuple[str, str]]:
    """The mails about the creator's account, with the bank's reason."""
    async with session(pay.stage.engine) as db:
        rows = await db.scalars(
            select(OutboxMail)
            .where(OutboxMail.mail.in_((Mail.ACCOUNT_REFUSED, Mail.PAYOUT_SETUP)))
            .order_by(OutboxMail.planned_at)
        )
        return [(row.mail, str(row.facts.get("reason", ""))) for row in rows]


async def bank_says(pay: Payment, content: bytes) -> None:
    """Finance imports what the bank has written, twice, and the sweep brings it to the payment."""
    engine = pay.stage.engine
    for _ in range(2):
        await import_confirmation(engine, BRAND, content, "stf_1", NOW)
    await Maintenance(engine, pay.environment.client).sweep()


async def test_a_rejected_transfer_is_released_anew_for_the_new_account_and_booked_once(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with payment(temporal, engine) as pay:
        pay.stage.world.provider = Payouts(engine, BankRail(engine), "http://127.0.0.1:8000")
        await gives(pay, IBAN)
        _, first = await ordered(pay)
        assert IBAN.encode() in first.content
        await bank_says(pay, rejection(end_to_end_id(pay.payout_id, 1), "AC04"))
        held = await pay.until(PayoutStatus.HELD)
        assert held.hold_reason == HoldReason.NOT_ONBOARDED
        assert await told(pay) == [("account_refused", "AC04")]
        assert (await pay.stage.money()).payable == held.amount_minor

        await gives(pay, OTHER)
        anew, second = await ordered(pay)
        again = end_to_end_id(pay.payout_id, anew.attempt)
        assert (await pay.story()).count("release_asked") == 2, "the first was for the old account"
        assert await told(pay) == [("account_refused", "AC04")], "once"
        assert (second.payments, OTHER.encode() in second.content) == (1, True)
        await bank_says(pay, statement(debit(again, "150.00")))
        paid = await pay.ends()
        assert (paid.status, paid.transfer_id) == (PayoutStatus.TRANSFERRED, again)
        assert await make_file(engine, BRAND, "stf_1", NOW) is None, "nothing is ordered any more"
        async with session(engine) as db:
            assert await ledger.check(db) == []


async def test_a_payment_is_stopped_until_it_is_in_a_file_and_not_afterwards(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    plan: Plan = {ItemKind.ON_HOLD: SILENCE}
    async with payment(temporal, engine, plan=plan) as pay:
        pay.stage.world.provider = Payouts(engine, BankRail(engine), "http://127.0.0.1:8000")
        finance, _ = pay.stage.people.staff[Role.FINANCE]
        await gives(pay, IBAN)
        await waits_for_a_file(pay)
        # Of an account that the order does not go to; the sweep says so again if it still holds.
        await pay.handle.signal(ACCOUNT_LOST, AccountLost(reason=HoldReason.ACCOUNT_GONE))
        await waits_for_a_file(pay)
        assert (await pay.says(DecisionKind.HOLD_PAYOUT, finance)).applied
        held = await pay.until(PayoutStatus.HELD)
        assert (held.status, held.hold_reason) == (PayoutStatus.HELD, HoldReason.BY_PERSON)
        assert await make_file(engine, BRAND, "stf_1", NOW) is None
        assert (await pay.stage.money()).payable == held.amount_minor

        pay.stage.people.plan = {}
        anew, file = await ordered(pay)
        assert (anew.attempt, file.payments) == (2, 1)
        assert (await pay.story()).count("release_asked") == 2
        assert (await pay.says(DecisionKind.HOLD_PAYOUT, finance)).code == "too_late"
        await bank_says(pay, statement(debit(end_to_end_id(pay.payout_id, 2), "150.00")))
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        async with session(engine) as db:
            assert await ledger.check(db) == []
