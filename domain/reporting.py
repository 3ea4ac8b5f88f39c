"""From which yearly sum on payments have to be reported; the figures are data with their source.

They stand in ``domain/data/reporting.yaml``. Nothing is guessed: a year without a figure, or a sum
in another currency than the figure's, is said to be undecided.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.money import Money
from domain.text import read_data


class Standing(StrEnum):
    """How a sum stands to a figure."""

    REACHED = "reached"
    TOGETHER = "together"  # only with the creators who have the same e-mail address
    BELOW = "below"
    OTHER_CURRENCY = "other_currency"  # nobody has converted it
    NO_FIGURE = "no_figure"  # the year's figure is not known here


class Rule(BaseModel):
    """One duty with its yearly figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    payer: str
    payee: str = ""
    of: Literal["payee", "payer"]
    compared: Literal["gross", "net"] = "gross"
    begins: Literal["reached", "exceeded"] = Field(alias="from")
    form: str
    duty: str
    figures: dict[int, Money]
    basis: str
    source: str
    read_on: date

    def applies(self, payer: str, payee: str) -> bool:
        """True if a brand of one country pays a creator of another under this rule."""
        return self.payer == payer and self.payee in {"", payee}

    def standing(self, year: int, paid: Money, together: Money | None = None) -> Standing:
        """How a year's sum stands to the figure.

        Args:
            year: a calendar year.
            paid: what was paid in it.
            together: the same with everybody who may be the same person, in the same currency.
        """
        figure = self.figures.get(year)
        if figure is None:
            return Standing.NO_FIGURE
        if figure.currency != paid.currency:
            return Standing.OTHER_CURRENCY
        if self._begun(paid.minor, figure.minor):
            return Standing.REACHED
        if together is not None and self._begun(together.minor, figure.minor):
            return Standing.TOGETHER
        return Standing.BELOW

    def _begun(self, minor: int, figure: int) -> bool:
        return minor > figure if self.begins == "exceeded" else minor >= figure


_DATA: Any = read_data("reporting.yaml")
VERSION: str = _DATA["version"]
RULES: tuple[Rule, ...] = tuple(
    Rule.model_validate({"code": code, **rule}) for code, rule in _DATA["rules"].items()
)
