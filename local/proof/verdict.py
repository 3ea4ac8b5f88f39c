"""What became of each payment, and whether that is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local.proof.steps import Case, End
from local.proof.walks import Walked


@dataclass(frozen=True)
class Moved:
    """A transfer in Stripe's list that has moved a payment, perhaps with another one."""

    id: str
    amount_minor: int


@dataclass(frozen=True)
class Found:
    """One payment after everything is over, from our books and from Stripe's own list."""

    case: Case
    status: str
    ended: bool
    """Its workflow has ended as it should."""
    attempts: int
    in_doubt: int
    """Attempts of which the books do not know what became of them."""
    inbox: int
    """What waits for a person about it."""
    transfers: tuple[Moved, ...]
    """Every transfer that Stripe has in its name, and every one that took it along."""
    in_transit_minor: int
    settled_minor: int
    bank: str = ""
    """What the creator's bank has said of it."""
    told: int = 0
    """Mails to the creator that their bank has sent it back."""
    of_other: tuple[Moved, ...] = ()
    """The same of the payment that is to take it along."""
    differences: tuple[str, ...] = ()
    """Codes of what books and Stripe disagree in."""
    progress: int | None = None
    """How far it had come when something was killed."""
    seen: tuple[str, ...] = ()
    """What was wrong with it on the way."""

    @property
    def unexplained(self) -> int:
        """Attempts in doubt that nobody finds in their inbox."""
        return 0 if self.inbox else self.in_doubt

    @property
    def balanced(self) -> bool:
        """Nothing is left on its way, and what was posted as paid is the payment."""
        return self.in_transit_minor == 0 and self.settled_minor == self.case.sent_minor

    @property
    def apart(self) -> bool:
        """True if it was to go along with another payment, and has not."""
        return self.case.end is End.ALONG and self.transfers != self.of_other

    @property
    def violations(self) -> tuple[str, ...]:
        """Everything that is not as it must be, in words."""
        case = self.case
        wrong = {
            f"{len(self.transfers)} transfers": len(self.transfers) != bool(case.transfer_minor),
            "another amount": any(e.amount_minor != case.transfer_minor for e in self.transfers),
            "not in the transfer of the other": self.apart,
            "postings not balanced": not self.balanced,
            f"{self.in_doubt} in doubt": self.in_doubt > 0,
            "in doubt without an inbox row": self.unexplained > 0,
            f"{self.inbox} inbox rows": self.inbox != bool(case.bank),
            f"bank: {self.bank or 'no news'}": self.bank != (case.bank or ""),
            f"{self.told} mails about the bank": self.told != bool(case.bank),
            f"status {self.status}": self.status != case.status.value,
            "its workflow goes on": not self.ended,
            "not killed at its step": case.progress not in {None, self.progress},
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
        """True if every payment was moved as it has to be, and the books are sound."""
        walked = self.walked is None or not self.walked.violations
        sound = not self.faults and not any(each.violations for each in self.found)
        return bool(self.found) and sound and walked

    @property
    def transfers(self) -> int:
        """Transfers that have moved the payments; one that moved several is one."""
        return len({moved.id for each in self.found for moved in each.transfers})

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "seed": self.seed,
            "holds": self.holds,
            "seconds": round(self.seconds, 1),
            "faults": list(self.faults),
            "payments": len(self.found),
            "transfers": self.transfers,
            "walks": self.walked.as_json() if self.walked else None,
            "cases": [_as_json(each) for each in self.found],
        }


def _as_json(each: Found) -> dict[str, Any]:
    case = each.case
    return {
        "part": case.part.value,
        "case": case.words,
        "payment": case.number,
        "ends": case.end.value,
        "along_with": case.other.number if case.end is End.ALONG and case.other else None,
        "amount_minor": case.amount_minor,
        "kept_back_minor": case.owed_minor,
        "takes_along_minor": case.along_minor,
        "tries": each.attempts,
        "transfers": len(each.transfers),
        "transferred": [
            {"id": moved.id, "amount_minor": moved.amount_minor} for moved in each.transfers
        ],
        "balanced": each.balanced,
        "in_doubt": each.in_doubt,
        "in_doubt_without_inbox_row": each.unexplained,
        "inbox_rows": each.inbox,
        "bank": each.bank,
        "differences": list(each.differences),
        "violations": list(each.violations),
    }
