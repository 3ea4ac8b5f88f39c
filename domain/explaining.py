"""What would change a candidate's place in a shortlist, and what its limits are worth, in words."""

from __future__ import annotations

from collections.abc import Sequence

from domain.campaign import CampaignFile
from domain.communities import Shares
from domain.exchanges import Exchanges
from domain.expectation import goal_words
from domain.money import Money, exponent
from domain.quotas import Limit, limits_of
from domain.shortlist import BUDGET, WANTED, Option, Shortlist

ENTERS, LEAVES, STAYS = "Would be chosen ", "Would be out ", "Stays chosen "
FAR = "Cannot take anybody's place "
COUNTS, ADDS = "Counts ", "Would add "
CHANGE_WORDS = (ENTERS, LEAVES, STAYS, FAR, COUNTS, ADDS)
"""How the sentences of `Changes` begin."""


class Changes:
    """What would change each candidate's place; or what each counts, where communities overlap."""

    def __init__(self, made: Shortlist, file: CampaignFile) -> None:
        """Look at a shortlist that was made for a campaign."""
        self._words, self._currency = goal_words(file.goal), file.currency
        self._inside = frozenset(option.creator_id for option in made.chosen)
        self._pinned = made.pinned
        self._exchanges = Exchanges(made, limits_of(file.shortlist), file.creators.wanted)
        overlap = file.shortlist.overlap_percent
        chosen, waiting = (
            [(option.traits, option.expected) for option in options]
            for options in (made.chosen, made.waitlist)
        )
        self._shares = Shares(chosen, waiting, overlap) if overlap else None

    def sentence(self, option: Option) -> str:
        """About one candidate."""
        inside = option.creator_id in self._inside
        if self._shares is not None:
            return self._share(option, self._shares, inside)
        if option.creator_id in self._pinned:
            return f"{STAYS}whatever it brings: it is pinned."
        return self._out(option) if inside else self._in(option)

    def _out(self, option: Option) -> str:
        less = self._exchanges.enough_less(option)
        if less is None:
            return f"{STAYS}whatever it brings: nobody who waits could take the place."
        return f"{LEAVES}if it brought {less:,} {self._words} less."

    def _in(self, option: Option) -> str:
        ways = []
        if (more := self._exchanges.enough_more(option)) is not None:
            ways.append(f"if it brought {more:,} {self._words} more")
        if (fee := self._exchanges.enough_fee(option)) is not None:
            ways.append(f"for a fee of {Money(minor=fee, currency=self._currency)}")
        if not ways:
            return f"{FAR}within the budget and the quotas."
        return f"{ENTERS}{', or '.join(ways)}."

    def _share(self, option: Option, shares: Shares, inside: bool) -> str:
        counts = shares.counts(option.traits, option.expected, inside=inside)
        beside = shares.beside(option.traits, inside=inside)
        verb = COUNTS if inside else ADDS
        others = "other" if beside == 1 else "others"
        return f"{verb}{counts:,} {self._words}, beside {beside} {others} of its community."


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
