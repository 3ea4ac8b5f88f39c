"""The account that a payment goes to, as whoever releases it says yes to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from domain.bank_transfer import is_bank_account

ACCOUNT_CHANGED = "account_changed"
"""Why a release is refused: the account is another one than the person was shown."""

FIRST_FOR_ANOTHER = "first_for_another"
"""Why a second release cannot be given: the first one was for another account."""

_SHOWN_LETTERS = 6


def account_digest(account_id: str) -> str:
    """What a release carries of the account; empty if there is none yet."""
    return hashlib.sha256(account_id.encode()).hexdigest()[:32] if account_id else ""


def shortened(account_id: str) -> str:
    """Enough of an account's id to compare it with another: ``acct_…x7Yz12``."""
    kind, _, rest = account_id.partition("_")
    return account_id if len(rest) <= _SHOWN_LETTERS else f"{kind}_…{rest[-_SHOWN_LETTERS:]}"


@dataclass(frozen=True)
class PayeeAccount:
    """An account as it is shown before a payment is released to it."""

    account_id: str
    since: datetime
    """Since when it is the creator's."""
    digits: str = ""
    """The bank's last digits, if they are known."""
    is_new: bool = False
    """The creator was paid before, and nothing was sent to them since this account is theirs."""

    @property
    def digest(self) -> str:
        """See `account_digest`."""
        return account_digest(self.account_id)

    @property
    def short(self) -> str:
        """See `shortened`."""
        return shortened(self.account_id)

    @property
    def by_bank(self) -> bool:
        """True if it is paid by bank transfer, and not by the payment provider."""
        return is_bank_account(self.account_id)
