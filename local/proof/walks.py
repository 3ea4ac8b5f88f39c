"""Long walks over everything that can happen to money, drawn by a seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import TroupeError
from local.proof.moves import Move, make, possible
from local.proof.till import Till

WALKS, STEPS = 6, 150
AMOUNTS = (300, 4_000, 120_000)
"""The largest of small, usual and big amounts; of the last, a budget does not hold many."""
_LOOK_BACK_EVERY = 25
_TRACE = 12
"""Last moves that a violation is told with."""


@dataclass(frozen=True)
class Walked:
    """What the walks came to."""

    tries: Counter[str] = field(default_factory=Counter)
    """How often each move was tried."""
    payments: int = 0
    transfers: int = 0
    violations: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "moves": {move.value: self.tries[move.value] for move in Move},
            "payments": self.payments,
            "transfers": self.transfers,
            "violations": list(self.violations),
        }


async def walk_all(
    engine: AsyncEngine, seed: int, walks: int = WALKS, steps: int = STEPS
) -> Walked:
    """Walk; the same seed makes the same moves."""
    tries: Counter[str] = Counter()
    people: dict[str, str] = {}
    payments = transfers = 0
    violations = []
    for number in range(walks):
        till = await Till.begin(engine, people)
        wrong = await _walk(till, random.Random(f"{seed}:{number}"), steps)
        if wrong:
            violations.append(f"walk {number + 1}: {wrong}")
        tries += till.tries
        payments += len(till.payments)
        transfers += len(till.provider.transfers)
    return Walked(tries, payments, transfers, tuple(violations))


async def _walk(till: Till, dice: random.Random, steps: int) -> str:
    """Gives what was violated, with the moves before; empty if nothing was."""
    trace: list[str] = []
    try:
        for step in range(1, steps + 1):
            move, pick = dice.choice(possible(till)), dice.randrange(10)
            amount = dice.randint(1, dice.choice(AMOUNTS))
            trace.append(f"{move.value} ({pick}, {amount})")
            await make(till, move, pick, amount)
            await till.look()
            if step % _LOOK_BACK_EVERY == 0:
                await till.look_back()
        await till.look_back()
    except (AssertionError, TroupeError) as wrong:
        return f"{wrong}; after {', '.join(trace[-_TRACE:])}"
    return ""
