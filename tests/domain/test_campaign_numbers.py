"""The brand's numbers in the campaign file, before they stand on invoices."""

from __future__ import annotations

import pytest

from domain.campaign_numbers import check_numbers

SIREN, VAT = "552 100 554", "FR 96 552100554"


@pytest.mark.parametrize(
    ("business", "vat", "country", "path", "said"),
    [
        ("552100555", VAT, "FR", "brand.business_number", "not a SIREN"),
        (SIREN, "FR13552100554", "FR", "brand.vat_number", "do not fit"),
        (SIREN, "DE123456789", "FR", "brand.vat_number", "FR…"),
        (SIREN, "", "FR", "brand.vat_number", "is missing"),
        ("", VAT, "FR", "brand.business_number", "is missing"),
    ],
)
def test_a_slip_in_them_is_a_mistake(
    business: str, vat: str, country: str, path: str, said: str
) -> None:
    values = {
        "brand.country": country, "brand.business_number": business, "brand.vat_number": vat,
    }  # fmt: skip
    ((found, message, hint),) = check_numbers(values)
    assert (found, said in message, bool(hint)) == (path, True, True)


@pytest.mark.parametrize(
    ("business", "vat", "country"),
    [(SIREN, VAT, "FR"), ("55210055400013", VAT, "FR"), ("", "", "FR"), ("HRB 7", "x", "DE")],
)
def test_numbers_that_may_be_right_are_none(business: str, vat: str, country: str) -> None:
    values = {
        "brand.country": country, "brand.business_number": business, "brand.vat_number": vat,
    }  # fmt: skip
    assert list(check_numbers(values)) == []


def test_a_file_without_them_is_right() -> None:
    assert list(check_numbers({})) == []
