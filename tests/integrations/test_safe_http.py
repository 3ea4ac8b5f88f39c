"""Addresses that strangers wrote lead nowhere but to the public web, and cost little."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv4Network
from typing import Any

import pytest
from ssrfguard import Policy

from domain.errors import TroupeError, Unavailable
from integrations.safe_http import Limits, Page, RefusedContent, UnsafeAddress, fetch
from integrations.social import destination
from integrations.social.links import unwrapped

Answerer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class TinyServer:
    """A server on loopback that answers as badly as it is told to, and counts who came."""

    def __init__(self) -> None:
        self.visits: list[bytes] = []
        self.answers: dict[bytes, Answerer] = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.visits.append(head)
        try:
            await self.answers[head.split(b" ")[1]](head, writer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def says(
        self, path: str, body: bytes = b"hello", status: str = "200 OK", **headers: str
    ) -> None:
        lines = {"content_type": "text/html", "content_length": str(len(body)), **headers}
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())

        async def answer(_: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body)

        self.answers[path.encode()] = answer


@pytest.fixture
async def server() -> AsyncIterator[TinyServer]:
    tiny = TinyServer()
    listening = await asyncio.start_server(tiny.serve, "127.0.0.1", 0)
    tiny.port = listening.sockets[0].getsockname()[1]
    yield tiny
    listening.close()


def answers(*addresses: str) -> Callable[..., list[tuple[Any, ...]]]:
    """A resolver that gives the next address at every question, and the last one for ever."""
    left = list(addresses)

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        address = left.pop(0) if len(left) > 1 else left[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        where = (address, port, 0, 0) if ":" in address else (address, port)
        return [(family, socket.SOCK_STREAM, 6, "", where)]

    return resolve


def let_through(server: TinyServer) -> Policy:
    """A policy that lets one test reach the tiny server, and nothing else on this machine."""
    loopback = (IPv4Network("127.0.0.1/32"),)
    return Policy(allowed_ports=frozenset({server.port}), allowed_networks=loopback)


async def read(server: TinyServer, path: str, limits: Limits | None = None) -> Page:
    """Fetch from the tiny server, which the policy of this one test lets through."""
    policy = let_through(server)
    return await fetch(
        f"http://shop.example:{server.port}{path}", limits=limits, policy=policy,
        resolver=answers("127.0.0.1"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1",
        "0177.0.0.1", "017700000001", "①②⑦.⓪.⓪.①", "１２７.0.0.1", "127。0。0。1",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "[fec0::1]",
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "[ff02::1]", "[fd00:ec2::254]",
    ],
)  # fmt: skip
async def test_no_spelling_of_an_inner_address_is_opened(host: str) -> None:
    with pytest.raises(UnsafeAddress):
        await fetch(f"http://{host}/", resolver=answers("127.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://127.0.0.1:70/", "ftp://example.com/", "data:text/html,x",
        "http://example.com:22/", "http://example.com:6379/", "http://user:x@example.com/",
        "http://", "not an address", "http://example.com\\@127.0.0.1/", "http://exa mple.com/",
        "http://example.com/\r\nx: y",
    ],
)  # fmt: skip
async def test_other_schemes_ports_and_tricks_are_refused(url: str) -> None:
    with pytest.raises(UnsafeAddress):
        await fetch(url, resolver=answers("127.0.0.1"))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.64.0.9", "::1", "fd00::1",
                "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe"],
)  # fmt: skip
async def test_a_public_name_with_an_inner_address_is_refused(address: str) -> None:
    with pytest.raises(UnsafeAddress):
        await fetch("http://innocent.example/", resolver=answers(address))


async def test_a_page_is_read_as_bytes_with_its_kind_and_final_address(server: TinyServer) -> None:
    server.says("/", b"<p>hi</p>", content_type="text/html; charset=utf-8")
    page = await read(server, "/")
    assert (page.status, page.content_type, page.body) == (200, "text/html", b"<p>hi</p>")


async def test_neither_cookies_nor_compression_are_asked_for_or_kept(server: TinyServer) -> None:
    server.says("/", status="302 Found", location="/next", set_cookie="who=you; Path=/")
    server.says("/next")
    await read(server, "/")
    assert b"accept-encoding: identity" in server.visits[1].lower()
    assert not any(b"cookie" in visit.lower() for visit in server.visits)


async def test_a_redirect_to_an_inner_address_is_not_followed(server: TinyServer) -> None:
    secret = f"http://127.0.0.2:{server.port}/secret"
    server.says("/", status="302 Found", location=secret)
    server.says("/secret")
    with pytest.raises(UnsafeAddress):
        await read(server, "/")
    assert len(server.visits) == 1


async def test_a_name_that_changes_its_address_at_the_second_question_is_not_followed(
    server: TinyServer,
) -> None:
    """Rebinding: the first answer is let through, the second one points inside."""
    server.says("/", status="302 Found", location=f"http://shop.example:{server.port}/again")
    server.says("/again")
    policy = let_through(server)
    first = f"http://shop.example:{server.port}/"
    with pytest.raises(TroupeError):
        await fetch(first, policy=policy, resolver=answers("127.0.0.1", "127.0.0.3"))
    assert len(server.visits) == 1


async def test_a_redirect_to_a_file_is_refused(server: TinyServer) -> None:
    server.says("/", status="302 Found", location="file:///etc/passwd")
    with pytest.raises(UnsafeAddress):
        await read(server, "/")


async def test_a_loop_of_redirects_ends(server: TinyServer) -> None:
    server.says("/", status="302 Found", location="/")
    with pytest.raises(UnsafeAddress):
        await read(server, "/")
    assert len(server.visits) <= 7


async def test_a_page_that_is_too_large_is_dropped_whatever_it_claims(server: TinyServer) -> None:
    async def endless(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        for _number in range(400):
            writer.write(b"x" * 65_536)
            await writer.drain()

    server.answers[b"/"] = endless
    with pytest.raises(RefusedContent):
        await read(server, "/")


async def test_a_slow_drip_is_cut_off_by_the_deadline_for_the_whole(server: TinyServer) -> None:
    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        for _number in range(100):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    server.answers[b"/"] = drip
    before = asyncio.get_running_loop().time()
    with pytest.raises(Unavailable):
        await read(server, "/", Limits(deadline_seconds=0.4))
    assert asyncio.get_running_loop().time() - before < 2


async def test_a_compressed_answer_is_refused_before_it_is_unpacked(server: TinyServer) -> None:
    server.says("/", gzip.compress(b"0" * 10_000_000), content_encoding="gzip")
    with pytest.raises(RefusedContent):
        await read(server, "/")


async def test_what_is_not_a_text_is_refused(server: TinyServer) -> None:
    server.says("/", b"\x00", content_type="application/octet-stream")
    with pytest.raises(RefusedContent):
        await read(server, "/")


async def test_a_server_that_hangs_up_is_unavailable(server: TinyServer) -> None:
    async def hang_up(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server.answers[b"/"] = hang_up
    with pytest.raises(Unavailable):
        await read(server, "/")


async def test_a_proxy_of_the_environment_is_not_used(
    server: TinyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.says("/")
    assert (await read(server, "/")).status == 200


def test_the_platforms_own_redirectors_are_unwrapped_without_a_request() -> None:
    shop = "https://shop.example/lamp"
    assert unwrapped("https://l.instagram.com/?u=https%3A%2F%2Fshop.example%2Flamp&e=x") == shop
    assert unwrapped("https://www.youtube.com/redirect?q=https%3A%2F%2Fshop.example%2Flamp") == shop
    assert unwrapped("https://l.instagram.com/?u=javascript%3A1").startswith("https://l.insta")
    assert unwrapped(shop) == shop


async def test_a_link_that_leads_inside_is_left_as_it_is() -> None:
    assert await destination("http://127.0.0.1/x") == "http://127.0.0.1/x"
