"""Quotas and must-haves as limits that a set of creators keeps or does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from domain.campaign_shortlist import ANY, NO_LIMIT, Quota, ShortlistRules, tier_of
from domain.categories import category_of
from domain.handles import handle_key
from domain.programme import Row


@dataclass(frozen=True)
class Traits:
    """What quotas ask of a candidate."""

    handle: str = ""
    platform: str = ""
    country: str = ""
    """Of the community."""
    category: str = ""
    followers: int = 0
    known: bool = False
    """Completed a collaboration with the brand before."""


UNKNOWN = Traits()
_category = cache(category_of)


@dataclass(frozen=True)
class Limit:
    """One side of a quota, or a must-have."""

    path: str
    """The key in the campaign file."""
    amount: int
    least: bool
    percent: bool = False
    quota: Quota | None = None
    handle: str = ""

    @property
    def says(self) -> str:
        """The limit in words."""
        if self.quota is None:
            return f"@{self.handle} is chosen"
        share = " %" if self.percent else ""
        return f"at {'least' if self.least else 'most'} {self.amount}{share} {self.quota.kind}"

    def includes(self, traits: Traits) -> bool:
        """True if a candidate counts for this limit."""
        quota = self.quota
        if quota is None:
            return handle_key(traits.handle) == self.handle
        return (
            quota.country in (ANY, traits.country)
            and (quota.category == ANY or _category(quota.category) == traits.category)
            and (quota.tier == ANY or quota.tier == tier_of(traits.followers))
            and quota.platform in (ANY, traits.platform)
            and (quota.experience == ANY or (quota.experience == "known") == traits.known)
        )

    @property
    def bound(self) -> int:
        """What the sum of the weights is compared with."""
        return 0 if self.percent else self.amount

    def weight(self, included: bool) -> int:
        """What a candidate adds to the sum.

        A share of p percent is kept if each one included adds 100 - p and each other -p.
        """
        if self.percent:
            return 100 - self.amount if included else -self.amount
        return int(included)

    def row(self, everybody: Sequence[Traits]) -> Row:
        """The limit on a programme whose first columns are these candidates."""
        weights = (self.weight(self.includes(traits)) for traits in everybody)
        terms = {column: weight for column, weight in enumerate(weights) if weight}
        if self.least:
            return Row(self.path, terms, at_least=self.bound)
        return Row(self.path, terms, at_most=self.bound)

    def reached(self, chosen: Sequence[Traits]) -> int:
        """The number or the share that a set has; rounded so that asking for it is kept."""
        count = sum(self.includes(traits) for traits in chosen)
        if not self.percent:
            return count
        share = 100 * count
        return share // max(len(chosen), 1) if self.least else -(-share // max(len(chosen), 1))


def limits_of(rules: ShortlistRules) -> tuple[Limit, ...]:
    """Every limit that a campaign file's section ``shortlist`` sets."""
    musts = (
        Limit(f"shortlist.must_have[{i}]", 1, least=True, handle=handle_key(handle))
        for i, handle in enumerate(rules.must_have)
    )
    return (
        *musts,
        *(limit for i, quota in enumerate(rules.quotas) for limit in _sides(i, quota)),
    )


def _sides(number: int, quota: Quota) -> Iterator[Limit]:
    path = f"shortlist.quotas[{number}]"
    if quota.min:
        yield Limit(f"{path}.min", quota.min, least=True, quota=quota)
    if quota.max < NO_LIMIT:
        yield Limit(f"{path}.max", quota.max, least=False, quota=quota)
    if quota.min_percent:
        yield Limit(f"{path}.min_percent", quota.min_percent, True, True, quota)
    if quota.max_percent < 100:
        yield Limit(f"{path}.max_percent", quota.max_percent, False, True, quota)
