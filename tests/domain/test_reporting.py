"""From which sum payments have to be reported: figures with sources, nothing guessed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from domain.money import Money
from domain.reporting import RULES, VERSION, Rule, Standing

NEC, DAS2, M347, KSA = RULES
PAYMENTS = Path(__file__).parents[2] / "docs" / "payments.md"


def usd(text: str) -> Money:
    return Money.model_validate(f"{text} USD")


def eur(text: str) -> Money:
    return Money.model_validate(f"{text} EUR")


@pytest.mark.parametrize(
    ("year", "paid", "standing"),
    [
        (2025, "599.99", Standing.BELOW), (2025, "600", Standing.REACHED),
        (2026, "1999.99", Standing.BELOW), (2026, "2000", Standing.REACHED),
        (2027, "9000", Standing.NO_FIGURE), (2024, "9000", Standing.NO_FIGURE),
    ],
)  # fmt: skip
def test_the_american_figure_counts_itself_and_is_each_year_s_own(
    year: int, paid: str, standing: Standing
) -> None:
    assert NEC.standing(year, usd(paid)) is standing


@pytest.mark.parametrize(
    ("rule", "figure", "above"),
    [(DAS2, "2400", "2400.01"), (M347, "3005.06", "3005.07"), (KSA, "1000", "1000.01")],
)
def test_the_others_begin_above_their_figure(rule: Rule, figure: str, above: str) -> None:
    assert rule.standing(2026, eur(figure)) is Standing.BELOW
    assert rule.standing(2026, eur(above)) is Standing.REACHED


def test_another_currency_is_never_compared() -> None:
    assert NEC.standing(2026, eur("900000")) is Standing.OTHER_CURRENCY


def test_one_person_with_two_accounts_is_noticed() -> None:
    assert NEC.standing(2026, usd("1500"), usd("2500")) is Standing.TOGETHER
    assert NEC.standing(2026, usd("1500"), usd("1900")) is Standing.BELOW


def test_a_rule_speaks_of_brands_and_creators_of_its_countries() -> None:
    assert NEC.applies("US", "US")
    assert not NEC.applies("US", "GB")
    assert not NEC.applies("DE", "US")
    assert DAS2.applies("FR", "US")
    assert KSA.of == "payer"


def test_every_figure_has_a_source_and_stands_in_the_documentation() -> None:
    text = PAYMENTS.read_text()
    assert VERSION in text
    for rule in RULES:
        assert rule.source.startswith("https://")
        assert rule.read_on <= date.fromisoformat(VERSION)
        assert rule.form in text
        assert str(rule.figures[2026]) in text
