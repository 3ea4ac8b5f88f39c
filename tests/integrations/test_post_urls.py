"""Which addresses are posts, and which only look like it."""

from __future__ import annotations

import pytest

from integrations.social import NotAPost, parse_post_url

BASE = "http://127.0.0.1:9999"
IG, YT = "https://www.instagram.com/p/DAbc123_-xY/", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
TT = "https://www.tiktok.com/@maya.lind/video/7311234567890123456"

ACCEPTED = [
    ("https://www.instagram.com/p/DAbc123_-xY/", "instagram", "DAbc123_-xY", IG),
    ("https://instagram.com/p/DAbc123_-xY", "instagram", "DAbc123_-xY", IG),
    ("http://www.instagram.com/reel/DAbc123_-xY/?igsh=MzRlODBiNWFlZA==", "instagram",
     "DAbc123_-xY", IG),
    ("https://www.instagram.com/reels/DAbc123_-xY/?utm_source=ig_web", "instagram",
     "DAbc123_-xY", IG),
    ("https://www.instagram.com/maya.lind/p/DAbc123_-xY/?img_index=2", "instagram",
     "DAbc123_-xY", IG),
    ("https://m.instagram.com/tv/DAbc123_-xY/#comments", "instagram", "DAbc123_-xY", IG),
    ("  instagram.com/p/DAbc123_-xY/ \n", "instagram", "DAbc123_-xY", IG),
    ("HTTPS://WWW.INSTAGRAM.COM/p/DAbc123_-xY/", "instagram", "DAbc123_-xY", IG),
    ("https://www.instagram.com:443/p/DAbc123_-xY/", "instagram", "DAbc123_-xY", IG),
    ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=30s&list=PL1", "youtube", "dQw4w9WgXcQ", YT),
    ("https://youtu.be/dQw4w9WgXcQ?si=tracking", "youtube", "dQw4w9WgXcQ", YT),
    ("https://m.youtube.com/watch?app=desktop&v=dQw4w9WgXcQ", "youtube", "dQw4w9WgXcQ", YT),
    ("https://youtube.com/shorts/dQw4w9WgXcQ?feature=share", "youtube", "dQw4w9WgXcQ", YT),
    ("https://www.youtube.com/live/dQw4w9WgXcQ", "youtube", "dQw4w9WgXcQ", YT),
    (TT + "?is_from_webapp=1&sender_device=pc", "tiktok", "7311234567890123456", TT),
    ("https://tiktok.com/@Maya.Lind/video/7311234567890123456", "tiktok",
     "7311234567890123456", TT),
    ("https://www.tiktok.com/@maya.lind/photo/7311234567890123456", "tiktok",
     "7311234567890123456", TT.replace("video", "photo")),
    ("https://vm.tiktok.com/ZMabc123X/", "tiktok", "short-ZMabc123X",
     "https://vm.tiktok.com/ZMabc123X/"),
    ("https://vt.tiktok.com/ZSabc123X", "tiktok", "short-ZSabc123X",
     "https://vm.tiktok.com/ZSabc123X/"),
    ("https://www.tiktok.com/t/ZTabc123X/", "tiktok", "short-ZTabc123X",
     "https://vm.tiktok.com/ZTabc123X/"),
]  # fmt: skip

REFUSED = [
    "",
    "   ",
    "hello",
    "https://",
    "https:///p/DAbc123_-xY/",
    "instagram.com",
    "https://www.instagram.com/",
    "https://www.instagram.com/maya.lind/",
    "https://www.instagram.com/stories/maya.lind/3141592653589793238/",
    "https://www.instagram.com/share/reel/BAabc123X/",
    "https://www.instagram.com/p/../accounts/login",
    "https://www.instagram.com/p/DAbc123_-xY%2f..%2fadmin",
    "https://www.instagram.com/p/DAbc123_-xY/embed/captioned/evil",
    "https://www.instagram.com//p/DAbc123_-xY/",
    "https://www.instagram.com/p/short/",
    "https://www.instagram.com/p/" + "A" * 60 + "/",
    "https://www.instagram.com.evil.example/p/DAbc123_-xY/",
    "https://evil-instagram.com/p/DAbc123_-xY/",
    "https://instagram.com@evil.example/p/DAbc123_-xY/",
    "https://evil.example@www.instagram.com/p/DAbc123_-xY/",
    "https://user:secret@www.instagram.com/p/DAbc123_-xY/",
    "https://www.instagram.com\\@evil.example/p/DAbc123_-xY/",
    "https://evil.example\\.instagram.com/p/DAbc123_-xY/",
    "https://www.instagram.com%2eevil.example/p/DAbc123_-xY/",
    "https://www.instagr%61m.com/p/DAbc123_-xY/",
    "https://www.instagram.com./p/DAbc123_-xY/",
    "https://www.іnstagram.com/p/DAbc123_-xY/",  # a Cyrillic і
    "https://www.instagram。com/p/DAbc123_-xY/",  # an ideographic full stop
    "https://ｗｗｗ.instagram.com/p/DAbc123_-xY/",  # full-width letters
    "https://www.xn--nstagram-wxf.com/p/DAbc123_-xY/",
    "https://www.instagram.com:8443/p/DAbc123_-xY/",
    "https://www.instagram.com:80/p/DAbc123_-xY/",
    "https://www.instagram.com:99999/p/DAbc123_-xY/",
    "https://www.instagram.com:x/p/DAbc123_-xY/",
    "ftp://www.instagram.com/p/DAbc123_-xY/",
    "file:///etc/passwd",
    "javascript:alert(1)//www.instagram.com/p/DAbc123_-xY/",
    "data:text/html,https://www.instagram.com/p/DAbc123_-xY/",
    "//www.instagram.com/p/DAbc123_-xY/",
    "https://www.instagram.com/p/DAbc123_-xY/ https://evil.example",
    "https://www.insta\tgram.com/p/DAbc123_-xY/",
    "https://www.instagram.com/p/DAbc123_-xY/\r\nHost: evil.example",
    "https://www.instagram.com/p/DAbc\x00123_-xY/",
    "https://[::1]/p/DAbc123_-xY/",
    "https://[www.instagram.com]/p/DAbc123_-xY/",
    "http://127.0.0.1/p/instagram/DAbc123_-xY",
    "http://2130706433/p/DAbc123_-xY/",
    "https://l.instagram.com/?u=https%3A%2F%2Fwww.instagram.com%2Fp%2FDAbc123_-xY%2F",
    "https://evil.example/?https://www.instagram.com/p/DAbc123_-xY/",
    "https://evil.example#https://www.instagram.com/p/DAbc123_-xY/",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ&v=evilevilevi",
    "https://www.youtube.com/watch?v=short",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ%26x",
    "https://www.youtube.com/redirect?q=https%3A%2F%2Fevil.example",
    "https://www.youtube.com/@mayalind",
    "https://www.youtube.com/playlist?list=PL1",
    "https://youtu.be/",
    "https://youtu.be/dQw4w9WgXcQ/extra",
    "https://www.tiktok.com/@maya.lind",
    "https://www.tiktok.com/@maya.lind/video/12",
    "https://www.tiktok.com/@maya.lind/video/٧٣١١٢٣٤٥٦٧٨٩٠١٢٣٤٥٦",  # digits, but not ours
    "https://www.tiktok.com/@a/b/video/7311234567890123456",
    "https://vm.tiktok.com/../../etc",
    "https://www.instagram.com/p/DAbc123_-xY/?x=" + "a" * 500,
    f"{BASE}/p/instagram/DAbc123_-xY",
]


@pytest.mark.parametrize(("text", "platform", "post", "url"), ACCEPTED)
def test_the_address_of_a_post_is_understood_and_written_in_one_way(
    text: str, platform: str, post: str, url: str
) -> None:
    assert parse_post_url(text) == (platform, post, url)
    assert parse_post_url(url) == (platform, post, url)


@pytest.mark.parametrize("text", REFUSED)
def test_what_only_looks_like_a_post_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(NotAPost) as refused:
        parse_post_url(text)
    assert refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        f"{BASE}/p/twitter/DAbc123_-xY",
        f"{BASE}/p/instagram/../../_standin/posts",
        f"{BASE}/_standin/posts",
        f"{BASE}@evil.example/p/instagram/DAbc123_-xY",
        f"{BASE}9/p/instagram/DAbc123_-xY",
        "http://127.0.0.1:9998/p/instagram/DAbc123_-xY",
        "http://localhost:9999/p/instagram/DAbc123_-xY",
    ],
)
def test_with_the_stand_in_only_its_own_posts_are_accepted(text: str) -> None:
    with pytest.raises(NotAPost):
        parse_post_url(text, BASE)


def test_the_stand_in_s_posts_are_accepted_when_it_is_used() -> None:
    found = parse_post_url(f"{BASE}/p/instagram/DAbc123_-xY?utm_source=x", f"{BASE}/")
    assert found == ("instagram", "DAbc123_-xY", f"{BASE}/p/instagram/DAbc123_-xY")


def test_people_are_told_why_a_story_or_a_profile_is_not_enough() -> None:
    for text, word in [
        ("https://www.instagram.com/stories/maya.lind/3141592653589793238/", "story"),
        ("https://www.instagram.com/share/reel/BAabc123X/", "share link"),
        ("https://www.tiktok.com/@maya.lind", "account"),
    ]:
        with pytest.raises(NotAPost, match=word):
            parse_post_url(text)
