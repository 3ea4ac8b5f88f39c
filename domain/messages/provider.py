"""Messages about the payment provider: creators' accounts there, and the events it sends."""

from __future__ import annotations

from domain.messages.base import Message
from domain.messages.payout import PayoutInput


class OnboardingTask(Message):
    """Make the creator's recipient account, if needed, and a fresh onboarding link."""

    creator_id: str
    link_id: str
    collaboration_id: str = ""
    """Whose page the creator comes back to; empty: the newest one."""


class StripeEventTask(Message):
    """Apply one stored event by reading the state from the provider."""

    event_row_id: str


class TakenBack(Message):
    """Money of a payment was taken back: what is to be decided, and the mail that says so."""

    payment: PayoutInput
    outbox_id: str


class AppliedEvent(Message):
    """What follows from an event of the provider."""

    woken: tuple[str, ...] = ()
    """Held payments that are worth another try."""
    taken_back: tuple[TakenBack, ...] = ()
    claims: tuple[str, ...] = ()
    """Claims that may be less by what was taken back."""
    mails: tuple[str, ...] = ()
    """Outbox rows that are to be sent."""
