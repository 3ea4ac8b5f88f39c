"""Two ways to speak HTTP: to addresses that strangers wrote, and to hosts that our code names.

``fetch`` is for the first kind: it connects only to public addresses that it has checked itself,
on ports 80 and 443, follows few redirects, reads little and gives up soon. ``ApiClient`` is for
the second: the host is fixed when it is made, redirects are not followed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
from ssrfguard import Policy, Resolver, SSRFGuardError
from ssrfguard.httpx import AsyncClient as GuardedClient

from domain.errors import Unavailable, UserMistake

# httpx writes every URL at INFO; ours name people's accounts.
logging.getLogger("httpx").setLevel(logging.WARNING)

USER_AGENT = "Troupe publication check"
TEXT_TYPES = frozenset({"text/html", "application/xhtml+xml", "text/plain", "application/json"})


class UnsafeAddress(UserMistake):
    """The address leads, or is led, to where Troupe does not go."""

    code: ClassVar[str] = "unsafe_address"


class RefusedContent(UserMistake):
    """The answer is larger than, or of another kind than, what Troupe reads."""

    code: ClassVar[str] = "refused_content"


@dataclass(frozen=True)
class Limits:
    """How much a stranger's server may cost us."""

    ports: frozenset[int] = frozenset({80, 443})
    max_bytes: int = 2_000_000
    max_redirects: int = 5
    deadline_seconds: float = 10.0
    """For the whole exchange: httpx's own timeouts are per read, so a slow drip would outlast
    them."""
    content_types: frozenset[str] = TEXT_TYPES


@dataclass(frozen=True)
class Page:
    """What a stranger's server answered; never to be rendered."""

    url: str
    """Where the redirects ended."""
    status: int
    content_type: str
    body: bytes


async def fetch(
    url: str,
    *,
    limits: Limits | None = None,
    policy: Policy | None = None,
    resolver: Resolver | None = None,
) -> Page:
    """Read a page from an address that a stranger wrote.

    Args:
        url: the address.
        limits: other limits than the usual ones.
        policy: another policy than "public addresses only", for tests with a server of their own.
        resolver: another resolver than the system's, for tests.

    Raises:
        UnsafeAddress: not http(s), another port, or an address that is not public, at any hop.
        RefusedContent: too large, encoded although we asked for none, or not a text.
        Unavailable: no answer in time.
    """
    limits = limits or Limits()
    policy = policy or Policy(
        allowed_ports=limits.ports, max_redirects=limits.max_redirects, allow_proxy=False
    )
    try:
        async with (
            asyncio.timeout(limits.deadline_seconds),
            GuardedClient(
                policy=policy, resolver=resolver, trust_env=False, follow_redirects=True,
                timeout=limits.deadline_seconds, cookies=_no_cookies(),
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
            ) as client,
            client.stream("GET", url) as response,
        ):  # fmt: skip
            return await _read(response, limits)
    except (SSRFGuardError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise UnsafeAddress(
            "this address is not one that Troupe opens", hint="give a public https address"
        ) from error
    except (TimeoutError, httpx.HTTPError) as error:
        raise Unavailable("the server did not answer in time or properly") from error


async def _read(response: httpx.Response, limits: Limits) -> Page:
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        raise RefusedContent("the answer is compressed although none was asked for")
    if content_type not in limits.content_types:
        raise RefusedContent("the answer is not a text")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limits.max_bytes:
            raise RefusedContent("the answer is too large")
    return Page(str(response.url), response.status_code, content_type, bytes(body))


def _no_cookies() -> CookieJar:
    """A jar that keeps nothing, so that one hop cannot mark the next."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


@dataclass(frozen=True)
class Answer:
    """Status and JSON of an interface's answer below 500, other than 429."""

    status: int
    body: Mapping[str, Any]


@dataclass
class ApiClient:
    """A JSON interface on a host that our code names; one connection pool each."""

    base: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Keys travel here and not in the address, so that no log and no error repeats them."""
    timeout_seconds: float = 10.0
    max_bytes: int = 2_000_000
    _client: httpx.AsyncClient | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.base)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the base of an interface is a whole http(s) address")

    async def get(self, path: str, params: Mapping[str, str]) -> Answer:
        """Ask for JSON.

        Raises:
            Unavailable: no answer in time, 429, 5xx, or an answer that is not a JSON object.
        """
        try:
            async with (
                asyncio.timeout(self.timeout_seconds),
                self._http().stream("GET", f"{self.base}{path}", params=params) as response,
            ):
                if response.status_code == 429 or response.status_code >= 500:
                    raise Unavailable(f"the platform answered {response.status_code}")
                body = await self._json(response)
        except (TimeoutError, httpx.HTTPError) as error:
            raise Unavailable("the platform did not answer in time") from error
        return Answer(response.status_code, body)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                headers={"User-Agent": USER_AGENT, "Accept": "application/json", **self.headers},
                timeout=self.timeout_seconds,
                trust_env=False,
                follow_redirects=False,
            )
        return self._client

    async def _json(self, response: httpx.Response) -> Mapping[str, Any]:
        text = bytearray()
        async for chunk in response.aiter_bytes():
            text += chunk
            if len(text) > self.max_bytes:
                raise Unavailable("the platform's answer is too large")
        try:
            body = json.loads(bytes(text))
        except ValueError:
            body = None
        if not isinstance(body, dict):
            if 400 <= response.status_code < 500:
                return {}
            raise Unavailable("the platform's answer is not what it documents")
        return body
