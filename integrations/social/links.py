"""Where a link in a caption leads, so that a shortened brand link counts as the brand's."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from domain.errors import TroupeError
from integrations.safe_http import Limits, fetch

_WRAPPERS = {
    "l.instagram.com": "u",
    "lm.facebook.com": "u",
    "l.facebook.com": "u",
    "www.youtube.com": "q",
    "youtube.com": "q",
}
"""Redirectors of the platforms, with the parameter that holds the real address."""
_SHORT_LOOK = Limits(deadline_seconds=8.0)


def unwrapped(url: str) -> str:
    """The address inside a platform's redirector; other addresses as they are."""
    parts = urlsplit(url)
    parameter = _WRAPPERS.get(parts.hostname or "")
    if parameter is None or (parameter == "q" and parts.path != "/redirect"):
        return url
    inner = parse_qs(parts.query).get(parameter, [""])[0]
    return inner if inner.startswith(("http://", "https://")) else url


async def destination(url: str) -> str:
    """Where an address ends after its redirects; the address itself if that cannot be told."""
    url = unwrapped(url)
    try:
        return (await fetch(url, limits=_SHORT_LOOK)).url
    except TroupeError:
        return url
