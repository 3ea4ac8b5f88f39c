"""The password again, before money is released."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain.decisions import DecisionKind
from domain.lifecycle import Role
from domain.step_up import NEEDS_PROOF
from store.engine import session
from store.tables import Collaboration, Payout
from tests import builders
from tests.fixtures.web import PASSWORD, Web
from web.step_up import BadStepUp, PasswordAgain, hook_of

OWN = PasswordAgain(within=timedelta(0))
RELEASE: dict[str, Any] = {"kind": "release_payout"}


async def owed(web: Web, amount_minor: int, **file: Any) -> dict[str, Any]:
    async with session(web.engine) as db:
        campaign = await builders.campaign(db, builders.campaign_file(**file))
        row = await builders.collaboration(db, campaign)
        payout = await builders.payout(db, row, amount_minor=amount_minor)
    return RELEASE | {"subject_id": payout.id}


@pytest.mark.parametrize(("amount", "minutes"), [(15_000, 60), (45_000, 5)])
async def test_the_password_is_asked_for_again_after_a_while_sooner_above_the_limit(
    web: Web, amount: int, minutes: int
) -> None:
    fields, client = await owed(web, amount), await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(minutes=minutes))
    assert (await web.decide(client, **fields)).json()["code"] == "applied"
    web.clock.forward(timedelta(seconds=1))
    asked = await web.decide(client, **fields)
    assert (asked.status_code, asked.json()["code"]) == (403, "proof_needed")
    wrong = await web.decide(client, **fields, password="not the password")
    assert wrong.json()["code"] == "proof_wrong"
    assert len(web.sender.decided) == 1
    assert (await web.decide(client, **fields, password=PASSWORD)).json()["code"] == "applied"
    assert (await web.decide(client, **fields)).json()["code"] == "applied"


async def test_one_person_alone_signs_in_again_for_each_release(web: Web) -> None:
    fields, client = await owed(web, 15_000, staffing="solo"), await web.signed_in(Role.FINANCE)
    for _ in range(2):
        assert (await web.decide(client, **fields)).json()["code"] == "proof_needed"
        done = await web.decide(client, **fields, password=PASSWORD)
        assert done.json()["code"] == "applied"


async def test_halves_that_come_to_more_than_the_limit_need_the_password_as_one_sum(
    web: Web,
) -> None:
    fields, client = await owed(web, 25_000), await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(minutes=6))
    assert (await web.decide(client, **fields)).json()["code"] == "applied"
    async with session(web.engine) as db:
        half = await db.get_one(Payout, fields["subject_id"])
        half.releases, of = 1, await db.get_one(Collaboration, half.collaboration_id)
        other = await builders.payout(db, of, kind="retention_passed", amount_minor=25_000)
    asked = await web.decide(client, **RELEASE, subject_id=other.id)
    assert asked.json()["code"] == "proof_needed"


@pytest.mark.parametrize("kind", sorted(NEEDS_PROOF))
async def test_every_decision_about_money_asks_and_stopping_a_payment_never_does(
    web: Web, kind: DecisionKind
) -> None:
    fields, client = await owed(web, 15_000), await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(hours=2))
    about = {"subject_id": fields["subject_id"], "comment": "It has to be."}
    asked = await web.decide(client, **about, kind=kind.value)
    assert asked.json()["code"] == "proof_needed"
    stopped = await web.decide(client, **about, kind="hold_payout")
    assert stopped.json()["code"] == "applied"


def test_the_setting_names_what_is_asked() -> None:
    assert isinstance(hook_of(""), PasswordAgain)
    assert hook_of("tests.web.test_step_up:OWN") is OWN
    for named in ("no_such_module:x", "web.step_up:no_such", "web.step_up", "web.step_up:log"):
        with pytest.raises(BadStepUp):
            hook_of(named)


async def test_guessing_the_password_is_stopped(web: Web) -> None:
    fields, client = await owed(web, 45_000), await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(minutes=6))
    for guess in range(5):
        await web.decide(client, **fields, password=f"guess {guess}")
    right = await web.decide(client, **fields, password=PASSWORD)
    assert right.json()["code"] == "proof_wrong"
    assert not web.sender.decided


async def test_a_browser_gets_a_form_for_the_password_and_goes_on_with_it(web: Web) -> None:
    fields, client = await owed(web, 45_000), await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(minutes=6))
    fields |= {"csrf": await web.csrf(client), "back": "/payments"}
    page = await client.post("/decisions", data=fields)
    assert page.status_code == 422
    assert 'type="password"' in page.text
    wrong = await client.post("/decisions", data=fields | {"password": "a wrong one"})
    assert "a wrong one" not in wrong.text
    assert (
        await client.post("/decisions", data=fields | {"password": PASSWORD})
    ).status_code == 303


async def test_stopping_a_payment_never_needs_the_password(web: Web) -> None:
    fields, client = await owed(web, 45_000), await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(hours=2))
    hold = fields | {"kind": "hold_payout", "comment": "The invoice is missing."}
    assert (await web.decide(client, **hold)).json()["code"] == "applied"


@pytest.mark.parametrize("kind", ["book_repayment", "waive_claim"])
async def test_a_claim_is_let_go_with_the_password_like_money_that_is_released(
    web: Web, kind: str
) -> None:
    async with session(web.engine) as db:
        of = await builders.collaboration(db)
        claim = await builders.claim(db, of, amount_minor=45_000)
    client = await web.signed_in(Role.FINANCE)
    web.clock.forward(timedelta(minutes=6))
    fields = {"kind": kind, "subject_id": claim.id, "comment": "Seen.", "amount": "12 EUR"}
    form = fields | {"csrf": await web.csrf(client)}
    page = (await client.post("/decisions", data=form)).text
    # What was typed is kept while the password is asked for.
    assert ('name="amount" value="12 EUR"' in page) is (kind == "book_repayment")
    assert 'type="password"' in page
    assert (await web.decide(client, **fields, password=PASSWORD)).json()["code"] == "applied"
