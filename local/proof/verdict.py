"""What became of each payment, and whether that is right."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from local.proof.steps import Case
from local.proof.walks import Walked

PAID = "transferred"


@dataclass(frozen=True)
class Found:
    """One payment after everything is over, from our books and from Stripe's own list."""

    case: Case
    status: str
    ended: bool
    """Its workflow has ended as transferred."""
    attempts: int
    in_doubt: int
    """Attempts of which the books do not know what became of them."""
    inbox: int
    """What waits for a person about it."""
    transfers: tuple[int, ...]
    """Amounts of every transfer that Stripe has in its name."""
    in_transit_minor: int
    settled_minor: int
    bank: str = ""
    """What the creator's bank has said of it."""
    told: int = 0
    """Mails to the creator that their bank has sent it back."""
    differences: tuple[str, ...] = ()
    """Codes of what books and Stripe disagree in."""
    progress: int | None = None
    """How far it had come when something was killed."""
    seen: tuple[str, ...] = ()
    """What was wrong with it on the way."""

    def with_the_way(self, progress: int | None, seen: tuple[str, ...]) -> Found:
        """The same, with what was noted before the end."""
        return replace(self, progress=progress, seen=seen)

    @property
    def unexplained(self) -> int:
        """Attempts in doubt that nobody finds in their inbox."""
        return 0 if self.inbox else self.in_doubt

    @property
    def balanced(self) -> bool:
        """Nothing is left on its way, and what was posted as paid is the payment."""
        return self.in_transit_minor == 0 and self.settled_minor == self.case.sent_minor

    @property
    def violations(self) -> tuple[str, ...]:
        """Everything that is not as it must be, in words."""
        case = self.case
        wrong = {
            f"{len(self.transfers)} transfers": len(self.transfers) != 1,
            "another amount": any(each != case.sent_minor for each in self.transfers),
            "postings not balanced": not self.balanced,
            f"{self.in_doubt} in doubt": self.in_doubt > 0,
            "in doubt without an inbox row": self.unexplained > 0,
            f"{self.inbox} inbox rows": self.inbox != bool(case.bank),
            f"bank: {self.bank or 'no news'}": self.bank != (case.bank or ""),
            f"{self.told} mails about the bank": self.told != bool(case.bank),
            f"status {self.status}": self.status != PAID,
            "its workflow goes on": not self.ended,
            "not killed at its step": case.step.progress not in {None, self.progress},
        }
        found = (words for words, is_so in wrong.items() if is_so)
        return (*found, *self.seen, *self.differences)


@dataclass(frozen=True)
class Proof:
    """The whole matrix, and the walks."""

    seed: int
    found: tuple[Found, ...]
    faults: tuple[str, ...] = ()
    """What is wrong with the ledger or with a stream of events as a whole."""
    seconds: float = field(default=0.0, compare=False)
    walked: Walked | None = None
    """What came of everything that can happen, in any order; None if it was left out."""

    @property
    def holds(self) -> bool:
        """True if every payment is one transfer and the books are sound."""
        walked = self.walked is None or not self.walked.violations
        sound = not self.faults and not any(each.violations for each in self.found)
        return bool(self.found) and sound and walked

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "seed": self.seed,
            "holds": self.holds,
            "seconds": round(self.seconds, 1),
            "faults": list(self.faults),
            "walks": self.walked.as_json() if self.walked else None,
            "cases": [
                {
                    "part": each.case.part.value,
                    "case": each.case.words,
                    "amount_minor": each.case.amount_minor,
                    "kept_back_minor": each.case.owed_minor,
                    "tries": each.attempts,
                    "transfers": len(each.transfers),
                    "balanced": each.balanced,
                    "in_doubt": each.in_doubt,
                    "in_doubt_without_inbox_row": each.unexplained,
                    "inbox_rows": each.inbox,
                    "bank": each.bank,
                    "differences": list(each.differences),
                    "violations": list(each.violations),
                }
                for each in self.found
            ],
        }
