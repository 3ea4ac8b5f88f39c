"""How fees that were really agreed move the next quote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agreed import NO_HISTORY, Deal, agreed_line, history_of, quoted_by_card
from domain.campaign import Deliverable, DeliverableKind
from domain.quote import CreatorFacts, Criterion, Quote, QuoteLine, quote
from domain.rate_card import DEFAULT_RATE_CARD, Agreed

CARD = DEFAULT_RATE_CARD
OFF = CARD.model_copy(update={"agreed": Agreed(use=False)})
REEL = Deliverable(kind=DeliverableKind.REEL)


def deals(*ratios: float, platform: str = "instagram") -> list[Deal]:
    return [
        Deal(f"cre_{number}", platform, 10_000, round(10_000 * ratio))
        for number, ratio in enumerate(ratios)
    ]


def quoted(agreed: QuoteLine | None) -> Quote:
    facts = CreatorFacts(platform="instagram", followers=20_000, engagement_ppm=35_000)
    return quote(facts, [REEL], "beauty", ("DE",), "EUR", CARD, agreed=agreed)


def test_a_creator_s_own_last_deal_counts_in_full_and_says_so() -> None:
    history = history_of([*deals(1.2), *deals(0.9)])
    line = agreed_line(history, "cre_0", "instagram", CARD)
    assert line is not None
    assert line.criterion is Criterion.AGREED
    assert line.factor == pytest.approx(1.2)
    assert "20 % more than was quoted last time" in line.reason


def test_deals_of_others_count_in_part_the_more_the_more_there_are() -> None:
    few, many = (
        agreed_line(history_of(deals(*[1.2] * count)), "new", "instagram", CARD)
        for count in (5, 50)
    )
    assert few is not None
    assert many is not None
    assert few.factor == pytest.approx(1.1)
    assert few.factor < many.factor < 1.2
    assert "5 creators on instagram agreed to 20 % more" in few.reason


@pytest.mark.parametrize(
    ("ratios", "platform"), [((), "instagram"), ([1.2] * 4, "instagram"), ([1.2] * 9, "tiktok")]
)
def test_too_few_deals_or_another_platform_move_nothing(ratios: list[float], platform: str) -> None:
    assert agreed_line(history_of(deals(*ratios)), "new", platform, CARD) is None
    assert agreed_line(NO_HISTORY, "new", platform, CARD) is None


def test_it_can_be_switched_off() -> None:
    assert agreed_line(history_of(deals(1.2)), "cre_0", "instagram", OFF) is None


def test_a_deal_far_from_every_quote_moves_only_so_far() -> None:
    line = agreed_line(history_of(deals(9.0)), "cre_0", "instagram", CARD)
    assert line is not None
    assert line.factor == CARD.agreed.highest_factor


def test_the_line_moves_the_quote_and_history_does_not_feed_itself() -> None:
    line = agreed_line(history_of(deals(1.2)), "cre_0", "instagram", CARD)
    plain, moved = quoted(None), quoted(line)
    assert moved.total > plain.total
    kept = moved.model_dump(mode="json")
    assert quoted_by_card(kept) == pytest.approx(plain.total, rel=0.05)
    again = history_of([Deal("cre_0", "instagram", quoted_by_card(kept), moved.total)])
    assert again.own["cre_0"] == pytest.approx(1.2, rel=0.01)


@given(st.lists(st.floats(0.01, 100), max_size=30))
def test_whatever_was_agreed_the_factor_stays_within_the_card_s_limits(
    ratios: list[float],
) -> None:
    line = agreed_line(history_of(deals(*ratios)), "new", "instagram", CARD)
    assert (line is None) == (sum(round(10_000 * r) > 0 for r in ratios) < CARD.agreed.least)
    if line:
        assert CARD.agreed.lowest_factor <= line.factor <= CARD.agreed.highest_factor
