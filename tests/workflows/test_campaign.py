"""The life of a campaign: whom it starts, when it waits, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.decisions import DecisionKind, OfferChoice
from domain.errors import ConfigurationError
from domain.ids import collaboration_workflow_id
from domain.inbox import ItemKind
from domain.lifecycle import CampaignStatus, Outcome, Stage, StreamKind, WaitingFor
from domain.messages import DecisionResult
from domain.wishes import Wish
from store import reports, starts
from store.engine import session
from store.tables import Collaboration, InboxItem
from tests import builders
from tests.workflows.campaign_stage import set_up_campaign
from tests.workflows.people import GOES_ON, SILENCE, Plan

NO: Plan = {ItemKind.OFFER: OfferChoice(answer="no")}
YES: Plan = {ItemKind.OFFER: OfferChoice(answer="interested")}
NOBODY_ANSWERS: Plan = {ItemKind.OFFER: SILENCE}
NOBODY_HANDS_IN: Plan = {ItemKind.SUBMIT: SILENCE}


async def test_who_declines_is_replaced_until_enough_are_paid_and_the_report_is_written(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with set_up_campaign(temporal, engine, wanted=2, roster=4) as stage:
        stage.deviate(stage.creators[0], NO)
        await stage.start()
        ended = await stage.play()
        assert ended.status == CampaignStatus.COMPLETED
        assert ended.report is not None
        rows = await stage.collaborations()
        assert [row.outcome for row in rows].count(Outcome.COMPLETED) == 2
        assert [row.outcome for row in rows if row.creator_id == stage.creators[0].id] == [
            Outcome.DECLINED
        ]
        assert len(rows) == 3
        money = await stage.money()
        fees = sum(row.fee_minor for row in rows if row.outcome == Outcome.COMPLETED)
        assert (money.paid, money.available) == (fees, ended.budget_minor - fees)


async def test_a_campaign_that_has_become_long_is_continued_as_new_without_a_break(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with set_up_campaign(temporal, engine, wanted=3, roster=3) as stage:
        await stage.start()
        assert (await stage.play()).status == CampaignStatus.COMPLETED
        last = await stage.handle.describe()
        assert last.run_id != last.raw_description.workflow_execution_info.first_run_id
        assert await stage.is_sound()
        assert await stage.story() == [
            "started", "shortlisted", "sign_off_asked", "sign_off_shortlist", "running", "reported",
        ]  # fmt: skip


async def test_no_more_invitations_are_out_than_the_window_allows(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    plan = {**NOBODY_ANSWERS, **NOBODY_HANDS_IN}
    async with set_up_campaign(temporal, engine, wanted=3, roster=3, plan=plan) as stage:
        await stage.start(window=1)
        await stage.signs_off()
        (first,) = await stage.until_started(1)
        stage.people.deviations[first.id] = YES
        await stage.until(Stage.DRAFTING)
        assert len(await stage.until_started(2)) == 2
        await stage.until(Stage.INVITING)
        stages = sorted(row.stage for row in await stage.collaborations())
        assert stages == [Stage.DRAFTING, Stage.INVITING]


async def test_a_campaign_ends_when_nobody_is_left_whom_the_budget_could_pay(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    file = builders.campaign_file(
        budget={"total": "300 EUR", "per_collaboration": "200 EUR"},
        outreach={"any_time": True, "jitter": "0 seconds"},
    )
    async with set_up_campaign(temporal, engine, wanted=4, roster=4, file=file) as stage:
        await stage.start()
        ended = await stage.play()
        rows = await stage.collaborations()
        assert ended.status == CampaignStatus.COMPLETED
        assert [row.outcome for row in rows] == [Outcome.COMPLETED] * 2
        money = await stage.money()
        assert 0 <= money.available < min(row.fee_minor for row in rows)


async def test_a_pause_stops_starts_and_deadlines_until_the_campaign_goes_on(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with set_up_campaign(temporal, engine, wanted=2, roster=3, plan=NOBODY_HANDS_IN) as stage:
        await stage.start()
        one, other = await stage.until(Stage.DRAFTING, 2)
        assert (await stage.says(DecisionKind.PAUSE_CAMPAIGN)).applied
        await stage.rests()
        assert (await stage.row()).status == CampaignStatus.PAUSED
        await stage.people.say(
            DecisionKind.WITHDRAW, StreamKind.COLLABORATION, one.id, one.creator_id
        )
        handle = temporal.client.get_workflow_handle(collaboration_workflow_id(other.id))
        await stage.clock.skip(handle, timedelta(days=90))
        await stage.rests()
        stages = {row.id: row.stage for row in await stage.collaborations()}
        assert stages == {one.id: Stage.CLOSED, other.id: Stage.DRAFTING}

        assert (await stage.says(DecisionKind.RESUME_CAMPAIGN)).applied
        stage.people.plan = {}
        assert (await stage.play()).status == CampaignStatus.COMPLETED
        outcomes = {row.id: row.outcome for row in await stage.collaborations()}
        assert outcomes.pop(one.id) == Outcome.WITHDRAWN
        assert set(outcomes.values()) == {Outcome.COMPLETED}
        assert len(outcomes) == 2


async def test_a_stop_cancels_the_unsigned_and_pays_the_signed_for_work_begun(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with set_up_campaign(temporal, engine, wanted=2, roster=3, plan=NOBODY_HANDS_IN) as stage:
        stage.deviate(stage.creators[1], NOBODY_ANSWERS)
        await stage.start()
        (signed,) = await stage.until(Stage.DRAFTING)
        assert (await stage.says(DecisionKind.STOP_CAMPAIGN)).applied
        ended = await stage.play()
        assert ended.status == CampaignStatus.STOPPED
        assert ended.report is not None
        outcomes = [row.outcome for row in await stage.collaborations()]
        assert outcomes == [Outcome.CANCELLED] * 2
        assert (await stage.money()).paid == signed.fee_minor // 2
        assert await stage.says(DecisionKind.PAUSE_CAMPAIGN) == DecisionResult(
            applied=False, code="closed"
        )


async def test_a_stop_ends_the_wait_for_a_step_that_failed_and_a_later_one_waits_for_its_person(
    temporal: WorkflowEnvironment, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {"choosing", "report"}

    def once(what: str, sound: Any) -> Any:
        async def step(*given: Any) -> Any:
            if what in broken:
                broken.remove(what)
                raise ConfigurationError("no rate card")
            return await sound(*given)

        return step

    monkeypatch.setattr(starts, "start_chosen", once("choosing", starts.start_chosen))
    monkeypatch.setattr(reports, "build", once("report", reports.build))
    async with set_up_campaign(temporal, engine, wanted=1, roster=1) as stage:
        await stage.start()
        await stage.signs_off()
        choosing = await stage.open_item(ItemKind.ATTENTION)
        assert (await stage.says(DecisionKind.STOP_CAMPAIGN)).applied
        await stage.rests()
        assert (await stage.open_item(ItemKind.ATTENTION)).code != choosing.code
        assert (await stage.play()).status == CampaignStatus.STOPPED
        assert (await stage.story())[3:] == [
            "sign_off_shortlist", "running", "step_failed", "stop_campaign", "step_dropped",
            "stopping", "step_failed", "retry_step", "reported",
        ]  # fmt: skip


async def test_a_stop_leaves_no_shortlist_to_sign_off(
    temporal: WorkflowEnvironment, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_report(*_: object) -> None:
        raise ConfigurationError("no rate card")

    async with set_up_campaign(temporal, engine, wanted=1, roster=1) as stage:
        await stage.start()
        await stage.rests()
        assert await stage.open_item(ItemKind.SHORTLIST)
        with monkeypatch.context() as broken:
            broken.setattr(reports, "build", no_report)
            assert (await stage.says(DecisionKind.STOP_CAMPAIGN)).applied
            await stage.rests()
        async with session(engine) as db:
            asked = await db.scalars(select(InboxItem.kind).where(InboxItem.closed_at.is_(None)))
        assert asked.all() == [ItemKind.ATTENTION]
        assert (await stage.play()).status == CampaignStatus.STOPPED


async def test_the_shortlist_is_signed_off_as_it_was_shown_and_asked_for_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with set_up_campaign(temporal, engine, wanted=1, roster=1) as stage:
        await stage.start()
        await stage.rests()
        await stage.clock.skip(stage.handle, timedelta(days=1, minutes=1))
        item = await stage.open_item(ItemKind.SHORTLIST)
        assert (item.seen, item.reminded) == ((await stage.row()).shortlist_digest, 1)
        sign_off = GOES_ON[ItemKind.SHORTLIST]
        stale = await stage.people.decide(item, sign_off, seen="the list of yesterday")
        assert stale == DecisionResult(applied=False, code="stale")
        assert await stage.collaborations() == []
        shown = await stage.people.decide(item, sign_off)
        assert shown == DecisionResult(applied=True)
        await stage.until_started(1)


async def test_a_manager_changes_the_shortlist_and_signs_off_what_came_of_it(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    file = builders.campaign_file(creators={"wanted": 1}, outreach={"any_time": True})
    async with set_up_campaign(
        temporal, engine, wanted=1, roster=4, file=file, plan=NOBODY_ANSWERS
    ) as stage:
        await stage.start()
        await stage.rests()
        before = await stage.open_item(ItemKind.SHORTLIST)
        first, second, third, fourth = await stage.in_order()
        assert await stage.changes({first: Wish.STRIKE, third: Wish.PIN}) == DecisionResult(
            applied=True
        )
        await stage.rests()
        now = await stage.open_item(ItemKind.SHORTLIST)
        assert now.seen == (await stage.row()).shortlist_digest != before.seen
        assert await stage.in_order() == [third, second, fourth]
        sign_off = GOES_ON[ItemKind.SHORTLIST]
        stale = await stage.people.decide(now, sign_off, seen=before.seen)
        assert stale == DecisionResult(applied=False, code="stale")
        # both pinned are more than are wanted: refused, and the question stays open
        assert await stage.changes({second: Wish.PIN}) == DecisionResult(
            applied=False, code="too_many_pins"
        )
        assert await stage.people.decide(now, sign_off) == DecisionResult(applied=True)
        (started,) = await stage.until_started(1)
        assert started.creator_id == third
        assert await stage.is_sound()
        assert (await stage.story())[:7] == [
            "started", "shortlisted", "sign_off_asked", "resolve_shortlist", "solved_again",
            "sign_off_asked", "sign_off_shortlist",
        ]  # fmt: skip


async def test_what_ended_without_a_word_is_found_by_counting_again(
    temporal: WorkflowEnvironment, engine: AsyncEngine
) -> None:
    async with set_up_campaign(temporal, engine, wanted=1, roster=2, plan=NOBODY_ANSWERS) as stage:
        await stage.start(recount_seconds=1)
        await stage.signs_off()
        (first,) = await stage.until_started(1)
        await temporal.client.get_workflow_handle(collaboration_workflow_id(first.id)).terminate()
        async with session(engine) as db:
            row = await db.get_one(Collaboration, first.id)
            row.stage, row.outcome = Stage.CLOSED.value, Outcome.DECLINED.value
            row.waiting_for = WaitingFor.NOBODY.value
        started = {row.id: row.outcome for row in await stage.until_started(2)}
        assert started.pop(first.id) == Outcome.DECLINED
        assert list(started.values()) == [None]
