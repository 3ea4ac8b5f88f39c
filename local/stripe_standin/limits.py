"""What Stripe may have against one account: set by hand, asked before each use of the account.

Kept with the account under names that no answer shows.
"""

from __future__ import annotations

from local.stripe_standin.errors import ApiError
from local.stripe_standin.shapes import Json

REVOKED, CURRENCIES, MINIMUM = "_revoked", "_refused_currencies", "_minimum"


def set_limits(account: Json, wanted: Json) -> None:
    """Change what is against the account.

    ``revoked``, ``currencies`` that it cannot take, and the ``minimum`` of a transfer to it.
    """
    account[REVOKED] = bool(wanted.get("revoked"))
    account[CURRENCIES] = [str(each).lower() for each in wanted.get("currencies") or []]
    account[MINIMUM] = int(wanted.get("minimum") or 0)


def check_access(account: Json) -> None:
    """Refuse whatever is about an account that has taken our access back.

    Raises:
        ApiError: 403 with a code that a refused key does not have.
    """
    if account.get(REVOKED):
        raise ApiError(
            403,
            f"The provided key does not have access to account '{account['id']}' (or that account "
            "does not exist). Application access may have been revoked.",
            code="account_invalid",
        )


def check_transfer(account: Json, amount: int, currency: str) -> None:
    """Refuse a currency that the account cannot take, and what is too little.

    Raises:
        ApiError: it is so; remembered under the key.
    """
    if currency in account.get(CURRENCIES, []):
        raise ApiError(
            400, f"The account cannot take {currency}.", param="currency", kept=True
        )  # fmt: skip
    if amount < account.get(MINIMUM, 0):
        raise ApiError(
            400, "Amount is below the minimum.", code="amount_too_small", param="amount", kept=True
        )
