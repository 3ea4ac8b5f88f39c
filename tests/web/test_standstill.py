"""What nobody carries on: what operators read about it."""

from __future__ import annotations

import re

from domain.inbox import ItemKind
from domain.lifecycle import Role, StreamKind
from domain.messages import OpenItem
from domain.standstill import Standstill
from store import items, standstill
from store.engine import session
from store.standstill import Unfinished
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import Web

RESET = "temporal workflow reset --workflow-id payout/{} --type LastWorkflowTask"
UNPAUSE = "temporal workflow unpause --workflow-id payout/{} --reason"
BY_HAND = "Pay nothing of it by hand"


async def test_operators_read_what_stands_still_and_what_to_do(web: Web) -> None:
    async with session(web.engine) as db:
        of = await builders.collaboration(db)
        one = await builders.payout(db, of)
        two = await builders.payout(db, of, kind="retention_passed")
        owed = await builders.claim(db, of)
        cases = {
            one.id: (StreamKind.PAYOUT, "terminated", "the payment of €150.00 to Jule", RESET),
            two.id: (StreamKind.PAYOUT, "paused", "the payment of €150.00 to Jule", UNPAUSE),
            owed.id: (StreamKind.CLAIM, "failing", "the claim of €40.00 on Jule", "by itself"),
            of.id: (StreamKind.COLLABORATION, "not_there", "with Jule", "of its campaign"),
            of.campaign_id: (StreamKind.CAMPAIGN, "not_there", "the campaign ", "start it again"),
        }
        for id_, (kind, why, _, _) in cases.items():
            assert await standstill.tell(db, Unfinished(kind, id_), Standstill(why), NOW)
    client = await web.signed_in(Role.OPERATOR)
    items = (await client.get("/api/inbox")).json()["items"]
    assert {each["subject_id"] for each in items} == set(cases)
    for item in items:
        kind, _, what, advice = cases[item["subject_id"]]
        assert "See why nothing carries on the" in item["sentence"]
        assert what in item["sentence"]
        assert item["decision"] is None
        page = (await client.get(f"/items/{item['id']}")).text
        assert advice.format(item["subject_id"]) in page
        assert (BY_HAND in page) == (kind in {StreamKind.PAYOUT, StreamKind.CLAIM})
    other = await (await web.signed_in(Role.FINANCE)).get(f"/items/{items[0]['id']}")
    assert "This waits for a person with the role “operator”" in other.text


KEPT = "What is decided about it is kept, and done once it goes on."
NOTHING = "Until it goes on, nothing can be decided about it."


async def test_finance_reads_that_nobody_carries_a_payment_on_and_what_becomes_of_decisions(
    web: Web,
) -> None:
    async with session(web.engine) as db:
        row = await builders.payout(db)
        asked = OpenItem(kind=ItemKind.RELEASE, seen="1")
        await items.open_item(db, asked, "payout", row.id, row.campaign_id, 1, NOW)
    client = await web.signed_in(Role.FINANCE)
    (item,) = (await client.get("/api/inbox")).json()["items"]

    async def notes() -> tuple[str, str]:
        pages = [await client.get(each) for each in (f"/payments/{row.id}", f"/items/{item['id']}")]
        first, second = [_note(page.text) for page in pages]
        return first, second

    assert await notes() == ("", "")
    meanwhile = {"failing": KEPT, "paused": KEPT, "terminated": NOTHING, "not_there": NOTHING}
    for why, expected in meanwhile.items():
        async with session(web.engine) as db:
            of = Unfinished(StreamKind.PAYOUT, row.id)
            assert await standstill.tell(db, of, Standstill(why), NOW)
        for note in await notes():
            assert "nobody was carrying this payment on. Operators know since Monday, Mar" in note
            assert note.endswith(expected)
    async with session(web.engine) as db:
        await standstill.close_others(db, [], NOW)
    assert await notes() == ("", "")


def _note(page: str) -> str:
    """What a page says of standing still."""
    found = re.search(r"Stands still</span>(.*?)</p>", page, re.DOTALL)
    return " ".join(found[1].split()) if found else ""
