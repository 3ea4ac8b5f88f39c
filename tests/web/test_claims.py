"""Money that a creator is to give back, at the desk: asked for, decided, kept back, settled."""

from __future__ import annotations

import pytest

from domain.claims import ClaimStatus
from domain.decisions import Objection
from domain.inbox import ItemKind
from domain.lifecycle import Role
from store.engine import session
from store.tables import Claim, Decision, Payout, Staff
from tests import builders
from tests.fixtures.web import Web
from tests.web.rows import Scene, scene, wait_for


@pytest.fixture
async def there(web: Web) -> Scene:
    """A collaboration with a payment of 150 EUR."""
    found = await scene(web.engine, stage="retaining")
    async with session(web.engine) as db:
        await builders.payout(db, found.collaboration)
    return found


async def claimed(
    web: Web, there: Scene, who: Staff | None = None, status: ClaimStatus = ClaimStatus.CONFIRMED
) -> Claim:
    async with session(web.engine) as db:
        return await builders.claim(db, there.collaboration, who, status=status.value)


async def test_asking_for_money_back_says_what_follows_and_how_much_at_most(
    web: Web, there: Scene
) -> None:
    page = f"/collaborations/{there.collaboration.id}"
    reviewer = await web.signed_in(Role.REVIEWER)
    assert "Ask for money back" not in (await reviewer.get(page)).text
    client = await web.signed_in(Role.MANAGER)
    shown = (await client.get(page)).text
    assert "Ask for money back" in shown
    assert "at most €150.00" in shown
    assert "somebody else than you decides" in shown
    fields = {"kind": "claim_back", "subject_id": there.collaboration.id, "amount": "40 EUR"}
    assert (await web.decide(client, **fields)).json()["code"] == "reason_needed"
    assert (await web.decide(reviewer, **fields, comment="Too much.")).status_code == 403
    answer = await web.decide(client, **fields, comment="Only one reel of two.")
    assert answer.json()["message"].startswith("The creator is told why")
    async with session(web.engine) as db:
        row = await db.get_one(Decision, answer.json()["decision_id"])
    assert (row.choice["amount_minor"], row.comment) == (4_000, "Only one reel of two.")


async def test_whoever_decides_sees_the_reason_and_what_the_creator_says(
    web: Web, there: Scene
) -> None:
    claim = await claimed(web, there, status=ClaimStatus.DECIDING)
    async with session(web.engine) as db:
        said = await builders.statement(db, there.collaboration, text="The second reel is private.")
        ref = await builders.decision(db, claim, there.creator, Objection(content_id=said.id))
        (await db.get_one(Decision, ref.decision_id)).status = "applied"
        item = await wait_for(
            db, ItemKind.CLAIM, claim, there.campaign.id, seen="4000EUR", code="objected"
        )
    client = await web.signed_in(Role.FINANCE)
    assert "who objects, is to give €40.00 back" in (await client.get("/")).text
    shown = (await client.get(f"/items/{item.id}")).text
    for words in ("Half of it was not published.", "The second reel is private.", "It is owed"):
        assert words in shown
    fields = {"kind": "decide_claim", "subject_id": claim.id, "seen": "4000EUR"}
    assert (await web.decide(client, **fields, answer="drop")).json()["code"] == "reason_needed"
    answer = await web.decide(client, **fields, answer="confirm")
    assert answer.json()["message"].startswith("Confirmed.")
    assert web.sender.decided[-1][:2] == ("claim", claim.id)


async def test_whoever_asked_for_it_may_drop_it_and_not_confirm_it(web: Web, there: Scene) -> None:
    client = await web.signed_in(Role.FINANCE)
    async with session(web.engine) as db:
        me = await db.get_one(Staff, next(iter(web.people.values())))
    claim = await claimed(web, there, me, ClaimStatus.DECIDING)
    async with session(web.engine) as db:
        item = await wait_for(db, ItemKind.CLAIM, claim, there.campaign.id, seen="4000EUR")
    shown = (await client.get(f"/items/{item.id}")).text
    assert "somebody else says whether it is owed" in shown
    assert "Drop it" in shown
    assert 'value="confirm"' not in shown


async def test_whoever_asked_for_it_neither_books_nor_waives_it(web: Web, there: Scene) -> None:
    client = await web.signed_in(Role.FINANCE)
    async with session(web.engine) as db:
        me = await db.get_one(Staff, next(iter(web.people.values())))
    claim = await claimed(web, there, me)
    shown = (await client.get(f"/claims/{claim.id}")).text
    assert "somebody else says whether it is owed, has come, or is waived" in shown
    assert 'data-action="book_repayment"' not in shown
    assert 'data-action="waive_claim"' not in shown


async def test_a_release_shows_what_is_kept_back_and_carries_it(web: Web, there: Scene) -> None:
    claim = await claimed(web, there)
    async with session(web.engine) as db:
        payout = await builders.payout(db, there.collaboration, kind="retention_passed")
        item = await wait_for(
            db, ItemKind.RELEASE, payout, there.campaign.id, seen="15000EUR", code="1/1"
        )
    client = await web.signed_in(Role.FINANCE)
    shown = (await client.get(f"/items/{item.id}")).text
    assert "Release €110.00" in shown
    assert f'<a href="/claims/{claim.id}">€40.00</a>' in shown
    assert '<input type="hidden" name="netted" value="4000">' in shown
    fields = {"kind": "release_payout", "subject_id": payout.id, "seen": "15000EUR"}
    answer = await web.decide(client, **fields, netted="4000")
    async with session(web.engine) as db:
        row = await db.get_one(Decision, answer.json()["decision_id"])
        assert row.choice["netted_minor"] == 4_000
    assert (await web.decide(client, **fields, netted="-4")).json()["code"] == "bad_choice"
    batch = (await client.get("/payments/release")).text
    assert "look at it by itself" in batch or payout.id not in batch


async def test_a_step_that_failed_is_tried_again_by_whoever_it_is_a_step_of(
    web: Web, there: Scene
) -> None:
    """Mails of claims and payments can fail as well as those of collaborations."""
    client = await web.signed_in(Role.OPERATOR)
    claim = await claimed(web, there)
    async with session(web.engine) as db:
        payout = await builders.payout(db, there.collaboration, kind="retention_passed")
        for row in (claim, payout, there.campaign, there.collaboration):
            await wait_for(db, ItemKind.ATTENTION, row, there.campaign.id, seen="unavailable")
    fields = {"kind": "retry_step", "seen": "unavailable"}
    for row in (claim, payout, there.campaign, there.collaboration):
        answer = await web.decide(client, **fields, subject_id=row.id)
        kind = type(row).__name__.casefold()
        assert web.sender.decided[-1][:2] == (kind, row.id)
        async with session(web.engine) as db:
            decided = await db.get_one(Decision, answer.json()["decision_id"])
        assert decided.subject_kind == kind


async def test_finance_sees_what_creators_owe_and_books_what_came_back(
    web: Web, there: Scene
) -> None:
    claim = await claimed(web, there)
    client = await web.signed_in(Role.FINANCE)
    assert (
        '€40.00 are <a href="/claims">owed by creators</a>' in (await client.get("/payments")).text
    )
    assert f'href="/claims/{claim.id}"' in (await client.get("/claims")).text
    shown = (await client.get(f"/claims/{claim.id}")).text
    assert "Book the repayment" in shown
    assert "Waive €40.00" in shown
    fields = {"subject_id": claim.id, "comment": "On our account, 3 March."}
    answer = await web.decide(client, kind="book_repayment", amount="15 EUR", **fields)
    assert answer.json()["message"].startswith("Booked.")
    assert (
        await web.decide(client, kind="book_repayment", amount="15 EUR", subject_id="clm_none")
    ).status_code in {403, 404, 409}
    answer = await web.decide(client, kind="waive_claim", **fields)
    assert answer.json()["message"].startswith("Waived.")
    reviewer = await web.signed_in(Role.REVIEWER)
    assert (await reviewer.get("/claims")).status_code == 403
    assert (await client.get("/claims/clm_none")).status_code == 404


async def test_a_payment_that_was_netted_says_so_on_every_page(web: Web, there: Scene) -> None:
    async with session(web.engine) as db:
        payout = await builders.payout(
            db, there.collaboration, kind="bonus", netted_minor=15_000, status="netted"
        )
        assert (await db.get_one(Payout, payout.id)).sent_minor == 0
    client = await web.signed_in(Role.FINANCE)
    assert "Settled, nothing sent" in (await client.get(f"/payments/{payout.id}")).text
    assert "Settled, nothing sent" in (await client.get("/payments?status=netted")).text
