"""Is that an account that SEPA can reach? Check digits and each country's form by python-stdnum."""

from __future__ import annotations

from stdnum import iban as checks
from stdnum.exceptions import ValidationError

from domain.bank_transfer import COUNTRIES
from domain.errors import UserMistake


def read_iban(typed: str) -> str:
    """An IBAN as people write it, without spaces and in capitals.

    Raises:
        UserMistake: a slip of the pen, or an account that SEPA does not reach; what was typed is
            not part of the message.
    """
    try:
        found: str = checks.validate("".join(typed.split())[:40])
    except ValidationError:
        raise UserMistake(
            "this is not an IBAN", hint="look for a missing or a swapped character"
        ) from None
    if found[:2] not in COUNTRIES:
        raise UserMistake(
            f"accounts in {found[:2]} cannot be reached by SEPA",
            hint="give an account in a country of the SEPA area",
        )
    return found
