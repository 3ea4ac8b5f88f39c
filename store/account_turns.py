"""One call at a time for each creator's account: the provider locks the account while it pays it.

Calls for other payments to the account would be answered with ``lock_timeout``. They wait until
that one is over, which its row says, or, of a worker that died, its time.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import is_bank_account
from domain.errors import AccountBusy
from domain.messages import TransferOutcome
from store.tables import PayoutAttempt

_LOCK = 41
"""Class of the advisory locks on accounts; any number, no other lock of two numbers has it."""

_BEING_SENT = and_(
    or_(
        PayoutAttempt.outcome.is_(None), PayoutAttempt.outcome == TransferOutcome.IN_DOUBT.value
    ),
    PayoutAttempt.sender != "",
)  # fmt: skip


async def refuse_while_busy(session: AsyncSession, wanted: PayoutAttempt, at: datetime) -> None:
    """Let one call begin, if no other payment is just being sent to the account.

    The lock is held until the transaction ends, and never during a call. Who has it waits for no
    other lock, so that locks on payments and on accounts cannot wait for each other.

    Raises:
        AccountBusy: another payment is being sent to it.
    """
    if is_bank_account(wanted.account_id):
        return  # ordered in our own database: there is no call
    lock = func.pg_advisory_xact_lock(_LOCK, func.hashtext(wanted.account_id))
    await session.execute(select(lock))
    other = await session.scalar(
        select(PayoutAttempt.payout_id)
        .where(
            PayoutAttempt.account_id == wanted.account_id,
            PayoutAttempt.payout_id != wanted.payout_id,
            PayoutAttempt.sending_until > at,
            _BEING_SENT,
        )
        .limit(1)
    )
    if other is not None:
        raise AccountBusy(f"payout {other} is just being sent to the account of this one")


async def end_call(
    session: AsyncSession, payout_id: str, number: int, sender: str, *, moved_nothing: bool
) -> None:
    """A call is over without an outcome: others may begin.

    What is on its way may still have an effect: until when, stays on the row, unless the call is
    known to have ``moved_nothing``.
    """
    over = {"sending_until": None} if moved_nothing else {}
    await session.execute(
        update(PayoutAttempt)
        .where(
            PayoutAttempt.payout_id == payout_id,
            PayoutAttempt.number == number,
            PayoutAttempt.sender == sender,
        )
        .values(sender="", **over)
    )
