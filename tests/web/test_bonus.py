"""A bonus at the desk and on the creator's page."""

from __future__ import annotations

import pytest

from domain.decisions import BonusChoice, TermsChoice
from domain.inbox import ItemKind
from domain.lifecycle import PayoutStatus, Role
from domain.messages import Begin
from store import bonuses
from store.engine import session
from store.tables import Campaign, Creator, Decision, Payout
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import Web
from tests.tampering import unguarded
from tests.web.rows import Scene, scene, wait_for


@pytest.fixture
async def there(web: Web) -> Scene:
    """A collaboration whose creator has signed."""
    found = await scene(web.engine, stage="retaining")
    async with session(web.engine) as db:
        who = await db.get_one(Creator, found.creator.id)
        sign = TermsChoice(answer="sign", content_id="sig_1")
        ref = await builders.decision(db, found.collaboration, who, sign)
        (await db.get_one(Decision, ref.decision_id)).status = "applied"
    return found


async def granted(web: Web, there: Scene) -> str:
    async with session(web.engine) as db:
        person = await builders.staff(db, (Role.MANAGER,), name="Noor")
        choice = BonusChoice(amount_minor=5_000)
        ref = await builders.decision(db, there.collaboration, person, choice, comment="So well.")
    payment = (await bonuses.grant(web.engine, Begin(ref=ref, at=NOW))).payment
    assert payment is not None
    return payment.payout_id


async def test_a_bonus_is_a_row_with_amount_reason_and_person(web: Web, there: Scene) -> None:
    page = f"/collaborations/{there.collaboration.id}"
    reviewer = await web.signed_in(Role.REVIEWER)
    assert "Grant a bonus" not in (await reviewer.get(page)).text
    fields = {"kind": "grant_bonus", "subject_id": there.collaboration.id, "amount": "50 EUR"}
    assert (await web.decide(reviewer, **fields, comment="So well.")).status_code == 403
    client = await web.signed_in(Role.FINANCE)
    assert "by somebody else than you; until it is sent" in (await client.get(page)).text
    async with unguarded(web.engine) as db:
        alone = await db.get_one(Campaign, there.campaign.id)
        alone.file = alone.file | {"staffing": "solo"}
    assert "released like any other; until it is sent" in (await client.get(page)).text
    for wrong, code in (({}, "reason_needed"), ({"amount": "50 USD"}, "bad_amount")):
        answer = await web.decide(client, **fields | wrong, comment="" if not wrong else "Well.")
        assert answer.json()["code"] == code
    answer = await web.decide(client, **fields, comment="So well.")
    assert answer.json()["message"].startswith("Bonus granted.")
    async with session(web.engine) as db:
        row = await db.get_one(Decision, answer.json()["decision_id"])
    assert (row.choice["amount_minor"], row.comment) == (5_000, "So well.")
    assert web.sender.decided[-1][:2] == ("collaboration", there.collaboration.id)


async def test_who_releases_a_bonus_sees_who_gave_it_and_why_and_may_withdraw_it(
    web: Web, there: Scene
) -> None:
    bonus = await granted(web, there)
    async with session(web.engine) as db:
        payout = await db.get_one(Payout, bonus)
        item = await wait_for(db, ItemKind.RELEASE, payout, there.campaign.id, seen="5000EUR")
    client = await web.signed_in(Role.FINANCE)
    page = (await client.get(f"/items/{item.id}")).text
    assert "<strong>Noor</strong>" in page
    assert "“So well.”" in page
    assert "Withdraw the bonus" in page
    page = (await client.get(f"/collaborations/{there.collaboration.id}")).text
    assert "A person granted a bonus" in page
    assert "Withdraw the bonus" in page


@pytest.mark.parametrize(
    ("status", "releases", "shown"),
    [
        (PayoutStatus.REQUESTED, 1, False),
        (PayoutStatus.HELD, 0, False),
        (PayoutStatus.CANCELLED, 0, False),
        (PayoutStatus.HELD, 1, True),
        (PayoutStatus.TRANSFERRED, 1, True),
    ],
)
async def test_creators_see_a_bonus_once_it_is_released(
    web: Web, there: Scene, status: PayoutStatus, releases: int, shown: bool
) -> None:
    bonus = await granted(web, there)
    async with session(web.engine) as db:
        payout = await db.get_one(Payout, bonus)
        payout.status, payout.releases = status.value, releases
    creator = await web.browser()
    await creator.get(web.links.portal(there.collaboration.id))
    page = (await creator.get(f"/portal/{there.collaboration.id}")).text
    assert ("</strong> bonus" in page) is shown
