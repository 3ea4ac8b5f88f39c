"""The creator's app: publishing, editing and deleting on the simulated platforms."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import httpx

from local.people.persona import Persona


@dataclass(frozen=True)
class Published:
    """A post, as its author sees it."""

    id: str
    url: str


class Platform:
    """All platforms behind one address."""

    def __init__(self, base: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=base,
            timeout=20.0,
            trust_env=False,
            transport=httpx.AsyncHTTPTransport(retries=5),
        )

    async def close(self) -> None:
        """Close the app."""
        await self._client.aclose()

    async def publish(self, persona: Persona, caption: str, *, labelled: bool) -> Published:
        """Publish; the same text by the same person again is the same post."""
        key = hashlib.sha256(f"{persona.platform}:{persona.key}:{caption}".encode()).hexdigest()
        answer = await self._client.post(
            "/_standin/posts",
            json={
                "platform": persona.platform, "handle": persona.handle, "caption": caption,
                "labelled": labelled, "followers": persona.followers, "key": key,
            },
        )  # fmt: skip
        made = answer.raise_for_status().json()
        return Published(made["id"], made["url"])

    async def mend(self, post: str, caption: str) -> str:
        """Edit a post to what was approved; gives its address."""
        change = {"caption": caption, "labelled": True}
        answer = await self._client.patch(f"/_standin/posts/{post}", json=change)
        return str(answer.raise_for_status().json()["url"])

    async def delete(self, post: str) -> None:
        """Take a post down."""
        (await self._client.delete(f"/_standin/posts/{post}")).raise_for_status()
