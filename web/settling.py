"""Saying that a payment was made another way: what the form says of it is kept first."""

from __future__ import annotations

from domain.errors import NotFound
from store import desk_lists, other_payments
from web.fields import Fields
from web.visit import Visit


async def keep_other_payment(v: Visit, fields: Fields, payout_id: str) -> str:
    """The row that says how it was made; who only confirms it names the one that is there.

    Raises:
        BadDay: see `other_payments.keep`.
        ReferenceNeeded: see `other_payments.keep`.
        NotFound: there is no such payment.
    """
    if fields.get("answer") != "elsewhere":
        return ""
    if there := fields.get("content_id", "")[:40]:
        return there
    if await desk_lists.payout(v.db, payout_id) is None:
        raise NotFound(f"there is no payment {payout_id}")
    return await other_payments.keep(
        v.db, payout_id, fields.get("paid_on", ""), fields.get("reference", ""), v.deps.clock()
    )
