"""Which interface answers for which platform; what is not configured says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from integrations.safe_http import ApiClient
from integrations.social.instagram import Instagram
from integrations.social.observation import Account, Observation, PostSource, unknown
from integrations.social.tiktok import TikTok
from integrations.social.youtube import YouTube

_STANDIN_KEY, _STANDIN_BUSINESS = "stand-in", "17841400000000001"


@dataclass(frozen=True)
class Access:
    """What the brand may use; an empty value means that a platform cannot be asked."""

    instagram_token: str = field(default="", repr=False)
    instagram_business_id: str = ""
    youtube_key: str = field(default="", repr=False)
    social_base: str = ""
    """Set: a stand-in answers for all platforms, and needs no keys."""


@dataclass(frozen=True)
class NotConfigured:
    """The source of a platform without a key: it never saw anything, and says why."""

    platform: str

    async def find(self, url: str, account: Account) -> Observation:
        """Say that nobody looked."""
        return unknown(f"{self.platform}.none", f"not configured: no access to {self.platform}")


@dataclass(frozen=True)
class Sources:
    """The registry: one source per platform."""

    by_platform: Mapping[str, PostSource]
    clients: tuple[ApiClient, ...] = field(default=(), repr=False)
    social_base: str = ""
    """Where the stand-in is; empty if the real platforms are asked."""

    async def find(self, platform: str, url: str, account: Account) -> Observation:
        """Look at a post on a platform.

        Raises:
            Unavailable: the platform does not answer now.
        """
        source = self.by_platform.get(platform) or NotConfigured(platform)
        return await source.find(self._moved(url), account)

    def _moved(self, url: str) -> str:
        """The stand-in may have another port than when the post was reported."""
        parts = urlsplit(url)
        if self.social_base and parts.hostname == "127.0.0.1" and parts.path.startswith("/p/"):
            return f"{self.social_base}{parts.path}"
        return url

    async def close(self) -> None:
        """Close all connections."""
        for client in self.clients:
            await client.close()


def make_sources(access: Access, *, timeout_seconds: float = 10.0) -> Sources:
    """The sources that the given access allows."""
    base = access.social_base.rstrip("/")
    # A real key is never shown to a stand-in.
    token = _STANDIN_KEY if base else access.instagram_token
    business = _STANDIN_BUSINESS if base else access.instagram_business_id
    key = _STANDIN_KEY if base else access.youtube_key
    graph = ApiClient(
        f"{base}/graph" if base else "https://graph.facebook.com",
        {"Authorization": f"Bearer {token}"},
        timeout_seconds,
    )
    google = ApiClient(base or "https://www.googleapis.com", {"X-Goog-Api-Key": key},
                       timeout_seconds)  # fmt: skip
    tiktok = ApiClient(f"{base}/tiktok" if base else "https://www.tiktok.com", {}, timeout_seconds)
    by_platform: dict[str, PostSource] = {"tiktok": TikTok(tiktok, base)}
    if token and business:
        by_platform["instagram"] = Instagram(graph, business, base)
    if key:
        by_platform["youtube"] = YouTube(google, base)
    return Sources(by_platform, (graph, google, tiktok), base)
