"""Whose a Stripe key is: the brand's own account, which has to be the same for every key.

A key of another account in the same mode is a good key, and yet the wrong one: its lists know
none of our transfers, so that a payment in doubt would look as if it had never been made.
"""

from __future__ import annotations

from typing import Protocol

from domain.errors import KeyMayNot, RailStopped
from integrations.stripe_errors import StripeRefused
from integrations.stripe_rail import StripeRail

PERMISSION = "rak_accounts_kyc_basic_read"
"""As Stripe calls it when a restricted key lacks it for ``GET /v1/account``."""

MAY_NOT_SAY_HINT = (
    f"let it read the account itself (Stripe calls this {PERMISSION}; its log of requests names "
    "what is missing), or use a secret key"
)


class KnownAccounts(Protocol):
    """Remembers from which account payments are made; `store.rail_accounts` does."""

    async def known(self, place: str, found: str) -> str:
        """The account of all keys; the first one that is found becomes it.

        Args:
            place: `integrations.secret_source.place_of` the key.
            found: the account of a key, as Stripe says.
        """
        ...


class FirstSeen:
    """Remembers it for as long as the process runs."""

    def __init__(self) -> None:
        self._accounts: dict[str, str] = {}

    async def known(self, place: str, found: str) -> str:
        """The account of the first key."""
        return self._accounts.setdefault(place, found)


async def account_of(rail: StripeRail, where: str) -> str:
    """Ask Stripe whose the key of a rail is.

    Raises:
        RailStopped: Stripe refuses the key, or does not let it say this.
        Unavailable: Stripe does not answer.
    """
    try:
        return await rail.own_account()
    except (KeyMayNot, StripeRefused) as error:
        raise RailStopped(
            f"{where}: Stripe does not let this key say of which account it is",
            hint=MAY_NOT_SAY_HINT,
        ) from error


def another_account(where: str, found: str, known: str) -> RailStopped:
    """What is wrong with a good key of another account."""
    return RailStopped(
        f"{where}: this is a key of the Stripe account {found}, and payments are made from {known}",
        hint=f"write a key of {known} there; or, if payments are to be made from another account "
        f"from now on: ./troupe payouts stripe-account --change-to {found}",
    )
