"""From rendered parts to the bytes of one message for one recipient."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, getaddresses
from typing import Any

from domain.errors import UnsafeMessage
from domain.ids import derived_id

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class _Verbatim(UnstructuredHeader, BaseHeader):
    """A header of ASCII tokens that may be long: written as it is.

    The standard folding would put a link of more than 78 characters into an encoded word, which
    mail programs do not look into when they search for the opt-out link.
    """

    max_count = 1

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("list-unsubscribe", "references", "in-reply-to", "feedback-id"):
        registry.map_to_type(name, _Verbatim)
    return registry


_POLICY = policy.SMTP.clone(header_factory=_registry())


@dataclass(frozen=True)
class Rendered:
    """A mail as people will see it."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Attachment:
    """A PDF that goes with a mail."""

    file_name: str
    content: bytes


@dataclass(frozen=True)
class Heading:
    """Who writes to whom, and in which conversation."""

    sender_name: str
    sender: str
    recipient: str
    message_id: str
    date: datetime
    feedback_id: str
    opt_out_url: str = ""
    """Empty in mails to staff, who switch them off at the desk."""
    earlier: tuple[str, ...] = ()
    automatic: bool = True


def message_id(outbox_id: str, sender: str) -> str:
    """The same for the same outbox row, each time; says nothing about anybody."""
    return f"<{derived_id('msg', outbox_id)}@{sender.rpartition('@')[2]}>"


def one_line(text: str) -> str:
    """Text for a header: no control characters, and nothing that a parser would decode again."""
    # Python's header parser decodes encoded words in values that are *set*, line ends included.
    return " ".join(_CONTROL.sub(" ", text).replace("=?", "= ?").split())


def build_message(
    rendered: Rendered, heading: Heading, attachment: Attachment | None = None
) -> bytes:
    """The message's bytes, read back and found to say what was meant.

    Raises:
        UnsafeMessage: a header or a recipient more or less than meant.
    """
    message = EmailMessage(policy=_POLICY)
    try:
        headers = _headers(rendered, heading)
        for name, value in headers.items():
            message[name] = value
        message.set_content(rendered.text, charset="utf-8", cte="quoted-printable")
        message.add_alternative(
            rendered.html, subtype="html", charset="utf-8", cte="quoted-printable"
        )
        if attachment:
            message.add_attachment(
                attachment.content,
                maintype="application",
                subtype="pdf",
                filename=attachment.file_name,
            )
        raw = message.as_bytes()
    except (ValueError, UnicodeError, IndexError):
        raise UnsafeMessage("the message cannot be written down") from None
    _check(raw, set(headers), heading.recipient)
    return raw


def _headers(rendered: Rendered, heading: Heading) -> dict[str, Any]:
    sender = Address(display_name=one_line(heading.sender_name), addr_spec=heading.sender)
    headers: dict[str, Any] = {
        "From": sender,
        "Reply-To": sender,
        "To": Address(addr_spec=heading.recipient),
        "Subject": one_line(rendered.subject),
        "Date": format_datetime(heading.date),
        "Message-ID": heading.message_id,
        "Feedback-ID": heading.feedback_id,
    }
    if heading.opt_out_url:
        headers["List-Unsubscribe"] = f"<{heading.opt_out_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if heading.earlier:
        headers["In-Reply-To"] = heading.earlier[-1]
        # The first and the last few are what threading needs; the header stays short.
        chain = dict.fromkeys((heading.earlier[0], *heading.earlier[-9:]))
        headers["References"] = " ".join(chain)
    if heading.automatic:
        headers["Auto-Submitted"] = "auto-generated"
    return headers


def _check(raw: bytes, names: set[str], recipient: str) -> None:
    # Read with the plain policy: what another program sees, not what we believe to have written.
    seen = BytesParser(policy=policy.compat32).parsebytes(raw)
    meant = Counter(name.lower() for name in (*names, "MIME-Version", "Content-Type"))
    if Counter(name.lower() for name in seen.keys()) != meant:
        raise UnsafeMessage("the message has other headers than meant")
    if [address for _, address in getaddresses(seen.get_all("To", []))] != [recipient]:
        raise UnsafeMessage("the message has other recipients than meant")
    if b"\r" in raw.replace(b"\r\n", b"") or b"\n" in raw.replace(b"\r\n", b""):
        raise UnsafeMessage("the message has bare line ends")
