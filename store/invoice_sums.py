"""Value added tax of what was paid, as SQL: by the invoice of a payment, and exact in its sum."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Numeric,
    SQLColumnExpression,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from store.tables import Invoice, InvoiceCredit, LedgerTransaction, Payout

OF_PAYMENT = Invoice.payout_id == func.coalesce(Payout.first_of, Payout.id)
"""Joins an invoice: what is paid again has its invoice from the first time."""


def vat_of(
    paid: SQLColumnExpression[int], start: SQLColumnExpression[int] | None = None
) -> ColumnElement[int]:
    """The part of a paid sum that is value added tax; NULL without an invoice.

    The invoice's tax up to the end of the part less that up to its beginning, each with half a unit
    rounded up: whatever becomes of a payment, the tax of its parts adds up to that of the invoice.

    Args:
        paid: the part, in the smallest unit.
        start: where in the invoice it lies; by default where the payment does.
    """
    start = Payout.share_from if start is None else start
    return cast(_until(start + paid) - _until(start), BigInteger)


def vat_credited_by(posting: SQLColumnExpression[str]) -> ColumnElement[int]:
    """The value added tax that goes back because of a movement, as SQL."""
    found = (
        select(func.sum(vat_of(InvoiceCredit.amount_minor, InvoiceCredit.share_from)))
        .join(Invoice, Invoice.payout_id == InvoiceCredit.payout_id)
        .where(InvoiceCredit.posting == posting)
        .correlate(LedgerTransaction)
        .scalar_subquery()
    )
    return cast(func.coalesce(found, 0), BigInteger)


def credited_invoices(posting: SQLColumnExpression[str]) -> ColumnElement[str]:
    """The numbers of the invoices that are less because of a movement, as SQL; empty if none is."""
    found = (
        select(func.string_agg(Invoice.number, aggregate_order_by(literal("; "), Invoice.number)))
        .join(InvoiceCredit, Invoice.payout_id == InvoiceCredit.payout_id)
        .where(InvoiceCredit.posting == posting)
        .correlate(LedgerTransaction)
        .scalar_subquery()
    )
    return func.coalesce(found, "")


def _until(end: SQLColumnExpression[int]) -> ColumnElement[Decimal]:
    share = cast(Invoice.vat_minor, Numeric) * end / func.nullif(Invoice.gross_minor, 0)
    return func.round(share)
