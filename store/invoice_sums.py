"""Value added tax of what was paid, as SQL: by the invoice of a payment, and exact in its sum."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import BigInteger, ColumnElement, Numeric, SQLColumnExpression, cast, func

from store.tables import Invoice, Payout

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


def _until(end: SQLColumnExpression[int]) -> ColumnElement[Decimal]:
    share = cast(Invoice.vat_minor, Numeric) * end / func.nullif(Invoice.gross_minor, 0)
    return func.round(share)
