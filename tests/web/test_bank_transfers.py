"""Bank transfers on the pages: a creator gives an account, finance makes files and imports."""

from __future__ import annotations

from datetime import timedelta

import httpx
from sqlalchemy import select

from activities.bank_rail import BankRail
from activities.payouts import Payouts
from domain.bank_transfer import end_to_end_id
from domain.lifecycle import Role
from domain.messages import TransferOutcome, TransferRequest
from store import bank_accounts, bank_clock, bank_orders
from store.engine import session
from store.tables import BankAccount, InboxItem, Payout, Recipient
from tests import builders
from tests.bank import BRAND, IBAN, OTHER, debit, give_bank_account, statement
from tests.fixtures.web import PASSWORD, URL, Web
from tests.web.rows import Scene
from tests.web.test_portal import Creator, arrive
from tests.web.test_portal import signed as signed_scene
from tests.web.test_screens import CAMPAIGN
from web.bank_files import make_file


async def signed(web: Web) -> tuple[Scene, Creator]:
    there = await signed_scene(web)
    return there, await arrive(web, there)


async def test_a_creator_gives_an_account_and_it_is_shown_shortened(by_bank: Web) -> None:
    there, creator = await signed(by_bank)
    assert "Where does your money go?" in await creator.page()
    wrong = await creator.send("bank_account", holder="Zoë", iban=IBAN[:-1] + "7")
    assert wrong.status_code == 422
    assert "This is not an IBAN" in wrong.text
    assert IBAN[:-1] not in wrong.text
    given = await creator.send("bank_account", holder="Zoë Łuczak", iban=IBAN.lower())
    assert given.status_code == 303
    page = await creator.page()
    assert "FR14 … 2606" in page
    assert IBAN not in page
    async with session(by_bank.engine) as db:
        row = await db.get_one(Recipient, there.creator.id)
        account = await db.get_one(BankAccount, row.account_id)
        assert (account.holder, account.iban, row.status) == ("Zoë Łuczak", IBAN, "active")
    assert (await creator.send("bank_account", holder="Zoë", iban=OTHER)).status_code == 303
    assert "NL91 … 4300" in await creator.page()


async def test_finance_sees_who_has_given_no_account_until_they_have(by_bank: Web) -> None:
    _, creator = await signed(by_bank)
    finance = await by_bank.signed_in(Role.FINANCE)
    assert "has given no bank account yet" in (await finance.get("/payments")).text
    await creator.send("bank_account", holder="Zoë", iban=IBAN)
    assert "can be paid.</p>" in (await finance.get("/payments")).text


async def test_an_account_that_the_bank_could_not_pay_into_is_asked_for_again(
    by_bank: Web,
) -> None:
    there, creator = await signed(by_bank)
    await creator.send("bank_account", holder="Zoë", iban=IBAN)
    async with session(by_bank.engine) as db:
        first = (await db.get_one(Recipient, there.creator.id)).account_id
        await bank_accounts.refuse(db, first, builders.NOW)
    page = await creator.page()
    assert "The bank could not pay into FR14 … 2606" in page
    assert "Payments are not set up yet" in page
    finance = await by_bank.signed_in(Role.FINANCE)
    assert "the bank could not pay into their account" in (await finance.get("/payments")).text
    assert (await creator.send("bank_account", holder="Zoë", iban=IBAN)).status_code == 303
    assert "The bank could not pay into" not in await creator.page()


async def test_finance_finds_what_waits_for_a_file_or_an_answer_in_the_inbox(
    by_bank: Web,
) -> None:
    payout = await ordered(by_bank)
    finance = await by_bank.signed_in(Role.FINANCE)

    async def looked_at(days: int) -> str:
        async with session(by_bank.engine) as db:
            await bank_clock.look(
                db, builders.NOW + timedelta(days=days), by_bank=True, answer_days=3
            )
            items = await db.scalars(select(InboxItem.id).where(InboxItem.closed_at.is_(None)))
            (item,) = items.all()
        return item

    page = await finance.get(f"/items/{await looked_at(0)}")
    assert "Make a file for the bank: 1 payment, €150.00" in page.text
    assert 'href="/payments/bank"' in page.text
    assert "Bank files to make" in (await finance.get("/")).text
    made = await make_file(by_bank.engine, BRAND, "stf_1", builders.NOW)
    assert made is not None
    item = await looked_at(5)
    page = await finance.get(f"/items/{item}")
    assert f"Bring the bank&#39;s answer about {made.id}" in page.text
    assert "bring the bank’s answer" in (await finance.get("/payments/bank")).text
    manager = await by_bank.signed_in(Role.MANAGER)
    assert "For somebody else" in (await manager.get(f"/items/{item}")).text
    assert payout.id not in page.text


async def test_with_stripe_there_is_neither_form_nor_page(web: Web) -> None:
    _, creator = await signed(web)
    assert "Where does your money go?" not in await creator.page()
    finance = await web.signed_in(Role.FINANCE)
    assert (await finance.get("/payments/bank")).status_code == 404
    assert "/payments/bank" not in (await finance.get("/payments")).text


async def test_a_campaign_that_no_bank_transfer_could_pay_is_not_begun(by_bank: Web) -> None:
    client = await by_bank.signed_in(Role.MANAGER)
    pounds = CAMPAIGN.replace("EUR", "GBP")
    for path in ("/campaigns/new", "/campaigns"):
        answer = await client.post(path, data={"csrf": await by_bank.csrf(client), "text": pounds})
        assert answer.status_code == 422
        assert "the campaign is in GBP, and creators are paid by bank transfer" in answer.text
    answer = await client.post(
        "/campaigns", data={"csrf": await by_bank.csrf(client), "text": CAMPAIGN}
    )
    assert answer.status_code == 303
    assert len(by_bank.sender.started) == 1


async def test_through_stripe_the_same_campaign_is_begun(web: Web) -> None:
    client = await web.signed_in(Role.MANAGER)
    pounds = CAMPAIGN.replace("EUR", "GBP")
    answer = await client.post("/campaigns", data={"csrf": await web.csrf(client), "text": pounds})
    assert answer.status_code == 303


async def ordered(web: Web) -> Payout:
    """A released payment that was sent by bank transfer."""
    async with session(web.engine) as db:
        of = await builders.collaboration(db)
        payout = await builders.payout(db, of)
        await give_bank_account(db, of.creator_id)
    rail = BankRail(web.engine)
    request = TransferRequest(payout_id=payout.id, attempt=1)
    sent = await Payouts(web.engine, rail, URL).send_transfer(request)
    assert sent.outcome is TransferOutcome.UNDER_WAY
    return payout


async def press(
    web: Web, client: httpx.AsyncClient, what: str, password: str = "", **more: bytes
) -> httpx.Response:
    fields = {"csrf": await web.csrf(client), "password": password}
    files = {name: ("bank.xml", content) for name, content in more.items()}
    return await client.post(f"/payments/bank/{what}", data=fields, files=files or None)


async def test_finance_makes_a_file_takes_it_twice_and_imports_the_answer(by_bank: Web) -> None:
    payout = await ordered(by_bank)
    finance = await by_bank.signed_in(Role.FINANCE)
    assert "€150.00</span> in 1 payment" in (await finance.get("/payments/bank")).text
    made = await press(by_bank, finance, "file")
    page = (await finance.get(made.headers["location"])).text
    name = made.headers["location"].partition("made=")[2]
    assert f"/payments/bank/files/{name}" in page
    assert "1 not confirmed" in page
    first, again = [await finance.get(f"/payments/bank/files/{name}") for _ in range(2)]
    assert first.content == again.content
    assert IBAN.encode() in first.content
    assert (await press(by_bank, finance, "file")).headers["location"].endswith("made=none")
    booked = statement(debit(end_to_end_id(payout.id, 1), "150.00"), debit("X", "1.00"))
    told = (await press(by_bank, finance, "confirm", file=booked)).text
    assert "1 payment moved on" in told
    assert "1 other lines" in told
    assert "All answered" in told
    again_told = (await press(by_bank, finance, "confirm", file=booked)).text
    assert "was known already; nothing changed" in again_told
    strange = await press(by_bank, finance, "confirm", file=b"<html/>")
    assert strange.status_code == 422


async def test_the_password_is_asked_for_again_before_a_file_and_before_an_answer(
    by_bank: Web,
) -> None:
    payout = await ordered(by_bank)
    finance = await by_bank.signed_in(Role.FINANCE)
    assert "Your password" not in (await finance.get("/payments/bank")).text
    booked = statement(debit(end_to_end_id(payout.id, 1), "150.00"))
    for what, files in (("file", {}), ("confirm", {"file": booked})):
        by_bank.clock.forward(timedelta(minutes=6))
        assert "Your password" in (await finance.get("/payments/bank")).text
        for typed in ("", "a wrong one"):
            refused = await press(by_bank, finance, what, password=typed, **files)
            assert refused.status_code == 403
            assert "a wrong one" not in refused.text
        async with session(by_bank.engine) as db:
            assert await bank_orders.waiting(db) == ((1, 15_000) if what == "file" else (0, 0))
        assert (await press(by_bank, finance, what, password=PASSWORD, **files)).status_code < 400
    assert "All answered" in (await finance.get("/payments/bank")).text


async def test_only_finance_makes_files_and_only_from_our_own_form(by_bank: Web) -> None:
    await ordered(by_bank)
    reviewer = await by_bank.signed_in(Role.REVIEWER)
    assert (await reviewer.get("/payments/bank")).status_code == 403
    assert (await press(by_bank, reviewer, "file")).status_code == 403
    finance = await by_bank.signed_in(Role.FINANCE)
    for what in ("file", "confirm"):
        forged = await finance.post(f"/payments/bank/{what}", data={"csrf": "forged"})
        assert forged.status_code == 403
