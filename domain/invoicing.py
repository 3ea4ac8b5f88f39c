"""What a brand needs from a creator before it pays: tax status, invoice, value added tax.

The rules stand in ``domain/data/invoicing.yaml``, by the country of the brand. A country without
rules holds nothing. The agreed fee is all that is paid, so value added tax is taken out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.errors import UserMistake
from domain.payments import BONUS, REPAYMENT
from domain.text import read_data

TAX_MISSING, INVOICE_MISSING = "tax_missing", "invoice_missing"

WITHOUT_INVOICE = ("kill_fee", REPAYMENT)
"""Payments that need none: a kill fee may be damages, which no rule here decides, and what is paid
again has its invoice from the first time."""

NEVER_HELD = (*WITHOUT_INVOICE, BONUS)
"""Payments that do not wait for one: the creator hears of a bonus only when it is on its way."""


class TaxStatus(StrEnum):
    """What a creator is for the tax office."""

    PRIVATE = "private"  # not in business
    EXEMPT = "exempt"  # in business, too small for value added tax
    REGISTERED = "registered"  # charges value added tax


class Treatment(StrEnum):
    """How value added tax goes on an invoice."""

    DOMESTIC = "domestic"  # charged at the standard rate
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"  # the brand owes it


class Basis(BaseModel):
    """A sentence of the law and where it stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: str
    where: str
    source: str


class CountryRules(BaseModel):
    """What the law of a brand's country wants."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rate: int
    self_billing: str
    mentions: dict[str, str]
    always: tuple[str, ...]
    read_on: date
    basis: tuple[Basis, ...]


@dataclass(frozen=True)
class TaxFacts:
    """What a creator says of themselves."""

    status: TaxStatus
    country: str
    legal_name: str
    address: str
    business_number: str = ""
    """Number in the register of businesses: the SIREN in France."""
    vat_number: str = ""
    """With its country's letters."""


@dataclass(frozen=True)
class Amounts:
    """Parts of what is paid, in the smallest unit; net and VAT are exactly the gross."""

    net_minor: int
    vat_minor: int
    gross_minor: int
    rate: int
    """Percent."""


@dataclass(frozen=True)
class TaxSplit:
    """What an invoice says of a sum; without a number there is none, and the sum is gross only."""

    number: str = ""
    issued_on: date | None = None
    net_minor: int = 0
    vat_minor: int = 0


class BadTaxData(UserMistake):
    """Tax data that cannot be right; the message says what."""

    code = "bad_tax_data"


_DATA: Any = read_data("invoicing.yaml")
RULES: dict[str, CountryRules] = {
    country: CountryRules.model_validate(rules) for country, rules in _DATA["countries"].items()
}
VAT_NUMBERS: dict[str, str] = _DATA["vat_numbers"]


def treatment(brand_country: str, facts: TaxFacts) -> Treatment:
    """How an invoice of this creator to a brand of that country goes."""
    if facts.country != brand_country:
        return Treatment.REVERSE_CHARGE
    return Treatment.DOMESTIC if facts.status is TaxStatus.REGISTERED else Treatment.EXEMPT


def amounts(gross_minor: int, rate: int) -> Amounts:
    """Take value added tax out of a sum; half a unit is rounded up.

    Args:
        gross_minor: what is paid in all, not negative.
        rate: percent; 0 if none is charged.
    """
    whole = 100 + rate
    vat = (2 * gross_minor * rate + whole) // (2 * whole)
    return Amounts(gross_minor - vat, vat, gross_minor, rate)


def vat_between(vat_minor: int, gross_minor: int, start: int, end: int) -> int:
    """The value added tax in a part of an invoice, so that the parts add up to the whole.

    >>> [vat_between(1, 9, start, start + 3) for start in (0, 3, 6)]
    [0, 1, 0]

    Args:
        vat_minor: the tax of the invoice.
        gross_minor: its total; not 0.
        start: where in the total the part begins.
        end: where it ends.
    """

    def until(place: int) -> int:
        return (2 * vat_minor * place + gross_minor) // (2 * gross_minor)

    return until(end) - until(start)


def free_parts(
    start: int, end: int, taken: Iterable[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """What nothing else has taken of a part of an invoice, from its beginning on.

    >>> free_parts(0, 100, [(70, 100), (20, 30)])
    ((0, 20), (30, 70))
    """
    found = []
    for taken_from, taken_to in sorted(taken):
        if start < min(taken_from, end):
            found.append((start, min(taken_from, end)))
        start = max(start, taken_to)
    if start < end:
        found.append((start, end))
    return tuple(found)


def is_the_vat(handed_in_minor: int, expected: Amounts) -> bool:
    """True if an invoice has the tax that it should; a unit more or less is somebody's rounding.

    Of 100.05 with 20 %, 16.67 and 16.68 are both right: programs that reckon from the net never
    come to half a unit.
    """
    if not expected.vat_minor:
        return not handed_in_minor
    return abs(handed_in_minor - expected.vat_minor) <= 1


def amounts_for(brand_country: str, facts: TaxFacts, gross_minor: int) -> Amounts:
    """Net, value added tax and gross of a payment to this creator."""
    domestic = treatment(brand_country, facts) is Treatment.DOMESTIC
    return amounts(gross_minor, RULES[brand_country].rate if domestic else 0)


def mentions(brand_country: str, facts: TaxFacts) -> tuple[str, ...]:
    """The words that a self-billed invoice has to carry."""
    rules = RULES[brand_country]
    found = [rules.mentions["self_billed"]]
    how = treatment(brand_country, facts)
    if how.value in rules.mentions:
        found.append(rules.mentions[how.value])
    return (*found, *rules.always)


def checked(facts: TaxFacts) -> TaxFacts:
    """The same, tidied up.

    Raises:
        BadTaxData: something is missing, or a number cannot be right.
    """
    if len(facts.legal_name.strip()) < 2 or len(facts.address.strip()) < 5:
        raise BadTaxData("Please type your full name and your postal address")
    if not re.fullmatch("[A-Z]{2}", facts.country):
        raise BadTaxData("Please give the country in which you are taxed")
    business, vat = "", ""
    if facts.status is not TaxStatus.PRIVATE:
        business = business_number_of(facts.business_number, facts.country)
    if facts.status is TaxStatus.REGISTERED:
        vat = vat_number_of(facts.vat_number, facts.country)
    return TaxFacts(
        facts.status, facts.country, facts.legal_name.strip()[:200], facts.address.strip()[:500],
        business, vat,
    )  # fmt: skip


def plain(text: str) -> str:
    """A number without what people write between its digits."""
    return re.sub(r"[\s.\-]", "", text).upper()


def business_number_of(text: str, country: str) -> str:
    """A number in the register of businesses, tidied up.

    Raises:
        BadTaxData: it cannot be right.
    """
    number = plain(text)[:30]
    if country == "FR" and not is_siren(number[:9] if len(number) == 14 else number):
        raise BadTaxData("This is not a SIREN: it has nine digits, and the last one checks them")
    return number


def vat_number_of(text: str, country: str) -> str:
    """A VAT number, tidied up.

    Raises:
        BadTaxData: it cannot be right.
    """
    number = plain(text)[:30]
    letters = "EL" if country == "GR" else country
    if country not in VAT_NUMBERS:
        if not number:
            raise BadTaxData("Please give your VAT or tax number")
        return number
    if not re.fullmatch(VAT_NUMBERS[country], number.removeprefix(letters), re.ASCII) or (
        not number.startswith(letters)
    ):
        raise BadTaxData(f"This is not how a VAT number of your country is written: {letters}…")
    if country == "FR" and not _french(number):
        raise BadTaxData("This VAT number cannot be right: its digits do not fit together")
    return number


def is_siren(number: str) -> bool:
    """True if nine digits are a SIREN: their check digit fits (Luhn)."""
    if not re.fullmatch(r"[0-9]{9}", number) or not int(number):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(number)]
    return sum(each // 10 + each % 10 for each in doubled) % 10 == 0


def _french(number: str) -> bool:
    key, siren = number[2:4], number[4:]
    if not is_siren(siren):
        return False
    # Keys with letters exist; how they are made is not public.
    return not key.isdigit() or int(key) == (12 + 3 * (int(siren) % 97)) % 97


def mandate_text(brand: str, creator: str) -> str:
    """What a creator agrees to, so that the brand may issue their invoices."""
    return (
        f"I, {creator}, give {brand} the mandate to issue, in my name and on my behalf, the "
        "invoices for what I am paid under this agreement, and credit notes for them. I get each "
        "on this page and may object within 30 days. I stay responsible for my invoices and for "
        "the value added tax on them, I tell at once if my tax data change, and I keep no other "
        "invoices for the same payments. I can withdraw this mandate on this page at any time; it "
        "then does not count for payments that are not released yet."
    )


def file_type(content: bytes) -> str:
    """The media type of an uploaded invoice, told by its content; empty if it is none of ours."""
    for start, media_type in (
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
    ):
        if content.startswith(start):
            return media_type
    return ""
