"""Paying by bank transfer: who can be reached by SEPA, and what a bank says about a payment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from domain.bank_days import on_or_after
from domain.errors import UserMistake
from domain.zones import zone_of

CURRENCY = "EUR"
"""SEPA moves nothing else."""

NOT_IN_EURO = "not_in_euro"
"""Why a payment cannot go by bank transfer."""

ACCOUNT_REFUSED = "account_refused"
"""What is missing at an account that the bank could not pay into: another one, or its word."""

WRONG_ACCOUNT = frozenset("AC01 AC03 AC04 AC06 AC07 AC14 AG01 BE01 CNOR RC01 RC04".split())
"""Reasons of a bank that only the creator can do something about: the account's number, holder or
bank is wrong, it is closed or blocked, or takes no transfers (ISO 20022, external status reasons
and return reasons). Not among them: the death of its holder, and anything about the account that
pays."""

COUNTRIES = frozenset(
    """AD AL AT BE BG CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT
    NL NO PL PT RO RS SE SI SK SM VA""".split()
)
"""First letters of IBANs that SEPA reaches (European Payments Council, EPC409-09); territories
like Guadeloupe or Jersey have accounts with the letters of France and the United Kingdom."""

_PREFIX = "pay-"

BANK_ACCOUNT = "bank_"
"""What the ids of accounts begin with that creators gave for bank transfers."""


REMIND_EVERY = timedelta(days=1)
"""How often finance is reminded of a file that is to be made, or has no answer."""

ESCALATE_AFTER = timedelta(days=3)
"""Then the managers see it too; of a file that is to be made, also once a payment is overdue."""


class OrderState(StrEnum):
    """What has become of one payment on its way to the bank."""

    WAITING = "waiting"  # for the next file
    IN_FILE = "in_file"  # of which the bank has said nothing final
    BOOKED = "booked"  # the money has left the brand's account
    REJECTED = "rejected"  # the bank has not carried it out
    RETURNED = "returned"  # booked, and the money came back
    WITHDRAWN = "withdrawn"  # never in a file: another account by now, or stopped by a person


class NewsKind(StrEnum):
    """What a bank says about one payment."""

    ACCEPTED = "accepted"  # the file is fine so far; nothing is final
    BOOKED = "booked"
    REJECTED = "rejected"
    RETURNED = "returned"


class BankNews(BaseModel):
    """One line of a bank's confirmation about one of our payments, or about a whole file."""

    model_config = ConfigDict(frozen=True)

    kind: NewsKind
    end_to_end_id: str = ""
    """Empty if it is about a whole file."""
    message_id: str = ""
    """The file that it is about, if it is about a whole one."""
    code: str = ""
    """The bank's reason, as ISO 20022 codes it: AC04 is a closed account."""
    amount_minor: int | None = None
    """In cents; None if it need not say one; -1 if that is no amount of ours in any case."""
    currency: str = ""
    bank_reference: str = ""
    """What the bank itself calls the booking; empty if it does not say."""

    @property
    def blames_account(self) -> bool:
        """True if the creator's account is the cause; of a whole file, it would be ours."""
        return not self.message_id and self.code in WRONG_ACCOUNT


class Transfer(BaseModel):
    """One payment of a file."""

    model_config = ConfigDict(frozen=True)

    end_to_end_id: str
    holder: str
    iban: str
    amount_minor: int
    """In cents of a euro."""
    purpose: str
    """What the creator reads on the bank's statement."""


class Debtor(BaseModel):
    """The account that pays."""

    model_config = ConfigDict(frozen=True)

    name: str
    iban: str
    bic: str

    def carried_out_on(self, at: datetime) -> date:
        """The day of a file that is made now, where the account is, or the next bank day.

        A bank refuses to carry out a payment yesterday.
        """
        return on_or_after(at.astimezone(ZoneInfo(zone_of("", self.iban[:2]))).date())


def end_to_end_id(payout_id: str, attempt: int) -> str:
    """The name of one attempt at the bank: SEPA knows no underscore, and 35 letters at most."""
    return f"{payout_id.replace('_', '-')}-{attempt}"


class NotPayable(UserMistake):
    """What creators earn could not be paid the way that this installation pays."""

    code = NOT_IN_EURO


def check_currency(currency: str, *, by_bank: bool) -> None:
    """Make sure, before a campaign begins, that its creators can be paid in its currency.

    Args:
        currency: of the campaign.
        by_bank: creators are paid by bank transfer.

    Raises:
        NotPayable: they could not be.
    """
    if by_bank and currency != CURRENCY:
        raise NotPayable(
            f"the campaign is in {currency}, and creators are paid by bank transfer, in {CURRENCY}",
            hint=f"write it in {CURRENCY}, or pay through Stripe (TROUPE_PAYOUT_RAIL)",
        )


def is_bank_account(account_id: str) -> bool:
    """True if money goes there by bank transfer, and not by the payment provider."""
    return account_id.startswith(BANK_ACCOUNT)


def is_ours(reference: str) -> bool:
    """True if a reference in a statement has the form of ours."""
    return reference.startswith(_PREFIX)


def masked(iban: str) -> str:
    """Enough of an IBAN to recognise one's own: ``DE89 … 3000``."""
    return f"{iban[:4]} … {iban[-4:]}"
