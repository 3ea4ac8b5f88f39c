"""What a workflow writes: one event of its stream with everything that belongs to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.claims import ClaimStatus
from domain.ids import outbox_id
from domain.inbox import ItemKind
from domain.lifecycle import (
    BankStatus,
    CampaignStatus,
    HoldReason,
    Outcome,
    PayoutStatus,
    Stage,
    StreamKind,
    WaitingFor,
)
from domain.mails import Mail
from domain.messages.base import Message


class StreamHead(Message):
    """The last committed event of a stream: the next one has ``sequence + 1`` and links here."""

    kind: StreamKind
    entity_id: str
    sequence: int = 0
    digest: str = ""


class CollaborationChange(Message):
    """Columns of the collaboration's read-model row; unset fields stay as they are."""

    stage: Stage | None = None
    outcome: Outcome | None = None
    waiting_for: WaitingFor | None = None
    due_at: datetime | None = None
    clear_due: bool = False
    fee_minor: int | None = None
    draft_version: int | None = None
    needs_attention: bool | None = None
    suspended: bool | None = None
    delivered: bool | None = None


class CampaignChange(Message):
    """Columns of the campaign's read-model row."""

    status: CampaignStatus | None = None


class PayoutChange(Message):
    """Columns of the payout's read-model row."""

    status: PayoutStatus | None = None
    hold_reason: HoldReason | None = None
    clear_hold: bool = False
    releases: int | None = None
    attempt: int | None = None
    sends_at: datetime | None = None
    transfer_id: str | None = None
    shared_transfer_id: str | None = None
    rides: bool | None = None
    """A later payment may take it along; only as long as its status does not change."""
    reversed_minor: int | None = None
    bank_status: BankStatus | None = None
    bank_payout_id: str | None = None
    other_payment_id: str | None = None
    netted_minor: int | None = None
    """What it keeps back after all, if that is less than its last release said."""


class ClaimChange(Message):
    """Columns of the claim's read-model row."""

    status: ClaimStatus | None = None


class Netting(StrEnum):
    """What an event of a payment means for what its release keeps back."""

    BOOK = "book"  # the payment is over: what was kept back has come back to its campaigns
    GIVE_BACK = "give_back"  # the payment is called off: what was kept back is open again


class Discharge(Message):
    """So much of a claim was taken back at the provider: it is not asked for again."""

    claim_id: str
    amount_minor: int


class OpenItem(Message):
    """An inbox item to open (or, with the same kind on the same subject, to renew)."""

    kind: ItemKind
    seen: str = ""
    """Digest of what the page shows; the decision must carry the same."""
    due_at: datetime | None = None
    code: str = ""
    """Why, for items that have several causes: an error code, a verdict."""


class PlannedMail(Message):
    """A mail to be sent: becomes an outbox row in the event's transaction."""

    outbox_id: str
    mail: Mail
    step: str
    """Unique within the collaboration: the same step is never mailed twice."""
    facts: dict[str, str | int] = Field(default_factory=dict)
    """Numbers, dates and codes for the template; no personal data."""
    not_before: datetime | None = None
    not_after: datetime | None = None

    @classmethod
    def of(cls, collaboration_id: str, mail: Mail, step: str, **facts: str | int) -> PlannedMail:
        """The mail of a step of a collaboration."""
        outbox = outbox_id(collaboration_id, step)
        return cls(outbox_id=outbox, mail=mail, step=step, facts=facts)


class PostingKind(StrEnum):
    """What moves in the ledger; `store/ledger.py` knows the two accounts of each."""

    FUND = "fund"  # funding -> available: the budget is set
    RESERVE = "reserve"  # available -> reserved: a contract is signed
    EARN = "earn"  # reserved -> payable: a milestone is reached
    SEND = "send"  # payable -> in transit: an attempt to pay begins
    SETTLE = "settle"  # in transit -> paid: the provider has moved the money
    RETURN = "return"  # in transit -> payable: the attempt definitely failed
    FREE = "free"  # reserved -> available: not needed after all
    TAKE_BACK = "take_back"  # paid -> payable: the provider has taken it back; owed until decided
    FORFEIT = "forfeit"  # payable -> available: earned, and not to be paid after all
    CLAIM = "claim"  # creator receivable -> claimed: a creator owes something back
    DISCHARGE = "discharge"  # claimed -> creator receivable: it came back
    LIFT = "lift"  # claimed -> creator receivable: it is not asked for any more
    ELSEWHERE = "elsewhere"  # payable -> paid: paid without Troupe; it is no transfer of ours
    NET = "net"  # payable -> paid: not sent, since the creator owed so much
    RECOVER = "recover"  # recovered -> available: what had been paid has come back
    FEE = "fee"  # provider_fees -> charged: the provider has taken a fee from our balance
    FEE_BACK = "fee_back"  # charged -> provider_fees: it has given one back


class Posting(Message):
    """One movement of money; ``key`` makes it happen once."""

    kind: PostingKind
    key: str
    amount_minor: int


class NewPayout(Message):
    """A payment that has been earned; the row is the guarantee that it is paid once."""

    payout_id: str
    kind: str
    number: int
    amount_minor: int
    pay_by: datetime
    again_of: str | None = None
    """The payment of which this was taken back."""


class Append(Message):
    """One event with everything that belongs to it, written in one transaction."""

    head: StreamHead
    at: datetime
    key: str
    """What this step is known by in its stream; makes writing it twice harmless."""
    event: str
    """Name of the event, past tense: ``offer_sent``, ``draft_approved``."""
    data: dict[str, str | int | bool | None] = Field(default_factory=dict)
    collaboration: CollaborationChange | None = None
    campaign: CampaignChange | None = None
    payout: PayoutChange | None = None
    claim: ClaimChange | None = None
    open_items: tuple[OpenItem, ...] = ()
    close_items: tuple[ItemKind, ...] = ()
    remind_items: tuple[ItemKind, ...] = ()
    """Open items whose person is reminded: their ``reminded`` count goes up by one."""
    escalate_items: tuple[ItemKind, ...] = ()
    """Open items that the manager is to see as well."""
    hand_over_items: tuple[ItemKind, ...] = ()
    """Open items that the substitute whom the campaign names may decide from now on."""
    close_all_items: bool = False
    """Close whatever is still open on this subject: the last event of a life."""
    mails: tuple[PlannedMail, ...] = ()
    postings: tuple[Posting, ...] = ()
    new_payouts: tuple[NewPayout, ...] = ()
    netting: Netting | None = None
    discharges: tuple[Discharge, ...] = ()


class Appended(Message):
    """The stream's new head; or why nothing was written."""

    head: StreamHead
    refused: str = ""
    """Empty, or ``over_budget``: the ledger refused, and the whole transaction was rolled back."""
