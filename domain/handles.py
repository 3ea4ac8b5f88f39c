"""Account names and platforms as people write them, and the one form in which they compare."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

PLATFORMS = {
    "instagram": "instagram",
    "insta": "instagram",
    "ig": "instagram",
    "tiktok": "tiktok",
    "tik tok": "tiktok",
    "tt": "tiktok",
    "youtube": "youtube",
    "you tube": "youtube",
    "yt": "youtube",
}
"""Spellings of the platforms."""

_HOSTS = {"instagram.com": "instagram", "tiktok.com": "tiktok", "youtube.com": "youtube"}
_HANDLE = re.compile(r"[^\W_][\w.·-]{0,59}|_[\w.·-]{1,59}")


def handle_key(handle: str) -> str:
    """The handle for comparison: without @, composed, case-folded."""
    return unicodedata.normalize("NFKC", handle.strip().lstrip("@")).casefold()


def platform_name(text: str) -> str | None:
    """``instagram``, ``tiktok`` or ``youtube``; None for any other."""
    return PLATFORMS.get(text.strip().casefold())


def read_handle(text: str) -> tuple[str, str | None]:
    """A handle without @, from a handle or a profile's address; and the address's platform.

    Raises:
        ValueError: not an account name.
    """
    written, platform = text.strip(), None
    if "/" in written:
        written, platform = _from_address(written)
    handle = unicodedata.normalize("NFC", written.removeprefix("@"))
    if not _HANDLE.fullmatch(handle):
        shown = text.strip()[:40]
        raise ValueError(f"'{shown}' is not an account name; write it like @name")
    return handle, platform


def _from_address(text: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return text, None
    names = [name for name in unquote(parts.path).split("/") if name]
    if host not in _HOSTS or len(names) != 1:
        return text, None
    return names[0], _HOSTS[host]
