"""A published post is looked at, judged beside the approved draft, and the evidence is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.publication import Publications
from domain.errors import NotFound
from domain.lifecycle import CheckState
from domain.messages import CheckResult, WatchRequest
from integrations.social import Access, Sources, make_sources
from store import publications
from store.engine import session
from store.tables import Check, Collaboration, Creator
from tests import builders
from tests.fixtures.social import SocialStandIn
from workflows.timeouts import WATCH

CAPTION = "Anzeige: mein Morgen mit @lumen.skin\nhttps://lumen.example/serum #glow"
NOW = builders.NOW
PLATFORMS = ("instagram", "tiktok", "youtube")


@dataclass
class Desk:
    """One creator's published post, and the activity that checks it."""

    engine: AsyncEngine
    social: SocialStandIn
    sources: Sources
    platform: str = "instagram"
    handle: str = "jule.brandt"
    collaboration: Collaboration | None = None
    post: dict[str, Any] | None = None
    publication_id: str = ""
    followed: tuple[str, ...] = ()

    async def publish(self, caption: str = CAPTION, approved: str = CAPTION, **more: Any) -> None:
        """The approved draft goes live, perhaps with changes, and the creator reports it."""
        author = more.pop("author", self.handle)
        self.post = self.social.publish(self.platform, author, caption, **more)
        async with session(self.engine) as work:
            who = await builders.creator(work, platform=self.platform, handle=f"@{self.handle}")
            self.collaboration = await builders.collaboration(work, who=who, draft_version=2)
            for version, text in ((1, "an earlier version"), (2, approved)):
                await builders.draft(work, self.collaboration, version=version, caption=text)
        await self.report()

    async def report(self, **overrides: Any) -> None:
        """The creator says where the post is."""
        assert self.post is not None
        assert self.collaboration is not None
        values = {"url": self.post["url"], "platform": self.platform,
                  "platform_post_id": self.post["id"]}  # fmt: skip
        async with session(self.engine) as work:
            row = await builders.publication(work, self.collaboration, **(values | overrides))
        self.publication_id = row.id

    async def check(self, number: int = 1) -> CheckResult:
        """One look."""
        return (await self.activity().watch_publication(self.request(number))).last

    def activity(self, clock: Callable[[], datetime] = lambda: NOW) -> Publications:
        """The activity; links are followed to where the test says, never into the world."""

        async def follow(link: str) -> str:
            self.followed += (link,)
            return "https://lumen.example/serum?c=7"

        return Publications(
            self.engine, self.sources, follow=follow, clock=clock, pauses=(0, 0)
        )  # fmt: skip

    def request(self, number: int = 1, *moments: datetime) -> WatchRequest:
        """What the workflow asks."""
        assert self.collaboration is not None
        return WatchRequest(
            collaboration_id=self.collaboration.id,
            publication_id=self.publication_id,
            first_number=number,
            moments=moments or (NOW,),
            again_after=timedelta(hours=6),
            patient=False,
        )

    async def row(self, number: int = 1) -> Check:
        """The stored look."""
        async with session(self.engine) as work:
            row = await publications.find(work, self.publication_id, number)
        assert row is not None
        return row


@pytest.fixture
def desk(engine: AsyncEngine, social: SocialStandIn, social_sources: Sources) -> Desk:
    return Desk(engine, social, social_sources)


@pytest.fixture(params=PLATFORMS)
def any_desk(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    return replace(desk, platform=request.param)


async def test_the_approved_post_on_the_right_account_is_verified(any_desk: Desk) -> None:
    await any_desk.publish()
    assert await any_desk.check() == CheckResult(state=CheckState.OK)
    row = await any_desk.row()
    assert row.level == ("E2" if any_desk.platform == "tiktok" else "E3")
    assert row.evidence["account_handle"] == any_desk.handle
    assert row.evidence["caption"].replace("@", "") == CAPTION.replace("@", "")
    assert row.reasons
    assert "figures" in row.evidence


async def test_a_lost_label_is_a_fault_and_mending_it_makes_the_post_right(any_desk: Desk) -> None:
    await any_desk.publish(CAPTION.replace("Anzeige: ", ""))
    found = await any_desk.check(1)
    assert (found.state, found.faults) == (CheckState.FAULTY, ("no_disclosure",))
    assert any_desk.post is not None
    any_desk.social.edit(any_desk.post, caption=CAPTION)
    assert (await any_desk.check(2)).state is CheckState.OK


async def test_lost_mention_and_link_are_named(any_desk: Desk) -> None:
    words = "Anzeige: drei Tropfen am Morgen genügen, und meine Haut ist den ganzen Tag ruhig"
    await any_desk.publish(words, approved=f"{words} @lumen.skin https://lumen.example/serum")
    found = await any_desk.check()
    assert found.state is CheckState.FAULTY
    assert {"no_mention", "no_link"} <= set(found.faults)


async def test_another_account_s_post_is_a_fault(desk: Desk) -> None:
    for platform in ("tiktok", "youtube"):
        other = replace(desk, platform=platform)
        await other.publish(author="somebody.else")
        assert (await other.check()).faults == ("wrong_account",)


async def test_a_renamed_account_is_still_the_right_one_once_its_id_is_known(desk: Desk) -> None:
    video = replace(desk, platform="youtube")
    await video.publish()
    await video.check(1)
    assert video.collaboration is not None
    async with session(desk.engine) as work:
        who = await work.get_one(Creator, video.collaboration.creator_id)
        assert video.post is not None
        assert who.platform_account_id == video.post["account_id"]
        who.handle = "@an_older_name"
    assert (await video.check(2)).state is CheckState.OK


async def test_a_removed_post_is_gone_but_never_definitely_by_the_brand_s_own_look(
    any_desk: Desk,
) -> None:
    await any_desk.publish()
    await any_desk.check(1)
    assert any_desk.post is not None
    any_desk.social.delete(any_desk.post)
    assert await any_desk.check(2) == CheckResult(state=CheckState.GONE)
    assert "removed" in (await any_desk.row(2)).reasons[0] or any_desk.platform == "youtube"


async def test_what_a_public_interface_never_showed_is_looked_at_by_a_person(desk: Desk) -> None:
    clip = replace(desk, platform="tiktok")
    await clip.publish()
    assert clip.post is not None
    clip.social.delete(clip.post)
    assert (await clip.check()).state is CheckState.UNSURE


async def test_an_unlisted_video_is_to_be_made_public(desk: Desk) -> None:
    video = replace(desk, platform="youtube")
    await video.publish()
    assert video.post is not None
    video.social.edit(video.post, visibility="unlisted")
    assert await video.check() == CheckResult(state=CheckState.FAULTY, faults=("gone",))


async def test_a_personal_account_is_unknown_and_says_why(desk: Desk) -> None:
    await desk.publish(author="very.private")
    desk.social.account("instagram", "jule.brandt", kind="personal")
    assert (await desk.check()).state is CheckState.UNKNOWN
    desk.social.account("instagram", "jule.brandt", kind="professional")
    assert "personal" in (await desk.row()).reasons[0]


async def test_without_access_the_check_is_unknown(desk: Desk) -> None:
    await desk.publish()
    await desk.report(
        url="https://www.instagram.com/p/DAbc123_-xY/", platform_post_id="DAbc123_-xY"
    )
    nothing = replace(desk, sources=make_sources(Access()))
    assert await nothing.check() == CheckResult(state=CheckState.UNKNOWN)
    row = await nothing.row()
    assert (row.level, row.reasons) == ("E0", ["not configured: no access to instagram"])


async def test_the_same_number_is_answered_from_the_row_without_looking_again(desk: Desk) -> None:
    await desk.publish()
    first = await desk.check(1)
    assert desk.post is not None
    desk.social.delete(desk.post)
    desk.social.order_fault("instagram", "error", count=1)
    assert await desk.check(1) == first
    assert desk.social.http.get("/_standin/faults").json()["faults"], "nobody has asked"


async def test_the_first_of_two_looks_with_one_number_counts(desk: Desk) -> None:
    await desk.publish()
    async with session(desk.engine) as work:
        assert desk.collaboration is not None
        reported = await publications.load(work, desk.collaboration.id, desk.publication_id)
        look = publications.Look("gone", "E3", (), ("first",), {}, builders.NOW)
        await publications.record(work, reported, 1, look)
        second = replace(look, state="ok", reasons=("second",))
        assert (await publications.record(work, reported, 1, second)).state == "gone"


async def test_a_platform_in_trouble_is_asked_again_within_the_look(desk: Desk) -> None:
    await desk.publish()
    desk.social.order_fault("instagram", "rate_limit", count=2)
    assert (await desk.check()).state is CheckState.OK


async def test_a_platform_that_stays_in_trouble_is_unknown(desk: Desk) -> None:
    await desk.publish()
    desk.social.order_fault("instagram", "rate_limit", count=3)
    assert await desk.check() == CheckResult(state=CheckState.UNKNOWN)
    assert (await desk.row()).reasons == ["The platform did not answer."]


async def test_a_watch_fails_on_purpose_until_its_next_look_is_due(desk: Desk) -> None:
    await desk.publish()
    request = desk.request(1, NOW, NOW + timedelta(days=3))
    with pytest.raises(ApplicationError) as not_due:
        await desk.activity(clock=lambda: NOW).watch_publication(request)
    assert not_due.value.next_retry_delay == timedelta(days=3)
    assert (await desk.row(1)).state == "ok"
    later = desk.activity(clock=lambda: NOW + timedelta(days=3))
    seen = await later.watch_publication(request)
    assert (seen.last.state, seen.looks, seen.passed) == (CheckState.OK, 2, 2)
    assert await later.watch_publication(request) == seen, "and its answer stays"


async def test_a_watch_ends_with_the_first_look_that_finds_something(desk: Desk) -> None:
    await desk.publish()
    assert desk.post is not None
    request = desk.request(1, NOW, NOW + timedelta(days=3), NOW + timedelta(days=9))
    with pytest.raises(ApplicationError):
        await desk.activity(clock=lambda: NOW).watch_publication(request)
    desk.social.delete(desk.post)
    later = desk.activity(clock=lambda: NOW + timedelta(days=3))
    seen = await later.watch_publication(request)
    assert (seen.last.state, seen.looks, seen.passed) == (CheckState.GONE, 2, 1)


async def test_a_shortened_link_that_leads_to_the_brand_counts(desk: Desk) -> None:
    short = CAPTION.replace("lumen.example/serum", "sho.rt/x1")
    await desk.publish(short)
    await desk.check()
    assert desk.followed == ("https://sho.rt/x1",)
    assert "no_link" not in (await desk.row()).faults


async def test_no_link_is_followed_when_the_brand_s_own_is_there_or_none_was_agreed(
    desk: Desk,
) -> None:
    await desk.publish(CAPTION + " https://friend.example/shop")
    await desk.check()
    plain = "Anzeige: mein Morgen mit @lumen.skin https://friend.example/shop"
    other = replace(desk, handle="somebody.new")
    await other.publish(plain, approved=plain)
    await other.check()
    assert not desk.followed + other.followed


async def test_on_simulated_platforms_no_link_is_opened_at_all(desk: Desk) -> None:
    await desk.publish(CAPTION.replace("lumen.example/serum", "sho.rt/x1"))
    activity = Publications(desk.engine, desk.sources, clock=lambda: NOW)
    assert "no_link" in (await activity.watch_publication(desk.request())).last.faults
    assert (await desk.row()).evidence["links"] == ["https://sho.rt/x1"]


async def test_youtube_s_own_label_is_taken_into_account(desk: Desk) -> None:
    video = replace(desk, platform="youtube")
    await video.publish(labelled=True)
    await video.check()
    assert (await video.row()).evidence["label"] == "yes"


async def test_a_look_heartbeats_so_that_a_killed_worker_is_noticed_within_seconds(
    desk: Desk,
) -> None:
    await desk.publish()
    environment, beats = ActivityEnvironment(), []
    environment.on_heartbeat = lambda *_: beats.append(1)
    await environment.run(desk.activity().watch_publication, desk.request())
    assert beats
    assert WATCH["heartbeat_timeout"] <= timedelta(seconds=10)


async def test_the_same_handle_on_another_platform_is_not_the_account_agreed_on(
    desk: Desk,
) -> None:
    await desk.publish()
    async with session(desk.engine) as work:
        assert desk.collaboration is not None
        (await work.get_one(Creator, desk.collaboration.creator_id)).platform = "tiktok"
    found = await desk.check()
    assert (found.state, "wrong_account" in found.faults) == (CheckState.FAULTY, True)


async def test_somebody_else_s_publication_is_not_found(desk: Desk) -> None:
    await desk.publish()
    request = desk.request().model_copy(update={"collaboration_id": "col_other"})
    with pytest.raises(NotFound):
        await desk.activity().watch_publication(request)
