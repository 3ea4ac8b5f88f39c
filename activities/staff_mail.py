"""Mail to members of staff: what was handed to them, escalated, is late or new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.heartbeats import heartbeats
from domain.errors import MailRefused
from integrations.smtp import DeliveryUnknown, Envelope, Mailer, MailNotTaken, RecipientRefused
from rendering.staff_mail import StaffMailWriter
from store import staff_mail
from store.staff_mail import Claim

AT_A_TIME = 50
"""Mails of one sweep."""

PATIENCE = 2
"""Mails that the server may refuse to take before the rest waits for the next sweep."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class StaffMails:
    """Plans and sends; the rows of the inbox are read, and no workflow is asked."""

    def __init__(
        self,
        engine: AsyncEngine,
        mailer: Mailer,
        public_url: str,
        *,
        mail_from: str,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._engine = engine
        self._mailer = mailer
        self._writer = StaffMailWriter(public_url, mail_from)
        self._mail_from = mail_from
        self._clock = clock

    @activity.defn(name="tell_staff")
    async def tell_staff(self) -> int:
        """Tell everybody what is news to them; gives the number of mails that were sent.

        Running twice tells nothing twice: each piece of news is a row, unique by person, item and
        event, and a mail is claimed before the server is spoken to.
        """
        async with heartbeats():
            await staff_mail.plan(self._engine, self._clock())
            sent, refused = 0, []
            for mail_id in await staff_mail.unsent(self._engine, self._clock(), AT_A_TIME):
                claimed = await staff_mail.claim(self._engine, mail_id, self._clock(), self._write)
                if claimed is None:
                    continue
                try:
                    sent += await self._deliver(claimed)
                except (MailNotTaken, MailRefused) as error:
                    await staff_mail.release(self._engine, claimed)
                    refused.append(error)
                    if len(refused) == PATIENCE:
                        break
            if refused:
                raise refused[0]
            return sent

    async def _deliver(self, claimed: Claim) -> bool:
        try:
            await self._mailer.send(Envelope(self._mail_from, claimed.recipient, claimed.message))
        except RecipientRefused as refusal:
            await self._settle(claimed, "bounced", refusal.status)
            if refusal.lasting:
                await staff_mail.stop_writing_to(self._engine, claimed)
            return False
        except DeliveryUnknown:
            await self._settle(claimed, "in_doubt")
            return False
        await self._settle(claimed, "accepted")
        return True

    async def _settle(self, claimed: Claim, status: str, code: str = "") -> None:
        await staff_mail.settle(self._engine, claimed, status, self._clock(), code)

    def _write(self, letter: staff_mail.Letter, recipient: str) -> bytes:
        return self._writer.message(letter, recipient, self._clock())
