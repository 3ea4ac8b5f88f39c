"""Creators who speak to the same people: what a further one still adds.

A community is a platform, a country and a category together. How far its creators share their
followers is an assumption of the campaign file, since rosters do not say. At 30 percent, what the
strongest creator of a community brings counts whole, as much again counts 70 percent, as much again
49 percent, and so on: a concave sum, so that the best set can still be proven.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.programme import Programme, Row
from domain.quotas import Traits

SCALE = 1_000
"""Values are reckoned in thousandths, so that steps stay whole numbers."""

STEPS = 6
"""From the last step on nothing falls any further."""

Community = tuple[str, str, str]


@dataclass(frozen=True)
class Saturation:
    """What a community's results are worth together."""

    unit: int
    """What its strongest candidate brings: the length of a step."""
    weights: tuple[int, ...]
    """What one unit is worth in each step, in thousandths."""

    def worth(self, total: int) -> int:
        """What results of so much in all are worth, in thousandths."""
        value = 0
        for step, weight in enumerate(self.weights):
            last = step == len(self.weights) - 1
            inside = total if last else min(total, self.unit)
            value += inside * weight
            total -= inside
        return value


def community_of(traits: Traits) -> Community | None:
    """Whose community it is; ``None`` if it is not known, and so shared with nobody."""
    found = (traits.platform, traits.country, traits.category)
    return found if all(found) else None


def saturations(
    results: Iterable[tuple[Traits, int]], overlap_percent: int
) -> Mapping[Community, Saturation]:
    """The communities of which there is more than one candidate, if any are shared at all."""
    if not overlap_percent:
        return {}
    members: defaultdict[Community, list[int]] = defaultdict(list)
    for traits, expected in results:
        if (community := community_of(traits)) is not None:
            members[community].append(expected)
    kept = (100 - overlap_percent) / 100
    weights = tuple(round(SCALE * kept**step) for step in range(STEPS))
    return {
        community: Saturation(max(each), weights)
        for community, each in sorted(members.items())
        if len(each) > 1 and max(each) > 0
    }


def worth(results: Sequence[tuple[Traits, int]], shared: Mapping[Community, Saturation]) -> int:
    """What a set brings when what is shared counts once, in thousandths."""
    totals: defaultdict[Community, int] = defaultdict(int)
    alone = 0
    for traits, expected in results:
        community = community_of(traits)
        if community is not None and community in shared:
            totals[community] += expected
        else:
            alone += expected * SCALE
    return alone + sum(shared[each].worth(total) for each, total in totals.items())


def with_overlap(
    programme: Programme,
    results: Sequence[tuple[Traits, int]],
    shared: Mapping[Community, Saturation],
) -> Programme:
    """The programme whose value is `worth`: each step of each community is an amount of its own.

    A step is worth less than the one before, so the best answer fills them in their order.
    """
    gains = [expected * SCALE for _, expected in results]
    members: defaultdict[Community, dict[int, int]] = defaultdict(dict)
    for column, (traits, expected) in enumerate(results):
        community = community_of(traits)
        if community is not None and community in shared:
            gains[column] = 0
            members[community][column] = -expected
    most = dict(programme.most)
    rows = list(programme.rows)
    for community, saturation in shared.items():
        steps = range(len(gains), len(gains) + len(saturation.weights))
        gains += saturation.weights
        most |= dict.fromkeys(steps[:-1], saturation.unit)
        name = f"community {'/'.join(community)}"
        rows.append(Row(name, {**members[community], **dict.fromkeys(steps, 1)}, at_most=0))
    return replace(programme, gains=tuple(gains), rows=tuple(rows), most=most)


class Shares:
    """What each candidate counts in a set whose communities overlap."""

    def __init__(
        self,
        chosen: Sequence[tuple[Traits, int]],
        waiting: Sequence[tuple[Traits, int]],
        overlap_percent: int,
    ) -> None:
        """Add up the communities of the chosen; the waiting set the length of steps too."""
        self._shared = saturations((*chosen, *waiting), overlap_percent)
        self._totals: defaultdict[Community | None, int] = defaultdict(int)
        self._heads: defaultdict[Community | None, int] = defaultdict(int)
        for traits, expected in chosen:
            self._totals[community_of(traits)] += expected
            self._heads[community_of(traits)] += 1

    def counts(self, traits: Traits, expected: int, *, inside: bool) -> int:
        """What the set would bring less without one of it, or more with one more."""
        community = community_of(traits)
        if community is None or community not in self._shared:
            return expected
        saturation, total = self._shared[community], self._totals[community]
        low = total - expected if inside else total
        return (saturation.worth(low + expected) - saturation.worth(low)) // SCALE

    def beside(self, traits: Traits, *, inside: bool) -> int:
        """How many others of the set are of the same community."""
        community = community_of(traits)
        return self._heads[community] - int(inside) if community else 0
