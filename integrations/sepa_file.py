"""The file that a bank carries out: pain.001.001.09, made by ``sepaxml`` and checked by its schema.

Each payment is a block of its own and booked by itself, so that the bank's statement names every
one by its reference instead of one sum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sepaxml import SepaTransfer

from domain.bank_transfer import CURRENCY, Debtor, Transfer
from domain.errors import ConfigurationError

SCHEMA = "pain.001.001.09"
_OTHERS = re.compile(r"[^A-Za-z0-9/?:().,'+ -]")
"""What banks need not take (European Payments Council, EPC217-08)."""


class _File(SepaTransfer):  # type: ignore[misc]
    """With our names in place of the library's random ones, and SEPA's letters only."""

    def finish(self, message_id: str, names: Sequence[str]) -> None:
        for node in self._xml.iter("MsgId"):
            node.text = message_id
        for tag in ("Nm", "Ustrd"):
            for node in self._xml.iter(tag):
                text = _OTHERS.sub(" ", (node.text or "").replace("&", "+"))
                node.text = " ".join(text.split()) or "NOTPROVIDED"
        for node, name in zip(self._xml.iter("PmtInfId"), names, strict=True):
            node.text = name


def write_file(debtor: Debtor, transfers: Sequence[Transfer], message_id: str, day: date) -> bytes:
    """Write one file.

    Args:
        debtor: the brand's account.
        transfers: at least one.
        message_id: names the file at the bank, at most 35 characters.
        day: on which the bank is to carry it out.

    Raises:
        ConfigurationError: the file does not keep to the schema, so no bank would take it.
    """
    file = _File(
        {"name": debtor.name, "IBAN": debtor.iban, "BIC": debtor.bic, "batch": False,
         "currency": CURRENCY},
        schema=SCHEMA,
    )  # fmt: skip
    for each in transfers:
        file.add_payment(
            {
                "name": each.holder, "IBAN": each.iban, "amount": each.amount_minor,
                "execution_date": day, "description": each.purpose,
                "endtoend_id": each.end_to_end_id,
            }
        )  # fmt: skip
    file.finish(message_id, [each.end_to_end_id for each in transfers])
    try:
        made: bytes = file.export(validate=True)
    except Exception as error:
        # The library's message carries names and accounts of the file.
        raise ConfigurationError(
            f"the bank file does not keep to {SCHEMA} ({type(error).__name__})",
            hint="see TROUPE_SEPA_NAME, TROUPE_SEPA_IBAN and TROUPE_SEPA_BIC",
        ) from None
    return made
