"""By bank transfer: ordered once, in one file, and paid when the bank says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.bank_rail import BankRail
from activities.payouts import Payouts
from activities.reconciliation import Reconciliation
from domain.account_matters import MatterCode
from domain.bank_transfer import ACCOUNT_REFUSED, OrderState, end_to_end_id
from domain.errors import NotAllowed, OtherRail, Unavailable
from domain.ids import derived_id
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus
from domain.mails import Mail
from domain.messages import (
    AppliedEvent,
    Posting,
    PostingKind,
    StripeEventTask,
    TransferOutcome,
)
from domain.reconciliation import ReconcileTask
from store import account_matters, attempts, bank_accounts, bank_orders, ledger
from store.bank_news import Became
from store.engine import session
from store.tables import (
    BankFile,
    BankOrder,
    Collaboration,
    ExternalEvent,
    InboxItem,
    OutboxMail,
    Payout,
    PayoutAttempt,
    Recipient,
)
from tests import builders
from tests.activities.scene import PaymentScene
from tests.bank import BRAND, IBAN, OTHER, debit, rejection, statement
from tests.builders import NOW
from tests.tampering import unguarded
from web.bank_files import Imported, import_confirmation, make_file

T = TransferOutcome


class Scene(PaymentScene):
    """A released payment to a creator who has given an account."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine, Payouts(engine, BankRail(engine), "http://127.0.0.1:8000"))

    async def begin(self, *, account: bool = True) -> Scene:
        await self.earn()
        if account:
            await self.gives(IBAN)
        return self

    @property
    def reference(self) -> str:
        return end_to_end_id(self.payout_id, 1)

    async def gives(self, iban: str) -> str:
        async with session(self.engine) as db:
            account = await bank_accounts.give(db, self.creator_id, "Zoë Łuczak", iban, NOW)
        return account.id

    async def suspend(self, suspended: bool) -> None:
        async with session(self.engine) as db:
            payout = await db.get_one(Payout, self.payout_id)
            of = await db.get_one(Collaboration, payout.collaboration_id)
            of.suspended = suspended

    async def file(self) -> BankFile | None:
        return await make_file(self.engine, BRAND, "stf_1", NOW)

    async def says(self, content: bytes) -> Imported:
        return await import_confirmation(self.engine, BRAND, content, "stf_1", NOW)

    async def order(self, attempt: int = 1) -> BankOrder:
        async with session(self.engine) as db:
            return await db.get_one(BankOrder, end_to_end_id(self.payout_id, attempt))

    async def attempt(self, number: int = 1) -> PayoutAttempt:
        found = await super().attempt(number)
        assert found is not None
        return found

    async def account(self) -> tuple[str, str]:
        """How the creator's account stands, and what is missing."""
        async with session(self.engine) as db:
            row = await db.get_one(Recipient, self.creator_id)
            return row.status, ",".join(row.requirements)

    async def attempts(self) -> int:
        async with session(self.engine) as db:
            return len(await attempts.locked_attempts(db, self.payout_id))

    async def beside(self) -> Scene:
        """Another payment to the same creator."""
        other = Scene(self.engine)
        other.creator_id = self.creator_id
        async with session(self.engine) as db:
            first = await db.get_one(Payout, self.payout_id)
            of = await db.get_one(Collaboration, first.collaboration_id)
            row = await builders.payout(db, of, kind="retention_passed")
            row.payee_account = first.payee_account
        other.payout_id = row.id
        return other

    async def applied(self) -> list[AppliedEvent]:
        """What follows from every event that is stored."""
        async with session(self.engine) as db:
            rows = await db.scalars(
                select(ExternalEvent.id)
                .where(ExternalEvent.applied_at.is_(None))
                .order_by(ExternalEvent.received_at, ExternalEvent.id)
            )
        return [
            await self.payouts.apply_stripe_event(StripeEventTask(event_row_id=row)) for row in rows
        ]


@pytest.fixture
async def scene(engine: AsyncEngine) -> Scene:
    return await Scene(engine).begin()


def became(found: Imported) -> list[Became]:
    return [each.became for each in found.told]


async def test_a_payment_is_ordered_once_and_stays_open_however_often_it_is_sent(
    scene: Scene,
) -> None:
    answers = [await scene.send(), await scene.send(), await scene.look_up()]
    assert {each.outcome for each in answers} == {T.UNDER_WAY}
    assert (await scene.order()).state == OrderState.WAITING
    with pytest.raises(Unavailable):
        await scene.send(attempt=2)
    async with session(scene.engine) as db:
        with pytest.raises(Unavailable):
            await attempts.give_up_attempt(
                db, scene.payout_id, 1, "key", datetime.now(UTC), spent=True
            )


async def test_a_payment_is_in_one_file_even_if_two_people_ask_at_once(scene: Scene) -> None:
    await scene.send()
    made = [each for each in await asyncio.gather(scene.file(), scene.file()) if each]
    assert len(made) == 1
    assert await scene.file() is None
    assert made[0].content.count(b"<CdtTrfTxInf>") == 1
    assert (made[0].payments, made[0].total_minor) == (1, 15_000)
    async with session(scene.engine) as db:
        assert await bank_orders.file_content(db, made[0].id) == made[0].content
        assert (await bank_orders.files(db))[0].open == 1


async def test_what_is_booked_is_paid_and_the_same_file_again_changes_nothing(
    scene: Scene,
) -> None:
    await scene.send()
    await scene.file()
    booked = statement(debit(scene.reference, "150.00"), debit("INVOICE 7", "9.99"))
    first = await scene.says(booked)
    assert (became(first), first.changed, first.others) == ([Became.BOOKED], 1, 1)
    assert became(await scene.says(booked)) == [Became.KNOWN]
    paid = await scene.send()
    assert (paid.outcome, paid.transfer_id) == (T.TRANSFERRED, scene.reference)
    assert await scene.look_up() == paid
    assert [each.woken for each in await scene.applied() if each.woken] == [(scene.payout_id,)]


async def test_a_second_booking_by_the_bank_s_own_reference_is_told_and_changes_nothing(
    scene: Scene,
) -> None:
    await scene.send()
    await scene.file()

    async def said(name: str, *, back: bool = False) -> list[Became]:
        return became(
            await scene.says(statement(debit(scene.reference, "150.00", name=name, back=back)))
        )

    # An answer without a reference comes first, as pain.002 does.
    assert await said("") == [Became.BOOKED]
    assert [await said(each) for each in ("B1", "", "B1", "B2")] == [
        [Became.KNOWN], [Became.KNOWN], [Became.KNOWN], [Became.TWICE],
    ]  # fmt: skip
    assert await said("R1", back=True) == [Became.RETURNED]
    assert await said("B1") == [Became.KNOWN]
    assert await said("R2", back=True) == [Became.TWICE]
    assert (await scene.order()).returned_minor == 15_000


async def test_what_is_rejected_frees_the_attempt_and_the_next_one_is_in_another_file(
    scene: Scene,
) -> None:
    await scene.send()
    first = await scene.file()
    assert became(await scene.says(rejection(scene.reference, "MS03"))) == [Became.REJECTED]
    refused = await scene.look_up()
    assert (refused.outcome, refused.code) == (T.REFUSED, "MS03")
    assert (await scene.send(attempt=2)).outcome is T.UNDER_WAY
    second = await scene.file()
    assert first is not None
    assert second is not None
    assert first.id != second.id
    assert end_to_end_id(scene.payout_id, 2).encode() in second.content
    # The late word about the first attempt is about that one only.
    late = await scene.says(statement(debit(scene.reference, "150.00")))
    assert became(late) == [Became.CONTRADICTION]
    assert (await scene.attempt(2)).outcome == T.UNDER_WAY


async def test_nothing_more_is_sent_to_an_account_that_the_bank_could_not_pay_into(
    scene: Scene,
) -> None:
    await scene.send()
    await scene.file()
    assert became(await scene.says(rejection(scene.reference, "AC04"))) == [Became.REJECTED]
    refused = await scene.look_up()
    assert (refused.outcome, refused.code) == (T.NOT_ONBOARDED, "AC04")
    again = await scene.send(attempt=2)
    assert (again.outcome, again.code) == (T.NOT_ONBOARDED, ACCOUNT_REFUSED)
    assert await scene.attempts() == 1
    # The word of the creator that it is right is another account: it is released anew.
    assert await scene.account() == ("restricted", ACCOUNT_REFUSED)
    await scene.gives(IBAN)
    assert await scene.account() == ("active", "")
    assert (await scene.send(attempt=2)).outcome is T.PAYEE_CHANGED


async def test_what_waits_for_a_file_does_not_go_to_an_account_that_refused_another_payment(
    scene: Scene,
) -> None:
    await scene.send()
    await scene.file()
    other = await scene.beside()
    assert (await other.send()).outcome is T.UNDER_WAY
    await scene.says(rejection(scene.reference, "AC01"))
    assert await scene.file() is None
    held = await other.look_up()
    assert (held.outcome, held.code) == (T.NOT_ONBOARDED, ACCOUNT_REFUSED)


@pytest.mark.parametrize("said", ["returned", "file", "dead"])
async def test_only_what_is_about_the_account_is_held_against_it(scene: Scene, said: str) -> None:
    await scene.send()
    file = await scene.file()
    assert file is not None
    await scene.says(
        {
            "returned": statement(debit(scene.reference, "150.00", back=True)),
            "file": rejection("", "AC01", message=file.id),
            "dead": rejection(scene.reference, "MD07"),
        }[said]
    )
    status, missing = await scene.account()
    assert (status, missing) == (
        ("restricted", ACCOUNT_REFUSED) if said == "returned" else ("active", "")
    )


async def test_a_rejected_file_is_the_rejection_of_everything_in_it(scene: Scene) -> None:
    other = await Scene(scene.engine).begin()
    await scene.send()
    await other.send()
    file = await scene.file()
    assert file is not None
    whole = rejection("", "FF01", message=file.id)
    assert became(await scene.says(whole)) == [Became.REJECTED, Became.REJECTED]
    assert (await other.look_up()).code == "FF01"


async def matters(scene: Scene) -> list[InboxItem]:
    """What finance has to look up at the bank."""
    async with session(scene.engine) as db:
        rows = await db.scalars(
            select(InboxItem).where(
                InboxItem.kind == ItemKind.ACCOUNT, InboxItem.closed_at.is_(None)
            )
        )
        return [row for row in rows if row.code == MatterCode.BANK_SAID]


async def account_settled(scene: Scene, item: InboxItem) -> None:
    async with session(scene.engine) as db:
        assert await account_matters.settle(db, item.subject_id, NOW, None, "the bank's error")


@pytest.mark.parametrize(
    ("reference", "amount", "expected", "seen"),
    [
        ("", "151.00", Became.AMOUNT, "15100EUR"),
        ("", "150.00 USD", Became.AMOUNT, "0EUR"),
        ("", "150.001", Became.AMOUNT, "0EUR"),
        ("pay-nobody-1", "150.00", Became.UNKNOWN, "15000EUR"),
    ],
)
async def test_what_does_not_fit_is_told_and_changes_nothing(
    scene: Scene, reference: str, amount: str, expected: Became, seen: str
) -> None:
    await scene.send()
    await scene.file()
    found = await scene.says(statement(debit(reference or scene.reference, amount)))
    assert (became(found), found.strange) == ([expected], 1)
    (item,) = await matters(scene)
    assert item.seen == seen
    await account_settled(scene, item)
    await scene.says(statement(debit(reference or scene.reference, amount)))
    assert await matters(scene) == []
    assert (await scene.order()).state == OrderState.IN_FILE
    assert (await scene.look_up()).outcome is T.UNDER_WAY


async def test_a_payment_that_is_stopped_is_in_no_file_and_one_in_a_file_is_not_stopped(
    scene: Scene,
) -> None:
    async def stop() -> bool:
        async with session(scene.engine) as db:
            return await bank_orders.withdraw(db, scene.payout_id, "stf_1", NOW)

    attempt = 0
    for _ in range(4):
        attempt += 1
        assert (await scene.send(attempt)).outcome is T.UNDER_WAY
        file, stopped = await asyncio.gather(scene.file(), stop())
        assert (file is not None) is not stopped
        if not stopped:
            break
        assert (await scene.look_up(attempt)).outcome is T.NOT_FOUND
        assert (await scene.order(attempt)).state == OrderState.WITHDRAWN
    assert await stop() is False


async def test_a_booking_of_what_was_in_no_file_changes_nothing(scene: Scene) -> None:
    await scene.send()
    found = await scene.says(statement(debit(scene.reference, "150.00")))
    assert became(found) == [Became.NOT_SENT]
    assert (await scene.look_up()).outcome is T.UNDER_WAY


async def test_another_account_before_the_file_sends_the_payment_back_to_release(
    scene: Scene,
) -> None:
    await scene.send()
    await scene.gives(OTHER)
    assert await scene.file() is None
    assert (await scene.look_up()).outcome is T.PAYEE_CHANGED
    assert (await scene.order()).state == OrderState.WITHDRAWN
    assert (scene.payout_id,) in [each.woken for each in await scene.applied()]
    # Not released for the new account yet.
    assert (await scene.send(attempt=2)).outcome is T.PAYEE_CHANGED


async def test_another_account_after_the_file_does_not_touch_what_the_bank_has(
    scene: Scene,
) -> None:
    await scene.send()
    await scene.file()
    await scene.gives(OTHER)
    assert (await scene.look_up()).outcome is T.UNDER_WAY
    assert became(await scene.says(statement(debit(scene.reference, "150.00")))) == [Became.BOOKED]


async def test_what_comes_back_is_a_payment_of_its_own_for_a_person_to_decide(
    scene: Scene,
) -> None:
    await scene.send()
    await scene.file()
    both = statement(debit(scene.reference, "150.00", back=True), debit(scene.reference, "150.00"))
    assert became(await scene.says(both)) == [Became.BOOKED, Became.RETURNED]
    await _booked_as_paid(scene)
    [back] = [each for each in await scene.applied() if each.taken_back]
    assert back.taken_back[0].payment.amount_minor == 15_000
    assert became(await scene.says(both)) == [Became.KNOWN, Became.KNOWN]
    async with session(scene.engine) as db:
        first = await db.get_one(Payout, scene.payout_id)
        assert first.reversed_minor == 15_000


async def test_a_return_that_is_imported_before_its_booking_is_not_lost(scene: Scene) -> None:
    await scene.send()
    await scene.file()
    later = statement(debit(scene.reference, "150.00", back=True))
    assert became(await scene.says(later)) == [Became.RETURNED]
    assert (await scene.look_up()).outcome is T.TRANSFERRED
    await _booked_as_paid(scene)
    assert [each.taken_back for each in await scene.applied() if each.taken_back]
    earlier = statement(debit(scene.reference, "150.00"))
    assert became(await scene.says(earlier)) == [Became.KNOWN]
    assert (await scene.order()).state == OrderState.RETURNED


async def test_a_payment_of_who_is_suspended_since_stays_out_of_the_file(scene: Scene) -> None:
    await scene.send()
    await scene.suspend(True)
    async with session(scene.engine) as db:
        assert await bank_orders.waiting(db) == (0, 0)
    assert await scene.file() is None
    assert (await scene.look_up()).outcome is T.UNDER_WAY
    await scene.suspend(False)
    assert await scene.file() is not None


async def _booked_as_paid(scene: Scene) -> None:
    """What the payment's workflow writes when it is woken."""
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        payout.status, payout.transfer_id = PayoutStatus.TRANSFERRED.value, scene.reference
        for kind in (PostingKind.SEND, PostingKind.SETTLE):
            posting = Posting(kind=kind, key=f"{kind}:{payout.id}:1", amount_minor=15_000)
            await ledger.post(
                db, payout.campaign_id, payout.creator_id, payout.collaboration_id, payout.id,
                posting, "EUR", NOW,
            )  # fmt: skip


async def test_only_euros_and_only_creators_with_an_account_are_paid(engine: AsyncEngine) -> None:
    nobody = await Scene(engine).begin(account=False)
    assert (await nobody.send()).outcome is T.NOT_ONBOARDED
    dollars = await Scene(engine).begin()
    async with unguarded(engine) as db:
        await db.execute(
            update(Payout).where(Payout.id == dollars.payout_id).values(currency="USD")
        )
    refused = await dollars.send()
    assert (refused.outcome, refused.code) == (T.REFUSED, "not_in_euro")
    async with session(engine) as db:
        assert await db.scalar(select(func.count()).select_from(BankOrder)) == 0
    with pytest.raises(NotAllowed):
        await BankRail(engine).onboarding_link("x", "y", "z")


async def test_the_creator_gets_a_mail_about_every_other_account_after_the_first(
    scene: Scene,
) -> None:
    await scene.send()
    first, again, other = [await scene.gives(each) for each in (IBAN, IBAN, OTHER)]
    assert first == again
    assert [each.mails for each in await scene.applied() if each.mails] == [
        (derived_id("out", other),)
    ]
    async with session(scene.engine) as db:
        [planned] = await db.scalars(select(OutboxMail))
        assert (planned.mail, planned.status) == (Mail.ACCOUNT_CHANGED, "planned")


async def test_the_same_account_again_is_no_change(scene: Scene) -> None:
    assert await scene.gives(IBAN) == await scene.gives(IBAN)
    assert await scene.gives(OTHER) != await scene.gives(IBAN)


@pytest.mark.parametrize("outcome", [None, T.IN_DOUBT])
async def test_what_stripe_may_have_paid_is_not_paid_by_the_bank_as_well(
    scene: Scene, outcome: TransferOutcome | None
) -> None:
    async with session(scene.engine) as db:
        db.add(
            PayoutAttempt(
                payout_id=scene.payout_id, number=1, key="key", request_hash="", outcome=outcome,
                account_id="acct_1", first_sent_at=NOW, sender="",
            )
        )  # fmt: skip
    with pytest.raises(OtherRail):
        await scene.look_up()
    again = await scene.send(attempt=2)
    assert (again.outcome, again.code) == (T.REFUSED, OtherRail.code)
    if outcome is None:
        with pytest.raises(OtherRail):
            await scene.send()
    assert await scene.file() is None


async def test_books_and_what_the_bank_confirmed_agree(scene: Scene) -> None:
    await scene.send()
    await scene.file()
    await scene.says(statement(debit(scene.reference, "150.00")))
    await _booked_as_paid(scene)
    found = await Reconciliation(scene.engine, BankRail(scene.engine)).reconcile(ReconcileTask())
    assert (found.differences, found.transfers) == ((), 1)


async def test_what_was_paid_at_stripe_is_not_looked_for_at_the_bank(scene: Scene) -> None:
    async with session(scene.engine) as db:
        payout = await db.get_one(Payout, scene.payout_id)
        payout.status, payout.transfer_id = PayoutStatus.TRANSFERRED.value, "tr_1"
        db.add(
            PayoutAttempt(
                payout_id=payout.id, number=1, key="key", request_hash="", outcome=T.TRANSFERRED,
                account_id="acct_1", first_sent_at=NOW, transfer_id="tr_1", sender="",
            )
        )  # fmt: skip
    found = await Reconciliation(scene.engine, BankRail(scene.engine)).reconcile(ReconcileTask())
    assert (found.differences, found.payouts) == ((), 0)
