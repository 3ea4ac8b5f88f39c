"""The desk's screens: what they say, that looking changes nothing, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.campaign_shortlist import Quota, ShortlistRules
from domain.house_rules import HouseRules, read_limits
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.payees import account_digest
from domain.quotas import Traits, limits_of
from domain.shortlist import Option, record, solve
from domain.ways import ways_out
from integrations.highs import HIGHS
from store import desk, desk_lists, rail_balances, staff
from store.engine import session
from store.paging import PAGE, read_mark
from store.tables import Base, Campaign, DeskSession, InboxItem, Payout
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import Web
from tests.web.rows import CAPTION, Scene, scene, wait_for

NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>"

CAMPAIGN = """
name: Spring serum
goal: {metric: engagements, target: 5000}
brand:
  name: Lumen
  handle: "@lumen.skin"
  product: A vitamin C serum for every day
  category: beauty
  website: https://lumen.example
  country: DE
  contact_name: Mara Lind
  postal_address: Lumen GmbH, Hauptstr. 1, 10115 Berlin
markets: [DE]
currency: EUR
budget: {total: "10,000 EUR", per_collaboration: 600 EUR}
creators: {wanted: 10}
deliverables: [{kind: reel}]
brief: {summary: Show your morning routine., link: https://lumen.example/serum}
release: {second_person_above: 400 EUR}
"""


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[list[str]]:
    """The statements sent meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def every_item(web: Web) -> tuple[Scene, list[InboxItem]]:
    """An open item of each kind that staff decide, all on one collaboration."""
    there = await scene(web.engine, name=NASTY, email="")
    on, campaign = there.collaboration, there.campaign
    async with session(web.engine) as db:
        await builders.candidate(
            db, campaign, there.creator, reasons=[NASTY], verdict_reasons=[NASTY]
        )
        before = await builders.draft(db, on, caption=f"{CAPTION} {NASTY}", version=1)
        draft = await builders.draft(db, on, caption=CAPTION, version=2, media_note=NASTY)
        await builders.publication(db, on)
        await builders.statement(db, on, text=NASTY)
        payout = await builders.payout(db, on)
        look = await builders.safety_look(db, on, caption=NASTY, reasons=[NASTY])
        await builders.safety_look(db, on, caption="earlier", news=False)
        seen = {
            ItemKind.DRAFT: draft.digest, ItemKind.COUNTER: "1:50000", ItemKind.KILL_FEE: "30000",
            ItemKind.HEARING: "3", ItemKind.PUBLICATION: "3", ItemKind.ATTENTION: "unavailable",
            ItemKind.SCANDAL: look.digest,
        }  # fmt: skip
        opened = [await wait_for(db, ItemKind.SHORTLIST, campaign, campaign.id, seen="digest")]
        for kind in (ItemKind.CONTACT, ItemKind.SCREENING, *seen):
            opened.append(await wait_for(db, kind, on, campaign.id, seen=seen.get(kind, "")))
        opened.append(await wait_for(db, ItemKind.IN_DOUBT, payout, campaign.id))
        opened.append(await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen="15000EUR"))
    assert before.digest != draft.digest
    return there, opened


async def all_pages(web: Web) -> list[str]:
    there, opened = await every_item(web)
    return [
        "/", "/api/inbox", "/campaigns", "/campaigns/new", f"/campaigns/{there.campaign.id}",
        f"/campaigns/{there.campaign.id}/report", f"/collaborations/{there.collaboration.id}",
        "/creators", "/creators?q=creator", "/payments", "/payments?status=held",
        "/payments/totals", f"/payments/{opened[-1].subject_id}",
        f"/creators/{there.creator.id}/statement", "/setup", "/me",
        f"/campaigns/{there.campaign.id}/statement",
        *(f"/items/{item.id}" for item in opened),
    ]  # fmt: skip


async def test_every_page_opens_keeps_text_as_text_and_changes_nothing(web: Web) -> None:
    pages = await all_pages(web)
    client = await web.signed_in(*staff.STAFF_ROLES)
    before = await everything(web)
    for path in pages:
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert "<img" not in answer.text or path == "/api/inbox", path
        assert "<script>alert" not in answer.text or path == "/api/inbox", path
    assert await everything(web) == before


async def everything(web: Web) -> dict[str, int]:
    async with session(web.engine) as db:
        return {
            table.name: await db.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name != DeskSession.__tablename__
        }


async def test_every_page_costs_few_queries_however_much_there_is(web: Web) -> None:
    pages = await all_pages(web)
    client = await web.signed_in(*staff.STAFF_ROLES)
    costs = {}
    for path in pages:
        with counted(web.engine) as seen:
            await client.get(path)
        costs[path] = len(seen)
    async with session(web.engine) as db:
        campaign = await db.scalar(select(Campaign))
        assert campaign is not None
        for _ in range(PAGE + 5):
            row = await builders.collaboration(db, campaign)
            payout = await builders.payout(db, row)
            await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen="15000EUR")
    for path in pages:
        with counted(web.engine) as seen:
            await client.get(path)
        # the report reads a campaign as a whole, with a fixed number of statements
        assert len(seen) <= max(12, costs[path]), (path, seen)
        assert len(seen) == costs[path], path


async def test_the_shortlist_says_how_good_it_is_and_what_could_not_be_had(web: Web) -> None:
    options = [Option("a", 10_000, 50, Traits(country="DE")), Option("b", 10_000, 40)]
    limits = limits_of(ShortlistRules(quotas=(Quota(country="DE", min=2),)))
    made = solve(options, 2, 100_000, HIGHS, limits)
    kept = record(made, ways_out(options, 2, 100_000, HIGHS, limits))
    async with session(web.engine) as db:
        campaign = await builders.campaign(db, shortlist=kept)
        item = await wait_for(db, ItemKind.SHORTLIST, campaign, campaign.id, seen="digest")
    client = await web.signed_in(Role.MANAGER)
    text = (await client.get(f"/items/{item.id}")).text
    assert "Proven: no other set within these limits brings more (HiGHS" in text
    assert "at least 2 from DE could not be kept; the list has 1." in text
    assert "Lower shortlist.quotas[0].min to 1" in text


async def test_the_inbox_begins_with_the_worst(web: Web) -> None:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db)
        for hours in (5, -2, 1):
            row = await builders.collaboration(db, campaign)
            payout = await builders.payout(db, row, amount_minor=10_000 + hours * 100)
            await wait_for(
                db, ItemKind.RELEASE, payout, campaign.id, due_at=NOW + timedelta(hours=hours)
            )
    client = await web.signed_in(Role.FINANCE)
    items = (await client.get("/api/inbox")).json()["items"]
    assert [item["amount_minor"] for item in items] == [9_800, 10_100, 10_500]
    release = items[0]["release"]
    assert (release["netted"], release["account"], release["sent_minor"]) == (0, "", 9_800)
    assert (release["turn"], release["obstacle"], release["cautions"]) == ("", "", [])
    page = (await client.get("/")).text
    assert "<title>(3) Inbox" in page
    assert "Release €98.00 to Jule Brandt" in page
    assert "Overdue" in page


async def test_an_inbox_shows_only_what_is_for_its_reader(web: Web) -> None:
    await every_item(web)
    seen = {}
    for role in sorted(staff.STAFF_ROLES):
        client = await web.signed_in(role)
        answer = (await client.get("/api/inbox")).json()
        seen[role.value] = {item["kind"] for item in answer["items"]}
        assert {item["role"] for item in answer["items"]} == {role.value}
    assert seen["finance"] == {"in_doubt", "release"}
    assert seen["reviewer"] == {"draft", "screening", "publication"}
    assert seen["operator"] == {"attention"}


async def test_an_empty_inbox_says_what_is_due_next(web: Web) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        await wait_for(
            db, ItemKind.DRAFT, there.collaboration, there.campaign.id, seen="x",
            due_at=NOW + timedelta(hours=3),
        )  # fmt: skip
    page = (await (await web.signed_in(Role.FINANCE)).get("/")).text
    assert "Nothing waits for you" in page
    assert "Next due, for reviewer" in page
    assert "Berlin time" in page


async def test_pages_of_a_list_follow_each_other_without_gaps(web: Web) -> None:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db)
        for number in range(PAGE + 3):
            who = await builders.creator(db, handle=f"@same_{number:03}", name=f"Name {number:03}")
            await builders.collaboration(db, campaign, who)
        first = await desk_lists.creators(db, "same_")
        second = await desk_lists.creators(db, "same_", first.after)
        assert [len(first.rows), len(second.rows), second.after] == [PAGE, 3, ""]
        handles = [row.handle for row in (*first.rows, *second.rows)]
        assert handles == sorted(handles)
        one = await desk_lists.collaborations(db, campaign.id)
        two = await desk_lists.collaborations(db, campaign.id, "", one.after)
        ids = {line.collaboration.id for line in (*one.rows, *two.rows)}
        assert len(ids) == PAGE + 3
        assert (await desk_lists.creators(db, "%")).rows == ()
        assert (await desk_lists.creators(db, "NAME 01")).rows[0].name == "Name 010"


@pytest.mark.parametrize("mark", ["x", "e30", "W10", "WzFd", "A" * 500, "%00", "é"])
async def test_a_forged_mark_begins_at_the_beginning(web: Web, mark: str) -> None:
    assert read_mark(mark, str, str) is None
    client = await web.signed_in(*staff.STAFF_ROLES)
    for path in ("/", "/campaigns", "/creators", "/payments"):
        assert (await client.get(path, params={"after": mark})).status_code == 200


async def test_a_second_release_says_who_was_first_and_that_one_may_not_be_both(web: Web) -> None:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db)
        row = await builders.collaboration(db, campaign)
        payout = await builders.payout(db, row, amount_minor=45_000, releases=1)
        item = await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen="45000EUR")
    first = await web.signed_in(Role.FINANCE, name="Finn")
    await web.decide(first, kind="release_payout", subject_id=payout.id, seen="45000EUR")
    async with session(web.engine) as db:
        (row_,) = await desk.decisions(db, [payout.id])
        row_.decision.status = "applied"
        db.add(await db.merge(row_.decision))
    page = (await first.get(f"/items/{item.id}")).text
    assert "You have released this already" in page
    assert 'data-action="release_payout"' not in page
    page = (await (await web.signed_in(Role.FINANCE)).get(f"/items/{item.id}")).text
    assert "Two people" in page
    assert "Finn" in page
    assert 'data-action="release_payout"' in page


async def test_a_payment_that_came_back_says_that_the_account_changed(web: Web) -> None:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db)
        creator = await builders.creator(db)
        await builders.recipient(db, creator, account_id="acct_now")
        row = await builders.collaboration(db, campaign, creator)
        payout = await builders.payout(
            db, row, hold_reason="payee_changed", payee_account="acct_then"
        )
        item = await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen="15000EUR#1")
    client = await web.signed_in(Role.FINANCE)
    assert "account is another one now" in (await client.get("/")).text
    page = (await client.get(f"/items/{item.id}")).text
    assert "acct_then" in page
    assert "acct_now" in page
    assert f'name="account" value="{account_digest("acct_now")}"' in page
    assert "The creator’s since" in page
    async with session(web.engine) as db:
        before = await builders.payout(db, row, kind="retention_passed", status="transferred")
        await builders.attempt(
            db, before, outcome="transferred", first_sent_at=NOW - timedelta(days=1)
        )
        (await db.get_one(Payout, payout.id)).hold_reason = None
    page = (await client.get(f"/items/{item.id}")).text
    assert "nothing was sent since this account is theirs" in page


async def test_what_was_taken_back_asks_finance_whether_it_is_owed(web: Web) -> None:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db)
        row = await builders.collaboration(db, campaign)
        first = await builders.payout(db, row, status="transferred", reversed_minor=15_000)
        again = await builders.payout(
            db, row, kind="repayment", status="held", hold_reason="taken_back", again_of=first.id
        )
        item = await wait_for(db, ItemKind.ON_HOLD, again, campaign.id)
    client = await web.signed_in(Role.FINANCE)
    assert "is still owed 150.00" in (await client.get("/")).text.replace("€", "")
    page = (await client.get(f"/items/{item.id}")).text
    assert 'data-action="cancel_payout"' in page
    assert f"/payments/{first.id}" in page
    assert "Taken back" in (await client.get(f"/payments/{first.id}")).text
    form = {"kind": "cancel_payout", "subject_id": again.id, "csrf": await web.csrf(client)}
    answer = await client.post("/decisions", data=form)
    assert "say why" in answer.text


async def test_a_campaign_file_with_mistakes_shows_all_of_them(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    wrong = CAMPAIGN.replace("600 EUR}", "600 USD}").replace("kind: reel", "kind: poem")
    answer = await client.post(
        "/campaigns/new", data={"csrf": await web.csrf(client), "text": wrong}
    )
    assert answer.status_code == 422
    assert "2 things are not right yet" in answer.text
    assert "deliverables[0].kind" in answer.text
    assert "name: Spring serum" in answer.text


async def test_a_campaign_starts_after_it_was_confirmed(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    token = await web.csrf(client)
    answer = await client.post(
        "/campaigns/new", data={"csrf": token},
        files={"file": ("campaign.yaml", CAMPAIGN.encode(), "text/yaml")},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    assert "€10,000.00" in answer.text
    back = await client.post(
        "/campaigns/new", data={"csrf": token, "text": CAMPAIGN, "edit": "yes"}
    )
    assert "Check the file" in back.text
    assert web.sender.started == []
    answer = await client.post("/campaigns", data={"csrf": token, "text": CAMPAIGN})
    assert answer.status_code == 303
    (started,) = web.sender.started
    assert answer.headers["location"] == f"/campaigns/{started.campaign_id}"
    assert (started.wanted, started.budget_minor) == (10, 1_000_000)
    again = await client.post("/campaigns", data={"csrf": token, "text": CAMPAIGN})
    assert again.headers["location"] == answer.headers["location"]
    assert "Spring serum" in (await client.get(answer.headers["location"])).text


async def test_a_campaign_that_could_not_start_can_be_started_again(web: Web) -> None:
    web.sender.reachable = False
    client = await web.signed_in(Role.MANAGER)
    token = await web.csrf(client)
    answer = await client.post("/campaigns", data={"csrf": token, "text": CAMPAIGN})
    page = answer.headers["location"]
    assert "Start it again" in (await client.get(page)).text
    web.sender.reachable = True
    assert (await client.post(f"{page}/start", data={"csrf": token})).status_code == 303
    assert len({start.campaign_id for start in web.sender.started}) == 1


async def test_without_a_database_a_page_says_so(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    await web.engine.dispose()

    def refuse(*_: Any) -> None:
        raise OSError("connection refused by db.internal as troupe_app")

    event.listen(web.engine.sync_engine, "do_connect", refuse)
    for path in ("/", "/healthz", "/login"):
        answer = await client.get(path)
        assert answer.status_code == 503, path
        assert "db.internal" not in answer.text
    event.remove(web.engine.sync_engine, "do_connect", refuse)
    assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_the_payments_page_says_what_is_missing_at_stripe_and_how_old_that_is(
    web: Web,
) -> None:
    async with session(web.engine) as db:
        await builders.payout(db, amount_minor=15_000, pay_by=NOW + timedelta(days=2))
    client = await web.signed_in(Role.FINANCE)
    assert "not read yet" in (await client.get("/payments")).text
    async with session(web.engine) as db:
        await rail_balances.record(db, {"EUR": 12_000}, NOW)
    page = (await client.get("/payments")).text
    assert "€30.00 missing at Stripe" in page
    assert ">Old<" not in page
    web.clock.forward(timedelta(hours=2))
    assert ">Old<" in (await client.get("/payments")).text
    async with session(web.engine) as db:
        await rail_balances.record(db, {"EUR": 15_000}, web.clock())
    page = (await client.get("/payments")).text
    assert "Enough at Stripe" in page
    assert ">Old<" not in page


async def test_a_draft_that_others_were_named_for_is_shown_without_buttons(web: Web) -> None:
    mine = await web.signed_in(Role.REVIEWER)
    (named,) = web.people
    other = await web.signed_in(Role.REVIEWER)
    async with session(web.engine) as db:
        file = builders.campaign_file(review={"approvers": [named]})
        of = await builders.collaboration(db, await builders.campaign(db, file))
        draft = await builders.draft(db, of, caption=CAPTION, version=1)
        item = await wait_for(db, ItemKind.DRAFT, of, of.campaign_id, seen=draft.digest)
    assert "Approve</button>" in (await mine.get(f"/items/{item.id}")).text
    page = (await other.get(f"/items/{item.id}")).text
    assert "The campaign names who decides this" in page
    assert "Approve</button>" not in page
    assert "Waits for somebody else" in (await other.get("/")).text


async def test_a_campaign_beyond_what_the_installation_allows_is_not_confirmed(web: Web) -> None:
    rules = HouseRules(read_limits("100 EUR"), solo=False)
    object.__setattr__(web.app.state.deps, "rules", rules)
    client = await web.signed_in(Role.MANAGER)
    text = f"staffing: solo\n{CAMPAIGN}"
    for path in ("/campaigns/new", "/campaigns"):
        answer = await client.post(path, data={"csrf": await web.csrf(client), "text": text})
        assert answer.status_code == 422
        assert "more than one person may release in this installation" in answer.text
        assert "nobody releases alone in this installation" in answer.text
    assert not web.sender.started


async def test_a_campaign_file_that_names_a_stranger_is_not_confirmed(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    text = (Path(__file__).parents[2] / "examples" / "campaign.yaml").read_text(encoding="utf-8")
    text = text.replace("review:\n", "review:\n  approvers: [nobody@brand.example]\n")
    for path in ("/campaigns/new", "/campaigns"):
        answer = await client.post(path, data={"csrf": await web.csrf(client), "text": text})
        assert answer.status_code == 422
        assert "nobody@brand.example (review: reviewer)" in answer.text
    assert not web.sender.started
    await web.hire(Role.REVIEWER)
    text = text.replace("nobody@brand.example", list(web.people)[-1])
    summary = await client.post(
        "/campaigns/new", data={"csrf": await web.csrf(client), "text": text}
    )
    assert f"only by {list(web.people)[-1]}" in summary.text
