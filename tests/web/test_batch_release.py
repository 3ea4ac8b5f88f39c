"""Several payments at once: each is a decision of its own, and each is answered."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role
from domain.messages import DecisionRef, DecisionResult, OpenItem
from store import staff
from store.engine import session
from store.items import close_items, open_item
from store.tables import Campaign, Collaboration, Decision, Payout, Recipient
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import PASSWORD, RecordingSender, Web
from tests.web.rows import wait_for
from web.bringing import Messenger
from web.releasing import Chosen, new_batch, release_all
from web.words import refusal

_SHOWN = re.compile(r'name="payment" value="(pay_\w+~\w+)"')
_BATCH = re.compile(r'name="batch" value="(bat_\w+)"')


@dataclass
class Applying(RecordingSender):
    """Does to the rows what the payments' workflows do when they accept a release."""

    above: set[str] = field(default_factory=set)

    async def decide(
        self, subject_kind: str, subject_id: str, ref: DecisionRef
    ) -> DecisionResult | None:
        self.decided.append((subject_kind, subject_id, ref))
        async with session(self.engine) as db:
            row = await db.get_one(Decision, ref.decision_id)
            payout = await db.get_one(Payout, subject_id)
            await close_items(db, subject_id, [ItemKind.RELEASE], NOW, row.id)
            row.status, row.code, row.settled_at = "applied", "applied", NOW
            payout.releases += 1
            if subject_id in self.above and payout.releases == 1:
                second = OpenItem(kind=ItemKind.RELEASE, seen=row.seen, code="2/2")
                await open_item(db, second, "payout", payout.id, payout.campaign_id, 2, NOW)
            else:
                payout.status = PayoutStatus.RELEASED.value
        return DecisionResult(applied=True)


async def owed(
    web: Web, campaign: Campaign | None = None, amount: int = 15_000, *, ready: bool = True
) -> Payout:
    """A payment that waits for release."""
    async with session(web.engine) as db:
        campaign = campaign or await builders.campaign(db)
        who = await builders.creator(db, name="Jule Brandt")
        if ready:
            await builders.recipient(db, who)
        row = await builders.collaboration(db, campaign, who)
        payout = await builders.payout(db, row, amount_minor=amount)
        turn = "1/2" if amount > 40_000 else "1/1"
        await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen=f"{amount}EUR", code=turn)
    if turn == "1/2" and isinstance(web.sender, Applying):
        web.sender.above.add(payout.id)
    return payout


async def of_one_campaign(web: Web, *amounts: int) -> list[Payout]:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db)
    return [await owed(web, campaign, amount) for amount in amounts]


@pytest.fixture
def applying(web: Web) -> Applying:
    """The web's sender, in front of payments that answer."""
    sender = Applying(web.engine)
    object.__setattr__(web.app.state.deps, "sender", sender)
    web.sender = sender
    return sender


async def look(client: httpx.AsyncClient, *payouts: Payout) -> httpx.Response:
    """The confirmation page of these payments."""
    ids = [payout.id for payout in payouts]
    return await client.get("/payments/release/confirm", params={"payment": ids})


async def form(web: Web, client: httpx.AsyncClient, page: httpx.Response) -> dict[str, Any]:
    """What the confirmation page's form sends, with the right number typed in."""
    shown = _SHOWN.findall(page.text)
    found = _BATCH.search(page.text)
    assert found, page.text
    return {
        "csrf": await web.csrf(client), "batch": found[1], "payment": shown,
        "count": str(len(shown)),
    }  # fmt: skip


async def send(client: httpx.AsyncClient, fields: dict[str, Any]) -> str:
    """Release; the answer is the page that says what became of each."""
    answer = await client.post("/payments/release", data=fields)
    assert answer.status_code == 303, answer.text
    return (await client.get(answer.headers["location"])).text


async def decisions(web: Web) -> dict[str, Decision]:
    async with session(web.engine) as db:
        rows = await db.scalars(select(Decision).order_by(Decision.created_at))
        return {row.subject_id: row for row in rows}


async def test_the_list_says_sum_and_count_and_each_payment_is_its_own_decision(
    web: Web, applying: Applying
) -> None:
    payouts = await of_one_campaign(web, 15_000, 15_000, 12_050)
    client = await web.signed_in(Role.FINANCE)
    assert "Look at all 3" in (await client.get("/payments/release")).text
    page = await look(client, *payouts)
    assert page.text.count("€420.50") == 2
    assert "Release 3 payments?" in page.text
    assert page.text.count("acct_…") == 3, "and where each of them goes"
    result = await send(client, await form(web, client, page))
    assert "Released: 3, €420.50" in result
    rows = await decisions(web)
    assert {row.status for row in rows.values()} == {"applied"}
    assert len({row.id for row in rows.values()}) == 3
    assert {one[1] for one in applying.decided} == {payout.id for payout in payouts}


async def test_a_second_click_releases_nothing_twice_and_shows_the_same_answers(
    web: Web, applying: Applying
) -> None:
    payouts = await of_one_campaign(web, 15_000, 15_000)
    client = await web.signed_in(Role.FINANCE)
    page, stale_tab = await look(client, *payouts), await look(client, *payouts)
    fields = await form(web, client, page)
    first, second = await send(client, fields), await send(client, fields)
    assert "Released: 2, €300.00" in first
    assert "Released: 2, €300.00" in second
    assert len(applying.decided) == 2
    other = await send(client, await form(web, client, stale_tab))
    assert "Not released: 2" in other
    assert other.count(refusal("already_released")) == 2
    assert len(applying.decided) == 2


async def test_above_the_limit_the_same_person_is_not_the_second_one(
    web: Web, applying: Applying
) -> None:
    payouts = await of_one_campaign(web, 45_000, 50_000)
    one = await web.signed_in(Role.FINANCE, name="One")
    page, again = await look(one, *payouts), await look(one, *payouts)
    assert "a second person has to release them too" in page.text
    assert "Waits for a second person: 2, €950.00" in await send(one, await form(web, one, page))
    refused = await send(one, await form(web, one, again))
    assert refused.count(refusal("same_person")) == 2
    assert (await look(one, *payouts)).status_code == 422
    two = await web.signed_in(Role.FINANCE, name="Two")
    last = await look(two, *payouts)
    assert "the second of two releases" in last.text
    assert "Released: 2, €950.00" in await send(two, await form(web, two, last))
    assert len(applying.decided) == 4


async def test_a_half_that_comes_to_more_than_the_limit_goes_with_those_that_need_two(
    web: Web, applying: Applying
) -> None:
    half, small = await of_one_campaign(web, 25_000, 15_000)
    async with session(web.engine) as db:
        of = await db.get_one(Collaboration, half.collaboration_id)
        await builders.payout(
            db, of, kind="retention_passed", amount_minor=25_000, releases=1, status="transferred"
        )
    client = await web.signed_in(Role.FINANCE)
    assert "a second person has to release them too" in (await look(client, half)).text
    assert "one person releases" in (await look(client, small)).text
    assert (await look(client, half, small)).status_code == 422


async def test_who_releases_alone_gives_the_password_with_the_number(
    web: Web, applying: Applying
) -> None:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db, builders.campaign_file(staffing="solo"))
    payouts = [await owed(web, campaign, amount) for amount in (15_000, 12_000)]
    client = await web.signed_in(Role.FINANCE)
    page = await look(client, *payouts)
    assert 'type="password"' in page.text
    fields = await form(web, client, page)
    assert (await client.post("/payments/release", data=fields)).status_code == 422
    assert not applying.decided
    assert "Released: 2, €270.00" in await send(client, fields | {"password": PASSWORD})


async def test_what_changed_meanwhile_is_refused_by_itself_and_the_others_go(
    web: Web, applying: Applying
) -> None:
    stays, moved = await of_one_campaign(web, 15_000, 12_000)
    client = await web.signed_in(Role.FINANCE)
    fields = await form(web, client, await look(client, stays, moved))
    async with session(web.engine) as db:
        payee = await db.get_one(Recipient, moved.creator_id)
        payee.account_id = "acct_somebody_else"
    result = await send(client, fields)
    assert "Released: 1, €150.00" in result
    assert refusal("stale") in result
    rows = await decisions(web)
    assert (rows[moved.id].status, rows[moved.id].code) == ("refused", "stale")
    assert [one[1] for one in applying.decided] == [stays.id]


@pytest.mark.parametrize("differs", ["campaign", "people", "payee"])
async def test_payments_that_are_not_one_decision_are_refused_together(
    web: Web, differs: str
) -> None:
    one, _ = await of_one_campaign(web, 15_000, 15_000)
    async with session(web.engine) as db:
        campaign = await db.get_one(Campaign, one.campaign_id)
    other = await {
        "campaign": lambda: owed(web),
        "people": lambda: owed(web, campaign, 45_000),
        "payee": lambda: owed(web, campaign, ready=False),
    }[differs]()
    client = await web.signed_in(Role.FINANCE)
    page = await look(client, one, other)
    assert page.status_code == 422
    assert "not one decision" in page.text
    mine = await form(web, client, await look(client, one))
    hers = await form(web, client, await look(client, other))
    by_hand = mine | {"payment": [*mine["payment"], *hers["payment"]], "count": "2"}
    assert (await client.post("/payments/release", data=by_hand)).status_code == 422
    assert await decisions(web) == {}


async def test_the_number_has_to_be_typed(web: Web) -> None:
    payouts = await of_one_campaign(web, 15_000, 15_000)
    client = await web.signed_in(Role.FINANCE)
    fields = await form(web, client, await look(client, *payouts))
    answer = await client.post("/payments/release", data=fields | {"count": "3"})
    assert answer.status_code == 422
    assert refusal("wrong_count") in answer.text
    assert await decisions(web) == {}


async def test_the_password_is_asked_for_by_what_all_come_to_together(web: Web) -> None:
    payouts = await of_one_campaign(web, 30_000, 30_000)
    client = await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(minutes=6))
    fields = await form(web, client, await look(client, *payouts))
    asked = await client.post("/payments/release", data=fields)
    assert asked.status_code == 422
    assert 'type="password"' in asked.text
    wrong = await client.post("/payments/release", data=fields | {"password": "a wrong one"})
    assert refusal("proof_wrong") in wrong.text
    assert (web.sender.decided, await decisions(web)) == ([], {})
    assert "Release 2" in asked.text
    assert await send(client, fields | {"password": PASSWORD})
    assert len(web.sender.decided) == 2


async def test_without_temporal_every_release_is_recorded_and_said_to_be(web: Web) -> None:
    payouts = await of_one_campaign(web, 15_000, 15_000)
    web.sender.reachable = False
    client = await web.signed_in(Role.FINANCE)
    result = await send(client, await form(web, client, await look(client, *payouts)))
    assert "Recorded, and being applied: 2, €300.00" in result
    assert "every 2s" in result
    assert {row.status for row in (await decisions(web)).values()} == {"submitted"}


async def test_only_finance_comes_here_and_sees_only_its_own_batches(
    web: Web, applying: Applying
) -> None:
    payouts = await of_one_campaign(web, 15_000, 15_000)
    client = await web.signed_in(Role.FINANCE)
    fields = await form(web, client, await look(client, *payouts))
    for role in set(staff.STAFF_ROLES) - {Role.FINANCE}:
        other = await web.signed_in(role)
        assert (await other.get("/payments/release")).status_code == 403
        theirs = fields | {"csrf": await web.csrf(other)}
        assert (await other.post("/payments/release", data=theirs)).status_code == 403
    forged = fields | {"csrf": "forged"}
    assert (await client.post("/payments/release", data=forged)).status_code == 403
    assert await decisions(web) == {}
    await send(client, fields)
    second = await web.signed_in(Role.FINANCE)
    assert (await second.get(f"/payments/release/{fields['batch']}")).status_code == 404
    theirs = fields | {"csrf": await web.csrf(second)}
    assert (await second.post("/payments/release", data=theirs)).status_code == 403
    assert len(applying.decided) == 2


async def test_what_could_not_be_written_down_keeps_none_of_the_others(
    web: Web, applying: Applying
) -> None:
    client = await web.signed_in(Role.FINANCE)
    first, last = await of_one_campaign(web, 15_000, 15_000)
    (me,) = web.people.values()
    page = await look(client, first, last)
    shown = [Chosen(*each.split("~")) for each in _SHOWN.findall(page.text)]
    batch = new_batch()
    by = Messenger(web.engine, applying, web.clock)
    done = await release_all(by, me, batch, [shown[0], Chosen("pay_gone", "x"), shown[1]])
    assert [row.status for row in done] == ["applied", "applied"]
    result = (await client.get(f"/payments/release/{batch}?of=3")).text
    assert "Released: 2, €300.00" in result
    assert "Could not be written down: 1" in result
