"""Chromium in front of the real application, with something of everything to be seen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_matters import MatterCode
from domain.balance_lines import BalanceLine
from domain.decisions import BonusChoice, Objection, SettleChoice, TermsChoice
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.messages import Begin
from domain.reconciliation import Difference, DifferenceCode
from store import (
    account_matters,
    balance_lines,
    batches,
    bonuses,
    book_check,
    comparisons,
    crediting,
    external_events,
    invoices,
    other_payments,
    rail_balances,
    rail_stops,
    staff,
    stuck_events,
)
from store.book_check import Fault
from store.desk import open_item
from store.engine import session
from store.tables import (
    Campaign,
    ClaimPart,
    Collaboration,
    Creator,
    Decision,
    InboxItem,
    Staff,
)
from tests import books, builders
from tests.bank import BRAND
from tests.browser import banking
from tests.browser.serving import Site, serving
from tests.conftest import Database
from tests.fixtures.web import PASSWORD
from tests.store.test_issuing import FACTS, french_campaign
from tests.web.rows import CAPTION, wait_for
from web.deps import Deps
from web.releasing import new_batch

CHROMIUM = os.environ.get("TROUPE_CHROMIUM") or "/usr/bin/chromium"
"""The browser that `local/chromium.sh` found."""

EMAIL = "robin@brand.example"


@pytest.fixture(scope="session")
def site(make_database: Callable[[], Database]) -> Iterator[Site]:
    """A site with something of everything."""
    with serving(make_database(), _fill) as made:
        yield made


@pytest.fixture(scope="session")
def bank(make_database: Callable[[], Database]) -> Iterator[Site]:
    """The site of a brand that pays by bank transfer."""

    async def fill(deps: Deps, made: Site) -> None:
        async with session(deps.engine) as db:
            me = await _me(db, deps)
        made.pages, made.portal["bank_portal"] = await banking.fill(deps, me)

    with serving(make_database(), fill, BRAND) as made:
        yield made


async def _me(db: AsyncSession, deps: Deps) -> str:
    return await staff.create_staff(
        db, email=EMAIL, name="Robin Vale", roles=list(staff.STAFF_ROLES), password=PASSWORD,
        at=deps.clock(), timezone="Europe/Berlin",
    )  # fmt: skip


async def _fill(deps: Deps, made: Site) -> None:
    async with session(deps.engine) as db:
        me = await _me(db, deps)
        campaign = await builders.campaign(db)
        who = await builders.creator(db, handle="@konstantin_the_very_long_handle_of_2026")
        one = await builders.collaboration(db, campaign, who, stage="reviewing", draft_version=2)
        await builders.candidate(db, campaign, who, reasons=["Speaks about skin care."])
        await builders.draft(db, one, caption=CAPTION, version=1)
        draft = await builders.draft(db, one, caption=f"{CAPTION} #new", version=2)
        payout = await builders.payout(db, one)
        small = await books.earned(
            db, one, deps.clock(), kind="contract_signed", amount_minor=300
        )  # fmt: skip
        large = await books.earned(db, one, deps.clock(), kind="draft_approved")
        sent = await books.sent(db, large, deps.clock(), along=small)
        seen = {ItemKind.DRAFT: draft.digest, ItemKind.COUNTER: "1:50000",
                ItemKind.KILL_FEE: "30000", ItemKind.HEARING: "3", ItemKind.PUBLICATION: "3",
                ItemKind.ATTENTION: "unavailable", ItemKind.CONTACT: "", ItemKind.SCREENING: "v",
                ItemKind.SCANDAL: (await builders.safety_look(db, one)).digest,
                }  # fmt: skip
        items = [await wait_for(db, ItemKind.SHORTLIST, campaign, campaign.id, seen="digest")]
        items += [await wait_for(db, kind, one, campaign.id, seen=s) for kind, s in seen.items()]
        items.append(
            await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen="15000EUR", code="1/1")
        )
        unsent = await builders.payout(
            db, one, kind="retention_passed", status="held", hold_reason="refused", releases=1
        )
        items.append(
            await wait_for(
                db, ItemKind.UNPAID, unsent, campaign.id, seen="refused|foreign_transfer|"
            )
        )
        items.append(await wait_for(db, ItemKind.IN_DOUBT, unsent, campaign.id, code="no_answer"))
        items.append(
            await wait_for(db, ItemKind.STANDSTILL, unsent, campaign.id, code="terminated")
        )
        asked = {"inviting": (ItemKind.OFFER, "1:30000"), "contracting": (ItemKind.TERMS, ""),
                 "drafting": (ItemKind.SUBMIT, "1"), "publishing": (ItemKind.PUBLISH, "x"),
                 "retaining": (ItemKind.STATEMENT, "3")}  # fmt: skip
        for stage, (kind, seen_) in asked.items():
            row = await builders.collaboration(db, campaign, stage=stage)
            digest = (await builders.terms(db, row)).digest if kind is ItemKind.TERMS else seen_
            await wait_for(db, kind, row, campaign.id, seen=digest, due_at=deps.clock())
            made.portal[stage] = deps.links.portal(row.id)
        row = await builders.collaboration(db, campaign, stage="retaining")
        await builders.recipient(db, await db.get_one(Creator, row.creator_id), status="paused")
        await builders.payout(db, row, status="held", hold_reason="platform_paused", releases=1)
        await builders.payout(
            db, row, kind="retention_passed", status="held", hold_reason="below_minimum",
            rides=True, releases=1,
        )  # fmt: skip
        made.portal["paused"] = deps.links.portal(row.id)
        held = {"EUR": 2_550}
        await rail_balances.record(db, {"EUR": 12_000}, deps.clock(), reserved=held)
        lines = [
            BalanceLine(
                id=f"txn_1QxYz{kind}", type=kind, currency="EUR", amount_minor=-700,
                source_id="adj_1QxYz7BbCcDdEeFf", created_at=deps.clock(),
            )
            for kind in ("adjustment", "stripe_fee")
        ]  # fmt: skip
        await balance_lines.record(db, lines, deps.clock())
        await balance_lines.finish(db, deps.clock())
        matter = await account_matters.current(db, MatterCode.UNEXPLAINED, "EUR")
        assert matter is not None
        told = await open_item(db, ItemKind.ACCOUNT.value, matter.id)
        assert told is not None
        items.append(told)
        items += [await _not_applied(db, deps), await _by_hand(db, deps)]
        items.append(await _changed_books(db, deps))
        said = await _stands_still(db, one, deps)
        sign = TermsChoice(answer="sign", content_id="sig_1")
        signed = await builders.decision(db, one, who, sign)
        (await db.get_one(Decision, signed.decision_id)).status = "applied"
        bonus = BonusChoice(amount_minor=5_000)
        granted = await builders.decision(
            db, one, await db.get_one(Staff, me), bonus, comment="It went so well."
        )
        made.portal["papers"], missed = await _papers(db, deps)
        owed = await _claims(db, deps, campaign)
        made.portal["claims"] = await _owes(db, deps)
        batch = new_batch()
        await batches.record(db, batch, me, payout.id, "something else was shown", deps.clock())
    await bonuses.grant(deps.engine, Begin(ref=granted, at=deps.clock()))
    made.portal["opt_out"] = deps.links.opt_out(one.id)
    made.pages = {f"item_{item.kind}": f"/items/{item.id}" for item in items}
    made.pages |= {
        name: f"/{name}" for name in ("campaigns", "creators", "payments", "setup", "me")
    }
    made.pages |= {"inbox": "/", "new": "/campaigns/new", "campaign": f"/campaigns/{campaign.id}",
                   "report": f"/campaigns/{campaign.id}/report",
                   "collaboration": f"/collaborations/{one.id}", "totals": "/payments/totals",
                   "payment": f"/payments/{sent.id}", "credit_note": f"/payments/{missed}",
                   "batch": "/payments/release",
                   "batch_result": f"/payments/release/{batch}",
                   "batch_confirm": f"/payments/release/confirm?payment={payout.id}",
                   "statement": f"/payments/{sent.id}/statement",
                   "item_said": f"/items/{said.id}"} | owed  # fmt: skip


async def _claims(db: AsyncSession, deps: Deps, campaign: Campaign) -> dict[str, str]:
    """A creator who owes something: the pages of what is decided and what is kept back."""
    of = await builders.collaboration(db, campaign, stage="retaining")
    paid = await books.paid(db, of, deps.clock(), netted_minor=2_000)
    payout = await builders.payout(db, of, kind="retention_passed")
    owed = await builders.claim(db, of, amount_minor=6_000)
    db.add(
        ClaimPart(
            claim_id=owed.id, kind="netted", amount_minor=2_000, payout_id=paid.id, at=deps.clock()
        )
    )
    claim = await builders.claim(db, of, status="deciding")
    said = await builders.statement(db, of, text="The second reel went to my close friends.")
    who = await db.get_one(Creator, of.creator_id)
    ref = await builders.decision(db, claim, who, Objection(content_id=said.id))
    (await db.get_one(Decision, ref.decision_id)).status = "applied"
    asked = await wait_for(db, ItemKind.CLAIM, claim, campaign.id, seen="4000EUR", code="objected")
    release = await wait_for(db, ItemKind.RELEASE, payout, campaign.id, seen="15000EUR", code="1/1")
    return {
        "item_claim": f"/items/{asked.id}", "item_netting": f"/items/{release.id}",
        "claims": "/claims", "claim": f"/claims/{owed.id}",
    }  # fmt: skip


async def _stands_still(db: AsyncSession, of: Collaboration, deps: Deps) -> InboxItem:
    """The provider refuses our key; meanwhile one of two says that a payment went another way."""
    said = "Expired API Key provided: sk_live_********4242"
    await rail_stops.stop(db, said, "mark", deps.clock())
    payout = await builders.payout(
        db, of, kind="retention_passed", number=2, status="held", hold_reason="refused", releases=1
    )
    somebody = await builders.staff(db, [Role.FINANCE], name="Noor Haddad")
    kept = await other_payments.keep(db, payout.id, "2026-02-27", "Wire 7731", deps.clock())
    settles = SettleChoice(answer="elsewhere", content_id=kept)
    ref = await builders.decision(db, payout, somebody, settles, comment="No bank there is served.")
    (await db.get_one(Decision, ref.decision_id)).status = "applied"
    seen = f"refused|account_rejected|{kept}"
    return await wait_for(
        db, ItemKind.UNPAID, payout, of.campaign_id, seen=seen, code="account_rejected"
    )


async def _not_applied(db: AsyncSession, deps: Deps) -> InboxItem:
    """An event that nobody could apply for two days."""
    kind, about = "v2.core.account[requirements].updated", {"account": "acct_1QxYz7BbCcDdEeFf"}
    await external_events.store_event(
        db, "stripe", "evt_1QxYz7BbCcDdEeFf", kind, about, deps.clock() - timedelta(days=2)
    )
    await stuck_events.tell(db, deps.clock())
    item = await open_item(db, ItemKind.EVENTS.value, stuck_events.ALL)
    assert item is not None
    return item


async def _changed_books(db: AsyncSession, deps: Deps) -> InboxItem:
    """A chain of events that the night's look found broken."""
    says = "events of collaboration col_1f7b3c2d9e8a4b5c6d7e: not as they were written"
    fault = Fault("collaboration/col_1f7b3c2d9e8a4b5c6d7e", says)
    await book_check.record(db, [fault], [], deps.clock())
    item = await open_item(db, ItemKind.BOOKS.value, fault.subject)
    assert item is not None
    return item


async def _by_hand(db: AsyncSession, deps: Deps) -> InboxItem:
    """Money that a creator was sent in no payment's name."""
    account = await builders.recipient(db, await builders.creator(db))
    found = Difference(
        code=DifferenceCode.UNNAMED, payout_id="", transfer_id="tr_1QxYz7BbCcDdEeFf",
        account_id=account.account_id, currency="EUR", theirs_minor=15_000,
    )  # fmt: skip
    await comparisons.note(db, found, deps.clock())
    item = await open_item(db, ItemKind.DIFFERENCE.value, comparisons.difference_id(found))
    assert item is not None
    return item


async def _papers(db: AsyncSession, deps: Deps) -> tuple[str, str]:
    """A creator whom France asks for an invoice and a credit note: the link, and what is missed."""
    campaign = await french_campaign(db)
    of = await builders.collaboration(db, campaign, stage="retaining")
    signed = await builders.signature(db, await builders.terms(db, of))
    sign = TermsChoice(answer="sign", content_id=signed.id)
    ref = await builders.decision(db, of, await db.get_one(Creator, of.creator_id), sign)
    (await db.get_one(Decision, ref.decision_id)).status = "applied"
    await invoices.add_profile(db, of.creator_id, FACTS, deps.clock())
    await builders.payout(db, of)
    paid = await books.invoiced(db, await books.paid(db, of, number=2), 2_500)
    again = await builders.payout(
        db, of, kind="repayment", status="cancelled", first_of=paid.id, again_of=paid.id, post=False
    )
    await crediting.credit(db, again.id, again, again.amount_minor, deps.clock())
    return deps.links.portal(of.id), again.id


async def _owes(db: AsyncSession, deps: Deps) -> str:
    """A creator who is asked for money back, and owes some that a payment keeps back: the link."""
    of = await builders.collaboration(db, stage="retaining")
    await builders.payout(db, of)
    for status in ("announced", "deciding", "dropped", "settled", "confirmed"):
        claim = await builders.claim(db, of, status=status, amount_minor=5_000)
        if status == "announced":
            await wait_for(db, ItemKind.STATEMENT, claim, of.campaign_id, due_at=deps.clock())
    kept = await builders.payout(
        db, of, kind="draft_approved", netted_minor=2_000, status="transferred"
    )
    db.add(
        ClaimPart(
            claim_id=claim.id, kind="netted", amount_minor=2_000, payout_id=kept.id, at=deps.clock()
        )
    )
    return deps.links.portal(of.id)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module: while it is open, its own event loop keeps async tests out."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@dataclass
class Look:
    """A page in one light and width, and everything that the browser complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> Look:
        """Note errors of the console, among them every breach of the content policy."""

        def note(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self.complaints.append(message.text)

        self.page.on("console", note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return self

    def sign_in(self, url: str) -> None:
        """Sign in as somebody with all roles."""
        self.page.goto(f"{url}/login")
        self.page.fill("[name=email]", EMAIL)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(f"{url}/")


@pytest.fixture
def still(chromium: Browser) -> Iterator[Look]:
    """A fresh page on a desk, on which nothing moves: it is looked at in another light as well."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce"
    )
    yield Look(context.new_page()).listen()
    context.close()


@pytest.fixture
def wide(chromium: Browser) -> Iterator[Look]:
    """One fresh page on a desk."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    yield Look(context.new_page()).listen()
    context.close()


@pytest.fixture
def scriptless(chromium: Browser) -> Iterator[Look]:
    """A browser that runs no scripts."""
    context = chromium.new_context(java_script_enabled=False)
    yield Look(context.new_page()).listen()
    context.close()
