"""A mail finds in the database what the workflow did not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.correspondence import WantedPapers
from domain.errors import NotFound
from domain.invoicing import TaxFacts, TaxStatus
from store import correspondence, invoices
from store.engine import session
from store.tables import Campaign, Check, Collaboration, Decision, Draft, Payout, Publication
from tests import books
from tests.fixtures.mail import MailDesk
from tests.tampering import unguarded

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def decision(number: int, kind: str, comment: str, **changes: str) -> Decision:
    values = {"actor_kind": "staff", "status": "applied", **changes}
    return Decision(
        id=f"dec_{number}", kind=kind, subject_kind="collaboration", subject_id="col_1",
        actor_id="sta_1", choice={}, comment=comment, created_at=NOW,
        settled_at=NOW + timedelta(minutes=number), **values,
    )  # fmt: skip


def check(number: int, *faults: str) -> Check:
    return Check(
        collaboration_id="col_1", publication_id="pub_1", number=number, state="faulty",
        level="E3", faults=list(faults), reasons=[f"reason {number}"], evidence={},
        checked_at=NOW + timedelta(minutes=number),
    )  # fmt: skip


def payout(kind: str, number: int, status: str) -> Payout:
    return Payout(
        id=f"pay_{kind}", campaign_id="cmp_1", collaboration_id="col_1", creator_id="cre_1",
        kind=kind, number=number, amount_minor=31_250, currency="EUR", status=status, pay_by=NOW,
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip


async def test_only_what_the_creator_is_meant_to_read_is_quoted(mail_desk: MailDesk) -> None:
    async with session(mail_desk.engine) as work:
        work.add_all(
            [
                decision(1, "review_draft", "Please name the lamp."),
                decision(2, "judge_screening", "Between us: risky."),
                decision(3, "review_draft", "Not applied", status="refused"),
                decision(4, "object", "The creator's own words", actor_kind="creator"),
            ]
        )
    async with session(mail_desk.engine) as work:
        about = await correspondence.load(work, "col_1")
    assert about.comment == "Please name the lamp."
    async with session(mail_desk.engine) as work:
        work.add(decision(6, "decide_kill_fee", "For the filming that you have done."))
        work.add(decision(5, "cancel_collaboration", "The product is not made any more."))
        work.add(decision(7, "cancel_collaboration", "Too late", status="refused"))
    async with session(mail_desk.engine) as work:
        about = await correspondence.load(work, "col_1")
    assert about.comment == "Please name the lamp."
    assert about.end_words == (
        "The product is not made any more.", "For the filming that you have done.",
    )  # fmt: skip


async def test_the_last_draft_post_and_check_are_spoken_of(mail_desk: MailDesk) -> None:
    await mail_desk.change(Collaboration, "col_1", draft_version=2)
    async with session(mail_desk.engine) as work:
        for version in (1, 2, None):
            work.add(
                Draft(
                    id=f"dra_{version}", collaboration_id="col_1", version=version,
                    caption=f"caption {version}", digest="d", prechecks=[], created_at=NOW,
                )
            )  # fmt: skip
        work.add(
            Publication(
                id="pub_1", collaboration_id="col_1", url="https://post.example/1",
                platform="instagram", platform_post_id="1", created_at=NOW,
            )
        )  # fmt: skip
        await work.flush()
        work.add_all([check(1, "no_mention"), check(2, "no_link", "no_disclosure")])
    async with session(mail_desk.engine) as work:
        last = await correspondence.load(work, "col_1")
        first = await correspondence.load(work, "col_1", {"check_number": 1})
    assert last.approved_caption == "caption 2"
    assert last.publication_url == "https://post.example/1"
    assert last.check_faults == ("no_link", "no_disclosure")
    assert first.check_faults == ("no_mention",)
    assert first.check_reasons == ("reason 1",)


async def test_only_money_that_was_moved_counts_as_paid(mail_desk: MailDesk) -> None:
    async with session(mail_desk.engine) as work:
        work.add(payout("publication_verified", 1, "transferred"))
        work.add(payout("retention_passed", 2, "held"))
    async with session(mail_desk.engine) as work:
        none = await correspondence.load(work, "col_1")
        named = await correspondence.load(work, "col_1", {"payout_id": "pay_retention_passed"})
        by_event = await correspondence.load(work, "col_1", {"milestone": "publication_verified"})
    assert none.paid_minor == 31_250
    assert none.earned_minor == 62_500
    assert none.payout is None
    assert named.payout is not None
    assert named.payout.status == "held"
    assert by_event.payout is not None
    assert by_event.payout.kind == "publication_verified"


async def test_a_repayment_that_is_not_made_has_the_reason_of_who_decided_it(
    mail_desk: MailDesk,
) -> None:
    async with session(mail_desk.engine) as work:
        work.add(payout("repayment", 1, "cancelled"))
        for number, status in ((1, "refused"), (2, "applied")):
            row = decision(number, "cancel_payout", f"Reason {number}", status=status)
            row.subject_kind, row.subject_id = "payout", "pay_repayment"
            work.add(row)
    async with session(mail_desk.engine) as work:
        about = await correspondence.load(work, "col_1", {"payout_id": "pay_repayment"})
    assert about.payout is not None
    assert about.payout.reason == "Reason 2"


async def test_an_unknown_collaboration_is_an_error(mail_desk: MailDesk) -> None:
    async with session(mail_desk.engine) as work:
        with pytest.raises(NotFound):
            await correspondence.load(work, "col_none")


async def test_the_papers_that_are_still_wanted_are_spoken_of(mail_desk: MailDesk) -> None:
    of, facts = "col_1", TaxFacts(TaxStatus.EXEMPT, "FR", "A M", "Paris 1")

    async def wanted() -> WantedPapers | None:
        async with session(mail_desk.engine) as db:
            return (await correspondence.load(db, of)).papers

    assert await wanted() is None, "the brand's country has no rules here"
    async with unguarded(mail_desk.engine) as db:
        row = await db.get_one(Collaboration, of)
        campaign = await db.get_one(Campaign, row.campaign_id)
        campaign.file = campaign.file | {"brand": campaign.file["brand"] | {"country": "FR"}}
    assert await wanted() == WantedPapers(tax_data=True, mandate=False)
    async with session(mail_desk.engine) as db:
        await invoices.add_profile(db, row.creator_id, facts, NOW)
        earned = payout("publication_verified", 1, "requested")
        db.add_all([earned, payout("bonus", 1, "requested")])
        await db.flush()
        about = await correspondence.load(db, of, {"payout_id": "pay_bonus"})
        assert about.papers is None, "a bonus waits for nothing"
    assert await wanted() == WantedPapers(tax_data=False, mandate=False)
    async with session(mail_desk.engine) as db:
        await books.invoiced(db, earned, 0)
    assert await wanted() is None
