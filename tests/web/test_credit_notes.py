"""Credit notes: issued when money is given up that came back, or asked for and handed in."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from domain.correspondence import CreditFigures
from domain.creator_account import accounts
from domain.lifecycle import Role
from domain.spreadsheet import Sheet
from rendering.documents import account_statement
from store import correspondence, credits
from store.creator_statements import creator_statement
from store.engine import session
from store.journal import VAT, journal
from store.payment_lines import Wanted, all_payments
from store.tables import Creator, CreditNote, Payout
from store.totals import year_totals
from tests import books
from tests.builders import NOW
from tests.fixtures.web import URL, Web
from tests.web.test_invoices import FRANCE, FRENCH, NUMBERS, PDF, Case, begin, mandated
from tests.web.test_portal import form_of
from tests.web.test_statements import words
from web.exports import Export, Format, rows
from web.payment_pages import environment

LATER = NOW + timedelta(hours=1)


async def paid(case: Case) -> None:
    """The case's payment is released and sent."""
    assert await case.release() == "applied"
    async with session(case.web.engine) as db:
        await books.sent(db, await db.get_one(Payout, case.payout.id))


async def given_up(case: Case, *backs: int) -> list[str]:
    """Sums are taken back one after another and not paid again; the payments that are not made."""
    made = []
    for back in backs:
        made.append(await books.taken_back(case.web.engine, case.payout.id, back, LATER))
        await books.given_up(case.web.engine, made[-1], LATER)
    return made


@pytest.fixture
async def issued(web: Web) -> Case:
    """A payment that was sent, with an invoice that the brand issued."""
    case = await begin(web, FRANCE | NUMBERS, 10_005)
    await mandated(case)
    await paid(case)
    return case


@pytest.fixture
async def handed_in(web: Web) -> Case:
    """A payment that was sent, with an invoice that the creator handed in."""
    case = await begin(web, FRANCE)
    await case.browser.send("tax", **FRENCH)
    assert (await case.hand_in()).status_code == 303
    await paid(case)
    return case


async def test_what_is_given_up_of_an_issued_invoice_gets_its_credit_note(issued: Case) -> None:
    first, second = await given_up(issued, 5_000, 5_005)
    async with session(issued.web.engine) as db:
        notes = (await db.scalars(select(CreditNote).order_by(CreditNote.series))).all()
        invoice = (await credits.of_payment(db, issued.payout.id))[0].invoice
    assert [note.series for note in notes] == [1, 2]
    assert [note.gross_minor for note in notes] == [5_000, 5_005]
    assert sum(note.vat_minor for note in notes) == invoice.vat_minor, "to the unit"
    page = await issued.browser.page()
    address = f"{issued.browser.path}/credit-notes/{first}"
    assert f'href="{address}"' in page
    assert 'data-action="credit_note"' not in page
    text = words((await issued.browser.http.get(address)).text)
    for said in (
        f"Avoir {notes[0].number}", f"{invoice.number} du 2 mars 2026", "Autofacturation",
        "-41,66 €", "TVA 20 % -8,34 €", "-50,00 €", "FR44732829320", "Anne Martin &lt;b&gt;",
        "s’élève à 41,71 € hors taxe et 8,34 € de TVA", "n’est pas due",
    ):  # fmt: skip
        assert said in text, said
    pdf = await issued.browser.http.get(f"{address}?file=pdf")
    assert pdf.content.startswith(b"%PDF-1.7")
    last = await issued.browser.http.get(f"{issued.browser.path}/credit-notes/{second}")
    assert "s’élève à 0,00 € hors taxe et 0,00 € de TVA" in words(last.text)


async def test_books_and_files_know_the_credit_note(issued: Case) -> None:
    (again,) = await given_up(issued, 4_000)
    async with session(issued.web.engine) as db:
        note = (await db.scalars(select(CreditNote))).one()
        lines = [line async for document in journal(db) for line in document]
        booked = [line for line in lines if line.account == VAT]
        assert [line.signed_minor for line in booked] == [1_668, -667]
        assert (booked[1].document, booked[1].at) == (f"VAT-{again}", LATER)
        written = [row async for row in rows(db, Export(Format.JOURNAL, Wanted(), Sheet()))]
        assert f"VAT of credit note {note.number} for invoice AF-" in written[-1]
        told = {line.payout.id: line async for line in all_payments(db, Wanted())}
        assert [told[each].credit_notes for each in (issued.payout.id, again)] == [note.number] * 2
        (total,) = await year_totals(db, NOW.year, ZoneInfo("UTC"))
        assert total.vat_minor == sum(line.signed_minor for line in booked)
        fees = sum(line.signed_minor for line in lines if line.account == "fees")
        assert total.net_minor == fees, "what stays in the fees is what the papers say without tax"
        who = await db.get_one(Creator, issued.payout.creator_id)
        found = await creator_statement(db, who, LATER)
        (account,) = accounts(found.lines)
        assert (account.paid_minor, account.vat_minor) == (6_005, total.vat_minor)
        said = words("</style>" + account_statement(environment(), who, found.lines, LATER).article)
        assert f"credit note {note.number} for invoice" in said


async def test_the_creator_is_asked_for_the_credit_note_of_an_invoice_of_their_own(
    handed_in: Case,
) -> None:
    (again,) = await given_up(handed_in, 15_000)
    async with session(handed_in.web.engine) as db:
        about = await correspondence.load(
            db, handed_in.payout.collaboration_id, {"payout_id": again}
        )
        assert about.credit == CreditFigures("2026-7")
    page = (await handed_in.browser.page()).replace("\xa0", " ")
    assert "says 125,00 € net, 25,00 € VAT and 150,00 € in all" in page
    for wrong, said in (
        ({"gross": "149"}, "not what it has to be"), ({"vat": "24"}, "not what it has to be"),
        ({"number": "2026-7"}, "used for another"), ({"number": "AV-1"}, "that we issue"),
    ):  # fmt: skip
        answer = await hand_in(handed_in, PDF, **wrong)
        assert (answer.status_code, said in answer.text) == (422, True), said
    assert (await hand_in(handed_in, PDF)).status_code == 303
    address = f"{handed_in.browser.path}/credit-notes/{again}"
    assert (await handed_in.browser.http.get(address)).content == PDF
    page = await handed_in.browser.page()
    assert "Still missing" not in page
    assert "Replace the credit note" in page
    better = PDF + b"%"
    assert (await hand_in(handed_in, better, number="A-2")).status_code == 303
    answer = await handed_in.browser.http.get(address)
    assert answer.content == better
    assert answer.headers["content-disposition"].startswith("attachment;")
    other = await begin(handed_in.web, FRANCE)
    answer = await other.browser.http.get(f"{other.browser.path}/credit-notes/{again}")
    assert answer.status_code == 404


async def hand_in(case: Case, file: bytes, **changed: str) -> httpx.Response:
    form = form_of(await case.browser.page(), "credit_note")
    address = form.pop("action")
    sent = {"number": "A-1", "issued_on": "2026-03-02", "vat": "-25", "gross": "-150,00"}
    return await case.browser.http.post(
        f"{URL}{address}", data=form | sent | changed, files={"file": ("a.pdf", file)}
    )


async def test_finance_sees_what_is_missing_and_enters_it(handed_in: Case) -> None:
    (again,) = await given_up(handed_in, 6_000)
    web = handed_in.web
    client = await web.signed_in(Role.FINANCE)
    assert "Credit notes that are missing" in (await client.get("/payments")).text
    async with session(web.engine) as db:
        told = {line.payout.id: line.credit_notes async for line in all_payments(db, Wanted())}
        assert told == {handed_in.payout.id: "missing", again: "missing"}
        assert [line.account async for each in journal(db) for line in each].count(VAT) == 1
    page = (await client.get(f"/payments/{again}")).text
    form = form_of(page, "credit_note")
    address = form.pop("action")
    typed = form | {"number": "A-1", "issued_on": "2026-03-02", "vat": "10", "gross": "60"}
    refused = await client.post(address, data=typed | {"vat": "9"}, files={"file": ("a.pdf", PDF)})
    assert (refused.status_code, 'value="A-1"' in refused.text) == (422, True)
    entered = await client.post(address, data=typed, files={"file": ("a.pdf", PDF)})
    assert entered.status_code == 303
    assert "entered by finance" in (await client.get(f"/payments/{again}")).text
    assert "Credit notes that are missing" not in (await client.get("/payments")).text
    assert (await client.get(f"/credit-notes/{again}")).content == PDF
    assert 'data-action="credit_note"' not in await handed_in.browser.page(), "it is finance's"
    files = {"file": ("a.pdf", PDF)}
    assert (await client.post(address, data=typed | {"number": "A-2"}, files=files)).is_redirect
    page = (await client.get(f"/payments/{again}")).text
    assert "Credit note A-2" in page
    assert "replaced on" in page
    assert "A-2" in (await client.get("/payments/export")).text
    assert 'data-action="credit_note"' not in (await client.get(f"/payments/{again}")).text
    assert "and in use" in (await client.post(address, data=typed, files=files)).text
    async with session(web.engine) as db:
        kept = await db.get_one(CreditNote, again)
        assert (kept.number, kept.replaced_at, kept.booked_at) == ("A-2", kept.created_at, NOW)
        kept.number = "A-3"
        with pytest.raises(DBAPIError, match="that the books name is never changed"):
            await db.flush()
        await db.rollback()
    manager = await web.signed_in(Role.MANAGER)
    forged = typed | {"csrf": await web.csrf(manager)}
    answer = await manager.post(address, data=forged, files={"file": ("a.pdf", PDF)})
    assert answer.status_code == 403


async def test_without_the_mandate_the_creator_is_asked_for_it(issued: Case) -> None:
    assert (await issued.browser.send("mandate_back")).status_code == 303
    await given_up(issued, 1_000)
    assert 'data-action="credit_note"' in await issued.browser.page()


async def test_where_no_invoice_is_wanted_no_credit_note_is(web: Web) -> None:
    case = await begin(web)
    await paid(case)
    await given_up(case, 1_000)
    async with session(web.engine) as db:
        assert await credits.missing(db, 10) == (0, ())
        assert (await db.scalars(select(CreditNote))).all() == []
