"""A payment that cannot be sent says why in words, and has its three ways out."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.correspondence import MailOrder
from domain.decisions import SettleChoice
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role
from domain.mails import Mail
from domain.messages import Posting, PostingKind
from domain.reconciliation import Difference, DifferenceCode
from rendering.mail_writer import MailWriter
from store import comparisons, correspondence, ledger, other_payments
from store.engine import session
from store.tables import (
    Campaign,
    Decision,
    InboxItem,
    OtherPayment,
    Payout,
    PayoutAttempt,
    Rider,
    Staff,
)
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import Web
from tests.web.rows import Scene, scene, wait_for
from tests.web.test_portal import arrive

WIRE = {"kind": "settle_payout", "answer": "elsewhere", "paid_on": "2026-02-27",
        "reference": " Wire  7731 ", "comment": "Their bank is not served."}  # fmt: skip


async def held(
    db: AsyncSession, there: Scene, code: str = "account_rejected", settled: str = "",
    reason: str = "refused",
) -> tuple[Payout, InboxItem]:  # fmt: skip
    payout = await builders.payout(
        db, there.collaboration, status="held", hold_reason=reason, releases=1, attempt=1
    )
    item = await wait_for(
        db, ItemKind.UNPAID, payout, there.campaign.id, seen=f"{reason}|{code}|{settled}", code=code
    )
    return payout, item


async def said(db: AsyncSession, payout: Payout, person: Staff) -> SettleChoice:
    """What a person has said of it, as it was applied."""
    kept = await other_payments.keep(db, payout.id, "2026-02-27", "Wire 7731", NOW)
    choice = SettleChoice(answer="elsewhere", content_id=kept)
    ref = await builders.decision(db, payout, person, choice, comment="Their bank is not served.")
    row = await db.get_one(Decision, ref.decision_id)
    row.status, row.settled_at = "applied", NOW
    return choice


def main_buttons(page: str) -> list[str]:
    """What the key A does, which the page offers first."""
    return re.findall(r'class="main" data-key="a">([^<]+)', page)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("account_rejected", "has rejected the creator&#39;s account for good"),
        ("currency_refused", "cannot take this currency"),
        ("amount_too_small", "below Stripe&#39;s minimum"),
        ("foreign_transfer", "say that it is this payment"),
    ],
)
async def test_finance_reads_why_and_has_three_ways_out(web: Web, code: str, words: str) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        payout, item = await held(db, there, code)
    finance = await web.signed_in(Role.FINANCE)
    page = (await finance.get(f"/items/{item.id}")).text
    assert words in page
    for action in ("retry_payout", "settle_payout", "cancel_payout"):
        assert f'data-action="{action}"' in page
    by_hand = code == "foreign_transfer"
    assert ('value="adopt"' in page) == by_hand
    assert main_buttons(page) == ["That transfer is this payment" if by_hand else "Try again"]
    assert f"/items/{item.id}" in (await finance.get(f"/payments/{payout.id}")).text


async def test_what_goes_along_with_another_payment_says_so_and_asks_for_nothing(
    web: Web,
) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        payout, item = await held(db, there, "amount_too_small", reason="below_minimum")
        payout.rides = True
        other = await builders.payout(db, there.collaboration, kind="bonus", status="sending")
    finance = await web.signed_in(Role.FINANCE)
    creator = await arrive(web, there)
    waits = (await finance.get(f"/items/{item.id}")).text
    assert "it goes along with the creator&#39;s next payment" in waits.replace("'", "&#39;")
    assert 'data-action="retry_payout"' in waits
    assert "It is too small for our payment provider" in (await creator.http.get(creator.path)).text
    async with session(web.engine) as db:
        await builders.attempt(db, other, amount_minor=other.amount_minor + payout.sent_minor)
        db.add(
            Rider(
                payout_id=other.id, number=1, rider_id=payout.id, amount_minor=payout.sent_minor,
                bound_at=NOW,
            )
        )  # fmt: skip
    page = (await finance.get(f"/items/{item.id}")).text
    assert f'<a href="/payments/{other.id}">another payment</a>' in page
    assert 'data-action="retry_payout"' not in page
    assert f'<a href="/payments/{payout.id}">' in (await finance.get(f"/payments/{other.id}")).text
    assert f'<a href="/payments/{other.id}">' in (await finance.get(f"/payments/{payout.id}")).text
    # Given up as never made, paid another way, and then the transfer turns up.
    late = Difference(
        code=DifferenceCode.SENT_TOO_MUCH, payout_id=other.id, transfer_id="tr_late",
        currency="EUR", ours_minor=1, theirs_minor=2,
    )  # fmt: skip
    async with session(web.engine) as db:
        (await db.get_one(Payout, payout.id)).status = PayoutStatus.ELSEWHERE.value
        sent = await db.get_one(PayoutAttempt, (other.id, 1))
        sent.transfer_id, sent.outcome = "tr_late", "transferred"
        await comparisons.note(db, late, NOW)
        said = await comparisons.item_of(db, comparisons.difference_id(late))
    assert "A transfer has turned up at Stripe" in (await finance.get("/")).text
    assert f'<a href="/payments/{payout.id}">' in (await finance.get(f"/items/{said}")).text
    assert "paid otherwise or" in (await finance.get(f"/payments/{other.id}")).text
    assert f"/payments/{other.id}" not in (await finance.get(f"/payments/{payout.id}")).text


async def test_day_and_reference_are_kept_with_the_decision(web: Web) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        payout, item = await held(db, there)
    finance = await web.signed_in(Role.FINANCE)
    for missing, code in (
        ({"paid_on": ""}, "bad_day"),
        ({"paid_on": "2026-03-03"}, "bad_day"),
        ({"reference": " "}, "reference_needed"),
        ({"comment": ""}, "reason_needed"),
    ):
        answer = await web.decide(finance, subject_id=payout.id, seen=item.seen, **WIRE | missing)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    answer = await web.decide(finance, subject_id=payout.id, seen=item.seen, **WIRE)
    assert answer.json()["status"] == "applied", answer.text
    async with session(web.engine) as db:
        (row,) = await db.scalars(select(Decision))
        (kept,) = await db.scalars(select(OtherPayment))
    assert row.choice["content_id"] == kept.id
    assert (kept.reference, kept.paid_at.date().isoformat()) == ("Wire 7731", "2026-02-27")


async def test_the_second_person_sees_what_the_first_has_said_and_confirms_that(web: Web) -> None:
    there = await scene(web.engine)
    one = await web.signed_in(Role.FINANCE)
    async with session(web.engine) as db:
        (person,) = await db.scalars(select(Staff))
        payout, _ = await held(db, there)
        choice = await said(db, payout, person)
        item = await wait_for(
            db, ItemKind.UNPAID, payout, there.campaign.id, code="account_rejected",
            seen=f"refused|account_rejected|{choice.content_id}",
        )  # fmt: skip
    assert 'data-action="settle_payout"' not in (await one.get(f"/items/{item.id}")).text
    two = await web.signed_in(Role.FINANCE)
    page = (await two.get(f"/items/{item.id}")).text
    assert "Wire 7731" in page
    assert f'name="content_id" value="{choice.content_id}"' in page
    answer = await web.decide(
        two, kind="settle_payout", subject_id=payout.id, seen=item.seen, answer="elsewhere",
        content_id=choice.content_id, comment="I see it on the account.",
    )  # fmt: skip
    assert answer.json()["status"] == "applied", answer.text


async def test_what_was_paid_another_way_is_in_all_books_and_told_to_the_creator(web: Web) -> None:
    there = await scene(web.engine)
    finance = await web.signed_in(Role.FINANCE)
    async with session(web.engine) as db:
        (person,) = await db.scalars(select(Staff))
        payout = await builders.payout(db, there.collaboration)
        choice = await said(db, payout, person)
        payout.status = PayoutStatus.ELSEWHERE.value
        payout.other_payment_id = choice.content_id
        move = Posting(
            kind=PostingKind.ELSEWHERE, key=f"elsewhere:{payout.id}", amount_minor=15_000
        )
        await ledger.post(
            db, payout.campaign_id, payout.creator_id, payout.collaboration_id, payout.id, move,
            "EUR", NOW,
        )  # fmt: skip
        assert await ledger.check(db) == []
        about = await correspondence.load(db, there.collaboration.id, {"payout_id": payout.id})
        country = (await db.get_one(Campaign, payout.campaign_id)).file["brand"]["country"]
    letter = MailWriter(web.links, "a@brand.example").render(
        MailOrder("out_1", Mail.PAID_ELSEWHERE, {"payout_id": payout.id}, about)
    )
    for part in (letter.text, letter.html):
        assert "Wire 7731" in part
        assert "Their bank is not served." in part
    page = (await finance.get(f"/payments/{payout.id}")).text
    assert "Wire 7731" in page
    statement = (await finance.get(f"/payments/{payout.id}/statement")).text
    assert "Wire 7731" in statement
    totals = (await finance.get(f"/payments/totals?year=2026&country={country}")).text
    assert "150" in totals
    payments = (await finance.get("/payments/export?format=csv")).text
    assert "Wire 7731" in payments
    journal = (await finance.get("/payments/export?format=journal")).text
    assert ",elsewhere," in journal
    creator = await web.browser()
    await creator.get(web.links.portal(there.collaboration.id))
    portal = (await creator.get(f"/portal/{there.collaboration.id}")).text
    assert "Wire 7731" in portal


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("account_rejected", "Every payment of this creator"),
        ("account_gone", "asked by mail to set up another account"),
    ],
)
async def test_finance_reads_why_a_creators_payments_stand_still(
    web: Web, reason: str, words: str
) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        payout = await builders.payout(db, there.collaboration, status="held", hold_reason=reason)
        item = await wait_for(db, ItemKind.ON_HOLD, payout, there.campaign.id)
    finance = await web.signed_in(Role.FINANCE)
    page = (await finance.get(f"/items/{item.id}")).text
    assert words in page
    assert "goes on: " in page
    for action in ("resume_payout", "settle_payout", "cancel_payout"):
        assert f'data-action="{action}"' in page
    assert f"/items/{item.id}" in (await finance.get(f"/payments/{payout.id}")).text
    async with session(web.engine) as db:
        (person,) = await db.scalars(select(Staff))
        choice = await said(db, payout, person)
        (await db.get_one(InboxItem, item.id)).seen = choice.content_id
    assert "Confirm: it was paid like that" not in (await finance.get(f"/items/{item.id}")).text
    second = (await (await web.signed_in(Role.FINANCE)).get(f"/items/{item.id}")).text
    assert "Wire 7731" in second
    assert main_buttons(second) == ["Confirm: it was paid like that"]
