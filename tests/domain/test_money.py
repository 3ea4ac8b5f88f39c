"""Amounts that can be paid out to the last, in every currency."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.campaign import Milestone, MilestoneKind
from domain.campaign_fees import check_fees
from domain.decisions import DecisionKind
from domain.money import Money, payable_unit, split_by_percent, whole_units
from web.fields import BadAmount, read_amount, read_fee, read_for

CURRENCIES = ("EUR", "JPY", "HUF", "ISK", "TWD", "UGX", "KWD")


@given(
    st.sampled_from(CURRENCIES),
    st.integers(min_value=0, max_value=10**9),
    st.lists(st.integers(min_value=1, max_value=100), min_size=1, max_size=4),
)
def test_every_milestone_of_a_fee_can_be_paid_and_together_they_are_the_fee(
    currency: str, units: int, weights: list[int]
) -> None:
    percents = [weight * 100 // sum(weights) for weight in weights]
    percents[-1] += 100 - sum(percents)
    unit = payable_unit(currency)
    parts = split_by_percent(units * unit, percents, currency)
    assert sum(parts) == units * unit
    assert all(part >= 0 and part % unit == 0 for part in parts)
    # Nobody is off by more than one unit from what the percents say.
    exact = [units * unit * percent / 100 for percent in percents]
    assert all(abs(part - ideal) <= unit for part, ideal in zip(parts, exact, strict=True))


def test_what_cannot_be_paid_of_an_amount_is_with_the_last_part() -> None:
    assert split_by_percent(100_050, [50, 50], "HUF") == [50_000, 50_050]
    assert split_by_percent(100_100, [50, 50], "ISK") == [50_100, 50_000]
    assert split_by_percent(101, [50, 50], "EUR") == [51, 50]
    assert whole_units(33_350, "UGX") == 33_300
    assert whole_units(33_355, "KWD") == 33_350
    assert whole_units(33_355, "EUR") == 33_355


def test_a_fee_that_no_bank_would_be_paid_is_refused_when_it_is_written() -> None:
    with pytest.raises(BadAmount, match=r"steps of 1\.00 HUF, like 90,000\.00 HUF"):
        read_fee("90000.50", "HUF")
    with pytest.raises(BadAmount, match=r"steps of 0\.010 KWD"):
        read_fee("90.505 KWD", "KWD")
    assert read_fee("90000", "HUF") == 9_000_000
    # A tax on it may have decimals.
    assert read_amount("90000.50", "HUF") == 9_000_050
    # What a creator has sent is booked as it came, at the desk and at the terminal.
    assert read_for(DecisionKind.BOOK_REPAYMENT, "90000.50", "HUF") == 9_000_050
    with pytest.raises(BadAmount):
        read_for(DecisionKind.CLAIM_BACK, "90000.50", "HUF")


def remarks(ceiling: str, *percents: int) -> list[tuple[str, str, str]]:
    events = (MilestoneKind.PUBLICATION_VERIFIED, MilestoneKind.RETENTION_PASSED)
    return list(
        check_fees(
            {
                "budget.per_collaboration": Money.model_validate(ceiling),
                "milestones": [
                    Milestone(on=on, percent=percent)
                    for on, percent in zip(events, percents, strict=True)
                ],
            }
        )
    )


def test_a_campaign_whose_fees_cannot_be_divided_is_refused() -> None:
    assert remarks("900 EUR", 50, 50) == []
    assert remarks("100 ISK", 99, 1) == []
    ((path, said, _),) = remarks("900.50 TWD", 50, 50)
    assert (path, "steps of 1.00 TWD" in said) == ("budget.per_collaboration", True)
    ((path, said, todo),) = remarks("20 ISK", 98, 2)
    assert path == "milestones[1].percent"
    assert "2 % of 20.00 ISK is less than 1.00 ISK" in said
    assert "raise budget.per_collaboration" in todo
