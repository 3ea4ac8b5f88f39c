"""Reading the address of a post that somebody pasted.

An address is accepted only if it is the address of one post on a host that is named here; what is
stored is built anew from platform and id, so nothing of what was pasted is ever opened or shown
as a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from domain.errors import UserMistake

MAX_LENGTH = 500
SHORT = "short-"
"""Marks the id of a TikTok short link, which hides the video's own id."""


class NotAPost(UserMistake):
    """The text is not the address of a post."""

    code: ClassVar[str] = "not_a_post"


class PostRef(NamedTuple):
    """One post: the platform, its id there, and the one way in which its address is written."""

    platform: str
    post_id: str
    url: str


def parse_post_url(text: str, social_base: str = "") -> PostRef:
    """Find platform and post in an address.

    Args:
        text: what was pasted; a missing ``https://`` is forgiven.
        social_base: address of the stand-in for all platforms; only if it is given are the
            stand-in's posts accepted.

    Raises:
        NotAPost: not the address of a post, with what would be right.
    """
    url = text.strip()
    _refuse_tricks(url)
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _mistake("this is not an address") from None
    if social_base and url.startswith(f"{social_base.rstrip('/')}/"):
        return _standin(parts, social_base.rstrip("/"))
    host = _host(parts, port)
    found = _READERS[host](parts) if host in _READERS else None
    if found is None:
        raise _mistake(
            _HINTS.get(_kind_of(host, parts), "this is not the address of a post on "
                       "Instagram, TikTok or YouTube")
        )  # fmt: skip
    return found


def _refuse_tricks(url: str) -> None:
    """Refuse what programs read differently from people, before anything is split."""
    if not url or len(url) > MAX_LENGTH:
        raise _mistake("the address is empty or far too long")
    if any(ord(char) <= 32 or ord(char) == 127 for char in url) or "\\" in url:
        raise _mistake("the address contains a space or a character that addresses don't have")


def _host(parts: SplitResult, port: int | None) -> str:
    if parts.scheme not in {"http", "https"}:
        raise _mistake("the address does not begin with https://")
    if "@" in parts.netloc or "%" in parts.netloc or not parts.netloc.isascii():
        raise _mistake("the address only looks like the platform's")
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme]:
        raise _mistake("the address names a port")
    host = parts.hostname or ""
    return host.removeprefix("www.")


def _mistake(message: str) -> NotAPost:
    return NotAPost(message, hint="open the post, choose Share, then Copy link, and paste that")


_CODE, _VIDEO, _NUMBER = r"[A-Za-z0-9_-]{8,14}", r"[A-Za-z0-9_-]{11}", r"[0-9]{15,20}"
_NAME = r"[A-Za-z0-9._]{1,40}"
_INSTAGRAM = re.compile(rf"/(?:(?!share/){_NAME}/)?(?:p|reel|reels|tv)/({_CODE})/?")
_TIKTOK = re.compile(rf"/@({_NAME})/(video|photo)/({_NUMBER})/?")
_TIKTOK_SHORT = re.compile(r"/(?:t/)?([A-Za-z0-9]{6,14})/?")
_YOUTUBE = re.compile(rf"/(?:shorts|live)/({_VIDEO})/?")
_YOUTU_BE = re.compile(rf"/({_VIDEO})/?")


def _instagram(parts: SplitResult) -> PostRef | None:
    match = _INSTAGRAM.fullmatch(parts.path)
    return match and _instagram_ref(match[1])


def _instagram_ref(code: str) -> PostRef:
    return PostRef("instagram", code, f"https://www.instagram.com/p/{code}/")


def _tiktok(parts: SplitResult) -> PostRef | None:
    if match := _TIKTOK.fullmatch(parts.path):
        handle, kind, number = match[1].lower(), match[2], match[3]
        return PostRef("tiktok", number, f"https://www.tiktok.com/@{handle}/{kind}/{number}")
    if parts.path.startswith("/t/"):
        return _tiktok_short(parts)
    return None


def _tiktok_short(parts: SplitResult) -> PostRef | None:
    match = _TIKTOK_SHORT.fullmatch(parts.path)
    return match and PostRef("tiktok", SHORT + match[1], f"https://vm.tiktok.com/{match[1]}/")


def _youtube(parts: SplitResult) -> PostRef | None:
    if match := _YOUTUBE.fullmatch(parts.path):
        return _youtube_ref(match[1])
    if parts.path not in {"/watch", "/watch/"}:
        return None
    videos = [value for key, value in parse_qsl(parts.query) if key == "v"]
    if len(videos) == 1 and re.fullmatch(_VIDEO, videos[0]):
        return _youtube_ref(videos[0])
    return None


def _youtu_be(parts: SplitResult) -> PostRef | None:
    match = _YOUTU_BE.fullmatch(parts.path)
    return match and _youtube_ref(match[1])


def _youtube_ref(video: str) -> PostRef:
    return PostRef("youtube", video, f"https://www.youtube.com/watch?v={video}")


def _standin(parts: SplitResult, base: str) -> PostRef:
    path = parts.path.removeprefix(urlsplit(base).path)
    match = re.fullmatch(r"/p/(instagram|tiktok|youtube)/([A-Za-z0-9_-]{8,20})/?", path)
    if match is None:
        raise _mistake("this is not the address of a post on the simulated platforms")
    return PostRef(match[1], match[2], f"{base}/p/{match[1]}/{match[2]}")


_READERS: dict[str, Callable[[SplitResult], PostRef | None]] = {
    "instagram.com": _instagram,
    "m.instagram.com": _instagram,
    "tiktok.com": _tiktok,
    "m.tiktok.com": _tiktok,
    "vm.tiktok.com": _tiktok_short,
    "vt.tiktok.com": _tiktok_short,
    "youtube.com": _youtube,
    "m.youtube.com": _youtube,
    "youtu.be": _youtu_be,
}

_HINTS = {
    "story": "a story cannot be looked up; paste the address of a post or reel",
    "share": "this is a share link that only Instagram can read; open it and copy the address",
    "profile": "this is the address of an account, not of one post",
}


def _kind_of(host: str, parts: SplitResult) -> str:
    if host not in _READERS:
        return ""
    if parts.path.startswith("/stories/"):
        return "story"
    if parts.path.startswith("/share/"):
        return "share"
    return "profile" if re.fullmatch(rf"/@?{_NAME}/?", parts.path) else ""
