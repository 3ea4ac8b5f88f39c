"""Money: whole numbers of a currency's smallest unit, never a float."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
"""Currencies that Stripe charges in whole units (docs.stripe.com/currencies, zero-decimal).

ISK and UGX are not among them: they have no decimals, but Stripe wants them as if they had two.
"""

THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
"""Currencies with three decimals (docs.stripe.com/currencies, three-decimal)."""

WRITTEN_WITH_DECIMALS = frozenset({"ISK", "UGX"})
"""Currencies without decimals whose last two digits Stripe wants to be ``00``."""

PAID_IN_WHOLE_UNITS = WRITTEN_WITH_DECIMALS | {"HUF", "TWD"}
"""Currencies of which banks are paid whole units only (docs.stripe.com/currencies, special cases).

Amounts are written with two decimals all the same; prices and taxes may use them.
"""

MAX_MINOR = 10**12
"""Largest amount in the smallest unit that Troupe accepts; far above any fee, far below BIGINT."""

_TEXT = re.compile(
    r"^\s*(?P<number>-?[0-9][0-9, _']*(?:\.[0-9]+)?)\s*(?P<currency>[A-Za-z]{3})\s*$"
)


def exponent(currency: str) -> int:
    """Number of decimals of a currency."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def payable_unit(currency: str) -> int:
    """The least that can be paid out, in the smallest unit: payments are multiples of it.

    100 where banks are paid whole units only, 10 where Stripe wants the last of three decimals to
    be 0 (docs.stripe.com/currencies, three-decimal), else 1.
    """
    if currency in PAID_IN_WHOLE_UNITS:
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


CurrencyCode = Annotated[str, BeforeValidator(_upper), Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code in capitals."""


class Money(BaseModel):
    """An amount of one currency.

    Written by people as ``900 EUR`` or ``1,250.50 GBP``; stored and sent as
    ``{"minor": 90000, "currency": "EUR"}``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minor: Annotated[int, Field(strict=True, ge=-MAX_MINOR, le=MAX_MINOR)]
    """Amount in the smallest unit of ``currency``."""
    currency: CurrencyCode

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            return parse_parts(value)
        return value

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(minor=self.minor - other.minor, currency=self.currency)

    def __str__(self) -> str:
        digits = exponent(self.currency)
        number = Decimal(self.minor).scaleb(-digits)
        return f"{number:,.{digits}f} {self.currency}"

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added up")


def parse_parts(text: str) -> dict[str, Any]:
    """Read ``1,250.50 EUR`` into the fields of `Money`.

    Raises:
        ValueError: not a number and a currency code, or more decimals than the currency has.
    """
    match = _TEXT.match(text)
    if not match:
        raise ValueError(f"'{text}' is not an amount; write a number and a currency, like 900 EUR")
    currency = match["currency"].upper()
    try:
        number = Decimal(re.sub(r"[, _']", "", match["number"]))
    except InvalidOperation as error:
        raise ValueError(f"'{text}' is not an amount; write a number, like 900 EUR") from error
    minor = number.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"'{text}' has more decimals than {currency} has ({exponent(currency)})")
    if currency in WRITTEN_WITH_DECIMALS and minor % 100:
        raise ValueError(f"'{text}' has decimals, and {currency} has none")
    return {"minor": int(minor), "currency": currency}


def check_payable(amount: Money) -> None:
    """Make sure that an amount can be paid out to the last.

    Raises:
        ValueError: it is not a multiple of what its currency is paid in.
    """
    unit = payable_unit(amount.currency)
    if amount.minor % unit:
        steps = Money(minor=unit, currency=amount.currency)
        near = Money(minor=amount.minor - amount.minor % unit, currency=amount.currency)
        raise ValueError(
            f"{amount} cannot be paid: banks are paid in steps of {steps}, like {near}"
        )


def whole_units(minor: int, currency: str) -> int:
    """An amount without the part of it that cannot be paid out."""
    return minor - minor % payable_unit(currency)


def split_by_percent(total_minor: int, percents: list[int], currency: str) -> list[int]:
    """Divide an amount by whole percentages, losing nothing (largest remainder, first wins ties).

    Each part can be paid out: it is a multiple of what the currency is paid in. Should the amount
    itself not be one, the last part has what is left over.

    Raises:
        ValueError: the percentages do not add up to 100.
    """
    if sum(percents) != 100:
        raise ValueError(f"shares must add up to 100 %, these add up to {sum(percents)} %")
    unit = payable_unit(currency)
    units, left_over = divmod(total_minor, unit)
    exact = [units * percent for percent in percents]
    parts = [value // 100 for value in exact]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(exact[i] % 100), i))
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    amounts = [part * unit for part in parts]
    amounts[-1] += left_over
    return amounts
