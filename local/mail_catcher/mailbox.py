"""The caught messages: one file each, and an index in memory that is rebuilt from the files."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

_PLAIN_LINK = re.compile(r"https?://[^\s<>\"')\]]+")
_ID = re.compile(r"\d{19}")
_ENVELOPE = b"X-Catcher-Recipient: "


@dataclass(frozen=True)
class Caught:
    """A message as the index knows it."""

    id: str
    """Digits; a later message has a greater one."""
    to: str
    """The recipient that the server was told, not the one in the headers."""
    sender: str
    subject: str
    message_id: str
    text: str
    links: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]
    received_at: datetime
    attachments: tuple[str, ...] = ()
    """File names, in their order."""


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") or ""
        if tag == "a" and urlsplit(href).scheme in {"http", "https"}:
            self.found.append(href)


class Mailbox:
    """All messages in a folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._caught: dict[str, Caught] = {}
        self._arrival = asyncio.Condition()
        self._last = 0
        for path in sorted(folder.glob("*.eml")):
            if _ID.fullmatch(path.stem):
                self._caught[path.stem] = _read(path.stem, path.read_bytes())
                self._last = int(path.stem)

    async def keep(self, recipient: str, content: bytes) -> Caught:
        """Write a message to its file; it is there after a crash that follows the return."""
        self._last = max(self._last + 1, time.time_ns())
        name = f"{self._last:019d}"
        raw = _ENVELOPE + recipient.encode("ascii", "replace") + b"\r\n" + content
        unfinished = self._folder / f"{name}.part"
        unfinished.write_bytes(raw)
        unfinished.rename(self._folder / f"{name}.eml")
        caught = self._caught[name] = _read(name, raw)
        async with self._arrival:
            self._arrival.notify_all()
        return caught

    def find(
        self, *, to: str = "", after: str = "", message_id: str = "", limit: int = 200
    ) -> list[Caught]:
        """Messages in the order of their arrival, after the one with the id ``after``."""
        wanted = to.casefold()
        found = (
            caught
            for name, caught in self._caught.items()
            if name > after
            and (not wanted or caught.to.casefold() == wanted)
            and (not message_id or caught.message_id == message_id)
        )
        return [caught for caught, _ in zip(found, range(limit), strict=False)]

    async def wait(self, *, to: str = "", after: str = "", seconds: float = 0) -> list[Caught]:
        """Like `find`, and waits for the first message if there is none yet."""
        found = self.find(to=to, after=after)
        try:
            async with asyncio.timeout(seconds), self._arrival:
                while not found:
                    await self._arrival.wait()
                    found = self.find(to=to, after=after)
        except TimeoutError:
            pass
        return found

    def latest(self, search: str, limit: int) -> list[Caught]:
        """The newest messages first; ``search`` is a part of the recipient or of the subject."""
        wanted = search.casefold()
        matching = (c for c in self._newest() if wanted in f"{c.to} {c.subject}".casefold())
        return [caught for caught, _ in zip(matching, range(limit), strict=False)]

    def get(self, name: str) -> Caught | None:
        """The message with this id."""
        return self._caught.get(name)

    def raw(self, name: str) -> bytes:
        """The bytes as they were received."""
        stored = (self._folder / f"{self._caught[name].id}.eml").read_bytes()
        return stored.partition(b"\r\n")[2]

    def html(self, name: str) -> str:
        """The HTML part, or nothing."""
        part = _parse(self.raw(name)).get_body(("html",))
        return str(part.get_content()) if isinstance(part, EmailMessage) else ""

    def attachment(self, name: str, number: int) -> tuple[str, bytes] | None:
        """File name and content of an attachment, counted from 0; None if there is none."""
        found = list(_parse(self.raw(name)).iter_attachments())
        if number >= len(found):
            return None
        content = found[number].get_payload(decode=True)
        return _file_name(found[number]), content if isinstance(content, bytes) else b""

    def __len__(self) -> int:
        return len(self._caught)

    def _newest(self) -> Iterator[Caught]:
        return reversed(self._caught.values())


def _parse(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


def _file_name(part: EmailMessage) -> str:
    return part.get_filename() or "attachment"


def _read(name: str, raw: bytes) -> Caught:
    first, _, rest = raw.partition(b"\r\n")
    recipient = first.removeprefix(_ENVELOPE).decode("ascii", "replace")
    message = _parse(rest)
    plain = message.get_body(("plain",))
    html = message.get_body(("html",))
    text = str(plain.get_content()) if isinstance(plain, EmailMessage) else ""
    parser = _Links()
    if isinstance(html, EmailMessage):
        parser.feed(str(html.get_content()))
    links = dict.fromkeys((*_PLAIN_LINK.findall(text), *parser.found))
    return Caught(
        id=name,
        to=recipient,
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        message_id=str(message["Message-ID"] or "").strip(),
        text=text.replace("\r\n", "\n"),
        links=tuple(links),
        headers=tuple((key, str(value)) for key, value in message.items()),
        received_at=datetime.fromtimestamp(int(name) / 1e9, UTC),
        attachments=tuple(_file_name(part) for part in message.iter_attachments()),
    )
