"""Everything that a mail or a document to a creator may speak of, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.campaign import CampaignFile


@dataclass(frozen=True)
class NettedFigures:
    """What a payment keeps back for one claim."""

    amount_minor: int
    reason: str
    """Why it is owed, in the words of who asked for it."""


@dataclass(frozen=True)
class OtherFigures:
    """A payment that was made another way, as the creator can find it."""

    paid_at: datetime
    reference: str
    reason: str
    """In the words of who said so."""


@dataclass(frozen=True)
class PayoutFigures:
    """A payment as the creator sees it."""

    kind: str
    """The milestone, ``kill_fee``, ``repayment`` or ``bonus``."""
    amount_minor: int
    pay_by: datetime
    transfer_id: str = ""
    status: str = ""
    reason: str = ""
    """Why a bonus was granted, or why it is not paid: in the words of who decided it."""
    payout_id: str = ""
    other: OtherFigures | None = None
    """How it was paid without Troupe, if it was."""
    netted: tuple[NettedFigures, ...] = ()
    """What is kept back of it for what the creator owes; the rest is sent."""
    together: tuple[str, ...] = ()
    """Other payments, by their numbers, that the same transfer has paid."""
    together_minor: int = 0
    """What that transfer was in all; 0 if it has paid no others."""

    @property
    def kept_minor(self) -> int:
        """What is kept back in all."""
        return sum(each.amount_minor for each in self.netted)

    @property
    def sent_minor(self) -> int:
        """What is sent."""
        return self.amount_minor - self.kept_minor


@dataclass(frozen=True)
class ClaimFigures:
    """What a creator is to give back, as the creator hears of it."""

    reason: str
    """Why, in the words of who asks for it."""
    answer: str = ""
    """What the second person said who decided whether it stands."""
    settled: tuple[tuple[str, int], ...] = ()
    """By `domain.claims.SettledBy`: how much of it came back, or is not asked for any more."""


@dataclass(frozen=True)
class WantedPapers:
    """What a creator has to do on their page before they are paid."""

    tax_data: bool
    """Say how they are taxed."""
    mandate: bool
    """The brand is able to issue their invoices, and may not yet."""


@dataclass(frozen=True)
class CreditFigures:
    """The credit note for what is not paid again, or came back of a claim."""

    invoice: str
    """The number of the invoice that is less by it."""
    number: str = ""
    """Empty if the creator has to hand it in."""


@dataclass(frozen=True)
class Correspondence:
    """One collaboration, seen from the creator's letter box."""

    campaign_id: str
    collaboration_id: str
    file: CampaignFile
    campaign_status: str
    stage: str
    outcome: str
    fee_minor: int
    currency: str
    due_at: datetime | None
    draft_version: int
    # the creator
    name: str
    handle: str
    platform: str
    email: str
    country: str
    audience_country: str
    language: str
    timezone: str
    source: str
    # what came last, if anything
    comment: str = ""
    """The reason that a member of staff gave with the last decision that the creator reads."""
    end_words: tuple[str, ...] = ()
    """Why it was cancelled, and what the kill fee is for: in the words of who decided."""
    approved_caption: str = ""
    publication_url: str = ""
    check_faults: tuple[str, ...] = ()
    check_reasons: tuple[str, ...] = ()
    payout: PayoutFigures | None = None
    paid_minor: int = 0
    """Sum of the payments that the provider has moved."""
    earned_minor: int = 0
    """Sum of the payments that were earned and not cancelled, moved or not."""
    payee_missing: bool = False
    """They cannot be paid before they have set up their payments."""
    claim: ClaimFigures | None = None
    """The claim that the mail is about."""
    papers: WantedPapers | None = None
    """What the law of the brand's country still wants of them; None if nothing."""
    credit: CreditFigures | None = None
    """Of a ``repayment`` that is not made, if the payment has an invoice."""
    claim_credits: tuple[CreditFigures, ...] = ()
    """Of the invoices that are less by the claim."""


@dataclass(frozen=True)
class MailOrder:
    """A mail that is to be written: its row in the outbox and what it may speak of."""

    outbox_id: str
    mail: str
    facts: dict[str, str | int]
    about: Correspondence
    earlier_message_ids: tuple[str, ...] = field(default=())
    """The messages of this collaboration that went before, oldest first."""
