"""The statement of a payment: for its creator and for finance; never before it is sent."""

from __future__ import annotations

import re
from datetime import timedelta

from httpx import AsyncClient

from domain.decisions import DecisionKind, PlainChoice, TermsChoice
from domain.lifecycle import PayoutStatus, Role
from domain.messages import PostingKind
from store.engine import session
from store.tables import Collaboration, Creator, Decision, Payout, PayoutAttempt
from tests import books, builders
from tests.builders import NOW
from tests.fixtures.web import Web
from tests.store.deciding import decide
from tests.tampering import unguarded
from tests.web.rows import Scene, scene
from tests.web.test_portal import arrive

NOT_OWED = PlainChoice(kind=DecisionKind.CANCEL_PAYOUT)


def words(html: str) -> str:
    body = html.partition("</style>")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " ")


async def paid(web: Web, there: Scene) -> Payout:
    """A payment that was sent, of a creator who has signed."""
    async with session(web.engine) as db:
        of = await db.get_one(Collaboration, there.collaboration.id)
        who = await db.get_one(Creator, there.creator.id)
        signed = await builders.signature(
            db, await builders.terms(db, of), typed_name="Juliane Brandt <b>",
            address="Hauptstr. 1, Berlin",
        )  # fmt: skip
        choice = TermsChoice(answer="sign", content_id=signed.id)
        ref = await builders.decision(db, of, who, choice)
        (await db.get_one(Decision, ref.decision_id)).status = "applied"
        return await books.paid(db, of)


async def kept_as_pdf(client: AsyncClient, address: str, name: str) -> None:
    """Opening the address saves a PDF of this name, for archives and screen readers."""
    answer = await client.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.pdf"'
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"<pdfuaid:part>1" in answer.content


async def test_a_creator_finds_the_statement_of_each_paid_payment(web: Web) -> None:
    there = await scene(web.engine, stage="retaining")
    payout = await paid(web, there)
    creator = await arrive(web, there)
    address = f"{creator.path}/payments/{payout.id}"
    assert f'href="{address}"' in await creator.page()
    answer = await creator.http.get(address)
    assert answer.status_code == 200
    text = words(answer.text)
    for said in (
        f"Number {payout.id}", "Sent 2 March 2026", "Lumen GmbH, Hauptstr. 1, 10115 Berlin",
        "To Juliane Brandt &lt;b&gt;, Hauptstr. 1, Berlin", "150,00 €", str(payout.transfer_id),
        f"{there.collaboration.id}, signed on 2 March 2026", "agreed fee of 300,00 €",
    ):  # fmt: skip
        assert said in text, said
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "content-disposition" not in answer.headers
    file = await creator.http.get(f"{address}?file=html")
    assert file.text == answer.text
    assert file.headers["content-disposition"] == f'attachment; filename="{payout.id}.html"'
    assert not re.search(r'(src|href)="', file.text), "a file has nothing to load"
    await kept_as_pdf(creator.http, f"{address}?file=pdf", payout.id)


async def test_a_statement_says_what_arrived_in_an_account_of_another_currency(web: Web) -> None:
    there = await scene(web.engine, stage="retaining")
    payout = await paid(web, there)
    client = await web.signed_in(Role.FINANCE)
    address = f"/payments/{payout.id}"
    for minor, currency, shown in ((15_000, "EUR", False), (12_750, "GBP", True)):
        async with unguarded(web.engine) as db:
            attempt = await db.get_one(PayoutAttempt, (payout.id, 1))
            attempt.credited_minor, attempt.credited_currency = minor, currency
        text = words((await client.get(f"{address}/statement")).text)
        assert ("Arrived in your account, converted by the payment provider" in text) == shown
        assert ("127,50 £" in text) == shown
        assert ("arrived as £127.50" in (await client.get(address)).text) == shown
        file = (await client.get("/payments/export?format=csv")).text
        assert ("127.50,GBP" in file) == shown


async def test_there_is_no_statement_before_the_money_has_moved(web: Web) -> None:
    there = await scene(web.engine, stage="retaining")
    async with session(web.engine) as db:
        of = await db.get_one(Collaboration, there.collaboration.id)
        payout = await books.earned(db, of, status=PayoutStatus.RELEASED.value)
    creator = await arrive(web, there)
    assert "Statement for your books" not in await creator.page()
    assert (await creator.http.get(f"{creator.path}/payments/{payout.id}")).status_code == 404
    client = await web.signed_in(Role.FINANCE)
    assert (await client.get(f"/payments/{payout.id}/statement")).status_code == 404


async def test_a_creator_sees_nobody_else_s_statement(web: Web) -> None:
    mine, other = await scene(web.engine), await scene(web.engine)
    payout = await paid(web, other)
    creator = await arrive(web, mine)
    assert (await creator.http.get(f"{creator.path}/payments/{payout.id}")).status_code == 404
    path = f"/portal/{other.collaboration.id}/payments/{payout.id}"
    assert (await creator.http.get(path)).status_code == 403
    assert (await (await web.browser()).get(path)).status_code == 403


async def test_the_payment_s_page_says_what_was_tried_and_has_the_statement(web: Web) -> None:
    there = await scene(web.engine, stage="retaining")
    payout = await paid(web, there)
    client = await web.signed_in(Role.FINANCE)
    assert f'href="/payments/{payout.id}"' in (await client.get("/payments")).text
    page = (await client.get(f"/payments/{payout.id}")).text
    assert "€150.00" in page
    assert f'href="/payments/{payout.id}/statement"' in page
    assert str(payout.transfer_id) in page
    text = words((await client.get(f"/payments/{payout.id}/statement")).text)
    assert "Hauptstr. 1, Berlin" in text
    for file, name in (
        (f"/payments/{payout.id}/statement?file=pdf", payout.id),
        (f"/creators/{there.creator.id}/statement?file=pdf", f"account-{there.creator.id}"),
    ):
        assert f'href="{file}"' in page
        await kept_as_pdf(client, file, name)
    reviewer = await web.signed_in(Role.REVIEWER)
    assert "/statement" not in (await reviewer.get(f"/payments/{payout.id}")).text
    assert (await reviewer.get(f"/payments/{payout.id}/statement?file=pdf")).status_code == 403
    assert (await client.get("/payments/pay_nobody")).status_code == 404


async def test_finance_reads_a_creator_s_account_as_it_was_at_a_moment(web: Web) -> None:
    there = await scene(web.engine, stage="retaining", name="Jule <i>Brandt</i>")
    async with session(web.engine) as db:
        of = await db.get_one(Collaboration, there.collaboration.id)
        await books.paid(db, of)
        await books.earned(db, of, NOW + timedelta(days=40), kind="retention_passed")
    web.clock.forward(timedelta(days=60))
    client = await web.signed_in(Role.FINANCE)
    path = f"/creators/{there.creator.id}/statement"
    now = words((await client.get(path)).text)
    assert "Jule &lt;i&gt;Brandt&lt;/i&gt;" in now
    assert "Paid until then: 150,00 € . Still owed: 150,00 € ." in now
    assert "Post left up as agreed" in now
    then = words((await client.get(f"{path}?at=2026-03-31")).text)
    assert "Still owed: 0,00 € ." in then
    assert "Post left up as agreed" not in then
    assert "Nothing had been earned" in (await client.get(f"{path}?at=2020-01-01")).text
    assert (await client.get(f"{path}?at=soon")).status_code == 422
    assert (await client.get("/creators/cre_nobody/statement")).status_code == 404
    assert (await (await web.signed_in(Role.REVIEWER)).get(path)).status_code == 403


async def test_finance_reads_who_let_a_campaign_s_money_move_and_the_creator_why_it_is_not_owed(
    web: Web,
) -> None:
    there = await scene(web.engine, stage="retaining")
    async with session(web.engine) as db:
        of = await db.get_one(Collaboration, there.collaboration.id)
        back = await books.reverse(db, await books.paid(db, of), 15_000)
        again = await builders.payout(db, of, post=False, kind="repayment", again_of=back.id)
        noor = await builders.staff(db, [Role.FINANCE], name="Noor <b>Haddad</b>")
    await decide(web.engine, again, noor, NOT_OWED, comment="It was paid <twice>.")
    async with session(web.engine) as db:
        await books.move(db, again, PostingKind.FORFEIT, f"forfeit:{again.id}:0")
    client = await web.signed_in(Role.FINANCE)
    path = f"/campaigns/{there.campaign.id}"
    assert f'href="{path}/statement"' in (await client.get(path)).text
    text = words((await client.get(f"{path}/statement")).text)
    assert "Noor &lt;b&gt;Haddad&lt;/b&gt;: “It was paid &lt;twice&gt;.”" in text
    assert "Earned, not sent €0.00" in text or "Earned, not sent 0,00 €" in text
    await kept_as_pdf(client, f"{path}/statement?file=pdf", f"campaign-{there.campaign.id}")
    before = words((await client.get(f"{path}/statement?at=2020-01-01")).text)
    assert "Noor" not in before
    account = words((await client.get(f"/creators/{there.creator.id}/statement")).text)
    assert "because: “It was paid &lt;twice&gt;.”" in account
    assert "Noor" not in account, "the paper for the creator names no member of staff"
    assert (await client.get(f"{path}/statement?at=soon")).status_code == 422
    assert (await client.get("/campaigns/cmp_nobody/statement")).status_code == 404
    reviewer = await web.signed_in(Role.REVIEWER)
    assert (await reviewer.get(f"{path}/statement")).status_code == 403
    assert "/statement" not in (await reviewer.get(path)).text
