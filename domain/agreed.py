"""What creators really agreed to, and how that moves the next quote."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.quote import Criterion, QuoteLine
from domain.rate_card import RateCard


@dataclass(frozen=True)
class Deal:
    """A fee that was signed, beside what the rate card alone had quoted."""

    creator_id: str
    platform: str
    card_minor: float
    """The quote of that time without its line of history, so that history does not feed itself."""
    fee_minor: int

    @property
    def ratio(self) -> float:
        """1.1: ten percent more was agreed than quoted."""
        return self.fee_minor / self.card_minor


@dataclass(frozen=True)
class History:
    """All deals, ready to be asked for one creator after the other."""

    own: Mapping[str, float] = field(default_factory=dict)
    """Ratio of each creator's newest deal."""
    by_platform: Mapping[str, Sequence[float]] = field(default_factory=dict)


NO_HISTORY = History()


def quoted_by_card(quote: Mapping[str, Any]) -> float:
    """A kept quote's total without its line of history, in the currency's smallest unit."""
    factor = 1.0
    for line in quote.get("lines", ()):
        if line["criterion"] == Criterion.AGREED.value:
            factor *= line["factor"]
    return float(quote.get("total", 0)) / factor


def history_of(deals: Iterable[Deal]) -> History:
    """Sort deals, the newest first, into what is asked for."""
    own: dict[str, float] = {}
    by_platform: dict[str, list[float]] = {}
    for deal in deals:
        if deal.card_minor <= 0 or deal.fee_minor <= 0:
            continue
        own.setdefault(deal.creator_id, deal.ratio)
        by_platform.setdefault(deal.platform, []).append(deal.ratio)
    return History(own, by_platform)


def agreed_line(
    history: History, creator_id: str, platform: str, card: RateCard
) -> QuoteLine | None:
    """The line by which earlier deals move a quote; None if there are too few, or it is off.

    The creator's own newest deal counts in full. Otherwise the median of the platform counts, the
    more the more deals there are: half at `least` of them.
    """
    rule = card.agreed
    if not rule.use:
        return None
    if (ratio := history.own.get(creator_id)) is not None:
        factor, reason = ratio, f"This creator agreed to {_compared(ratio)} last time."
    else:
        ratios = history.by_platform.get(platform, ())
        if len(ratios) < rule.least:
            return None
        median = statistics.median(ratios)
        factor = 1 + (median - 1) * len(ratios) / (len(ratios) + rule.least)
        reason = (
            f"{len(ratios)} creators on {platform} agreed to {_compared(median)} (median);"
            " counted in part."
        )
    factor = min(max(factor, rule.lowest_factor), rule.highest_factor)
    return QuoteLine(criterion=Criterion.AGREED, factor=factor, reason=reason)


def _compared(ratio: float) -> str:
    percent = round(100 * (ratio - 1))
    if not percent:
        return "what was quoted"
    return f"{abs(percent)} % {'more' if percent > 0 else 'less'} than was quoted"
