"""The real application on a real database, served on a free port from a thread of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn

from domain.bank_transfer import Debtor
from rendering.links import Links
from store.engine import make_engine
from tests.conftest import Database
from tests.fixtures.web import SECRET, RecordingSender
from web.app import create_app
from web.deps import Addresses, Deps


@dataclass
class Site:
    """The running site, and the addresses of what was put into it."""

    url: str
    pages: dict[str, str] = field(default_factory=dict)
    """Addresses of the desk's pages by name."""
    portal: dict[str, str] = field(default_factory=dict)
    """Signed links by stage."""


Fill = Callable[[Deps, Site], Awaitable[None]]
"""Puts something into the site, and its addresses."""


@contextmanager
def serving(database: Database, fill: Fill, debtor: Debtor | None = None) -> Iterator[Site]:
    """A site with its own event loop, until the end of the block.

    Args:
        database: a database of its own.
        fill: what is there to be seen.
        debtor: the brand's account, if it pays by bank transfer.
    """
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    made = Site(f"http://127.0.0.1:{listening.getsockname()[1]}")
    server: list[uvicorn.Server] = []
    ready: Future[None] = Future()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        engine = make_engine(database.app_url)
        deps = Deps(
            engine=engine, sender=RecordingSender(engine), links=Links(made.url, SECRET),
            public_url=made.url, secret=SECRET, debtor=debtor,
            addresses=Addresses(mail_catcher="http://127.0.0.1:8025"),
        )  # fmt: skip
        try:
            await fill(deps, made)
        except BaseException as error:
            ready.set_exception(error)
            raise
        config = uvicorn.Config(create_app(deps), log_level="warning", access_log=False)
        server.append(uvicorn.Server(config))
        ready.set_result(None)
        await server[0].serve([listening])
        await engine.dispose()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.result(30)
    yield made
    server[0].should_exit = True
    thread.join(15)
