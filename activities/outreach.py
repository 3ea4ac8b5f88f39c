"""Mail to creators, through the outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.heartbeats import heartbeats
from domain.correspondence import MailOrder
from domain.errors import MailRefused, Unavailable
from domain.mails import STRANGER
from domain.messages import MailResult
from integrations.mail_lookup import MailLookup
from integrations.smtp import (
    DeliveryUnknown,
    Envelope,
    Mailer,
    MailNotTaken,
    RecipientRefused,
)
from rendering.documents import payment_statement
from rendering.environment import make_environment
from rendering.links import Links
from rendering.mail_writer import MailWriter
from rendering.message import Attachment
from rendering.paper import paper
from store import outbox
from store.engine import session
from store.outbox import Abandoned, Claim, Settled, Write, Written
from store.remittances import remittance_of_mail


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Outreach:
    """Sends the mails that workflows have planned."""

    def __init__(
        self,
        engine: AsyncEngine,
        mailer: Mailer,
        links: Links,
        *,
        mail_from: str,
        lookup: MailLookup | None = None,
        by_bank: bool = False,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._engine = engine
        self._mailer = mailer
        self._environment = make_environment(by_bank=by_bank)
        self._writer = MailWriter(links, mail_from, self._environment)
        self._mail_from = mail_from
        self._lookup = lookup
        self._clock = clock

    @activity.defn(name="send_mail")
    async def send_mail(self, outbox_id: str) -> MailResult:
        """Send one mail of the outbox and say what became of it.

        Sending twice is one mail: the row is claimed before the server is spoken to. A claim that
        an earlier attempt left behind is looked up where the server can be asked; where it cannot,
        a stranger's mail stays in doubt, and a partner's is sent once more under the same
        Message-ID.
        """
        async with heartbeats():
            # Made before the claim, which is to be short; the same payment makes the same file.
            write = partial(self._write, await self._statement(outbox_id))
            found = await outbox.claim(self._engine, outbox_id, self._clock(), write)
            while isinstance(found, Abandoned):
                found = await self._take_over(found, write)
            if isinstance(found, Claim):
                found = await self._deliver(found)
            return MailResult(status=found.status)

    async def _take_over(self, left: Abandoned, write: Write) -> Claim | Settled | Abandoned:
        arrived = await self._lookup.has(left.message_id) if self._lookup else None
        if arrived:
            return await self._settle_left(left, "accepted", write)
        if arrived is None and (left.mail in STRANGER or left.again):
            return await self._settle_left(left, "in_doubt", write)
        return await outbox.claim_again(
            self._engine, left, self._clock(), write, certain=arrived is False
        )

    async def _settle_left(
        self, left: Abandoned, status: str, write: Write
    ) -> Claim | Settled | Abandoned:
        now = self._clock()
        if await outbox.settle(self._engine, left.outbox_id, left.claimed_at, status, now):
            return Settled(status)
        return await outbox.claim(self._engine, left.outbox_id, now, write)

    async def _deliver(self, claim: Claim) -> Settled:
        envelope = Envelope(self._mail_from, claim.recipient, claim.written.message)
        try:
            await self._mailer.send(envelope)
        except RecipientRefused as refusal:
            await outbox.settle_bounced(
                self._engine,
                claim,
                self._clock(),
                refusal.status,
                suppress_address=refusal.lasting,
            )
            return Settled("bounced")
        except (MailNotTaken, MailRefused):
            await outbox.release(self._engine, claim)
            raise
        except DeliveryUnknown:
            return await self._after_loss(claim)
        await outbox.settle(self._engine, claim.outbox_id, claim.at, "accepted", self._clock())
        return Settled("accepted")

    async def _after_loss(self, claim: Claim) -> Settled:
        """The line went dead after DATA: the same question as after the death of a worker."""
        if claim.mail in STRANGER and not self._lookup:
            await outbox.settle(self._engine, claim.outbox_id, claim.at, "in_doubt", self._clock())
            return Settled("in_doubt")
        raise Unavailable("the mail server's answer was lost; the next attempt will ask for it")

    async def _statement(self, outbox_id: str) -> Attachment | None:
        """The PDF that goes with the mail about a payment."""
        async with session(self._engine) as work:
            found = await remittance_of_mail(work, outbox_id)
        if found is None:
            return None
        document = payment_statement(self._environment, found)
        return Attachment(f"{document.file_name}.pdf", await asyncio.to_thread(paper, document))

    def _write(
        self, attachment: Attachment | None, order: MailOrder, recipient: str | None
    ) -> Written:
        rendered = self._writer.render(order, attached=bool(attachment and recipient))
        if recipient is None:
            return Written(rendered.subject, rendered.text, "", b"")
        message_id, message = self._writer.message(
            order, rendered, recipient, self._clock(), attachment
        )
        kept = self._writer.without_access(order, rendered.text)
        return Written(rendered.subject, kept, message_id, message)
