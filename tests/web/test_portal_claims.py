"""What was paid too much, on the creator's page: why, their side, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from domain.claims import ClaimStatus, SettledBy
from domain.decisions import ClaimVerdict
from domain.inbox import ItemKind
from domain.messages import DecisionRef, DecisionResult
from store import decisions
from store.engine import session
from store.tables import Claim, ClaimPart, Decision, InboxItem, Statement
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import URL, Web
from tests.web.rows import Scene, scene, wait_for
from tests.web.test_portal import Creator, arrive, form_of

WHY = "Half of it was not published."
PICTURE = "https://pictures.example/reel.png"


@pytest.fixture
async def there(web: Web) -> Scene:
    """A collaboration with a payment of 150 EUR."""
    found = await scene(web.engine, stage="retaining")
    async with session(web.engine) as db:
        await builders.payout(db, found.collaboration)
    return found


async def claimed(web: Web, there: Scene, status: ClaimStatus, *, asks: bool = False) -> Claim:
    async with session(web.engine) as db:
        claim = await builders.claim(
            db, there.collaboration, status=status.value, object_by=NOW + timedelta(days=30)
        )
        if asks:
            due = NOW + timedelta(days=30)
            await wait_for(db, ItemKind.STATEMENT, claim, there.campaign.id, due_at=due)
        return claim


async def shown(creator: Creator) -> str:
    """The page, with single spaces."""
    return " ".join((await creator.page()).split())


async def objects(creator: Creator, **fields: str) -> httpx.Response:
    return await creator.send("object_claim", **fields)


async def settled(web: Web, claim: Claim, kind: SettledBy, amount: int, **parts: Any) -> None:
    async with session(web.engine) as db:
        db.add(ClaimPart(claim_id=claim.id, kind=kind.value, amount_minor=amount, at=NOW, **parts))


async def closed(web: Web, claim: Claim) -> None:
    """What applying an answer, or the end of the time, does to the question."""
    async with session(web.engine) as db:
        (await db.scalars(select(InboxItem).filter_by(subject_id=claim.id))).one().closed_at = NOW
        (await db.get_one(Claim, claim.id)).status = ClaimStatus.DECIDING.value


async def test_a_creator_reads_why_and_objects_with_words_and_a_picture(
    web: Web, there: Scene
) -> None:
    claim = await claimed(web, there, ClaimStatus.ANNOUNCED, asks=True)
    creator = await arrive(web, there)
    page = await shown(creator)
    for words in ("asks for 40,00 € back", WHY, "You need not send any money", "Please write by"):
        assert words in page
    assert "Nothing is asked of you right now" not in page
    assert 'http-equiv="refresh"' not in page
    answer = await objects(creator, statement="The second reel is live.", picture=PICTURE)
    assert answer.headers["location"].endswith("?did=object")
    kind, subject, ref = web.sender.decided[-1]
    assert (kind, subject) == ("claim", claim.id)
    async with session(web.engine) as db:
        row = await db.get_one(Decision, ref.decision_id)
        assert (row.subject_kind, row.subject_id) == ("claim", claim.id)
        assert (row.actor_kind, row.actor_id) == ("creator", there.creator.id)
        said = await db.get_one(Statement, row.choice["content_id"])
        assert said.text == f"The second reel is live.\n\nPicture: {PICTURE}"
    page = await shown(creator)
    assert "we have what you wrote" in page
    assert "The second reel is live." in page
    assert 'data-action="object_claim"' not in page


async def test_what_could_not_be_brought_is_sent_again_to_the_claim(web: Web, there: Scene) -> None:
    claim = await claimed(web, there, ClaimStatus.ANNOUNCED, asks=True)
    web.sender.reachable = False
    creator = await arrive(web, there)
    await objects(creator, statement="It is live.")
    assert "recorded and is being applied" in await creator.page()
    async with session(web.engine) as db:
        (waits,) = await decisions.unanswered(db, NOW + timedelta(hours=1))
    assert (waits.subject_kind, waits.subject_id) == ("claim", claim.id)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"statement": "  "}, "Please write what you want to say."),
        ({"statement": "Look.", "picture": "javascript:alert(1)"}, "has to begin with https://"),
        ({"statement": "Look.", "picture": "https://["}, "has to begin with https://"),
        ({"statement": "Look.", "picture": "https://a.example two"}, "has to begin with https://"),
    ],
)
async def test_what_is_missing_is_said_and_what_was_typed_stays(
    web: Web, there: Scene, fields: dict[str, str], words: str
) -> None:
    await claimed(web, there, ClaimStatus.ANNOUNCED, asks=True)
    answer = await objects(await arrive(web, there), **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert fields["statement"].strip() in answer.text
    assert web.sender.decided == []


async def test_a_second_click_is_the_first_one_and_another_text_is_refused(
    web: Web, there: Scene
) -> None:
    claim = await claimed(web, there, ClaimStatus.ANNOUNCED, asks=True)
    creator = await arrive(web, there)
    form = form_of(await creator.page(), "object_claim")
    path = f"{URL}{form.pop('action')}"
    for _ in range(2):
        answer = await creator.http.post(path, data=form | {"statement": "It is live."})
        assert answer.headers["location"].endswith("?did=object")
    assert len({ref.decision_id for _, _, ref in web.sender.decided}) == 1
    answer = await creator.http.post(path, data=form | {"statement": "And private."})
    assert (answer.status_code, "told us your side already" in answer.text) == (409, True)
    await closed(web, claim)
    answer = await creator.http.post(path, data=form | {"statement": "And private."})
    assert "told us your side already" in answer.text
    async with session(web.engine) as db:
        assert await db.scalar(select(func.count()).select_from(Statement)) == 1


async def test_who_comes_too_late_is_told_so(web: Web, there: Scene) -> None:
    claim = await claimed(web, there, ClaimStatus.ANNOUNCED, asks=True)
    creator = await arrive(web, there)
    form = form_of(await creator.page(), "object_claim")
    path = f"{URL}{form.pop('action')}"
    web.sender.answer = DecisionResult(applied=False, code="too_late")
    answer = await creator.http.post(path, data=form | {"statement": "It is live."})
    assert "the time for this has run out" in (await creator.http.get(
        answer.headers["location"])).text  # fmt: skip
    await closed(web, claim)
    answer = await creator.http.post(path, data=form | {"statement": "It is live."})
    assert (answer.status_code, "time to write has run out" in answer.text) == (409, True)
    async with session(web.engine) as db:
        (await db.get_one(Claim, claim.id)).status = ClaimStatus.CONFIRMED.value
    as_program = {"Accept": "application/json"}
    fields = form | {"statement": "It is live."}
    answer = await creator.http.post(path, json=fields, headers=as_program)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
    assert "decided already" in answer.json()["message"]


async def test_nobody_objects_to_what_is_asked_of_another(web: Web, there: Scene) -> None:
    claim = await claimed(web, there, ClaimStatus.ANNOUNCED, asks=True)
    own = form_of(await (await arrive(web, there)).page(), "object_claim")
    stranger = await scene(web.engine, stage="retaining")
    creator = await arrive(web, stranger)
    assert WHY not in await creator.page()
    csrf = form_of(await creator.page(), "withdraw")["csrf"]
    said = {"csrf": csrf, "statement": "Not mine."}
    path = f"{URL}{creator.path}/claims"
    assert (await creator.http.post(f"{path}/{claim.id}/object", data=said)).status_code == 404
    assert (await creator.http.post(f"{path}/clm_none/object", data=said)).status_code == 404
    assert (await creator.http.post(f"{URL}{own['action']}", data=said)).status_code == 403
    nobody = await web.browser()
    assert (await nobody.post(f"{URL}{own['action']}", data=own)).status_code == 403
    mine = await arrive(web, there)
    forged = await mine.http.post(f"{URL}{own['action']}", data=said)
    assert forged.status_code == 403
    assert web.sender.decided == []


async def test_what_stands_is_shown_with_what_came_back_and_what_is_open(
    web: Web, there: Scene
) -> None:
    claim = await claimed(web, there, ClaimStatus.CONFIRMED)
    async with session(web.engine) as db:
        sent = await builders.payout(
            db, there.collaboration, kind="draft_approved", netted_minor=1_000,
            status="transferred",
        )  # fmt: skip
        later = await builders.payout(
            db, there.collaboration, kind="retention_passed", netted_minor=500, status="released"
        )
        off = await builders.payout(db, there.collaboration, kind="bonus", status="cancelled")
    await settled(web, claim, SettledBy.NETTED, 1_000, payout_id=sent.id)
    await settled(web, claim, SettledBy.NETTED, 500, payout_id=later.id)
    await settled(web, claim, SettledBy.NETTED, 700, payout_id=off.id)
    await settled(web, claim, SettledBy.GIVEN_BACK, -700, payout_id=off.id)
    await settled(web, claim, SettledBy.REPAID, 600)
    page = await shown(await arrive(web, there))
    assert "19,00 € of 40,00 € is still open" in page
    assert "10,00 €</strong> kept back from a payment: draft approved" in page
    assert "5,00 €</strong> kept back from a payment: post stayed up" in page
    assert "that payment is not over yet" in page
    assert "6,00 €</strong> sent to the brand by you" in page
    assert "7,00 €" not in page
    # And each payment says what it earned, what was kept back, and what is sent.
    assert "150,00 €</strong> draft approved" in page
    assert '140,00 €</strong> was sent: <strong class="num">10,00 €</strong> was kept back' in page
    assert '145,00 €</strong> is sent: <strong class="num">5,00 €</strong> is kept back' in page
    assert f"“{WHY}”" in page


async def test_what_was_dropped_is_said_in_the_words_of_who_dropped_it(
    web: Web, there: Scene
) -> None:
    claim = await claimed(web, there, ClaimStatus.DROPPED)
    async with session(web.engine) as db:
        who = await builders.staff(db)
        ref: DecisionRef = await builders.decision(
            db, claim, who, ClaimVerdict(answer="drop"), comment="Both reels <were> there."
        )
        (await db.get_one(Decision, ref.decision_id)).status = "applied"
    page = await shown(await arrive(web, there))
    assert "40,00 € stays yours" in page
    assert "Both reels &lt;were&gt; there." in page
    assert "still open" not in page


async def test_a_payment_of_which_all_was_kept_back_is_settled_and_has_its_statement(
    web: Web, there: Scene
) -> None:
    claim = await claimed(web, there, ClaimStatus.SETTLED)
    async with session(web.engine) as db:
        payout = await builders.payout(
            db, there.collaboration, kind="bonus", amount_minor=4_000, netted_minor=4_000,
            status="netted",
        )  # fmt: skip
    await settled(web, claim, SettledBy.NETTED, 4_000, payout_id=payout.id)
    creator = await arrive(web, there)
    page = await shown(creator)
    assert "Nothing is open any more of 40,00 €" in page
    assert "settled: it was kept back for what you owed" in page
    assert f"/payments/{payout.id}" in page
    assert (await creator.http.get(f"{creator.path}/payments/{payout.id}")).status_code == 200
