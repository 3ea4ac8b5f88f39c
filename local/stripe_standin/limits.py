"""What Stripe may have against one account: set by hand, asked before each use of the account.

Kept with the account under names that no answer shows.
"""

from __future__ import annotations

from decimal import Decimal

from local.stripe_standin.errors import ApiError
from local.stripe_standin.shapes import Json

REVOKED, CURRENCIES, MINIMUM = "_revoked", "_refused_currencies", "_minimum"
SETTLES = "_settles"

_WITHOUT_DECIMALS = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
_THREE_DECIMALS = frozenset("bhd jod kwd omr tnd".split())
"""docs.stripe.com/currencies"""


def set_limits(account: Json, wanted: Json) -> None:
    """Change what is against the account.

    ``revoked``, ``currencies`` that it cannot take, the ``minimum`` of a transfer to it, and how it
    ``settles`` what is in another currency: ``{"currency": "gbp", "rate": "0.85"}``.
    """
    account[REVOKED] = bool(wanted.get("revoked"))
    account[CURRENCIES] = [str(each).lower() for each in wanted.get("currencies") or []]
    account[MINIMUM] = int(wanted.get("minimum") or 0)
    account[SETTLES] = wanted.get("settles")


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


def _decimals(currency: str) -> int:
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def arrives_as(account: Json, amount: int, currency: str) -> tuple[int, str, float | None]:
    """What is credited for a transfer: amount, currency, and the rate if it was converted."""
    settles = account.get(SETTLES)
    if not settles or settles["currency"].lower() == currency:
        return amount, currency, None
    own, rate = settles["currency"].lower(), Decimal(str(settles["rate"]))
    units = Decimal(amount).scaleb(-_decimals(currency)) * rate
    return int(units.scaleb(_decimals(own))), own, float(rate)


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
