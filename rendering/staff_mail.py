"""Writes the mail that tells a member of staff what waits for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from jinja2 import Environment

from rendering.environment import make_environment
from rendering.message import Heading, Rendered, build_message, message_id
from rendering.reader import Reader

SHOWN = 20
"""Lines of a mail; the desk has the rest."""


class Waiting(Protocol):
    """One thing that waits."""

    @property
    def item_id(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def campaign(self) -> str: ...  # noqa: D102
    @property
    def opened_at(self) -> datetime: ...  # noqa: D102
    @property
    def due_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def handed_over(self) -> bool: ...  # noqa: D102
    @property
    def escalated(self) -> bool: ...  # noqa: D102
    @property
    def reminded(self) -> bool: ...  # noqa: D102


class Letter(Protocol):
    """What is told to whom."""

    @property
    def mail_id(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102
    @property
    def lines(self) -> Sequence[Waiting]: ...  # noqa: D102


class StaffMailWriter:
    """Writes in English, in the reader's time zone; about creators it says nothing."""

    def __init__(
        self, public_url: str, sender: str, environment: Environment | None = None
    ) -> None:
        self._public_url = public_url
        self._sender = sender
        self._environment = environment or make_environment()

    def render(self, letter: Letter) -> Rendered:
        """Subject, plain text and HTML."""
        context = {
            "name": letter.name,
            "lines": letter.lines[:SHOWN],
            "total": len(letter.lines),
            "handed_over": sum(line.handed_over for line in letter.lines),
            "escalated": sum(line.escalated for line in letter.lines),
            "url": self._public_url,
            "language": "en",
            "reader": Reader.of("en", zone=letter.timezone),
        }

        def part(suffix: str) -> str:
            return self._environment.get_template(f"email/staff/waiting.{suffix}").render(context)

        return Rendered(part("subject.txt").strip(), part("txt").strip() + "\n", part("html"))

    def message(self, letter: Letter, recipient: str, date: datetime) -> bytes:
        """The bytes for the mail server."""
        heading = Heading(
            sender_name="Troupe",
            sender=self._sender,
            recipient=recipient,
            message_id=message_id(letter.mail_id, self._sender),
            date=date,
            feedback_id="inbox:waiting:staff:troupe",
        )
        return build_message(self.render(letter), heading)
