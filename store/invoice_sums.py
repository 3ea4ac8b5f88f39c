"""Value added tax of what was paid, as SQL: by the invoice of a payment, and exact in its sum."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, Numeric, SQLColumnExpression, cast, func

from store.tables import Invoice, Payout

OF_PAYMENT = Invoice.payout_id == func.coalesce(Payout.again_of, Payout.id)
"""Joins an invoice: what is paid again has its invoice from the first time."""


def vat_of(paid: SQLColumnExpression[int]) -> ColumnElement[int]:
    """The part of a paid sum that is value added tax; NULL without an invoice.

    Half a unit is rounded up. Of the whole sum it is exactly what the invoice says; of a sum of
    which something was taken back it is the same share.
    """
    share = cast(Invoice.vat_minor, Numeric) * paid / func.nullif(Invoice.gross_minor, 0)
    return cast(func.round(share), BigInteger)
