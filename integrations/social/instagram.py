"""Instagram, asked by the brand: Graph API, Business Discovery.

It gives the public posts of another professional account, newest first, without the ``@`` of
mentions and without the paid-partnership label. Personal accounts are not given at all.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.errors import Unavailable
from integrations.safe_http import ApiClient
from integrations.social.observation import (
    Account,
    Figures,
    Level,
    Observation,
    PostState,
    count,
    links_in,
    unknown,
)
from integrations.social.urls import parse_post_url

SOURCE = "instagram.business_discovery"
VERSION = "v25.0"
PAGE_SIZE, MAX_PAGES = 50, 20
_HANDLE = re.compile(r"[A-Za-z0-9._]{1,30}")
_EPOCH_MS = 1_314_220_021_721
"""Instagram counts the time in its ids from here (its engineers' article on sharding and ids)."""
_ORDER_MARGIN = timedelta(days=2)

# https://developers.facebook.com/docs/graph-api/guides/error-handling
_THROTTLED = frozenset({1, 2, 4, 17, 32, 341, 613, 80002})
_ACCESS_REFUSED = frozenset({10, 102, 190, *range(200, 300)})
_NO_SUCH_ACCOUNT = 110


@dataclass
class Instagram:
    """Posts of professional accounts."""

    api: ApiClient
    business_id: str
    social_base: str = ""

    async def find(self, url: str, account: Account) -> Observation:
        """Look for a post among the account's posts.

        Raises:
            Unavailable: Instagram does not answer now.
        """
        code = parse_post_url(url, self.social_base).post_id
        handle = account.handle.lstrip("@")
        if not _HANDLE.fullmatch(handle):
            return unknown(SOURCE, "The account's handle is not one that Instagram has.")
        cursor = ""
        for _ in range(MAX_PAGES):
            answer = await self.api.get(
                f"/{VERSION}/{self.business_id}", {"fields": _fields(handle, cursor)}
            )
            if answer.status != 200:
                return _refused(answer.body)
            found = answer.body.get("business_discovery") or {}
            listed: list[dict[str, Any]] = (found.get("media") or {}).get("data") or []
            for media in listed:
                if self._code(media) == code:
                    return _live(media, found)
            paging = (found.get("media") or {}).get("paging") or {}
            cursor = (paging.get("cursors") or {}).get("after") or ""
            if not cursor or not listed or _all_older(listed, code):
                return _absent(found)
        return unknown(SOURCE, "The account has more posts than can be looked through.")

    def _code(self, media: Mapping[str, Any]) -> str:
        permalink = str(media.get("permalink", ""))
        return permalink.rstrip("/").rpartition("/")[2]


def _fields(handle: str, cursor: str) -> str:
    after = f".after({cursor})" if cursor else ""
    return (
        f"business_discovery.username({handle}){{id,username,followers_count,"
        f"media.limit({PAGE_SIZE}){after}{{id,caption,permalink,timestamp,like_count,"
        f"comments_count,media_product_type}}}}"
    )


def _live(media: Mapping[str, Any], found: Mapping[str, Any]) -> Observation:
    caption = str(media.get("caption") or "")
    return Observation(
        PostState.LIVE,
        Level.E3,
        SOURCE,
        datetime.now(UTC),
        canonical_id=str(media.get("id", "")),
        account_id=str(found.get("id", "")),
        account_handle=str(found.get("username", "")),
        caption=caption,
        links=links_in(caption),
        figures=Figures(count(media.get("like_count")), count(media.get("comments_count"))),
    )


def _absent(found: Mapping[str, Any]) -> Observation:
    """Not listed: Instagram does not tell removal, archiving and another account apart."""
    return Observation(
        PostState.GONE,
        Level.E3,
        SOURCE,
        datetime.now(UTC),
        "The post is not among the public posts of the contracted account: removed, archived, "
        "or posted from another account.",
        account_id=str(found.get("id", "")),
        account_handle=str(found.get("username", "")),
    )


def _refused(body: Mapping[str, Any]) -> Observation:
    error = body.get("error") or {}
    code = count(error.get("code")) or 0
    if code in _THROTTLED or error.get("is_transient"):
        raise Unavailable(f"Instagram asks us to come back later (code {code})")
    if code in _ACCESS_REFUSED:
        return unknown(SOURCE, "Instagram refuses our access: the token has to be renewed.")
    if code == _NO_SUCH_ACCOUNT:
        return unknown(
            SOURCE,
            "Instagram shows this account to nobody by this interface: it is personal, "
            "age-restricted, renamed or closed.",
        )
    return unknown(SOURCE, f"Instagram refused the question (code {code}).")


def _all_older(listed: list[dict[str, Any]], code: str) -> bool:
    """True if every post of a page is clearly older than the one looked for.

    The list is newest first and a post's id carries its time, so the rest need not be read.
    """
    made = posted_at(code)
    if made is None:
        return False
    try:
        newest = max(datetime.fromisoformat(str(media["timestamp"])) for media in listed)
    except (KeyError, ValueError):
        return False
    return newest < made - _ORDER_MARGIN


def posted_at(code: str) -> datetime | None:
    """The time in a post's short code, or None if it carries none."""
    try:
        raw = base64.urlsafe_b64decode("A" * (12 - len(code)) + code)
    except (binascii.Error, ValueError):
        return None
    milliseconds = (int.from_bytes(raw, "big") >> 23) + _EPOCH_MS
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
