"""TikTok's oEmbed interface: no key, and it says that a video is there, whose, and its text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from integrations.safe_http import ApiClient
from integrations.social.observation import (
    Account,
    Level,
    Observation,
    PostState,
    links_in,
    unknown,
)
from integrations.social.urls import SHORT, parse_post_url

SOURCE = "tiktok.oembed"


@dataclass
class TikTok:
    """Public videos and photo posts."""

    api: ApiClient
    social_base: str = ""

    async def find(self, url: str, account: Account) -> Observation:
        """Look a video up.

        Raises:
            Unavailable: TikTok does not answer now.
        """
        post = parse_post_url(url, self.social_base)
        answer = await self.api.get("/oembed", {"url": post.url})
        body = answer.body
        if answer.status in {400, 404}:
            return Observation(
                PostState.GONE,
                Level.E2,
                SOURCE,
                datetime.now(UTC),
                "TikTok does not show the video: removed, private, or not shown from here; "
                "it does not say which.",
            )
        if answer.status != 200:
            return unknown(SOURCE, "TikTok did not let us look.")
        found, handle = str(body.get("embed_product_id", "")), str(body.get("author_unique_id", ""))
        if not found.isdigit() or not handle:
            return unknown(SOURCE, "TikTok's answer is not about a video.")
        if not post.post_id.startswith(SHORT) and found != post.post_id:
            return unknown(SOURCE, "TikTok answered about another video.")
        caption = str(body.get("title") or "")
        return Observation(
            PostState.LIVE,
            Level.E2,
            SOURCE,
            datetime.now(UTC),
            canonical_id=found,
            account_handle=handle,
            caption=caption,
            links=links_in(caption),
        )
