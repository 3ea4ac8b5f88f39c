"""Filters that write money, dates, lengths of time and counts the way the reader does."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from jinja2 import pass_context
from jinja2.runtime import Context

from domain.money import Money, exponent
from rendering.reader import Reader

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
_PPM = Decimal(1_000_000)


def _reader(context: Context) -> Reader:
    reader = context.get("reader")
    return reader if isinstance(reader, Reader) else Reader()


def _moment(value: datetime | str) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown to anybody")
    return moment


@pass_context
def money(context: Context, value: int | Money, currency: str = "") -> str:
    """An amount, from the smallest unit and a currency, or from a `Money`.

    Without a currency, the context's ``currency`` is used.
    """
    minor = value.minor if isinstance(value, Money) else value
    code = value.currency if isinstance(value, Money) else currency or context["currency"]
    amount = Decimal(minor).scaleb(-exponent(code))
    return format_currency(amount, code, locale=_reader(context).locale)


@pass_context
def when(context: Context, value: datetime | str) -> str:
    """Date and time in the reader's zone, which is named: nobody has to calculate."""
    reader = _reader(context)
    moment = _moment(value).astimezone(reader.tzinfo)
    clock = format_time(moment, "short", tzinfo=reader.tzinfo, locale=reader.locale)
    return f"{_date(moment.date(), 'full', reader)}, {clock} ({reader.zone_name})"


@pass_context
def day(context: Context, value: datetime | date | str) -> str:
    """The day alone, in the reader's zone."""
    reader = _reader(context)
    if isinstance(value, date) and not isinstance(value, datetime):
        return _date(value, "long", reader)
    return _date(_moment(value).astimezone(reader.tzinfo).date(), "long", reader)


def _date(value: date, form: Literal["long", "full"], reader: Reader) -> str:
    text = format_date(value, form, locale=reader.locale)
    if value.day == 1 and reader.locale.partition("_")[0] == "fr":
        # The first of a month is an ordinal in French, which the locale data leaves out.
        return re.sub(r"\b1\b", "1er", text, count=1)
    return text


@pass_context
def duration(context: Context, value: timedelta | int) -> str:
    """A length of time in at most two units: ``3 days``, ``1 hour 30 minutes``."""
    seconds = int(value.total_seconds()) if isinstance(value, timedelta) else int(value)
    locale = _reader(context).locale
    parts: list[str] = []
    for name, size in _UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(format_unit(number, f"duration-{name}", "long", locale=locale))
        elif parts:
            break
    return " ".join(parts[:2]) or format_unit(0, "duration-second", "long", locale=locale)


@pass_context
def count(context: Context, value: int) -> str:
    """A whole number with the reader's separators."""
    return format_decimal(value, locale=_reader(context).locale)


@pass_context
def percent_ppm(context: Context, value: int) -> str:
    """Parts per million as per cent: 25,000 is ``2.5%``."""
    return format_percent(Decimal(value) / _PPM, "#,##0.##%", locale=_reader(context).locale)


@pass_context
def country(context: Context, code: str) -> str:
    """The country's name in the reader's language; an unknown code stays as it is."""
    names = Locale.parse(_reader(context).locale).territories
    return str(names.get(code.upper(), code))
