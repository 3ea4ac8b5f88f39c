"""Who could take whose place in a shortlist: what is enough to be in, or out.

What is said is enough: with that change there is a set with (or without) the candidate that is
better than every set without (or with) them. It is found by exchanging one for one; less may be
enough when several change places at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate

from domain.quotas import Limit, Traits
from domain.shortlist import Option, Shortlist

_Kind = tuple[bool, ...]
"""For each limit whether a candidate counts for it; candidates of a kind change places freely."""

_NOBODY = 10**18


class _Sorted:
    """Options of a kind, so that each question about them is one look-up."""

    def __init__(self, options: Sequence[Option]) -> None:
        by_fee = sorted(options, key=lambda option: option.fee_minor)
        by_result = sorted(options, key=lambda option: option.expected)
        results = [option.expected for option in by_fee]
        self._fees = [option.fee_minor for option in by_fee]
        self._results = [option.expected for option in by_result]
        self._least = [*accumulate(reversed(results), min, initial=_NOBODY)][::-1]
        self._most = [*accumulate(results, max, initial=-1)]
        fees = (option.fee_minor for option in by_result)
        self._dearest = [*accumulate(fees, max, initial=-1)]

    def least_from(self, fee_minor: int) -> int:
        """The smallest result of those who cost at least so much."""
        return self._least[bisect_left(self._fees, fee_minor)]

    def most_until(self, fee_minor: int) -> int:
        """The largest result of those who cost at most so much; -1 if nobody does."""
        return self._most[bisect_right(self._fees, fee_minor)]

    def dearest_below(self, expected: int) -> int:
        """The largest fee of those who bring less than that; -1 if nobody does."""
        return self._dearest[bisect_left(self._results, expected)]


class Exchanges:
    """Exchanges that keep number, budget and limits as they are kept now."""

    def __init__(self, made: Shortlist, limits: Sequence[Limit], wanted: int) -> None:
        """Sort the chosen and the waiting by kind.

        Args:
            made: The shortlist.
            limits: Quotas and must-haves; one that is missed must not be missed by more.
            wanted: How many may be chosen.
        """
        self._limits = limits
        self._left = made.spendable_minor - made.cost_minor
        self._place_is_free = len(made.chosen) < wanted
        kinds = [self._kind(option.traits) for option in made.chosen]
        self._totals = [
            sum(limit.weight(kind[n]) for kind in kinds) for n, limit in enumerate(limits)
        ]
        # A pinned creator stays whatever happens, and so makes room for nobody.
        may_go = [option for option in made.chosen if option.creator_id not in made.pinned]
        self._inside = self._by_kind(may_go)
        waiting = self._by_kind(made.waitlist)
        self._outside = {kind: _Sorted(each) for kind, each in waiting.items()}
        self._kept = cache(self._keeps)
        self._who_may_go = cache(self._find_who_may_go)

    def enough_more(self, waiting: Option) -> int | None:
        """So much more of the goal is enough to be chosen; ``None`` if no amount is."""
        kind = self._kind(waiting.traits)
        least = self._who_may_go(kind).least_from(waiting.fee_minor - self._left)
        if self._free_for(kind) and waiting.fee_minor <= self._left:
            least = min(least, 0)
        return None if least == _NOBODY else max(1, least - waiting.expected + 1)

    def enough_fee(self, waiting: Option) -> int | None:
        """A fee of so much, in the smallest unit, is enough to be chosen; ``None`` if none is."""
        kind = self._kind(waiting.traits)
        freed = self._who_may_go(kind).dearest_below(waiting.expected)
        if self._free_for(kind) and waiting.expected > 0:
            freed = max(freed, 0)
        fee = freed + self._left
        return fee if freed >= 0 and 0 < fee < waiting.fee_minor else None

    def enough_less(self, inside: Option) -> int | None:
        """So much less of the goal is enough to be out; ``None`` if nobody could take the place."""
        kind, purse = self._kind(inside.traits), inside.fee_minor + self._left
        partners = (each for other, each in self._outside.items() if self._kept(kind, other))
        best = max((each.most_until(purse) for each in partners), default=-1)
        less = max(1, inside.expected - best + 1)
        return None if best < 0 or less > inside.expected else less

    def _find_who_may_go(self, comes: _Kind) -> _Sorted:
        kinds = (each for kind, each in self._inside.items() if self._kept(kind, comes))
        return _Sorted([option for each in kinds for option in each])

    def _free_for(self, kind: _Kind) -> bool:
        return self._place_is_free and self._kept(None, kind)

    def _by_kind(self, options: Iterable[Option]) -> dict[_Kind, list[Option]]:
        kinds: defaultdict[_Kind, list[Option]] = defaultdict(list)
        for option in options:
            kinds[self._kind(option.traits)].append(option)
        return kinds

    def _kind(self, traits: Traits) -> _Kind:
        return tuple(limit.includes(traits) for limit in self._limits)

    def _keeps(self, goes: _Kind | None, comes: _Kind) -> bool:
        """True if the limits are kept when one of a kind goes and one of another comes."""
        return all(self._limit_kept(n, goes, comes) for n in range(len(self._limits)))

    def _limit_kept(self, number: int, goes: _Kind | None, comes: _Kind) -> bool:
        limit, before = self._limits[number], self._totals[number]
        after = before + limit.weight(comes[number])
        after -= limit.weight(goes[number]) if goes is not None else 0
        if limit.least:
            return after >= min(limit.bound, before)
        return after <= max(limit.bound, before)
