"""Decisions of the staff: recorded first, sent once, answered in a sentence."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from domain.decisions import ROLE_FOR, DecisionKind, roles_for
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.messages import DecisionResult
from store import staff
from store.engine import session
from store.tables import Decision
from tests import builders
from tests.fixtures.web import Web
from tests.web.rows import scene, wait_for
from web.choices import subject_kind
from web.words import REFUSALS

FIELDS: dict[DecisionKind, dict[str, Any]] = {
    DecisionKind.JUDGE_SCREENING: {"answer": "clear", "comment": "A song title."},
    DecisionKind.JUDGE_SCANDAL: {"answer": "keep", "comment": "A quotation."},
    DecisionKind.ANSWER_COUNTER: {"answer": "accept"},
    DecisionKind.REVIEW_DRAFT: {"answer": "approve"},
    DecisionKind.JUDGE_PUBLICATION: {"answer": "verified"},
    DecisionKind.DECIDE_HEARING: {"answer": "pay"},
    DecisionKind.DECIDE_KILL_FEE: {"percent": "50"},
    DecisionKind.HOLD_PAYOUT: {"comment": "The invoice is missing."},
    DecisionKind.SETTLE_PAYOUT: {"answer": "adopt", "comment": "It is on their account."},
    DecisionKind.CANCEL_PAYOUT: {"comment": "The post is gone for good."},
    DecisionKind.DECIDE_CLAIM: {"answer": "confirm"},
    DecisionKind.WAIVE_CLAIM: {"comment": "It is not worth the trouble."},
}


async def rows(web: Web) -> int:
    async with session(web.engine) as db:
        return await db.scalar(select(func.count()).select_from(Decision)) or 0


OF_REAL_ROWS = {
    DecisionKind.RESOLVE_SHORTLIST, DecisionKind.GRANT_BONUS, DecisionKind.CLAIM_BACK,
    DecisionKind.BOOK_REPAYMENT,
}  # fmt: skip
"""They read what they are about first; `test_wishes`, `test_bonus` and `test_claims` have them."""


@pytest.mark.parametrize("kind", sorted(set(ROLE_FOR) - OF_REAL_ROWS))
async def test_only_the_right_role_takes_a_decision(web: Web, kind: DecisionKind) -> None:
    fields = {"kind": kind.value, "subject_id": "some_subject"} | FIELDS.get(kind, {})
    others = [role for role in staff.STAFF_ROLES if role not in roles_for(kind)]
    answer = await web.decide(await web.signed_in(*others), **fields)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert (await rows(web), web.sender.decided) == (0, [])
    answer = await web.decide(await web.signed_in(ROLE_FOR[kind]), **fields)
    assert answer.json()["status"] == "applied", answer.text
    (sent,) = web.sender.decided
    assert sent[:2] == (subject_kind(kind), "some_subject")
    assert sent[2].decision_id == answer.json()["decision_id"]


async def test_a_decision_is_a_row_before_it_is_sent(web: Web) -> None:
    there = await scene(web.engine, (ItemKind.DRAFT, "digest"))
    client = await web.signed_in(Role.REVIEWER)
    answer = await web.decide(
        client, kind="review_draft", subject_id=there.collaboration.id, seen="digest",
        answer="changes", comment="Please begin with the label.",
    )  # fmt: skip
    async with session(web.engine) as db:
        row = await db.get_one(Decision, answer.json()["decision_id"])
    assert (row.kind, row.seen, row.comment) == (
        "review_draft", "digest", "Please begin with the label.",
    )  # fmt: skip
    assert row.choice == {"kind": "review_draft", "answer": "changes"}
    assert row.actor_id in web.people.values()


async def test_without_temporal_a_decision_is_recorded_and_said_to_be(web: Web) -> None:
    web.sender.reachable = False
    client = await web.signed_in(Role.MANAGER)
    answer = await web.decide(client, kind="pause_campaign", subject_id="cmp_1")
    assert (answer.status_code, answer.json()["status"]) == (202, "submitted")
    page = await client.get(f"/campaigns?done={answer.json()['decision_id']}")
    assert "Recorded, and being applied." in page.text
    assert "every 1s" in page.text


@pytest.mark.parametrize(
    "code",
    ["wrong_stage", "stale", "too_late", "not_allowed", "same_person", "requester", "closed",
     "already_decided"],
)  # fmt: skip
async def test_every_refusal_is_a_sentence(web: Web, code: str) -> None:
    web.sender.answer = DecisionResult(applied=False, code=code)
    client = await web.signed_in(Role.FINANCE)
    answer = await web.decide(client, kind="release_payout", subject_id="pay_1", seen="1EUR")
    assert (answer.json()["status"], answer.json()["code"]) == ("refused", code)
    assert answer.json()["message"] == REFUSALS[code]
    assert answer.status_code in {403, 409}
    page = await client.get(f"/?done={answer.json()['decision_id']}")
    assert REFUSALS[code][:40] in page.text
    async with session(web.engine) as db:
        row = await db.get_one(Decision, answer.json()["decision_id"])
    assert (row.status, row.code) == ("refused", code)


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("review_draft", {"answer": "changes"}, "reason_needed"),
        ("review_draft", {"answer": "reject", "comment": " "}, "reason_needed"),
        ("judge_publication", {"answer": "faulty"}, "reason_needed"),
        ("decide_hearing", {"answer": "withhold"}, "reason_needed"),
        ("judge_screening", {"answer": "block"}, "reason_needed"),
        ("judge_screening", {"answer": "clear"}, "reason_needed"),
        ("answer_counter", {"answer": "refuse"}, "reason_needed"),
        ("hold_payout", {}, "reason_needed"),
        ("review_draft", {"answer": "maybe"}, "bad_choice"),
        ("review_draft", {}, "bad_choice"),
        ("decide_kill_fee", {"percent": "101"}, "bad_choice"),
        ("decide_kill_fee", {"percent": "half"}, "bad_choice"),
    ],
)
async def test_what_is_missing_is_said_and_nothing_is_kept(
    web: Web, kind: str, fields: dict[str, str], code: str
) -> None:
    client = await web.signed_in(*staff.STAFF_ROLES)
    answer = await web.decide(client, kind=kind, subject_id="x", **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    page = await client.post(
        "/decisions",
        data={"csrf": await web.csrf(client), "kind": kind, "subject_id": "x"} | fields,
    )
    assert page.status_code == 422
    assert REFUSALS[code][:20] in page.text
    assert await rows(web) == 0


@pytest.mark.parametrize(
    ("written", "minor"),
    [("450", 45_000), ("450.00 EUR", 45_000), ("€450", 45_000), ("450,50", 45_050),
     ("1.250,50 EUR", 125_050), ("1,250.50", 125_050), ("450 eur", 45_000)],
)  # fmt: skip
async def test_amounts_are_read_as_people_write_them(web: Web, written: str, minor: int) -> None:
    there = await scene(web.engine, (ItemKind.COUNTER, "1:50000"))
    answer = await web.decide(
        await web.signed_in(Role.MANAGER), kind="answer_counter", answer="offer", amount=written,
        subject_id=there.collaboration.id, seen="1:50000",
    )  # fmt: skip
    async with session(web.engine) as db:
        row = await db.get_one(Decision, answer.json()["decision_id"])
    assert row.choice["amount_minor"] == minor


@pytest.mark.parametrize("written", ["", "abc", "450 USD", "-5", "0", "NaN", "1e9", "450.001"])
async def test_what_is_no_amount_is_refused(web: Web, written: str) -> None:
    there = await scene(web.engine, (ItemKind.COUNTER, "1:50000"))
    answer = await web.decide(
        await web.signed_in(Role.MANAGER), kind="answer_counter", answer="offer", amount=written,
        subject_id=there.collaboration.id, seen="1:50000",
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_amount")


async def test_staff_cannot_decide_for_a_creator(web: Web) -> None:
    client = await web.signed_in(*staff.STAFF_ROLES)
    answer = await web.decide(client, kind="sign_terms", subject_id="col_1", answer="sign")
    assert answer.status_code == 403


async def test_a_form_without_its_token_does_nothing(web: Web) -> None:
    client = await web.signed_in(*staff.STAFF_ROLES)
    for token in ("", "forged"):
        answer = await web.decide(client, kind="pause_campaign", subject_id="cmp_1", csrf=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "forged")
    assert await rows(web) == 0


async def test_fields_of_other_peoples_business_have_no_effect(web: Web) -> None:
    client = await web.signed_in(Role.FINANCE)
    answer = await web.decide(
        client, kind="release_payout", subject_id="pay_1", amount_minor=1, actor_id="stf_other",
        status="applied", role="manager",
    )  # fmt: skip
    async with session(web.engine) as db:
        row = await db.get_one(Decision, answer.json()["decision_id"])
    assert row.choice == {"kind": "release_payout", "netted_minor": 0, "account": ""}
    assert (row.actor_id in web.people.values(), row.status) == (True, "submitted")


async def test_after_a_decision_the_next_item_comes(web: Web) -> None:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db)
        waiting = []
        for _ in range(2):
            row = await builders.collaboration(db, campaign)
            payout = await builders.payout(db, row)
            waiting.append(
                await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen="15000EUR")
            )
    client = await web.signed_in(Role.FINANCE)
    fields = {
        "csrf": await web.csrf(client), "kind": "release_payout", "seen": "15000EUR",
        "subject_id": waiting[0].subject_id, "back": f"/items/{waiting[0].id}",
    }  # fmt: skip
    answer = await client.post("/decisions", data=fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/items/{waiting[1].id}?done=dec_")
    web.sender.answer = DecisionResult(applied=False, code="requester")
    answer = await client.post("/decisions", data=fields | {"comment": "again"})
    assert answer.headers["location"].startswith(f"/items/{waiting[0].id}?done=dec_")


async def test_the_result_of_a_decision_is_shown_to_nobody_else(web: Web) -> None:
    web.sender.answer = None
    first = await web.signed_in(Role.MANAGER)
    answer = await web.decide(first, kind="pause_campaign", subject_id="cmp_1")
    path = f"/decisions/{answer.json()['decision_id']}/status"
    assert "Recorded" in (await first.get(path)).text
    other = await web.signed_in(Role.MANAGER)
    assert "Recorded" not in (await other.get(path)).text


async def test_what_was_released_is_one_click_away_and_taken_back_there(web: Web) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        payout = await builders.payout(db, there.collaboration, status="released", releases=1)
    client = await web.signed_in(Role.FINANCE)
    page = f"/payments/{payout.id}"
    answer = await web.decide(client, kind="release_payout", subject_id=payout.id)
    decision = answer.json()["decision_id"]
    async with session(web.engine) as db:
        (await db.get_one(Decision, decision)).status = "applied"
    told = (await client.get(f"/?done={decision}")).text
    assert f'You have released the payment. <a href="{page}">See the payment</a>' in told
    shown = (await client.get(f"{page}?done={decision}")).text
    assert "See the payment" not in shown
    assert "Take back" in shown
    await web.decide(client, kind="hold_payout", subject_id=payout.id, back=page)
    assert web.sender.decided[-1][:2] == ("payout", payout.id)
    assert "Take back" not in (await (await web.signed_in(Role.REVIEWER)).get(page)).text
