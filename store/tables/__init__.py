"""Every table. Columns say their unit; amounts are in the smallest unit of the row's currency.

Names, addresses, handles and texts of people stand only in `creators`, `creator_posts`, `terms`,
`drafts`, `publications`, `statements`, `outbox`, `bank_accounts`, `bank_files` and
`decisions.comment`; everything else refers to them by id, so that erasing a person leaves events
and ledger whole.

Import from here; the modules hold the tables that are spoken of together.
"""

from __future__ import annotations

from store.tables.bank import BankAccount, BankFile, BankOrder
from store.tables.base import Base, Json
from store.tables.campaigns import Campaign, Candidate, ShortlistWish
from store.tables.claims import Claim, ClaimPart
from store.tables.collaborations import (
    Check,
    Collaboration,
    Draft,
    Publication,
    SafetyLook,
    Signature,
    Statement,
    Terms,
)
from store.tables.happenings import Decision, Event, ExternalEvent, InboxItem
from store.tables.invoices import (
    CreditNote,
    Invoice,
    InvoiceCredit,
    InvoiceMandate,
    TaxProfile,
)
from store.tables.ledger import LedgerAccount, LedgerEntry, LedgerTransaction
from store.tables.mail import OutboxMail, StaffMail, StaffMailNews, Suppression
from store.tables.payouts import (
    OnboardingLink,
    OtherPayment,
    Payout,
    PayoutAttempt,
    PayoutStanding,
    Recipient,
    RecipientAside,
    Rider,
)
from store.tables.rail import (
    AccountMatter,
    Comparison,
    RailAccount,
    RailBalance,
    RailCursor,
    RailStop,
    StoredDifference,
    StoredLine,
)
from store.tables.roster import Creator, CreatorFigures, CreatorPost
from store.tables.staff import DeskSession, Staff

__all__ = [
    "APPEND_ONLY",
    "AccountMatter",
    "BankAccount",
    "BankFile",
    "BankOrder",
    "Base",
    "Campaign",
    "Candidate",
    "Check",
    "Claim",
    "ClaimPart",
    "Collaboration",
    "Comparison",
    "Creator",
    "CreatorFigures",
    "CreatorPost",
    "CreditNote",
    "Decision",
    "DeskSession",
    "Draft",
    "Event",
    "ExternalEvent",
    "InboxItem",
    "Invoice",
    "InvoiceCredit",
    "InvoiceMandate",
    "Json",
    "LedgerAccount",
    "LedgerEntry",
    "LedgerTransaction",
    "OnboardingLink",
    "OtherPayment",
    "OutboxMail",
    "Payout",
    "PayoutAttempt",
    "PayoutStanding",
    "Publication",
    "RailAccount",
    "RailBalance",
    "RailCursor",
    "RailStop",
    "Recipient",
    "RecipientAside",
    "Rider",
    "SafetyLook",
    "ShortlistWish",
    "Signature",
    "Staff",
    "StaffMail",
    "StaffMailNews",
    "Statement",
    "StoredDifference",
    "StoredLine",
    "Suppression",
    "TaxProfile",
    "Terms",
]

APPEND_ONLY = (
    "events", "ledger_accounts", "ledger_transactions", "ledger_entries", "signatures", "terms",
    "tax_profiles", "invoice_mandates", "bank_accounts", "bank_files", "invoice_credits",
    "claim_parts", "other_payments", "checks", "comparisons", "publications",
    "statements", "staff_mail_news", "suppressions", "rail_accounts",
)  # fmt: skip
"""Tables on which the application's role may only insert and read.

Balances of the ledger's accounts are moved by the database itself.
"""
