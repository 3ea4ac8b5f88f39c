"""``python -m local.mail_catcher --smtp-port A --http-port B --folder DIR``: catch mail."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import uvicorn

from local.mail_catcher.app import Catcher
from local.mail_catcher.mailbox import Mailbox
from local.mail_catcher.server import Faults, make_server


async def serve(
    smtp_port: int,
    http_port: int,
    folder: Path,
    host: str = "127.0.0.1",
    names: tuple[str, ...] = (),
) -> None:
    """Serve both sides until told to stop; ``host`` is another one only inside a container."""
    mailbox, faults = Mailbox(folder), Faults()
    smtp = await asyncio.get_running_loop().create_server(
        lambda: make_server(mailbox, faults), host, smtp_port
    )
    config = uvicorn.Config(
        Catcher(mailbox, faults).app(names),
        host=host,
        port=http_port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        smtp.close()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m local.mail_catcher")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", "--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the messages are kept")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument(
        "--allowed-host", action="append", default=[], help="a name under which it may be asked"
    )
    given = parser.parse_args()
    names = tuple(given.allowed_host)
    asyncio.run(serve(given.smtp_port, given.http_port, given.folder, given.host, names))


if __name__ == "__main__":
    main()
