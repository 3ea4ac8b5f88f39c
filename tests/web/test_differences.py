"""What finance sees of a comparison with Stripe: when, with what result, and what to do."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.batches import door
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.reconciliation import Difference, DifferenceCode, ReconcileResult
from store import batches, comparisons, desk
from store.engine import session
from store.tables import Creator
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import PASSWORD, Web
from tests.web.rows import wait_for


async def compared(engine: AsyncEngine, *found: Difference, hours_ago: int = 1) -> None:
    result = ReconcileResult(
        compared_at=NOW - timedelta(hours=hours_ago), payouts=3, attempts=4, transfers=3,
        under_way=0, differences=found,
    )  # fmt: skip
    async with session(engine) as db:
        await comparisons.record(db, result, found)


async def test_the_payments_page_says_when_books_and_stripe_were_compared(
    web: Web, engine: AsyncEngine
) -> None:
    client = await web.signed_in(Role.FINANCE)
    assert "Not compared yet" in (await client.get("/payments")).text
    await compared(engine, hours_ago=30)
    late = (await client.get("/payments")).text
    assert "They agree" in late
    assert "see that it runs" in late
    await compared(engine)
    assert "see that it runs" not in (await client.get("/payments")).text


async def test_a_difference_is_in_the_inbox_with_what_to_do(web: Web, engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db)
    twice = Difference(
        code=DifferenceCode.PAID_TWICE, payout_id=payout.id, currency="EUR", ours_minor=15_000,
        theirs_minor=30_000,
    )  # fmt: skip
    await compared(engine, twice)
    client = await web.signed_in(Role.FINANCE)
    inbox = (await client.get("/")).text
    assert "Stripe has more than one transfer for this payment." in inbox
    async with session(engine) as db:
        item = await desk.open_item(db, ItemKind.DIFFERENCE.value, comparisons.difference_id(twice))
    assert item is not None
    page = (await client.get(f"/items/{item.id}")).text
    assert "Reverse at Stripe" in page
    assert "300" in page
    listed = (await client.get("/api/inbox")).json()["items"]
    assert [(each["kind"], each["decision"]) for each in listed] == [("difference", None)]
    assert "1 difference" in (await client.get("/payments")).text


async def test_where_a_bank_pays_nobody_is_sent_to_stripe(
    by_bank: Web, engine: AsyncEngine
) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db)
    twice = Difference(code=DifferenceCode.PAID_TWICE, payout_id=payout.id, currency="EUR")
    await compared(engine, twice)
    client = await by_bank.signed_in(Role.FINANCE)
    assert "The bank has carried out more than one transfer" in (await client.get("/")).text
    async with session(engine) as db:
        item = await desk.open_item(db, ItemKind.DIFFERENCE.value, comparisons.difference_id(twice))
    assert item is not None
    page = (await client.get(f"/items/{item.id}")).text
    assert "call back" in page
    assert "Stripe" not in page


async def test_finance_says_what_money_sent_by_hand_was_and_is_warned_before_releasing(
    web: Web, engine: AsyncEngine
) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db)
        creator = await db.get_one(Creator, payout.creator_id)
        await builders.recipient(db, creator, account_id="acct_hand")
        item = await wait_for(db, ItemKind.RELEASE, payout, payout.campaign_id, seen="15000EUR")
        asked = item.id
    by_hand = Difference(
        code=DifferenceCode.UNNAMED, payout_id="", transfer_id="tr_hand", account_id="acct_hand",
        currency="EUR", theirs_minor=15_000,
    )  # fmt: skip
    await compared(engine, by_hand)
    identity = comparisons.difference_id(by_hand)
    async with session(engine) as db:
        [line] = [each for each in await batches.waiting(db, "") if each.facts.item_id == asked]
    assert door(line.facts, line.facts.shown) == "look_alone"
    client = await web.signed_in(Role.FINANCE)
    assert f"/differences/{identity}" in (await client.get(f"/items/{asked}")).text
    there = await client.get(f"/differences/{identity}")
    address = there.headers["location"]
    page = (await client.get(address)).text
    assert "A creator was sent money at Stripe in no payment" in page
    assert f"/payments/{payout.id}" in page
    csrf = (await client.get("/api/inbox")).json()["csrf"]
    explain = f"/differences/{identity}/explain"
    empty = await client.post(explain, data={"csrf": csrf, "said": ""})
    assert (empty.status_code, "say what it was" in empty.text) == (422, True)
    web.clock.forward(timedelta(minutes=6))
    assert "Your password" in (await client.get(address)).text
    for typed in ("", "a wrong one"):
        form = {"csrf": csrf, "said": "a prize at the fair", "password": typed}
        refused = await client.post(explain, data=form)
        assert (refused.status_code, "a prize at the fair</" in refused.text) == (403, True)
        assert "a wrong one" not in refused.text
    proved = await client.post(explain, data=form | {"password": PASSWORD})
    assert (proved.status_code, proved.headers["location"]) == (303, address)
    for said in ("a prize at the fair", "something else"):
        answer = await client.post(explain, data={"csrf": csrf, "said": said})
        assert (answer.status_code, answer.headers["location"]) == (303, address)
    over = (await client.get(address)).text
    assert "“a prize at the fair”" in over
    assert "/differences/" not in (await client.get(f"/items/{asked}")).text
    assert (await client.get("/differences/dif_none")).status_code == 404


async def test_only_finance_says_what_it_was(web: Web, engine: AsyncEngine) -> None:
    by_hand = Difference(
        code=DifferenceCode.UNNAMED, payout_id="", transfer_id="tr_hand", account_id="acct_hand",
        currency="EUR", theirs_minor=15_000,
    )  # fmt: skip
    await compared(engine, by_hand)
    client = await web.signed_in(Role.MANAGER)
    csrf = (await client.get("/api/inbox")).json()["csrf"]
    address = f"/differences/{comparisons.difference_id(by_hand)}/explain"
    answer = await client.post(address, data={"csrf": csrf, "said": "nothing"})
    assert answer.status_code == 403
