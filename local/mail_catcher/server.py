"""The SMTP side: accepts everything, unless it was told to make trouble."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from local.mail_catcher.mailbox import Mailbox

LARGEST = 10 * 1024 * 1024
"""Bytes of a message."""
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")

Trouble = Literal["reject", "full", "defer", "spam", "lose_answer", "lose_message"]

_AT_RECIPIENT: dict[str, str] = {
    "reject": "550 5.1.1 There is no such mailbox here",
    "full": "552 5.2.2 The mailbox is full",
    "defer": "451 4.7.1 Please try again later",
}


@dataclass
class Fault:
    """Trouble for the next ``times`` messages to recipients that match ``to``."""

    kind: Trouble
    to: str = "*"
    """A pattern as in a shell: ``*@gone.example``."""
    times: int = 1


@dataclass
class Faults:
    """The trouble that was ordered."""

    ordered: list[Fault] = field(default_factory=list)

    def take(self, recipient: str, kinds: set[str]) -> str:
        """The kind of trouble for this recipient now, or nothing; counts it."""
        for fault in self.ordered:
            if fault.kind in kinds and fault.times > 0 and fnmatch(recipient, fault.to):
                fault.times -= 1
                return fault.kind
        return ""


class Handler:
    """What aiosmtpd asks us."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        self._mailbox = mailbox
        self._faults = faults

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Take or refuse a recipient."""
        trouble = self._faults.take(address, set(_AT_RECIPIENT))
        if trouble:
            return _AT_RECIPIENT[trouble]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep the message, once for each recipient."""
        content = envelope.original_content or b""
        if _BARE.search(content):
            return "550 5.6.0 A line ends with a bare CR or LF"
        trouble = self._faults.take(envelope.rcpt_tos[0], {"spam", "lose_answer", "lose_message"})
        if trouble == "spam":
            return "554 5.7.1 We do not like this message"
        if trouble != "lose_message":
            for recipient in envelope.rcpt_tos:
                await self._mailbox.keep(recipient, content)
        if trouble and isinstance(server.transport, asyncio.WriteTransport):
            server.transport.abort()
        return "250 2.0.0 Kept"


def make_server(mailbox: Mailbox, faults: Faults) -> SMTP:
    """The protocol of one connection."""
    return SMTP(
        Handler(mailbox, faults),
        data_size_limit=LARGEST,
        hostname="mail-catcher.localhost",
        ident="Troupe mail catcher",
    )
