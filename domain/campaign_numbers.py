"""The brand's own numbers, which the invoices that it issues for creators carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domain.invoicing import RULES, BadTaxData, business_number_of, vat_number_of

_HINT = (
    "copy it from an invoice of the brand, or leave both numbers out: creators then hand in theirs"
)


def check_numbers(values: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Mistakes in the brand's numbers, as path, what is wrong, and what would be right.

    A slip here would stand on every invoice, none of which can be changed.

    Args:
        values: of the campaign file, by path.
    """
    country = values.get("brand.country")
    if country not in RULES:
        return
    checks = {"brand.business_number": business_number_of, "brand.vat_number": vat_number_of}
    given = {path: str(values.get(path) or "").strip() for path in checks}
    for path, check in checks.items():
        if not given[path]:
            continue
        try:
            check(given[path], country)
        except BadTaxData as mistake:
            yield path, f"'{given[path][:30]}' cannot be right: {mistake.message}", _HINT
    missing = [path for path in checks if not given[path]]
    if len(missing) == 1:
        yield missing[0], "is missing, the brand's other number is there", _HINT
