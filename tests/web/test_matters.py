"""What finance sees of the brand's own account at Stripe, and how a matter of it is settled."""

from __future__ import annotations

from datetime import timedelta

from domain.account_matters import MATTERS, MatterCode
from domain.balance_lines import BalanceLine
from domain.inbox import ItemKind
from domain.lifecycle import Role
from store import account_matters, balance_lines, rail_balances
from store.desk import open_item
from store.engine import session
from tests.builders import NOW
from tests.fixtures.web import PASSWORD, Web


def test_every_matter_has_its_words() -> None:
    assert set(MATTERS) == set(MatterCode)


async def test_money_that_stripe_holds_back_is_shown_and_settled_by_finance(web: Web) -> None:
    async with session(web.engine) as db:
        await rail_balances.record(db, {"EUR": 12_000}, NOW, reserved={"EUR": 2_550})
        matter = await account_matters.current(db, MatterCode.CONNECT_RESERVED, "EUR")
        assert matter is not None
        item = await open_item(db, ItemKind.ACCOUNT.value, matter.id)
        assert item is not None
    client = await web.signed_in(Role.FINANCE)
    page = (await client.get("/payments")).text
    assert "Held back" in page
    assert "€25.50" in page
    inbox = (await client.get("/")).text
    assert "below zero: €25.50" in inbox
    assert "Your account at the payment provider" in inbox
    listed = (await client.get("/api/inbox")).json()["items"]
    assert [(each["kind"], each["campaign_id"]) for each in listed] == [("account", None)]
    shown = (await client.get(f"/items/{item.id}")).text
    assert "which accounts are below zero" in shown
    address, csrf = f"/matters/{matter.id}/settle", (await client.get("/api/inbox")).json()["csrf"]
    empty = await client.post(address, data={"csrf": csrf, "said": " "})
    assert (empty.status_code, "say what it was" in empty.text) == (422, True)
    said = {"csrf": csrf, "said": "Mara sends it back"}
    web.clock.forward(timedelta(minutes=6))
    assert "Your password" in (await client.get(f"/items/{item.id}")).text
    for typed in ("", "a wrong one"):
        refused = await client.post(address, data=said | {"password": typed})
        assert (refused.status_code, "Mara sends it back</" in refused.text) == (403, True)
    assert (await client.post(address, data=said | {"password": PASSWORD})).status_code == 303
    assert (await client.post(address, data=said)).status_code == 303
    assert (await client.post(address, data=said | {"said": "later"})).status_code == 303
    assert (await client.get("/api/inbox")).json()["total"] == 0
    over = (await client.get(f"/items/{item.id}")).text
    assert "said: “Mara sends it back”" in over


async def test_only_finance_settles_a_matter(web: Web) -> None:
    async with session(web.engine) as db:
        matter = await account_matters.note(db, MatterCode.CONNECT_RESERVED, "EUR", 5, NOW)
    client = await web.signed_in(Role.MANAGER)
    csrf = (await client.get("/api/inbox")).json()["csrf"]
    said = {"csrf": csrf, "said": "nothing"}
    assert (await client.post(f"/matters/{matter.id}/settle", data=said)).status_code == 403
    mine = await web.signed_in(Role.FINANCE)
    forged = await mine.post(f"/matters/{matter.id}/settle", data=said)
    assert forged.status_code == 403
    async with session(web.engine) as db:
        assert await account_matters.current(db, MatterCode.CONNECT_RESERVED, "EUR") is not None
        assert not await account_matters.settle(db, "mat_none", NOW + timedelta(hours=1))


async def test_the_lines_of_a_matter_and_the_fees_are_shown(web: Web) -> None:
    def line(name: str, kind: str, amount: int) -> BalanceLine:
        return BalanceLine(
            id=name, type=kind, currency="EUR", amount_minor=amount, created_at=NOW,
        )  # fmt: skip

    async with session(web.engine) as db:
        lines = (line("txn_a", "adjustment", -700), line("txn_b", "stripe_fee", -35))
        assert await balance_lines.record(db, lines, NOW) == 1
        await balance_lines.finish(db, NOW)
        matter = await account_matters.current(db, MatterCode.UNEXPLAINED, "EUR")
        assert matter is not None
        item = await open_item(db, ItemKind.ACCOUNT.value, matter.id)
        assert item is not None
    client = await web.signed_in(Role.FINANCE)
    shown = (await client.get(f"/items/{item.id}")).text
    assert "txn_a" in shown
    assert "txn_b" not in shown
    assert "Ask Stripe" in shown
    assert "-€7.00" in (await client.get("/")).text
    page = (await client.get("/payments")).text
    assert "fees of the last 30 days: €0.35." in page
