"""On which days banks move euros, and what follows for files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from domain import bank_days
from domain.bank_transfer import Debtor


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (2024, date(2024, 3, 31)),
        (2025, date(2025, 4, 20)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
        (2285, date(2285, 3, 22)),
    ],
)
def test_easter_is_when_calendars_say(year: int, sunday: date) -> None:
    assert bank_days.easter(year) == sunday


def test_banks_rest_on_weekends_and_on_six_days_of_the_year() -> None:
    days = [date(2026, 1, 1) + timedelta(days=each) for each in range(365)]
    closed = [each for each in days if each.weekday() < 5 and not bank_days.is_bank_day(each)]
    assert [f"{each:%d.%m.}" for each in closed] == [
        "01.01.",
        "03.04.",
        "06.04.",
        "01.05.",
        "25.12.",
    ]
    assert not any(bank_days.is_bank_day(each) for each in days if each.weekday() >= 5)


def test_a_bank_has_its_own_days_to_answer_and_to_pay_in_time() -> None:
    thursday = datetime(2026, 4, 2, 15, tzinfo=UTC)
    tuesday = thursday + timedelta(days=5)
    assert bank_days.after(thursday, 1) == tuesday
    assert bank_days.after(thursday, 3) == tuesday + timedelta(days=2)
    for days in range(5):
        assert bank_days.in_time(thursday + timedelta(days=days)) == thursday
    assert bank_days.in_time(tuesday) == tuesday


def test_a_file_is_carried_out_on_the_next_bank_day_of_the_account_that_pays() -> None:
    brand = Debtor(name="Lumen", iban="DE89370400440532013000", bic="COBADEFFXXX")
    late = datetime(2026, 4, 1, 22, 30, tzinfo=UTC)  # half past midnight on Thursday in Berlin
    assert brand.carried_out_on(late) == date(2026, 4, 2)
    assert brand.carried_out_on(late + timedelta(days=1)) == date(2026, 4, 7)
