"""What would change a candidate's place in a shortlist, and what its limits are worth, in words."""

from __future__ import annotations

from collections.abc import Sequence

from domain.campaign import CampaignFile
from domain.exchanges import Exchanges
from domain.expectation import goal_words
from domain.money import Money, exponent
from domain.quotas import Limit
from domain.shortlist import BUDGET, WANTED, Option, Shortlist

ENTERS, LEAVES, STAYS = "Would be chosen ", "Would be out ", "Stays chosen "
FAR = "Cannot take anybody's place "
CHANGE_WORDS = (ENTERS, LEAVES, STAYS, FAR)
"""How the sentences of these functions begin."""


def chosen_sentence(option: Option, exchanges: Exchanges, file: CampaignFile) -> str:
    """What would bring one of the chosen out."""
    less = exchanges.enough_less(option)
    if less is None:
        return f"{STAYS}whatever it brings: nobody who waits could take the place."
    return f"{LEAVES}if it brought {less:,} {goal_words(file.goal)} less."


def waiting_sentence(option: Option, exchanges: Exchanges, file: CampaignFile) -> str:
    """What would bring one of the waiting in."""
    ways = []
    if (more := exchanges.enough_more(option)) is not None:
        ways.append(f"if it brought {more:,} {goal_words(file.goal)} more")
    if (fee := exchanges.enough_fee(option)) is not None:
        ways.append(f"for a fee of {Money(minor=fee, currency=file.currency)}")
    if not ways:
        return f"{FAR}within the budget and the quotas."
    return f"{ENTERS}{', or '.join(ways)}."


def worth_sentences(
    made: Shortlist, limits: Sequence[Limit], file: CampaignFile
) -> tuple[str, ...]:
    """What more money, one more place, and one person less in a quota would bring.

    These are prices of the relaxed programme, good for small changes, and so "about".
    """
    words = goal_words(file.goal)
    lines = []
    hundred = 100 * 10 ** exponent(file.currency)
    if (price := made.prices.get(BUDGET, 0.0)) * hundred >= 1:
        more = Money(minor=hundred, currency=file.currency)
        lines.append(f"{more} more to spend would bring about {price * hundred:,.0f} {words}.")
    if (price := made.prices.get(WANTED, 0.0)) >= 1:
        lines.append(f"One more place would bring about {price:,.0f} {words}.")
    for limit in limits:
        price = abs(made.prices.get(limit.path, 0.0)) * (100 if limit.percent else 1)
        if price >= 1:
            lines.append(f"“{limit.says}” costs about {price:,.0f} {words} per person.")
    return tuple(lines)
