"""The shortlist's page lets the manager pin, strike and swap, and loses nothing."""

from __future__ import annotations

import html
import re

from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.messages import DecisionResult
from domain.shortlist import Option, record, solve
from domain.wish_rules import compared
from domain.wishes import Wish
from integrations.highs import HIGHS
from store import wishes
from store.engine import session
from store.tables import Campaign, Decision
from tests import builders
from tests.fixtures.web import Web
from tests.web.rows import wait_for


async def _list(web: Web) -> tuple[Campaign, str, list[str]]:
    """A campaign with three candidates of whom one is chosen; its item, and their ids."""
    async with session(web.engine) as db:
        campaign = await builders.campaign(db, status="shortlisted")
        ids = []
        for place, (name, status, rule) in enumerate(
            [("mila", "chosen", ""), ("tom", "waitlist", ""), ("rude", "out", "brand_safety")]
        ):
            who = await builders.creator(db, handle=f"@{name}", name=name.title())
            await builders.candidate(
                db, campaign, who, status=status, out_rule=rule, place=place, expected=500,
                reasons=["Brand safety: an insult."] if rule else ["Speaks about skin care."],
            )  # fmt: skip
            ids.append(who.id)
        item = await wait_for(db, ItemKind.SHORTLIST, campaign, campaign.id, seen="digest")
    return campaign, item.id, ids


async def test_a_manager_swaps_with_a_reason_and_sees_what_it_costs(web: Web) -> None:
    campaign, item, (mila, tom, _) = await _list(web)
    client = await web.signed_in(Role.MANAGER, name="Ada")
    page = (await client.get(f"/items/{item}")).text
    assert f'name="wish.{mila}"' in page
    assert "@tom (instagram)" in page
    form = {
        "csrf": await web.csrf(client), "kind": "resolve_shortlist", "subject_id": campaign.id,
        "seen": "digest", f"wish.{mila}": "swap", f"swap.{mila}": "@tom (instagram)",
        f"reason.{mila}": "Tom knows the product.", f"wish.{tom}": "", f"reason.{tom}": "",
    }  # fmt: skip
    answer = await client.post("/decisions?list=chosen", data=form)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/campaigns/{campaign.id}/shortlist?done=dec_")
    there = await client.get(answer.headers["location"])
    assert there.headers["location"].startswith(f"/items/{item}?done=dec_")
    ((kind, subject, ref),) = web.sender.decided
    assert (kind, subject, ref.seen) == ("campaign", campaign.id, "digest")
    async with session(web.engine) as db:
        row = await db.get_one(Decision, ref.decision_id)
        change_id = row.choice["content_id"]
        kept = await wishes.of_change(db, campaign.id, change_id)
        assert {each.creator_id: each.wish for each in kept} == {
            mila: Wish.STRIKE, tom: Wish.PIN,
        }  # fmt: skip
        # what the workflow does then
        stored = await db.get_one(Campaign, campaign.id)
        await wishes.take(db, stored, change_id)
        options = [Option(mila, 30_000, 500), Option(tom, 40_000, 450)]
        before, now = (solve([option], 1, 100_000, HIGHS) for option in options)
        again = compared(record(before, ()), {mila}, now, change_id)
        stored.shortlist = record(now, ()) | {"again": again}
    page = html.unescape((await client.get(f"/items/{item}")).text)
    rows = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "Cost €300.00 €400.00 +€100.00" in rows
    assert "Expected engagements 500 450 −50" in rows
    assert "Tom (@tom): pinned." in rows
    assert "@mila (replaced by @tom): Struck by Ada on " in rows


async def test_what_cannot_be_had_is_said_and_everything_typed_is_still_there(web: Web) -> None:
    campaign, _, (mila, tom, rude) = await _list(web)
    client = await web.signed_in(Role.MANAGER)
    form = {
        "csrf": await web.csrf(client), "kind": "resolve_shortlist", "subject_id": campaign.id,
        "seen": "digest", f"wish.{mila}": "pin", f"reason.{mila}": "",
        f"wish.{tom}": "strike", f"reason.{tom}": "A <b>rival</b>.",
        f"wish.{rude}": "pin", f"reason.{rude}": "Is funny.",
    }  # fmt: skip
    answer = await client.post("/decisions?list=chosen", data=form)
    assert answer.status_code == 422
    text = html.unescape(answer.text)
    assert "@mila: please say why in a sentence." in text
    assert "@rude cannot be pinned. Brand safety: an insult." in text
    assert '<option value="pin" selected>' in answer.text
    assert (
        f'<input type="hidden" name="reason.{tom}" value="A &lt;b&gt;rival&lt;/b&gt;.">'
        in answer.text
    )
    assert web.sender.decided == []
    answer = await web.decide(client, **(form | {"csrf": await web.csrf(client)}))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_wishes")
    # a list that was solved again meanwhile: what was typed comes along to the new one
    web.sender.answer = DecisionResult(applied=False, code="stale")
    good = {key: value for key, value in form.items() if mila not in key and rude not in key}
    answer = await client.post("/decisions?list=chosen", data=good)
    there = await client.get((await client.get(answer.headers["location"])).headers["location"])
    assert "what you saw is not what is there now" in there.text
    assert f'name="wish.{tom}" value="strike"' in there.text


async def test_only_a_manager_changes_the_list(web: Web) -> None:
    campaign, item, (mila, *_) = await _list(web)
    fields = {
        "kind": "resolve_shortlist", "subject_id": campaign.id, "seen": "digest",
        "wish.@mila": "strike", "reason.@mila": "Works for a rival.",
    }  # fmt: skip
    reviewer = await web.signed_in(Role.REVIEWER, Role.FINANCE, Role.OPERATOR)
    assert (await web.decide(reviewer, **fields)).status_code == 403
    assert f"wish.{mila}" not in (await reviewer.get(f"/items/{item}")).text
    manager = await web.signed_in(Role.MANAGER)
    assert (await web.decide(manager, **fields)).json()["status"] == "applied"
