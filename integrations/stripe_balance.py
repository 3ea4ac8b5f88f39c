"""What changed the brand's balance at Stripe: its balance transactions, with what caused each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import stripe

from domain.balance_lines import BalanceLine
from integrations.stripe_errors import reading_error

_PAGE = 100


async def read_balance_lines(
    client: stripe.StripeClient, since: datetime
) -> AsyncIterator[Sequence[BalanceLine]]:
    """Every line since then, newest first, a page at a time.

    Raises:
        Unavailable: Stripe does not answer.
        RailStopped: our key may not read them.
    """
    params: Any = {
        "created": {"gte": int(since.timestamp())}, "expand": ["data.source"], "limit": _PAGE,
    }  # fmt: skip
    try:
        page = await client.v1.balance_transactions.list_async(params)
        while page.data:
            yield [_line(entry) for entry in page.data]
            if not page.has_more:
                return
            page = await client.v1.balance_transactions.list_async(
                params | {"starting_after": page.data[-1].id}
            )
    except stripe.StripeError as error:
        raise reading_error(error) from error


def _line(entry: stripe.BalanceTransaction) -> BalanceLine:
    source: Any = entry.source
    kind = getattr(source, "object", "")
    transfer = ""
    if kind == "transfer":
        transfer = source.id
    elif kind == "transfer_reversal":
        taken = source.transfer
        transfer = taken if isinstance(taken, str) else taken.id
    return BalanceLine(
        id=entry.id,
        type=entry.type,
        currency=entry.currency.upper(),
        amount_minor=entry.amount,
        fee_minor=entry.fee,
        source_id=source if isinstance(source, str) else getattr(source, "id", ""),
        transfer_id=transfer,
        transfer_group=(getattr(source, "transfer_group", None) or "") if transfer else "",
        by_itself=kind == "payout" and bool(source.automatic),
        created_at=datetime.fromtimestamp(entry.created, UTC),
    )
