"""``python -m local.mail_catcher --smtp-port A --http-port B --folder DIR``: catch mail."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

import uvicorn

from local.mail_catcher.app import Catcher
from local.mail_catcher.mailbox import Mailbox
from local.mail_catcher.server import Faults, make_server


async def serve(smtp_port: int, http_port: int, folder: Path) -> None:
    """Serve both sides until told to stop."""
    mailbox, faults = Mailbox(folder), Faults()
    smtp = await asyncio.get_running_loop().create_server(
        lambda: make_server(mailbox, faults), "127.0.0.1", smtp_port
    )
    config = uvicorn.Config(
        Catcher(mailbox, faults).app(),
        host="127.0.0.1",
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
    given = parser.parse_args()
    asyncio.run(serve(given.smtp_port, given.http_port, given.folder))


if __name__ == "__main__":
    main()
