"""What the law of the brand's country wants before a creator is paid."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.invoicing import (
    RULES,
    BadTaxData,
    TaxFacts,
    TaxStatus,
    Treatment,
    amounts,
    amounts_for,
    checked,
    file_type,
    is_siren,
    is_the_vat,
    mentions,
    treatment,
    vat_between,
)
from domain.money import Money, parse_parts
from domain.spreadsheet import Sheet

FRENCH = TaxFacts(
    TaxStatus.REGISTERED, "FR", "Anne Martin", "1 rue de la Paix, Paris", "732 829 320",
    "FR 44 732829320",
)  # fmt: skip


@given(st.integers(0, 10**12), st.sampled_from([0, 5, 19, 20]))
def test_net_and_tax_are_exactly_what_is_paid(gross: int, rate: int) -> None:
    found = amounts(gross, rate)
    assert found.net_minor + found.vat_minor == gross
    assert abs(found.vat_minor * (100 + rate) - gross * rate) * 2 <= 100 + rate


@given(
    st.integers(1, 10**12), st.sampled_from([0, 5, 19, 20, 100]), st.lists(st.integers(0, 10**12))
)
def test_the_tax_of_the_parts_of_an_invoice_adds_up_to_that_of_the_whole(
    gross: int, rate: int, cuts: list[int]
) -> None:
    whole = amounts(gross, rate)
    edges = sorted({0, gross, *(cut % gross for cut in cuts)})
    parts = list(itertools.pairwise(edges))
    taxes = [vat_between(whole.vat_minor, gross, start, end) for start, end in parts]
    assert sum(taxes) == whole.vat_minor
    for (start, end), tax in zip(parts, taxes, strict=True):
        assert 0 <= tax <= end - start, "neither net nor tax of a part is negative"
        assert abs(tax * gross - whole.vat_minor * (end - start)) <= gross, "within a unit"


@given(st.integers(0, 10**12), st.sampled_from(["JPY", "EUR", "KWD"]), st.sampled_from([0, 19, 20]))
def test_net_and_tax_add_up_as_they_are_written(gross: int, currency: str, rate: int) -> None:
    found = amounts(gross, rate)
    minors = (found.net_minor, found.vat_minor, found.gross_minor)
    cells = Sheet().row([Money(minor=minor, currency=currency) for minor in minors])
    net, tax, total = (Decimal(cell) for cell in cells.strip().split(","))
    assert net + tax == total
    assert int(parse_parts(f"{total} {currency}")["minor"]) == gross


@given(st.integers(0, 10**9), st.sampled_from([5, 19, 20]))
def test_an_invoice_that_was_reckoned_from_the_net_is_taken(net: int, rate: int) -> None:
    tax = (2 * net * rate + 100) // 200
    assert is_the_vat(tax, amounts(net + tax, rate))


def test_a_tax_that_is_none_is_not_taken_for_a_small_one() -> None:
    assert not is_the_vat(1, amounts(12_000, 0))
    assert is_the_vat(0, amounts(2, 20))
    assert not is_the_vat(1_998, amounts(12_000, 20))


def test_a_french_creator_with_vat_charges_a_fifth_on_the_net() -> None:
    found = amounts_for("FR", FRENCH, 12_000)
    assert (found.net_minor, found.vat_minor, found.rate) == (10_000, 2_000, 20)
    assert amounts(15_000, 20).vat_minor == 2_500


def test_a_small_business_says_that_it_charges_none() -> None:
    small = replace(FRENCH, status=TaxStatus.EXEMPT)
    assert treatment("FR", small) is Treatment.EXEMPT
    assert "TVA non applicable, art. 293 B du CGI" in mentions("FR", small)
    assert amounts_for("FR", small, 12_000).vat_minor == 0


@pytest.mark.parametrize("country", ["DE", "US"])
@pytest.mark.parametrize("status", [TaxStatus.EXEMPT, TaxStatus.REGISTERED])
def test_from_elsewhere_the_brand_owes_the_tax(country: str, status: TaxStatus) -> None:
    foreign = replace(FRENCH, country=country, status=status)
    assert mentions("FR", foreign)[:2] == ("Autofacturation", "Autoliquidation")
    assert amounts_for("FR", foreign, 12_000).net_minor == 12_000


def test_numbers_are_tidied_up() -> None:
    tidy = checked(FRENCH)
    assert (tidy.business_number, tidy.vat_number) == ("732829320", "FR44732829320")
    german = replace(FRENCH, country="DE", vat_number="de 123 456 789", business_number="")
    assert checked(german).vat_number == "DE123456789"
    american = replace(FRENCH, country="US", vat_number="12-3456789")
    assert checked(american).vat_number == "123456789"
    private = checked(replace(FRENCH, status=TaxStatus.PRIVATE))
    assert private.business_number == private.vat_number == "", "a person gives no more than needed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"vat_number": "FR45732829320"},
        {"vat_number": "FR44732829321"},
        {"vat_number": "44732829320"},
        {"vat_number": "DE123456789"},
        {"business_number": "732829321"},
        {"business_number": ""},
        {"country": "US", "vat_number": ""},
        {"country": "DE", "vat_number": "DE\u0661\u0662\u0663456789"},
        {"country": "France"},
        {"legal_name": " "},
        {"address": "x"},
    ],
)
def test_what_cannot_be_right_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(BadTaxData):
        checked(replace(FRENCH, **wrong))  # type: ignore[arg-type]


def test_a_siren_has_its_check_digit() -> None:
    assert is_siren("552100554")
    assert not is_siren("552100555")
    assert not is_siren("000000000")
    assert not is_siren("55210055")


def test_each_rule_names_its_source() -> None:
    for rules in RULES.values():
        assert all(each.where and each.source.startswith("https://") for each in rules.basis)


def test_a_file_is_what_its_content_says() -> None:
    assert file_type(b"%PDF-1.7 ...") == "application/pdf"
    assert file_type(b"\x89PNG\r\n\x1a\n...") == "image/png"
    assert file_type(b"\xff\xd8\xff\xe0") == "image/jpeg"
    assert file_type(b"<script>") == file_type(b"") == ""
