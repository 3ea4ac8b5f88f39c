"""The adapters, speaking the platforms' interfaces to the stand-in's real process."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from domain.errors import Unavailable
from integrations.social import (
    Access,
    Account,
    Label,
    Level,
    Observation,
    PostState,
    Sources,
    make_sources,
)
from integrations.social.instagram import posted_at
from local.ports import any_free
from tests.fixtures.social import SocialStandIn

PLATFORMS = ("instagram", "tiktok", "youtube")
CAPTION = "Ad: my new lamp with @lumen\nhttps://lumen.example/glow?c=42. #slowliving"
MAYA = Account("maya.lind")


async def look(sources: Sources, post: dict[str, str], account: Account = MAYA) -> Observation:
    return await sources.find(post["platform"], post["url"], account)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_live_post_is_seen_with_its_text_account_and_links(
    social: SocialStandIn, social_sources: Sources, platform: str
) -> None:
    post = social.publish(platform, "@Maya.Lind", CAPTION, followers=9_000)
    seen = await look(social_sources, post)
    assert seen.state is PostState.LIVE
    assert seen.account_handle == "maya.lind"
    assert seen.links == ("https://lumen.example/glow?c=42",)
    assert seen.caption.replace("@", "") == CAPTION.replace("@", "")
    assert seen.level is (Level.E2 if platform == "tiktok" else Level.E3)


async def test_instagram_leaves_out_the_at_sign_of_mentions(
    social: SocialStandIn, social_sources: Sources
) -> None:
    post = social.publish("instagram", "maya.lind", CAPTION)
    assert "@lumen" not in (await look(social_sources, post)).caption


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_removed_post_is_gone_and_an_edited_one_is_read_anew(
    social: SocialStandIn, social_sources: Sources, platform: str
) -> None:
    post = social.publish(platform, "maya.lind", CAPTION)
    social.edit(post, caption="Something else entirely")
    assert (await look(social_sources, post)).caption == "Something else entirely"
    social.delete(post)
    gone = await look(social_sources, post)
    assert gone.state is PostState.GONE
    assert gone.reason


async def test_a_private_video_looks_deleted_and_an_unlisted_one_is_hidden(
    social: SocialStandIn, social_sources: Sources
) -> None:
    post = social.publish("youtube", "maya.lind", CAPTION)
    social.edit(post, visibility="unlisted")
    assert (await look(social_sources, post)).state is PostState.HIDDEN
    social.edit(post, visibility="private")
    assert (await look(social_sources, post)).state is PostState.GONE


async def test_only_a_hit_in_youtube_s_filter_says_anything_about_the_label(
    social: SocialStandIn, social_sources: Sources
) -> None:
    labelled = social.publish("youtube", "maya.lind", CAPTION, labelled=True)
    plain = social.publish("youtube", "maya.lind", CAPTION)
    assert (await look(social_sources, labelled)).label is Label.YES
    assert (await look(social_sources, plain)).label is Label.UNKNOWN
    hidden = social.publish("instagram", "maya.lind", CAPTION, labelled=True)
    assert (await look(social_sources, hidden)).label is Label.UNKNOWN


async def test_a_post_of_another_account_is_told_by_its_author(
    social: SocialStandIn, social_sources: Sources
) -> None:
    for platform in ("tiktok", "youtube"):
        post = social.publish(platform, "somebody.else", CAPTION)
        assert (await look(social_sources, post)).account_handle == "somebody.else"
    social.publish("instagram", "maya.lind", CAPTION)
    foreign = social.publish("instagram", "somebody.else", CAPTION)
    assert (await look(social_sources, foreign)).state is PostState.GONE


async def test_a_personal_account_is_unknown_and_never_gone(
    social: SocialStandIn, social_sources: Sources
) -> None:
    post = social.publish("instagram", "private.person", CAPTION)
    social.account("instagram", "private.person", kind="personal")
    seen = await look(social_sources, post, Account("private.person"))
    assert (seen.state, seen.level) == (PostState.UNKNOWN, Level.E0)
    seen = await look(social_sources, post, Account("bad)handle{id}"))
    assert seen.state is PostState.UNKNOWN


async def test_an_old_post_is_found_behind_many_newer_ones(
    social: SocialStandIn, social_sources: Sources
) -> None:
    old = social.publish("instagram", "busy.account", CAPTION)
    for number in range(120):
        social.publish("instagram", "busy.account", f"post {number}")
    account = Account("busy.account")
    assert (await look(social_sources, old, account)).state is PostState.LIVE
    social.delete(old)
    assert (await look(social_sources, old, account)).state is PostState.GONE


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("fault", ["error", "rate_limit", "slow"])
async def test_a_platform_in_trouble_is_unavailable_and_says_nothing_about_the_post(
    social: SocialStandIn, social_sources: Sources, platform: str, fault: str
) -> None:
    post = social.publish(platform, "maya.lind", CAPTION)
    social.order_fault(platform, fault, seconds=1.5)
    with pytest.raises(Unavailable):
        await look(social_sources, post)
    assert (await look(social_sources, post)).state is PostState.LIVE


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_platform_that_lets_nobody_look_leaves_it_unknown(
    social: SocialStandIn, social_sources: Sources, platform: str
) -> None:
    post = social.publish(platform, "maya.lind", CAPTION)
    social.order_fault(platform, "unknown")
    assert (await look(social_sources, post)).state is PostState.UNKNOWN


async def test_without_access_nobody_looked_and_the_reason_says_so() -> None:
    sources = make_sources(Access())
    for platform, url in [
        ("instagram", "https://www.instagram.com/p/DAbc123_-xY/"),
        ("youtube", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
    ]:
        seen = await sources.find(platform, url, MAYA)
        assert (seen.state, seen.level) == (PostState.UNKNOWN, Level.E0)
        assert "not configured" in seen.reason
    await sources.close()


async def test_a_host_that_does_not_answer_is_unavailable() -> None:
    base = f"http://127.0.0.1:{any_free()}"
    sources = make_sources(Access(social_base=base), timeout_seconds=1.0)
    with pytest.raises(Unavailable):
        await sources.find("tiktok", f"{base}/p/tiktok/7311234567890123456", MAYA)
    await sources.close()


async def test_a_post_is_found_after_the_stand_in_has_moved_to_another_port(
    social: SocialStandIn, social_sources: Sources
) -> None:
    post = social.publish("tiktok", "maya.lind", CAPTION)
    before = f"http://127.0.0.1:{any_free()}/p/tiktok/{post['id']}"
    assert (await social_sources.find("tiktok", before, MAYA)).state is PostState.LIVE


def test_real_keys_are_neither_shown_to_the_stand_in_nor_printed() -> None:
    access = Access(instagram_token="EAA-secret", youtube_key="AIza-secret", social_base="http://x")
    sources = make_sources(access)
    assert all("secret" not in str(client.headers) for client in sources.clients)
    assert "secret" not in repr(access) + repr(make_sources(Access(youtube_key="AIza-secret")))


async def test_figures_grow_and_are_the_same_for_everybody(
    social: SocialStandIn, social_sources: Sources
) -> None:
    post = social.publish("youtube", "grown.up", CAPTION, followers=20_000)
    first = (await look(social_sources, post)).figures
    second = (await look(social_sources, post)).figures
    assert first.views is not None
    assert second.views is not None
    assert second.views >= first.views


def test_a_post_s_code_carries_its_time(social: SocialStandIn) -> None:
    made = posted_at(social.publish("instagram", "maya.lind", CAPTION)["id"])
    assert made is not None
    assert made.year >= 2026


async def test_posts_survive_the_death_of_the_process(tmp_path: Path) -> None:
    standin = SocialStandIn(tmp_path, any_free())
    standin.start()
    kept = standin.publish("tiktok", "maya.lind", CAPTION, key="once")
    removed = standin.publish("tiktok", "maya.lind", "soon gone")
    standin.delete(removed)
    standin.order_fault("youtube", "error", count=3)
    standin.stop(signal.SIGKILL)
    standin.start()
    try:
        assert standin.publish("tiktok", "maya.lind", "again", key="once")["id"] == kept["id"]
        listed = standin.http.get("/_standin/posts").json()["posts"]
        assert {post["id"]: post["deleted_at"] is not None for post in listed} == {
            kept["id"]: False,
            removed["id"]: True,
        }
        assert standin.http.get("/_standin/faults").json()["faults"][0]["remaining"] == 3
    finally:
        standin.stop()


def test_a_person_publishes_edits_and_deletes_on_the_site(social: SocialStandIn) -> None:
    form = {"platform": "instagram", "handle": " @Maya.Lind ", "caption": "<b>Ad</b>\r\nlamp"}
    made = social.http.post("/publish", data={**form, "labelled": "true"})
    assert made.status_code == 303
    path = made.headers["location"]
    page = social.http.get(path)
    assert "Simulated" in page.text
    assert "&lt;b&gt;Ad&lt;/b&gt;" in page.text
    assert "Paid partnership" in page.text
    assert "script" not in page.headers["content-security-policy"]
    change = {"caption": "Ad: lamp", "visibility": "public"}
    assert social.http.post(f"{path}/edit", data=change).status_code == 303
    assert "Ad: lamp" in social.http.get("/").text
    assert social.http.post(f"{path}/delete").status_code == 303
    assert social.http.get(path).status_code == 404
    assert "deleted" in social.http.get("/").text
    assert social.http.post("/publish", data={"platform": "myspace"}).status_code == 422
