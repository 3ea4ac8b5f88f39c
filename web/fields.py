"""What people type into forms, read the way they write it."""

from __future__ import annotations

import json
import re

from fastapi import Request
from starlette.datastructures import UploadFile

from domain.decisions import DecisionKind
from domain.errors import UserMistake
from domain.money import MAX_MINOR, Money, check_payable, parse_parts

Fields = dict[str, str]

MAX_TEXT = 5_000
"""Characters of a comment, a caption or a statement."""

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_SYMBOLS = {"€": "EUR", "£": "GBP", "$": "USD"}


class BadAmount(UserMistake):
    """Not an amount in the campaign's currency."""

    code = "bad_amount"


async def read_fields(request: Request, most: int = 40) -> Fields:
    """The fields of a form, or of a flat JSON object; everything as text.

    Args:
        request: what came in.
        most: fields that a form may have; more are refused as a whole.
    """
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = json.loads(await request.body())
        except ValueError:
            return {}
        if not isinstance(body, dict):
            return {}
        return {
            str(key): _clean(str(value))
            for key, value in body.items()
            if isinstance(value, str | int) and not isinstance(value, bool)
        }
    form = await request.form(max_files=1, max_fields=most, max_part_size=512 * 1024)
    fields: Fields = {}
    for key, value in form.multi_items():
        if isinstance(value, UploadFile):
            text = (await value.read()).decode("utf-8-sig", errors="replace")
            if text:
                fields[key] = _clean(text)
        elif value or key not in fields:
            fields[key] = _clean(value)
    return fields


async def values_of(request: Request, name: str) -> list[str]:
    """Every value of a field that a form has several times; after `read_fields`."""
    return [
        _clean(value) for value in (await request.form()).getlist(name) if isinstance(value, str)
    ]


def _clean(text: str) -> str:
    # PostgreSQL stores no NUL; browsers send line ends as CR LF
    return text.replace("\x00", "").replace("\r\n", "\n")


def local_path(text: str) -> str:
    """A path of ours to go on to; anything else becomes the start page."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or len(text) > 500:
        return "/"
    return text if text.isprintable() else "/"


def read_for(kind: DecisionKind, text: str, currency: str) -> int:
    """Read the amount of a decision: what is to be paid can be, what came is what it is.

    Raises:
        BadAmount: as `read_fee` or `read_amount`.
    """
    came = kind is DecisionKind.BOOK_REPAYMENT
    return read_amount(text, currency) if came else read_fee(text, currency)


def read_fee(text: str, currency: str) -> int:
    """As `read_amount`, of something that is to be paid: it can be, to the last.

    Raises:
        BadAmount: as there, or banks are not paid such amounts of this currency.
    """
    minor = read_amount(text, currency)
    try:
        check_payable(Money(minor=minor, currency=currency))
    except ValueError as error:
        raise BadAmount(str(error)) from None
    return minor


def read_amount(text: str, currency: str) -> int:
    """Read ``450``, ``450.00 EUR``, ``€450`` or ``450,50`` in the smallest unit.

    Raises:
        BadAmount: not an amount, another currency, or not above zero.
    """
    written = text.strip()[:40]
    for symbol, code in _SYMBOLS.items():
        if symbol in written:
            written = f"{written.replace(symbol, '')} {code}"
    named = _CURRENCY.findall(written)
    number = _CURRENCY.sub("", written).strip()
    # one comma before one or two digits, and no point, is how half of Europe writes decimals
    if re.fullmatch(r"[\d.' ]*\d,\d{1,2}", number):
        number = number.replace(".", "").replace(",", ".")
    if len(named) > 1 or (named and named[0].upper() != currency):
        raise BadAmount(f"'{text}' is not an amount in {currency}")
    try:
        minor = int(parse_parts(f"{number} {currency}")["minor"])
    except ValueError as error:
        raise BadAmount(str(error)) from None
    if not 0 < minor <= MAX_MINOR:
        raise BadAmount(f"'{text}' is not an amount above zero")
    return minor
