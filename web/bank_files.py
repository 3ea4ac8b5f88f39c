"""Making a file for the bank and taking in its answer; the desk and the command do the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.bank_transfer import Debtor, Transfer
from domain.ids import derived_id
from integrations.sepa_file import write_file
from integrations.sepa_news import read_confirmation
from store import bank_news, bank_orders
from store.bank_news import CHANGES, STRANGE, Became, Told
from store.engine import session
from store.tables import BankAccount, BankFile, BankOrder

SENTENCES = {
    Became.BOOKED: "paid",
    Became.REJECTED: "rejected by the bank; the money is free again",
    Became.RETURNED: "came back; a person decides whether it is paid again",
    Became.ACCEPTED: "accepted so far, not booked yet; nothing changed",
    Became.KNOWN: "was known already; nothing changed",
    Became.UNKNOWN: "no payment of ours has this reference; nothing changed",
    Became.NOT_SENT: "this payment was never in a file of ours; nothing changed",
    Became.AMOUNT: "no amount, or another amount or currency than we ordered; nothing changed",
    Became.CONTRADICTION: "the bank said something else before; nothing changed",
    Became.TWICE: "a second booking of what was known already, by the bank's own reference; "
    "look at the account; nothing changed",
}


@dataclass(frozen=True)
class Imported:
    """What a confirmation led to."""

    told: tuple[Told, ...]
    others: int
    """Lines of the account that are not about payments of ours."""

    @property
    def changed(self) -> int:
        """Payments that it moved on."""
        return sum(each.became in CHANGES for each in self.told)

    @property
    def strange(self) -> int:
        """Lines that a person must look at, at the bank."""
        return sum(each.became in STRANGE for each in self.told)


async def make_file(engine: AsyncEngine, debtor: Debtor, by: str, at: datetime) -> BankFile | None:
    """Put everything that waits into one file, committed before anybody sees it; None if nothing.

    Two who ask at once get two files with different payments, or one of them none.
    """
    async with session(engine) as db:
        taken = await bank_orders.take(db, by, at)
        if not taken:
            return None
        orders = [order for order, _ in taken]
        # SEPA knows no underscore.
        message = derived_id("file", *(each.end_to_end_id for each in orders)).replace("_", "-")
        transfers = [_transfer(order, account, debtor) for order, account in taken]
        content = write_file(debtor, transfers, message, debtor.carried_out_on(at))
        return await bank_orders.keep(db, message, content, orders, by, at)


async def import_confirmation(
    engine: AsyncEngine, debtor: Debtor, content: bytes, by: str, at: datetime
) -> Imported:
    """Apply a bank's file, as a whole or not at all; the sweep then wakes the payments.

    Raises:
        UserMistake: it is no confirmation, or one about another account.
    """
    found = read_confirmation(content, debtor.iban)
    async with session(engine) as db:
        told = await bank_news.apply(db, found.news, by, at)
    return Imported(tuple(told), found.others)


def _transfer(order: BankOrder, account: BankAccount, debtor: Debtor) -> Transfer:
    return Transfer(
        end_to_end_id=order.end_to_end_id, holder=account.holder, iban=account.iban,
        amount_minor=order.amount_minor, purpose=f"{debtor.name} {order.end_to_end_id}",
    )  # fmt: skip
