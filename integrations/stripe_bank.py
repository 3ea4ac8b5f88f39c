"""What became of money in a creator's account at Stripe, and on its way from there to their bank.

Stripe pays accounts out by its own schedule; one payout holds what several transfers brought. Which
ones is read from the account's balance transactions: a transfer arrives there as a payment that
names its ``source_transfer``; what a bank sent back is there as ``payout_failure`` and is in the
next payout again.
"""

from __future__ import annotations

import asyncio
from typing import Any

import stripe

from domain.lifecycle import BankStatus
from domain.payments import BankPayout, Credited
from integrations.stripe_errors import is_missing, reading_error

_STATUS = {
    "paid": BankStatus.PAID_OUT,
    "failed": BankStatus.FAILED,
    "canceled": BankStatus.FAILED,
}
"""``pending`` and ``in_transit`` say nothing yet (docs.stripe.com/api/payouts/object)."""

_CAME_BACK = frozenset({"payout_failure", "payout_cancel"})
_DEEPEST = 5
"""Payouts after each other that failed before one arrives."""
_PAGE = 100


_CREDITED_SECONDS = 6.0
"""For all of `read_credited`: a payment does not wait long for what is only good to know."""


async def read_credited(
    client: stripe.StripeClient, account: str, transfer_id: str
) -> Credited | None:
    """What arrived of a transfer in a connected account; None if that cannot be read now.

    If the account does not hold the transfer's currency, Stripe converts on arrival: the payment
    in the account keeps the amount that was sent, its balance transaction has what was credited.
    """
    try:
        async with asyncio.timeout(_CREDITED_SECONDS):
            sent = await client.v1.transfers.retrieve_async(transfer_id)
            payment: Any = sent.destination_payment
            arrived = await client.v1.charges.retrieve_async(
                payment if isinstance(payment, str) else payment.id,
                {"expand": ["balance_transaction"]},
                {"stripe_account": account},
            )
    except (stripe.StripeError, TimeoutError, AttributeError):
        return None
    entry: Any = arrived.balance_transaction
    if entry is None or isinstance(entry, str):
        return None
    return Credited(amount_minor=entry.net, currency=entry.currency.upper())


async def read_bank_payout(
    client: stripe.StripeClient, account: str, payout_id: str
) -> BankPayout | None:
    """One payout of a connected account as it is now; None if there is none.

    Raises:
        Unavailable: Stripe does not answer.
        RailStopped: our key may not read it.
    """
    try:
        found = await client.v1.payouts.retrieve_async(
            payout_id, options={"stripe_account": account}
        )
        transfers, earlier = await _contents(client, account, payout_id, _DEEPEST)
    except stripe.StripeError as error:
        if is_missing(error):
            return None
        raise reading_error(error) from error
    return BankPayout(
        id=found.id,
        status=_STATUS.get(found.status),
        canceled=found.status == "canceled",
        code=found.failure_code or "",
        transfers=tuple(transfers),
        earlier=tuple(earlier),
    )


async def _contents(
    client: stripe.StripeClient, account: str, payout_id: str, depth: int
) -> tuple[list[str], list[str]]:
    """Ids of the transfers in a payout, and of the failed payouts whose money it has again."""
    page = await client.v1.balance_transactions.list_async(
        {"payout": payout_id, "expand": ["data.source"], "limit": _PAGE},
        {"stripe_account": account},
    )
    transfers: list[str] = []
    earlier: list[str] = []
    async for entry in page.auto_paging_iter():
        source: Any = entry.source
        transfer = getattr(source, "source_transfer", None)
        if transfer:
            transfers.append(transfer if isinstance(transfer, str) else transfer.id)
        elif entry.type in _CAME_BACK and depth and getattr(source, "id", payout_id) != payout_id:
            earlier.append(source.id)
            before = await _contents(client, account, source.id, depth - 1)
            transfers += before[0]
            earlier += before[1]
    return transfers, earlier
