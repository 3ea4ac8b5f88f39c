"""Tax data and invoices: asked for in the portal, and no release without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from domain.decisions import TermsChoice
from domain.inbox import ItemKind
from domain.lifecycle import Role
from store import four_eyes, invoices
from store.engine import session
from store.payment_lines import Wanted, payment_page
from store.tables import Campaign, Collaboration, Creator, Decision, Invoice, Payout, Staff
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import URL, Web
from tests.store.deciding import RELEASE, decide
from tests.tampering import unguarded
from tests.web.rows import Scene, scene, wait_for
from tests.web.test_portal import Creator as Browser
from tests.web.test_portal import arrive, form_of
from tests.web.test_statements import words

FRENCH = {
    "status": "registered", "legal_name": "Anne Martin <b>", "address": "1 rue de la Paix, Paris",
    "country": "France", "business_number": "732 829 320", "vat_number": "FR44732829320",
}  # fmt: skip
FRANCE = {"country": "FR"}
NUMBERS = {"business_number": "552100554", "vat_number": "FR12552100554"}
PDF = b"%PDF-1.7 an invoice"


@dataclass
class Case:
    """A creator who has signed with a brand, and a payment that waits for its release."""

    web: Web
    there: Scene
    browser: Browser
    payout: Payout
    finance: Staff

    async def release(self) -> str:
        """Finance releases, and the payment's workflow applies it."""
        return (await decide(self.web.engine, self.payout, self.finance, RELEASE))[1].code

    async def lacks(self) -> str:
        """What the lists and the release page say."""
        async with session(self.web.engine) as db:
            early = await four_eyes.obstacle(db, self.payout.id, self.finance.id)
            assert (await payment_page(db, Wanted())).rows[0].lacks == early
        return early

    async def another(self, number: int) -> Payout:
        """One more payment of the same creator."""
        async with session(self.web.engine) as db:
            of = await db.get_one(Collaboration, self.there.collaboration.id)
            return await builders.payout(db, of, number=number, post=False)

    async def hand_in(self, file: bytes = PDF, **changed: str) -> httpx.Response:
        """Hand in an invoice for the first payment that wants one."""
        form = form_of(await self.browser.page(), "invoice")
        address = form.pop("action")
        sent = {"number": "2026-7", "issued_on": "2026-03-02", "vat": "25", "gross": "150,00"}
        return await self.browser.http.post(
            f"{URL}{address}", data=form | sent | changed, files={"file": ("i.pdf", file)}
        )


async def begin(
    web: Web, brand: Mapping[str, str] | None = None, amount_minor: int = 15_000
) -> Case:
    there = await scene(web.engine, stage="retaining")
    async with unguarded(web.engine) as db:
        row = await db.get_one(Campaign, there.campaign.id)
        row.file = row.file | {"brand": row.file["brand"] | dict(brand or {})}
    async with session(web.engine) as db:
        of = await db.get_one(Collaboration, there.collaboration.id)
        signed = await builders.signature(db, await builders.terms(db, of))
        who = await db.get_one(Creator, there.creator.id)
        choice = TermsChoice(answer="sign", content_id=signed.id)
        ref = await builders.decision(db, of, who, choice)
        (await db.get_one(Decision, ref.decision_id)).status = "applied"
        payout = await builders.payout(db, of, amount_minor=amount_minor)
        finance = await builders.staff(db, (Role.FINANCE,))
    return Case(web, there, await arrive(web, there), payout, finance)


@pytest.fixture
async def french(web: Web) -> Case:
    """The brand is in France and may issue invoices."""
    return await begin(web, FRANCE | NUMBERS)


async def mandated(case: Case) -> None:
    await case.browser.send("tax", **FRENCH)
    page = await case.browser.page()
    text = page.partition('name="text" value="')[2].partition('"')[0]
    assert "mandate" in text
    answer = await case.browser.send("mandate", typed_name="Anne Martin", text=unescaped(text))
    assert answer.status_code == 303


def unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'")


async def test_a_brand_elsewhere_is_asked_for_nothing(web: Web) -> None:
    case = await begin(web)
    assert "Tax and invoices" not in await case.browser.page()
    assert await case.lacks() == ""
    assert await case.release() == "applied"
    async with session(web.engine) as db:
        assert await db.scalar(select(Invoice.number)) is None


async def test_nothing_is_released_before_the_creator_has_said_how_they_are_taxed(
    french: Case,
) -> None:
    page = await french.browser.page()
    assert "Still missing" in page
    assert "Nothing is asked of you" not in page
    assert '<button class="main">Keep</button>' in page
    assert 'value="Germany"' in page
    assert await french.lacks() == "tax_missing"
    assert await french.release() == "tax_missing"
    await french.browser.send("tax", **FRENCH | {"status": "private"})
    assert "No invoice is needed" in await french.browser.page()
    assert await french.lacks() == ""
    assert await french.release() == "applied"


async def test_what_cannot_be_right_is_said_and_nothing_typed_is_lost(french: Case) -> None:
    answer = await french.browser.send("tax", **FRENCH | {"vat_number": "FR45732829320"})
    assert answer.status_code == 422
    assert "digits do not fit" in answer.text
    assert 'value="FR45732829320"' in answer.text
    assert await french.lacks() == "tax_missing"


async def test_an_invoice_is_issued_with_the_release_under_a_mandate(french: Case) -> None:
    await french.browser.send("tax", **FRENCH)
    assert await french.lacks() == await french.release() == "invoice_missing"
    await mandated(french)
    assert await french.lacks() == ""
    assert await french.release() == "applied"
    address = f"{french.browser.path}/invoices/{french.payout.id}"
    assert f'href="{address}"' in await french.browser.page()
    text = words((await french.browser.http.get(address)).text)
    for said in ("-0001", "Autofacturation", "125,00 €", "TVA 20 % 25,00 €", "150,00 €",
                 "FR44732829320", "FR12552100554", "Anne Martin &lt;b&gt;"):  # fmt: skip
        assert said in text, said
    pdf = await french.browser.http.get(f"{address}?file=pdf")
    assert pdf.content.startswith(b"%PDF-1.7")


async def test_numbers_follow_without_a_gap_and_a_second_release_takes_none(french: Case) -> None:
    await mandated(french)
    assert await french.release() == "applied"
    assert await french.release() == "applied"
    french.payout = await french.another(2)
    assert await french.release() == "applied"
    async with session(french.web.engine) as db:
        assert (await db.scalars(select(Invoice.series).order_by(Invoice.series))).all() == [1, 2]


async def test_a_mandate_taken_back_counts_no_more(french: Case) -> None:
    await mandated(french)
    assert (await french.browser.send("mandate_back")).status_code == 303
    assert await french.release() == "invoice_missing"


async def test_a_mandate_counts_only_for_the_name_that_gave_it(french: Case) -> None:
    await mandated(french)
    await french.browser.send("tax", **FRENCH | {"address": "2 rue de la Paix, Paris"})
    assert await french.lacks() == ""
    await french.browser.send("tax", **FRENCH | {"legal_name": "Someone Else"})
    assert await french.lacks() == await french.release() == "invoice_missing"
    assert 'data-action="mandate"' in await french.browser.page()


async def test_who_needs_an_invoice_only_since_the_first_release_gets_it_with_the_second(
    french: Case,
) -> None:
    await french.browser.send("tax", **FRENCH | {"status": "private"})
    ref, first = await decide(french.web.engine, french.payout, french.finance, RELEASE)
    assert first.code == "applied"
    await french.browser.send("tax", **FRENCH)
    await mandated(french)
    async with session(french.web.engine) as db:
        other = await builders.staff(db, (Role.FINANCE,))
    earlier = (ref.decision_id,)
    await decide(french.web.engine, french.payout, other, RELEASE, earlier=earlier)
    async with session(french.web.engine) as db:
        found = await invoices.invoice(db, french.payout.id)
    assert found is not None
    assert found.series == 1


async def test_a_brand_without_its_numbers_offers_no_mandate(web: Web) -> None:
    case = await begin(web, FRANCE)
    await case.browser.send("tax", **FRENCH)
    assert 'data-action="mandate"' not in await case.browser.page()
    assert await case.lacks() == "invoice_missing"
    assert (await case.hand_in()).status_code == 303
    assert await case.lacks() == ""


async def test_a_wrong_invoice_is_refused(french: Case) -> None:
    await french.browser.send("tax", **FRENCH)
    wrong: dict[str, dict[str, Any]] = {
        "a PDF, a PNG or a JPEG": {"file": b"<script>"},
        "The VAT is not": {"vat": "0"},
        "The total of the invoice": {"gross": "149"},
        "the number that stands on it": {"number": " "},
        "papers that we issue": {"number": "AF-1"},
        "the date that stands on it": {"issued_on": "soon"},
        "lies in the future": {"issued_on": "2099-01-01"},
    }
    for said, changed in wrong.items():
        answer = await french.hand_in(**changed)
        assert answer.status_code == 422, said
        assert said in answer.text
        assert 'value="150,00"' in answer.text or "gross" in changed, "what was typed stays"
    assert await french.lacks() == "invoice_missing"


async def test_an_invoice_handed_in_is_a_file_to_be_saved(french: Case) -> None:
    await french.browser.send("tax", **FRENCH)
    assert (await french.hand_in()).status_code == 303
    answer = await french.browser.http.get(f"{french.browser.path}/invoices/{french.payout.id}")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    other = await begin(french.web, FRANCE)
    path = f"{other.browser.path}/invoices/{french.payout.id}"
    assert (await other.browser.http.get(path)).status_code == 404


async def test_a_release_does_not_hold_for_an_invoice_that_came_after_it(french: Case) -> None:
    await french.browser.send("tax", **FRENCH)
    await french.hand_in()
    async with session(french.web.engine) as db:
        sent = invoices.Upload("2026-8", NOW.date(), 2_500, 15_000, "application/pdf", PDF)
        await invoices.add_upload(db, french.payout.id, sent, NOW + timedelta(minutes=1))
    assert await french.release() == "stale"


async def test_a_bonus_waits_for_no_invoice_and_is_asked_for_one_when_it_is_paid(
    french: Case,
) -> None:
    await french.browser.send("tax", **FRENCH)
    await french.hand_in()
    async with session(french.web.engine) as db:
        of = await db.get_one(Collaboration, french.there.collaboration.id)
        french.payout = await builders.payout(db, of, kind="bonus", post=False)
        assert await invoices.lacks(db, french.payout.id) == ""
    assert french.payout.id not in await french.browser.page()
    async with session(french.web.engine) as db:
        (await db.get_one(Payout, french.payout.id)).status = "transferred"
    sent = await french.hand_in(payment=french.payout.id, number="2026-9")
    assert sent.status_code == 303


async def test_an_invoice_from_before_the_creator_charged_vat_is_replaced(french: Case) -> None:
    await french.browser.send("tax", **FRENCH | {"status": "exempt"})
    await french.hand_in(vat="0")
    assert await french.lacks() == ""
    await french.browser.send("tax", **FRENCH)
    assert await french.lacks() == await french.release() == "invoice_missing"
    assert "the VAT of how you are taxed now" in await french.browser.page()
    assert (await french.hand_in()).status_code == 303
    assert await french.lacks() == ""


async def test_a_number_is_used_once(french: Case) -> None:
    await french.browser.send("tax", **FRENCH)
    await french.hand_in()
    second = await french.another(2)
    answer = await french.hand_in(payment=second.id)
    assert answer.status_code == 422
    assert "used this number" in answer.text


async def test_the_release_page_says_what_is_missing(french: Case) -> None:
    async with session(french.web.engine) as db:
        payout = await db.get_one(Payout, french.payout.id)
        item = await wait_for(
            db, ItemKind.RELEASE, payout, payout.campaign_id, seen="15000EUR", code="1/1"
        )
    client = await french.web.signed_in(Role.FINANCE)
    page = (await client.get(f"/items/{item.id}")).text
    assert "has not said yet how they are taxed" in page
    assert 'data-action="release_payout"' not in page
    await french.browser.send("tax", **FRENCH)
    await french.hand_in()
    page = (await client.get(f"/items/{item.id}")).text
    assert "2026-7" in page
    assert 'data-action="release_payout"' in page
    assert (await client.get(f"/payments/{payout.id}/invoice")).content == PDF
