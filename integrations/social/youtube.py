"""YouTube Data API with the brand's key: ``videos.list``, and two small questions around it.

The paid-promotion flag of a video is given to its owner only; as a search filter it is public,
and a hit proves the label. A miss proves nothing, because the search index lags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.errors import Unavailable
from integrations.safe_http import Answer, ApiClient
from integrations.social.observation import (
    Account,
    Figures,
    Label,
    Level,
    Observation,
    PostState,
    count,
    links_in,
    unknown,
)
from integrations.social.urls import parse_post_url

SOURCE = "youtube.videos"
# https://developers.google.com/youtube/v3/docs/errors
_THROTTLED = frozenset(
    {"quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded"}
)


@dataclass
class YouTube:
    """Public videos by key."""

    api: ApiClient
    social_base: str = ""
    label_search: bool = True
    """Ask the search filter for the label: 100 of the day's 10,000 units per look."""

    async def find(self, url: str, account: Account) -> Observation:
        """Look a video up.

        Raises:
            Unavailable: YouTube does not answer now, or the day's quota is used up.
        """
        video = parse_post_url(url, self.social_base).post_id
        answer = await self.api.get(
            "/youtube/v3/videos", {"part": "snippet,status,statistics", "id": video}
        )
        if answer.status != 200:
            return _refused(answer)
        items = answer.body.get("items") or []
        if not items:
            return Observation(
                PostState.GONE,
                Level.E3,
                SOURCE,
                datetime.now(UTC),
                "YouTube does not know the video: deleted or made private, it does not say which.",
            )
        item = items[0]
        channel = str((item.get("snippet") or {}).get("channelId", ""))
        handle = await self._handle(channel, account)
        label = await self._label(channel, video) if self.label_search else Label.UNKNOWN
        return _seen(item, channel, handle, label)

    async def _handle(self, channel: str, account: Account) -> str:
        """The channel's handle; known already if the contracted channel's id is."""
        if channel and channel == account.account_id:
            return account.handle
        answer = await self.api.get("/youtube/v3/channels", {"part": "snippet", "id": channel})
        items = answer.body.get("items") or [{}]
        return str((items[0].get("snippet") or {}).get("customUrl", "")).lstrip("@")

    async def _label(self, channel: str, video: str) -> Label:
        """YES if the filter lists the video; anything else says nothing."""
        try:
            answer = await self.api.get(
                "/youtube/v3/search",
                {
                    "part": "id", "type": "video", "channelId": channel, "maxResults": "50",
                    "order": "date", "videoPaidProductPlacement": "true",
                },
            )  # fmt: skip
        except Unavailable:
            return Label.UNKNOWN
        items = answer.body.get("items") or []
        listed = {(item.get("id") or {}).get("videoId") for item in items}
        return Label.YES if video in listed else Label.UNKNOWN


def _seen(item: Mapping[str, Any], channel: str, handle: str, label: Label) -> Observation:
    snippet, statistics = item.get("snippet") or {}, item.get("statistics") or {}
    privacy = (item.get("status") or {}).get("privacyStatus", "public")
    text = "\n".join(
        part for part in (snippet.get("title", ""), snippet.get("description", "")) if part
    )
    public = privacy == "public"
    return Observation(
        PostState.LIVE if public else PostState.HIDDEN,
        Level.E3,
        SOURCE,
        datetime.now(UTC),
        "" if public else "The video is not public: only people with its link see it.",
        canonical_id=str(item.get("id", "")),
        account_id=channel,
        account_handle=handle,
        caption=text,
        label=label,
        links=links_in(text),
        figures=Figures(
            count(statistics.get("likeCount")),
            count(statistics.get("commentCount")),
            count(statistics.get("viewCount")),
        ),
    )


def _refused(answer: Answer) -> Observation:
    error = answer.body.get("error") or {}
    reasons = {str(item.get("reason", "")) for item in error.get("errors") or []}
    if reasons & _THROTTLED:
        raise Unavailable("YouTube's quota is used up for now")
    return unknown(SOURCE, "YouTube refuses our access: the key has to be checked.")
