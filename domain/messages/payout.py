"""Messages of a payment: what was earned or granted, and each attempt to send it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from domain.campaign import PayoutPolicy
from domain.lifecycle import HoldReason, PayoutStatus
from domain.messages.base import Message


class PayoutInput(Message):
    """One earned payment."""

    payout_id: str
    collaboration_id: str
    campaign_id: str
    amount_minor: int
    currency: str
    pay_by: datetime
    policy: PayoutPolicy
    on_hold: HoldReason | None = None
    """Nobody is asked to release it before a person lets it go on."""
    granted: bool = False
    """A bonus: nobody's work earned it, so it may be withdrawn until it is sent."""


class Granted(Message):
    """What became of a decision by which a creator gets more than was agreed."""

    code: str = "applied"
    payment: PayoutInput | None = None
    """What is to be started, if the decision holds."""


class BonusGranted(Message):
    """A payment that a suspension of its collaboration is to hold too."""

    payout_id: str


class Suspension(Message):
    """The collaboration that earned the payment was suspended, or goes on."""

    suspended: bool


class AccountLost(Message):
    """The creator's account cannot be paid any more: nothing is sent before a person says so."""

    reason: HoldReason


class PayoutResult(Message):
    """How a payment ended."""

    status: PayoutStatus


class TransferRequest(Message):
    """One attempt to pay; the key comes from the payout and the attempt's number."""

    payout_id: str
    attempt: int


class HeldPayout(Message):
    """A payment that waits, and for what."""

    payout_id: str
    reason: HoldReason


class TransferOutcome(StrEnum):
    """What the provider said."""

    TRANSFERRED = "transferred"
    NOT_ONBOARDED = "not_onboarded"
    WAITING_FUNDS = "waiting_funds"
    TOO_SMALL = "too_small"  # less than the provider sends at once
    REFUSED = "refused"
    RAIL_STOPPED = "rail_stopped"
    PAUSED = "paused"  # nothing is sent: the brand itself has paused the account
    PAYEE_CHANGED = "payee_changed"  # nothing was sent: it was released for another account
    IN_DOUBT = "in_doubt"
    UNDER_WAY = "under_way"  # ordered by bank transfer; the bank's answer takes days
    NOT_FOUND = "not_found"  # only from a look-up: it never happened


class TransferResult(Message):
    """The outcome of an attempt, or of looking one up."""

    outcome: TransferOutcome
    transfer_id: str = ""
    shared_transfer_id: str = ""
    """The transfer of another payment that took this one along."""
    code: str = ""
    amount_minor: int = 0
    """What was sent, if that is not what the last release lets go: by an attempt before it."""
