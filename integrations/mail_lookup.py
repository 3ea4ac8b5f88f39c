"""Asking afterwards whether a message has arrived; possible only where the server can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import httpx

from domain.errors import Unavailable


class MailLookup(Protocol):
    """A place where a message can be looked up by its Message-ID."""

    async def has(self, message_id: str) -> bool:
        """True if the message is there; False if it certainly is not.

        Raises:
            Unavailable: cannot be asked now.
        """
        ...


@dataclass(frozen=True)
class CatcherLookup:
    """The local mail catcher knows every message that it has accepted."""

    base_url: str
    timeout_seconds: float = 10.0

    async def has(self, message_id: str) -> bool:
        """See `MailLookup.has`."""
        try:
            async with httpx.AsyncClient(timeout=self.timeout_seconds, trust_env=False) as client:
                answer = await client.get(
                    f"{self.base_url}/api/messages", params={"message_id": message_id}
                )
                answer.raise_for_status()
                return bool(answer.json()["messages"])
        except httpx.HTTPError:
            raise Unavailable("the mail catcher cannot be asked") from None
