"""The report says what was measured, what it cost and who decided, and names nobody in storage."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.decisions import ReleaseChoice, TermsChoice
from domain.errors import NotFound
from domain.lifecycle import Outcome, PayoutStatus, Role, Stage
from rendering.report import render_report
from store import reports
from store.campaigns import create_campaign, find_campaign, list_campaigns, summary
from store.engine import session
from store.tables import (
    Campaign,
    Check,
    Collaboration,
    Decision,
    Event,
    OtherPayment,
    OutboxMail,
    Publication,
)
from tests import books, builders
from tests.builders import NOW

FIGURES = {"likes": 400, "comments": 50, "views": None}


async def finished(
    work: AsyncSession, campaign: Campaign, handle: str, fee: int = 30_000
) -> Collaboration:
    """A creator who has signed, published and been measured."""
    creator = await builders.creator(work, handle=handle)
    row = await builders.collaboration(
        work,
        campaign,
        creator,
        fee_minor=fee,
        stage=Stage.CLOSED.value,
        outcome=Outcome.COMPLETED.value,
    )
    signed = TermsChoice(answer="sign", content_id="sig_1")
    ref = await builders.decision(work, row, creator, signed)
    await applied(work, ref.decision_id)
    return row


async def applied(work: AsyncSession, decision_id: str) -> None:
    row = await work.get(Decision, decision_id)
    assert row is not None
    row.status, row.settled_at = "applied", NOW


async def look(
    work: AsyncSession, of: Publication, number: int, state: str, figures: dict[str, Any] | None
) -> None:
    work.add(
        Check(
            collaboration_id=of.collaboration_id,
            publication_id=of.id,
            number=number,
            state=state,
            level="E2" if figures else "E0",
            faults=[],
            reasons=[],
            evidence={"figures": figures or {}, "source": "instagram.oembed"},
            checked_at=NOW + timedelta(hours=number),
        )
    )
    await work.flush()


async def test_figures_come_from_the_last_look_that_gave_any(engine: AsyncEngine) -> None:
    async with session(engine) as work:
        campaign = await builders.campaign(work)
        post = await builders.publication(work, await finished(work, campaign, "@measured"))
        await look(work, post, 1, "ok", {"likes": 10, "comments": 1})
        await look(work, post, 2, "ok", FIGURES)
        await look(work, post, 3, "unknown", None)
        silent = await builders.publication(work, await finished(work, campaign, "@unmeasured"))
        await look(work, silent, 1, "unknown", None)
        report = await reports.build(work, campaign.id, NOW)
    goal, line = report["goal"], report["creators"][0]
    assert (goal["reached"], goal["percent"]) == (450, 9)
    assert (goal["posts"], goal["posts_measured"]) == (2, 1)
    assert goal["sources"] == {"instagram.oembed": 1}
    by_state = {each["state"]: each for each in report["creators"]}
    assert by_state["unknown"]["level"] in ("E2", "")
    measured = next(each for each in report["creators"] if each["figures"])
    assert measured["figures"] == {"likes": 400, "comments": 50}
    assert measured["source"] == "instagram.oembed"
    assert line["fee_minor"] == 30_000


async def test_without_figures_the_goal_is_blank_and_not_zero(engine: AsyncEngine) -> None:
    async with session(engine) as work:
        campaign = await builders.campaign(work)
        await builders.publication(work, await finished(work, campaign, "@someone"))
        report = await reports.build(work, campaign.id, NOW)
    assert report["goal"]["reached"] is None
    assert report["money"]["cost_per_result"] is None


async def test_money_agrees_with_the_ledger_and_releases_name_two_people(
    engine: AsyncEngine,
) -> None:
    async with session(engine) as work:
        campaign = await builders.campaign(work)
        row = await finished(work, campaign, "@paid")
        post = await builders.publication(work, row)
        await look(work, post, 1, "ok", FIGURES)
        payout = await builders.payout(work, row, amount_minor=45_000)
        for name in ("Ada", "Ben"):
            person = await builders.staff(work, [Role.FINANCE], name=name)
            choice = ReleaseChoice()
            ref = await builders.decision(work, payout, person, choice)
            await applied(work, ref.decision_id)
        report = await reports.for_people(work, campaign.id)
    money, (payment,) = report["money"], report["payments"]
    assert (money["payable"], money["open"], money["paid"]) == (45_000, 45_000, 0)
    assert money["available"] == money["budget"] - 45_000
    assert money["cost_per_result"] == "1.000"
    names = {report["people"]["staff"][each] for each in payment["released_by"]}
    assert names == {"Ada", "Ben"}
    assert payment["note"] == ""
    assert {"kind": "release_payout", "answer": "", "count": 2} in report["interventions"]


async def test_each_payment_says_how_and_when_it_was_over(engine: AsyncEngine) -> None:
    day = timedelta(days=1)
    async with session(engine) as work:
        campaign = await builders.campaign(work)
        row = await finished(work, campaign, "@paid")
        sent = await books.paid(work, row, NOW, netted_minor=4_000)
        kept = await builders.payout(work, row, kind="draft_approved", netted_minor=15_000)
        kept.status, kept.updated_at = "netted", NOW + 3 * day
        other = await builders.payout(work, row, kind="retention_passed", pay_by=NOW + 4 * day)
        said = OtherPayment(
            id="oth_1", payout_id=other.id, paid_at=NOW + 2 * day, reference="Wise 88",
            created_at=NOW + 9 * day,
        )  # fmt: skip
        work.add(said)
        await work.flush()
        other.status, other.other_payment_id = "elsewhere", said.id
        waits = await builders.payout(work, row, kind="bonus")
        await work.flush()
        report = await reports.for_people(work, campaign.id)
    lines = {line["payout_id"]: line for line in report["payments"]}
    days = [lines[each.id]["over_at"] for each in (sent, kept, other, waits)]
    assert [each and datetime.fromisoformat(each) for each in days] == [
        NOW, NOW + 3 * day, NOW + 2 * day, None,
    ]  # fmt: skip
    assert not any(line["late"] for line in lines.values()), "it was said late, and paid in time"
    page = render_report(report)
    for told in ("Wise 88", "nothing was sent", "€40.00 kept back", "Paid another way"):
        assert told in page


async def test_a_release_by_one_person_is_said_where_staffing_is_solo(engine: AsyncEngine) -> None:
    async with session(engine) as work:
        campaign = await builders.campaign(work, builders.campaign_file(staffing="solo"))
        payout = await builders.payout(work, await finished(work, campaign, "@solo"))
        person = await builders.staff(work, [Role.FINANCE])
        choice = ReleaseChoice()
        await applied(work, (await builders.decision(work, payout, person, choice)).decision_id)
        report = await reports.for_people(work, campaign.id)
    assert report["payments"][0]["note"] == "released by one person"
    assert "released by one person" in render_report(report)


async def test_missed_deadlines_and_reminders_are_counted(engine: AsyncEngine) -> None:
    async with session(engine) as work:
        campaign = await builders.campaign(work)
        who = await builders.creator(work, handle="@quiet")
        row = await builders.collaboration(
            work, campaign, who, stage=Stage.CLOSED.value, outcome=Outcome.DECLINED.value
        )
        work.add(
            Event(
                kind="collaboration",
                entity_id=row.id,
                sequence=1,
                key="ended:1",
                event="ended",
                at=NOW,
                data={"outcome": "declined", "reason": "silence"},
                previous="",
                digest="x",
            )
        )
        work.add(
            OutboxMail(
                id="out_1",
                campaign_id=campaign.id,
                collaboration_id=row.id,
                mail="invitation_reminder",
                step="invitation:1",
                facts={},
                status="accepted",
                planned_at=NOW,
            )
        )
        await work.flush()
        report = await reports.build(work, campaign.id, NOW)
    assert [line["reason"] for line in report["missed"]] == ["silence"]
    assert report["reminders"]["creators"] == {"invitation_reminder": 1}
    assert report["funnel"]["outcomes"] == {"declined": 1}
    assert report["creators"][0]["fee_minor"] == 0


async def test_a_stored_report_names_nobody_and_a_shown_one_does(engine: AsyncEngine) -> None:
    async with session(engine) as work:
        campaign = await builders.campaign(work)
        row = await finished(work, campaign, "@jule.brandt")
        await builders.publication(work, row)
        await builders.payout(work, row, status=PayoutStatus.TRANSFERRED.value)
        stored = await reports.build(work, campaign.id, NOW)
        assert "jule" not in json.dumps(stored).lower()
        assert "instagram.com" not in json.dumps(stored)
        campaign.report = stored
        await work.flush()
        shown = await reports.for_people(work, campaign.id)
    page = render_report(shown)
    assert "@jule.brandt" in page
    assert page.startswith("<!doctype html>") or page.lstrip().startswith("<!doctype html>")
    for outside in ("<script", "<link", "@import", "src="):
        assert outside not in page
    assert row.creator_id in render_report(stored)
    for told in ("Running", "post verified live", ">Paid</span>"):
        assert told in page


async def test_hostile_names_stay_text(engine: AsyncEngine) -> None:
    async with session(engine) as work:
        campaign = await builders.campaign(work)
        who = await builders.creator(work, handle="@a", name="<script>alert(1)</script>")
        await builders.collaboration(work, campaign, who)
        page = render_report(await reports.for_people(work, campaign.id))
    assert "<script" not in page


async def test_a_campaign_is_created_found_and_summed_up(engine: AsyncEngine) -> None:
    file = builders.campaign_file()
    async with session(engine) as work:
        campaign_id = await create_campaign(work, file, "name: …", None, NOW)
        later = await create_campaign(work, file, "", None, NOW + timedelta(hours=1))
        assert (await find_campaign(work)).id == later
        assert (await find_campaign(work, campaign_id[:12])).id == campaign_id
        assert [row.id for row in await list_campaigns(work)] == [later, campaign_id]
        assert [row.id for row in await list_campaigns(work, before=NOW + timedelta(hours=1))] == [
            campaign_id
        ]
        with pytest.raises(NotFound, match="more than one"):
            await find_campaign(work, "spring serum")
        with pytest.raises(NotFound, match="no campaign 'cmp_x'"):
            await summary(work, "cmp_x")
        campaign = await builders.campaign(work)
        await builders.payout(work, await finished(work, campaign, "@one"))
        found = await summary(work, campaign.id)
    assert (found.outcomes, found.payouts) == ({"completed": 1}, {"requested": 1})
    assert found.money["payable"] == 15_000
    assert json.loads(found.model_dump_json())["status"] == "running"
