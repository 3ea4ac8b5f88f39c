"""Vetting, choosing and starting, against a real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, cast

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from activities.creator_watch import CreatorWatch
from activities.vetting import Vetting
from domain.comments import marks_of
from domain.decisions import ScreeningChoice
from domain.errors import Unavailable
from domain.findings import Finding, SafetyEngine
from domain.ids import collaboration_id, collaboration_workflow_id
from domain.lifecycle import Outcome, Role, SafetyVerdict, Stage
from domain.messages import (
    SCANDAL,
    PlanStarts,
    Posting,
    PostingKind,
    ScandalFound,
    SolveAgain,
)
from domain.shortlist import shortlist_digest
from domain.wishes import Change, Wish
from domain.word_lists import LEXICON
from store import ledger, outbox, safety_looks, wishes
from store.candidates import left_out_by_rule
from store.duties import Refused
from store.engine import session
from store.tables import (
    Campaign,
    Candidate,
    Collaboration,
    Creator,
    CreatorFigures,
    CreatorPost,
    Decision,
)
from tests import builders

CAPTIONS = (
    "My morning with this serum and a little patience for my skin",
    "The cream that I go back to when it is cold outside",
    "What I learned about sunscreen in the mountains this year",
    "A new lipstick and the light of the kitchen window",
)


@pytest.fixture
def vetting(engine: AsyncEngine) -> Vetting:
    return Vetting(engine, clock=lambda: builders.NOW)


async def _roster(
    engine: AsyncEngine, count: int, captions: Sequence[str] = CAPTIONS, **overrides: Any
) -> list[str]:
    async with session(engine) as work:
        made = []
        for number in range(count):
            values = {"followers": 5_000 + 1_000 * number, "engagement_ppm": 40_000 - 500 * number}
            who = await builders.creator(work, **(values | overrides))
            for index, caption in enumerate(captions):
                work.add(CreatorPost(creator_id=who.id, post_key=str(index), caption=caption))
            made.append(who.id)
        return made


async def _campaign(engine: AsyncEngine, **sections: Any) -> str:
    async with session(engine) as work:
        return (await builders.campaign(work, builders.campaign_file(**sections))).id


async def _candidates(engine: AsyncEngine, campaign_id: str) -> list[Candidate]:
    async with session(engine) as work:
        rows = await work.scalars(
            select(Candidate)
            .where(Candidate.campaign_id == campaign_id)
            .order_by(Candidate.place, Candidate.creator_id)
        )
        return list(rows)


def _content(rows: Sequence[Candidate]) -> list[str]:
    columns = Candidate.__table__.columns.keys()
    return [
        json.dumps({name: getattr(row, name) for name in columns}, sort_keys=True, default=str)
        for row in rows
    ]


async def test_every_creator_of_the_roster_gets_a_verdict_a_quote_and_reasons(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    await _roster(engine, 4)
    campaign_id = await _campaign(engine)
    result = await vetting.vet_roster(campaign_id)
    assert (result.candidates, result.suitable) == (4, 4)
    for row in await _candidates(engine, campaign_id):
        assert row.verdict == SafetyVerdict.CLEAR
        assert row.verdict_reasons
        assert row.fee_minor == row.quote["total"] > 0
        assert len({line["criterion"] for line in row.quote["lines"]}) == 4
        assert row.fit_percent > 60
        assert row.expected > 0
        assert row.reasons


async def test_what_was_signed_in_an_earlier_campaign_moves_the_next_quote(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    (creator_id,) = await _roster(engine, 1)
    first = await _campaign(engine)
    await vetting.vet_roster(first)
    (before,) = await _candidates(engine, first)
    async with session(engine) as work:
        signed = await builders.collaboration(
            work, await work.get_one(Campaign, first), await work.get_one(Creator, creator_id),
            fee_minor=round(1.25 * before.fee_minor),
        )  # fmt: skip
        await builders.signature(work, await builders.terms(work, signed))
    second = await _campaign(engine)
    await vetting.vet_roster(second)
    (after,) = await _candidates(engine, second)
    assert after.fee_minor == pytest.approx(1.25 * before.fee_minor, rel=0.03)
    assert "25 % more" in after.quote["lines"][-1]["reason"]
    await vetting.vet_roster(first)
    assert (await _candidates(engine, first))[0].fee_minor == before.fee_minor


@pytest.mark.parametrize(
    ("answer", "verdict"), [("clear", SafetyVerdict.CLEAR), ("block", SafetyVerdict.BLOCKED)]
)
async def test_a_person_s_word_on_brand_safety_holds_in_the_next_campaign(
    engine: AsyncEngine, vetting: Vetting, answer: Literal["clear", "block"], verdict: str
) -> None:
    (creator_id,) = await _roster(engine, 1, captions=())
    first = await _campaign(engine)
    await vetting.vet_roster(first)
    async with session(engine) as work:
        of = await builders.collaboration(
            work, await work.get_one(Campaign, first), await work.get_one(Creator, creator_id)
        )
        ref = await builders.decision(
            work, of, await builders.staff(work), ScreeningChoice(answer=answer),
            comment="I know the account.",
        )  # fmt: skip
        (await work.get_one(Decision, ref.decision_id)).status = "applied"
    second = await _campaign(engine)
    await vetting.vet_roster(second)
    (row,) = await _candidates(engine, second)
    assert row.verdict == verdict
    assert "I know the account." in row.verdict_reasons[0]
    await vetting.vet_roster(first)
    assert (await _candidates(engine, first))[0].verdict == SafetyVerdict.UNKNOWN


async def test_followers_that_jumped_and_comments_that_say_nothing_are_told_to_the_manager(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    (creator_id,) = await _roster(engine, 1, followers=19_500, engagement_ppm=15_600)
    today = builders.NOW.date()
    async with session(engine) as work:
        for day, followers, ppm in ((today, 19_500, 15_600), (today - timedelta(9), 8_200, 38_000)):
            work.add(
                CreatorFigures(
                    creator_id=creator_id, seen_on=day, followers=followers, engagement_ppm=ppm
                )
            )
        post = (await work.scalars(select(CreatorPost).limit(1))).one()
        post.comment_marks = list(marks_of(["🔥🔥", "Nice pic!"] * 20))
    campaign_id = await _campaign(engine)
    await vetting.vet_roster(campaign_id)
    (row,) = await _candidates(engine, campaign_id)
    told = [each for each in row.reasons if "in 9 days" in each or "40 of 40 comments" in each]
    assert len(told) == 2, row.reasons
    assert row.out_rule == "", "nobody is left out by a sign"


async def test_posts_older_than_the_campaign_asks_for_are_not_read(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    (creator_id,) = await _roster(engine, 1)
    async with session(engine) as work:
        old = builders.NOW - timedelta(days=40)
        for number in range(3):
            work.add(
                CreatorPost(
                    creator_id=creator_id,
                    post_key=f"old{number}",
                    posted_at=old,
                    caption="what the fuck",
                )
            )
    for days, verdict in ((60, SafetyVerdict.REVIEW), (30, SafetyVerdict.CLEAR)):
        campaign_id = await _campaign(engine, brand_safety={"within": f"{days} days"})
        await vetting.vet_roster(campaign_id)
        assert (await _candidates(engine, campaign_id))[0].verdict == verdict


async def test_whoever_is_left_out_is_kept_with_the_rule_and_the_sentence(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    await _roster(engine, 1, followers=300_000)
    campaign_id = await _campaign(engine)
    assert (await vetting.vet_roster(campaign_id)).suitable == 0
    (row,) = await _candidates(engine, campaign_id)
    assert (row.status, row.out_rule) == ("out", "too_many_followers")
    assert "300,000 followers" in row.reasons[0]
    async with session(engine) as work:
        assert await left_out_by_rule(work, campaign_id) == {"too_many_followers": 1}


async def test_a_creator_without_posts_is_unknown_and_still_a_candidate(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    await _roster(engine, 1, captions=())
    campaign_id = await _campaign(engine)
    await vetting.vet_roster(campaign_id)
    (row,) = await _candidates(engine, campaign_id)
    assert (row.status, row.verdict) == ("waitlist", SafetyVerdict.UNKNOWN)


async def test_whoever_opted_out_is_left_out_and_a_bounced_address_is_not(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    gone, bounced = await _roster(engine, 2)
    async with session(engine) as work:
        for creator_id, reason in ((gone, "opt_out"), (bounced, "bounced")):
            who = await work.get_one(Creator, creator_id)
            await outbox.suppress(work, who.email, reason, builders.NOW)
    campaign_id = await _campaign(engine)
    await vetting.vet_roster(campaign_id)
    rules = {row.creator_id: row.out_rule for row in await _candidates(engine, campaign_id)}
    assert rules == {gone: "opted_out", bounced: ""}


async def test_vetting_and_choosing_again_gives_the_same_rows(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    await _roster(engine, 6)
    campaign_id = await _campaign(engine, creators={"wanted": 3})
    await vetting.vet_roster(campaign_id)
    first = await vetting.solve_shortlist(campaign_id)
    rows = _content(await _candidates(engine, campaign_id))
    assert await vetting.solve_shortlist(campaign_id) == first
    assert _content(await _candidates(engine, campaign_id)) == rows
    await vetting.vet_roster(campaign_id)
    assert await vetting.solve_shortlist(campaign_id) == first
    assert _content(await _candidates(engine, campaign_id)) == rows


async def test_the_roster_is_read_in_pages(
    engine: AsyncEngine, vetting: Vetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.vetting.ROSTER_PAGE", 2)
    await _roster(engine, 4, captions=())
    campaign_id = await _campaign(engine)
    assert (await vetting.vet_roster(campaign_id)).candidates == 4


async def test_the_shortlist_puts_everybody_in_order_and_its_digest_is_kept(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    await _roster(engine, 5)
    campaign_id = await _campaign(engine, creators={"wanted": 2})
    await vetting.vet_roster(campaign_id)
    result = await vetting.solve_shortlist(campaign_id)
    rows = await _candidates(engine, campaign_id)
    assert [row.status for row in rows] == ["chosen"] * 2 + ["waitlist"] * 3
    assert [row.place for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0].reasons[0].startswith("Chosen as number 1: expected to bring")
    assert rows[2].reasons[0].startswith("Waits as number 1:")
    assert result.digest == shortlist_digest((row.creator_id, row.fee_minor) for row in rows)
    async with session(engine) as work:
        assert (await work.get_one(Campaign, campaign_id)).shortlist_digest == result.digest


async def test_what_a_manager_pins_and_strikes_holds_for_the_list_and_for_who_comes_later(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 4)
    first, second, third, fourth = await _candidates(engine, campaign_id)
    async with session(engine) as work:
        campaign = await work.get_one(Campaign, campaign_id)
        manager = await builders.staff(work, [Role.MANAGER], name="Ada Ward")
        changes = [
            Change(first.creator_id, Wish.STRIKE, "Works for a rival."),
            Change(fourth.creator_id, Wish.PIN, "Our audience knows her."),
        ]
        made = [
            await wishes.keep(work, campaign_id, manager.id, "seen", changes, builders.NOW)
            for _ in range(2)
        ]
        assert made[0] == made[1]
        assert await wishes.standing(work, campaign_id) == {}
        await wishes.take(work, campaign, made[0])
        with pytest.raises(Refused, match="already_decided"):
            await wishes.take(work, campaign, made[0])
    ask = SolveAgain(campaign_id=campaign_id, change_id=made[0])
    solved = await vetting.resolve_shortlist(ask)
    assert await vetting.resolve_shortlist(ask) == solved
    rows = {row.creator_id: row for row in await _candidates(engine, campaign_id)}
    assert [rows[key.creator_id].status for key in (first, second, third, fourth)] == [
        "out", "chosen", "waitlist", "chosen",
    ]  # fmt: skip
    struck = rows[first.creator_id]
    assert (struck.out_rule, struck.reasons[0]) == (
        "struck", f"Struck by Ada Ward on {builders.NOW:%Y-%m-%d}: Works for a rival.",
    )  # fmt: skip
    assert struck.reasons[1].startswith("Would bring ")
    assert rows[fourth.creator_id].reasons[0].startswith("Pinned by Ada Ward on ")
    assert (solved.came, solved.went, solved.chosen) == (1, 1, 2)
    assert solved.expected_before - solved.expected == first.expected - fourth.expected
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=4))
    assert {start.creator_id for start in plan.starts} == {
        second.creator_id, third.creator_id, fourth.creator_id,
    }  # fmt: skip
    assert plan.exhausted

    async with session(engine) as work:
        campaign = await work.get_one(Campaign, campaign_id)
        free = [Change(first.creator_id, Wish.FREE, "The contract has run out.")]
        again = await wishes.keep(work, campaign_id, manager.id, "new", free, builders.NOW)
        await wishes.take(work, campaign, again)
    await vetting.resolve_shortlist(SolveAgain(campaign_id=campaign_id, change_id=again))
    back = next(
        row for row in await _candidates(engine, campaign_id) if row.creator_id == first.creator_id
    )
    assert (back.status, back.out_rule) == ("chosen", "")
    assert not any("Struck" in reason or "Would bring" in reason for reason in back.reasons)


async def _ready(engine: AsyncEngine, vetting: Vetting, count: int, **sections: Any) -> str:
    await _roster(engine, count)
    campaign_id = await _campaign(engine, **({"creators": {"wanted": 2}} | sections))
    await vetting.vet_roster(campaign_id)
    await vetting.solve_shortlist(campaign_id)
    return campaign_id


async def test_a_batch_starts_the_next_in_order_and_asking_again_starts_nobody(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 4)
    ask = PlanStarts(campaign_id=campaign_id, batch=0, count=3)
    plan = await vetting.plan_starts(ask)
    assert await vetting.plan_starts(ask) == plan
    rows = await _candidates(engine, campaign_id)
    assert [start.creator_id for start in plan.starts] == [row.creator_id for row in rows[:3]]
    assert [row.batch for row in rows] == [0, 0, 0, None]
    first = plan.starts[0]
    assert first.collaboration_id == collaboration_id(campaign_id, first.creator_id)
    assert (first.has_address, first.zone) == (True, "Europe/Berlin")
    assert not plan.exhausted
    async with session(engine) as work:
        row = await work.get_one(Collaboration, first.collaboration_id)
        assert (row.stage, row.fee_minor) == (Stage.SCREENING, first.fee_minor)
        assert await work.scalar(select(func.count()).select_from(Collaboration)) == 3


async def test_two_workers_planning_the_same_batch_start_nobody_twice(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 4)
    ask = PlanStarts(campaign_id=campaign_id, batch=0, count=2)
    one, other = await asyncio.gather(vetting.plan_starts(ask), vetting.plan_starts(ask))
    assert one == other
    assert len(one.starts) == 2


async def test_the_next_batch_goes_on_until_nobody_is_left(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 3)
    await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=2))
    last = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=1, count=2))
    assert len(last.starts) == 1
    assert last.exhausted


async def test_open_offers_hold_the_budget_back_and_free_it_when_they_end(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(
        engine, vetting, 3, budget={"total": "150 EUR", "per_collaboration": "150 EUR"}
    )
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=3))
    assert 0 < len(plan.starts) < 3
    assert not plan.exhausted
    waiting = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=1, count=3))
    assert (waiting.starts, waiting.exhausted) == ((), False)
    async with session(engine) as work:
        row = await work.get_one(Collaboration, plan.starts[0].collaboration_id)
        row.stage, row.outcome = Stage.CLOSED.value, Outcome.DECLINED.value
    after = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=2, count=3))
    assert len(after.starts) == 1


async def test_free_places_go_to_the_set_that_brings_most_for_the_money_left(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 5)
    rows = await _candidates(engine, campaign_id)
    refuses, *waitlist = (row.creator_id for row in rows[1:])
    async with session(engine) as work:
        campaign = await work.get_one(Campaign, campaign_id)
        for creator_id, fee, expected in zip(
            (rows[0].creator_id, refuses, *waitlist),
            (100, 3_000, 6_000, 3_000, 3_000),
            (1, 900, 100, 80, 70),
            strict=True,
        ):
            row = await work.get_one(Candidate, (campaign_id, creator_id))
            row.fee_minor, row.expected = fee, expected
            row.status = "chosen" if creator_id == rows[0].creator_id else "waitlist"
        who = await work.get_one(Creator, refuses)
        await outbox.suppress(work, who.email, "opt_out", builders.NOW)
        left = Posting(
            kind=PostingKind.RESERVE, key="others", amount_minor=campaign.budget_minor - 6_100
        )
        await ledger.post(
            work, campaign_id, None, None, None, left, campaign.currency, builders.NOW
        )
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=3))
    assert [start.creator_id for start in plan.starts] == [rows[0].creator_id, *waitlist[1:]]
    after = {row.creator_id: row.reasons[0] for row in await _candidates(engine, campaign_id)}
    assert after[waitlist[1]].startswith("Takes a free place: 80 engagements for 30.00 EUR")
    assert "60.00 EUR left" in after[waitlist[1]]
    assert after[waitlist[0]].startswith("Waits as number")


async def test_quotas_are_kept_by_the_list_and_by_whoever_replaces_somebody(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    await _roster(engine, 3)
    small = await _roster(engine, 2, followers=3_000)
    rules = {"quotas": [{"tier": "nano", "min": 1, "max": 1}]}
    campaign_id = await _campaign(engine, creators={"wanted": 2}, shortlist=rules)
    await vetting.vet_roster(campaign_id)
    await vetting.solve_shortlist(campaign_id)
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=2))
    (first,) = {start.creator_id for start in plan.starts} & set(small)
    async with session(engine) as work:
        row = await work.get_one(Collaboration, collaboration_id(campaign_id, first))
        row.stage, row.outcome = Stage.CLOSED.value, Outcome.DECLINED.value
        kept = (await work.get_one(Campaign, campaign_id)).shortlist
    assert kept is not None
    assert (kept["unmet"], kept["proof"]["gap"]) == ([], 0)
    more = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=1, count=1))
    assert {start.creator_id for start in more.starts} == set(small) - {first}


async def test_who_completed_for_the_brand_before_is_known_and_a_quota_in_vain_is_said(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    before = await _ready(engine, vetting, 3)
    plan = await vetting.plan_starts(PlanStarts(campaign_id=before, batch=0, count=1))
    async with session(engine) as work:
        row = await work.get_one(Collaboration, plan.starts[0].collaboration_id)
        row.stage, row.outcome = Stage.CLOSED.value, Outcome.COMPLETED.value
    rules = {"quotas": [{"experience": "known", "min": 2}]}
    campaign_id = await _campaign(engine, creators={"wanted": 2}, shortlist=rules)
    await vetting.vet_roster(campaign_id)
    await vetting.solve_shortlist(campaign_id)
    chosen = [row for row in await _candidates(engine, campaign_id) if row.status == "chosen"]
    assert len(chosen) == 2
    assert plan.starts[0].creator_id in {row.creator_id for row in chosen}
    async with session(engine) as work:
        kept = (await work.get_one(Campaign, campaign_id)).shortlist
    assert kept is not None
    (unmet,) = kept["unmet"]
    assert (unmet["path"], unmet["reached"]) == ("shortlist.quotas[0].min", 1)
    (way,) = kept["ways"]
    assert (way["path"], way["to"]) == ("shortlist.quotas[0].min", 1)


async def test_a_spent_budget_exhausts_the_waitlist(engine: AsyncEngine, vetting: Vetting) -> None:
    campaign_id = await _ready(engine, vetting, 2)
    async with session(engine) as work:
        campaign = await work.get_one(Campaign, campaign_id)
        spent = Posting(kind=PostingKind.RESERVE, key="all", amount_minor=campaign.budget_minor)
        await ledger.post(
            work, campaign_id, None, None, None, spent, campaign.currency, builders.NOW
        )
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=2))
    assert (plan.starts, plan.exhausted) == ((), True)


async def test_a_creator_without_a_usable_address_is_written_to_by_hand(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    await _roster(engine, 1, email="", timezone="", country="GB", audience_country="DE")
    campaign_id = await _campaign(engine)
    await vetting.vet_roster(campaign_id)
    await vetting.solve_shortlist(campaign_id)
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=1))
    assert (plan.starts[0].has_address, plan.starts[0].zone) == (False, "Europe/London")


async def test_whoever_opts_out_after_the_shortlist_is_passed_over(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 2)
    first, second = await _candidates(engine, campaign_id)
    async with session(engine) as work:
        who = await work.get_one(Creator, first.creator_id)
        await outbox.suppress(work, who.email, "opt_out", builders.NOW)
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=2))
    assert [start.creator_id for start in plan.starts] == [second.creator_id]
    assert plan.exhausted


async def test_a_scandal_after_the_shortlist_is_seen_before_the_first_mail(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 1)
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=1))
    start = plan.starts[0]
    before = await vetting.recheck_creator(start.collaboration_id)
    assert before.verdict is SafetyVerdict.CLEAR
    assert await vetting.recheck_creator(start.collaboration_id) == before
    async with session(engine) as work:
        post = CreatorPost(
            creator_id=start.creator_id, post_key="new", caption="what a fucking scandal"
        )
        work.add(post)
    after = await vetting.recheck_creator(start.collaboration_id)
    assert after.verdict is SafetyVerdict.REVIEW
    assert after.digest != before.digest
    (row,) = await _candidates(engine, campaign_id)
    assert row.verdict == SafetyVerdict.REVIEW
    assert "fucking" in row.verdict_reasons[0]


class _Signals:
    """A client of Temporal that keeps what it is to signal."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, ScandalFound]] = []

    def get_workflow_handle(self, workflow_id: str) -> _Signals:
        self._to = workflow_id
        return self

    async def signal(self, name: str, found: ScandalFound) -> None:
        self.sent.append((self._to, name, found))


async def test_a_scandal_while_the_collaboration_runs_reaches_its_workflow_once_with_evidence(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 3, creators={"wanted": 3})
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=3))
    # the third has not been looked at yet: that is the workflow's, before the first mail
    for start in plan.starts[:2]:
        await vetting.recheck_creator(start.collaboration_id)
    client = _Signals()
    watch = CreatorWatch(engine, cast("Client", client), clock=lambda: builders.NOW)
    async with session(engine) as work:
        bad_post = "what a fucking scandal"
        captions = (bad_post, "A calm walk by the sea", bad_post)
        for start, caption in zip(plan.starts, captions, strict=True):
            work.add(CreatorPost(creator_id=start.creator_id, post_key="new", caption=caption))
    assert await watch.watch_creators() == 1
    assert await watch.watch_creators() == 0
    bad = plan.starts[0].collaboration_id
    ((workflow_id, name, found),) = client.sent
    assert (workflow_id, name) == (collaboration_workflow_id(bad), SCANDAL)
    async with session(engine) as work:
        row = await safety_looks.look(work, bad, found.digest)
        assert row is not None
        assert (row.verdict, row.news, row.told_at) == ("review", True, builders.NOW)
        assert row.engine.startswith("lexicon ")
        (evidence,) = row.evidence
        assert (evidence["words"], evidence["caption"], evidence["is_new"]) == (
            "fucking", "what a fucking scandal", True,
        )  # fmt: skip
        assert await safety_looks.to_look_at(work, 10) == []
    # the same look before publication gives the same answer, for the workflow to know it by
    again = await vetting.recheck_creator(bad)
    assert (again.digest, again.news) == (found.digest, True)


class _Stumbling:
    """The word lists, which cannot read one text."""

    def __getattr__(self, name: str) -> Any:
        return getattr(LEXICON, name)

    def find(self, texts: Sequence[str], language: str) -> list[Finding]:
        if any("cannot be read" in text for text in texts):
            raise Unavailable("the model cannot be loaded")
        return LEXICON.find(texts, language)


async def test_a_creator_who_cannot_be_looked_at_stands_in_nobody_s_way(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 3, creators={"wanted": 3})
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=3))
    starts = sorted(plan.starts, key=lambda each: each.collaboration_id)  # as they are looked at
    for start in starts:
        await vetting.recheck_creator(start.collaboration_id)
    async with session(engine) as work:
        captions = ("this cannot be read", "what a fucking scandal", "A calm walk by the sea")
        for start, caption in zip(starts, captions, strict=True):
            work.add(CreatorPost(creator_id=start.creator_id, post_key="new", caption=caption))
    client = _Signals()
    watch = CreatorWatch(
        engine, cast("Client", client), safety=cast("SafetyEngine", _Stumbling()),
        clock=lambda: builders.NOW,
    )  # fmt: skip
    assert await watch.watch_creators() == 1
    assert client.sent[0][0] == collaboration_workflow_id(starts[1].collaboration_id)
    async with session(engine) as work:
        waiting = await safety_looks.to_look_at(work, 10)
    assert waiting == [starts[0].collaboration_id], "the next sweep tries again"


async def test_what_travels_through_temporal_names_nobody(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 2)
    plan = await vetting.plan_starts(PlanStarts(campaign_id=campaign_id, batch=0, count=2))
    text = plan.model_dump_json()
    async with session(engine) as work:
        for who in await work.scalars(select(Creator)):
            for word in (who.name, who.email, who.handle_key):
                assert word not in text


async def test_the_report_is_kept_and_its_digest_returned(
    engine: AsyncEngine, vetting: Vetting
) -> None:
    campaign_id = await _ready(engine, vetting, 2)
    digest = await vetting.write_report(campaign_id)
    assert await vetting.write_report(campaign_id) == digest
    async with session(engine) as work:
        assert (await work.get_one(Campaign, campaign_id)).report
