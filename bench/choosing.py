"""How fast the shortlist is, beside scipy's `milp` on the same programme in the same run."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from statistics import median

from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from bench.result import Choosing
from domain.campaign_shortlist import Quota, ShortlistRules
from domain.programme import GAP, Programme
from domain.quotas import Limit, Traits, limits_of
from domain.shortlist import Option, programme_of, solve
from integrations.highs import HIGHS

COUNTRIES = ("DE", "GB", "FR", "NL", "ES")
CATEGORIES = ("beauty", "fashion", "fitness", "food", "home", "travel", "parenting", "pets")
PATIENCE = 120.0
"""Seconds that scipy is given."""


def measure(count: int, rounds: int) -> Choosing:
    """Choose a fiftieth of ``count`` candidates within a budget that is short, under quotas."""
    options, limits = make_options(count), make_limits()
    wanted = max(count // 50, 1)
    budget = wanted * 25_000
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        made = solve(options, wanted, budget, HIGHS, limits)
        seconds.append(time.perf_counter() - began)
    programme = programme_of(options, wanted, made.spendable_minor, limits)
    began = time.perf_counter()
    value, gap = with_scipy(programme)
    return Choosing(
        options=count,
        limits=len(programme.rows),
        wanted=wanted,
        seconds=round(median(seconds), 3),
        value=made.expected,
        gap=made.proof.gap,
        scipy_seconds=round(time.perf_counter() - began, 3),
        scipy_value=value,
        scipy_gap=gap,
    )


def make_options(count: int) -> list[Option]:
    """Candidates whose sizes and rates spread like those of published benchmarks."""
    chance = random.Random(count)
    options = []
    for number in range(count):
        followers = round(2_000 * 25 ** chance.random())
        fee = 2_000 + round(followers * chance.uniform(0.5, 1.4))
        rate = chance.lognormvariate(-3.4, 0.6)
        traits = Traits(
            platform=chance.choice(("instagram", "tiktok", "youtube")),
            country=chance.choice(COUNTRIES), category=chance.choice(CATEGORIES),
            followers=followers, known=chance.random() < 0.1,
        )  # fmt: skip
        options.append(Option(f"creator_{number:06d}", fee, round(followers * rate), traits))
    return options


def make_limits() -> tuple[Limit, ...]:
    """Quotas of each kind, most of which the best set without them would break."""
    quotas = [
        *(Quota(country=each, max_percent=25) for each in COUNTRIES),
        *(Quota(category=each, min_percent=8) for each in CATEGORIES),
        *(Quota(platform=each, min_percent=25) for each in ("instagram", "tiktok", "youtube")),
        Quota(tier="nano", min_percent=20),
        Quota(experience="known", min_percent=15),
    ]
    return limits_of(ShortlistRules(quotas=tuple(quotas)))


def with_scipy(programme: Programme) -> tuple[int, float]:
    """The value and the gap that scipy's `milp` finds, to within the same gap as ours."""
    cells: list[tuple[int, int, int]] = [
        (number, column, weight)
        for number, row in enumerate(programme.rows)
        for column, weight in row.terms.items()
    ]
    rows, columns, weights = zip(*cells, strict=True)
    shape = (len(programme.rows), len(programme.gains))
    matrix = coo_array((weights, (rows, columns)), shape).tocsr()
    low = [-math.inf if row.at_least is None else row.at_least for row in programme.rows]
    high = [math.inf if row.at_most is None else row.at_most for row in programme.rows]
    found = milp(
        [-gain for gain in programme.gains],
        integrality=[1] * shape[1],
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, low, high),
        options={"mip_rel_gap": GAP, "time_limit": PATIENCE},
    )
    if found.x is None:
        return 0, 1.0
    return _value(programme, found.x), float(found.mip_gap)


def _value(programme: Programme, answer: Sequence[float]) -> int:
    return sum(gain for gain, part in zip(programme.gains, answer, strict=True) if part > 0.5)
