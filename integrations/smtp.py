"""Handing a message to a mail server, and what its answers mean."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import aiosmtplib

from domain.errors import MailRefused, TroupeError, Unavailable

Tls = Literal["none", "starttls", "tls"]


@dataclass(frozen=True)
class Envelope:
    """One message for one recipient, as bytes."""

    sender: str
    recipient: str
    message: bytes


class MailNotTaken(Unavailable):
    """The server did not take the message this time: certain, and worth another try."""

    code = "mail_not_taken"


class RecipientRefused(TroupeError):
    """The server says for good that nothing can be delivered to this address."""

    code = "recipient_refused"

    def __init__(self, status: str, *, lasting: bool) -> None:
        super().__init__(f"the recipient was refused ({status})")
        self.status = status
        """The enhanced status (RFC 3463) or the reply code; no text, which may carry addresses."""
        self.lasting = lasting
        """True if the address itself is wrong; a full mailbox is not."""


class DeliveryUnknown(TroupeError):
    """The connection was lost after the message had been given: it may or may not be delivered."""

    code: ClassVar[str] = "delivery_unknown"


class Mailer(Protocol):
    """Something that can hand over a message."""

    async def send(self, envelope: Envelope) -> None:
        """Hand over one message; returning means that the server has accepted it.

        Raises:
            MailNotTaken: not taken; try again later.
            RecipientRefused: nothing can be delivered to this address.
            MailRefused: the server refuses us, or the message.
            DeliveryUnknown: nobody can say from here.
        """
        ...


@dataclass(frozen=True)
class SmtpMailer:
    """The mail server of the settings; one connection per message, which survives restarts."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: Tls = "starttls"
    timeout_seconds: float = 20.0
    """For everything up to the recipient, and once more for handing the message over."""

    async def send(self, envelope: Envelope) -> None:
        """See `Mailer.send`."""
        client = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            timeout=self.timeout_seconds,
            use_tls=self.tls == "tls",
            # Asked for and not offered is an error: a stripped STARTTLS must not go unnoticed.
            start_tls=self.tls == "starttls",
            username=self.user or None,
            password=self.password or None,
        )
        try:
            await self._address(client, envelope)
            await self._hand_over(client, envelope)
        finally:
            # No QUIT: the answer to DATA is what counts, and nothing after it may change that.
            client.close()

    async def _address(self, client: aiosmtplib.SMTP, envelope: Envelope) -> None:
        try:
            async with asyncio.timeout(self.timeout_seconds):
                await client.connect()
                await client.mail(envelope.sender)
                await client.rcpt(envelope.recipient)
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _refusal(error) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _server_trouble(error) from None
        except (aiosmtplib.SMTPTimeoutError, OSError) as error:
            if _is_about_the_certificate(error):
                raise MailRefused(
                    "the mail server's certificate is not valid for its name",
                    hint="check TROUPE_SMTP_HOST; a private authority goes into SSL_CERT_FILE",
                ) from None
            raise MailNotTaken("the mail server cannot be reached") from None
        except aiosmtplib.SMTPException:
            raise MailRefused(
                "the mail server does not offer what the settings ask for",
                hint="check TROUPE_SMTP_TLS and TROUPE_SMTP_USER against the server's manual",
            ) from None

    async def _hand_over(self, client: aiosmtplib.SMTP, envelope: Envelope) -> None:
        try:
            async with asyncio.timeout(self.timeout_seconds):
                await client.data(envelope.message)
        except aiosmtplib.SMTPResponseException as error:
            raise _server_trouble(error) from None
        except (aiosmtplib.SMTPException, OSError):
            raise DeliveryUnknown("the connection was lost after the message was given") from None


def _is_about_the_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _status(error: aiosmtplib.SMTPResponseException) -> str:
    first = error.message.split(maxsplit=1)[0] if error.message.strip() else ""
    digits = first.split(".")
    enhanced = len(digits) == 3 and all(part.isdigit() for part in digits)
    return first if enhanced else str(error.code)


def _refusal(error: aiosmtplib.SMTPRecipientRefused) -> TroupeError:
    status = _status(error)
    if error.code < 500:
        return MailNotTaken(f"the server put the recipient off ({status})")
    if status.startswith("5.7."):
        # Policy: our reputation, our relay rights. Not the address's fault.
        return MailRefused(f"the server's policy refuses our mail ({status})")
    return RecipientRefused(status, lasting=not status.startswith("5.2.2"))


def _server_trouble(error: aiosmtplib.SMTPResponseException) -> TroupeError:
    status = _status(error)
    if error.code < 500:
        return MailNotTaken(f"the mail server is busy ({status})")
    return MailRefused(
        f"the mail server refuses our mail ({status})",
        hint="the server's log says why; then try the step again",
    )
