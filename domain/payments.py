"""Comparing what Troupe believes it has paid with what the provider says: a pure comparison."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class RailTransfer(_Fact):
    """A transfer in the provider's own list."""

    id: str
    account_id: str
    amount_minor: int
    reversed_minor: int = 0
    currency: str
    """In capitals, as everywhere in Troupe."""
    transfer_group: str = ""
    """The payout's id."""
    attempt: str = ""
    """Number of the attempt, as text; empty if the transfer is not one of ours."""
    created_at: datetime

    @property
    def counts(self) -> bool:
        """True if money of it is still with the creator."""
        return self.reversed_minor < self.amount_minor


class PaidAttempt(_Fact):
    """What our books say of one payout that has been tried."""

    payout_id: str
    attempt: int
    account_id: str
    amount_minor: int
    currency: str
    transfer_id: str | None
    """Set if the attempt is written down as transferred."""
    settled_minor: int | None
    """What the ledger has settled for the payout; None if nothing."""


class DifferenceCode(StrEnum):
    """How the books and the provider can disagree."""

    NOT_AT_PROVIDER = "not_at_provider"  # we say transferred, the provider has no such transfer
    NOT_IN_BOOKS = "not_in_books"  # the provider has a transfer that no payout of ours knows
    NOT_WRITTEN_DOWN = "not_written_down"  # an attempt went through, and its row does not say so
    PAID_TWICE = "paid_twice"  # more than one transfer for one payout
    AMOUNT = "amount"  # amount or currency differ
    ACCOUNT = "account"  # the money went to another account
    LEDGER_BEHIND = "ledger_behind"  # transferred, and the ledger has not settled it
    LEDGER_AHEAD = "ledger_ahead"  # the ledger has settled what was never transferred


class Difference(_Fact):
    """One disagreement, with what a person needs to find it."""

    code: DifferenceCode
    payout_id: str = ""
    transfer_id: str = ""
    ours_minor: int | None = None
    theirs_minor: int | None = None


def compare(ours: Sequence[PaidAttempt], theirs: Sequence[RailTransfer]) -> list[Difference]:
    """Compare both ways; empty if books, attempts and the provider's list agree.

    Transfers without a group are not Troupe's: a brand may use its account for other things.
    """
    listed = {transfer.id: transfer for transfer in theirs}
    by_payout: dict[str, list[PaidAttempt]] = defaultdict(list)
    for attempt in ours:
        by_payout[attempt.payout_id].append(attempt)
    found = [each for attempt in ours for each in _against_the_list(attempt, listed)]
    for attempts in by_payout.values():
        found += _against_the_ledger(attempts)
    known = {attempt.transfer_id for attempt in ours if attempt.transfer_id}
    for transfer in theirs:
        if transfer.transfer_group and transfer.id not in known:
            found.append(_unknown(transfer, by_payout[transfer.transfer_group]))
    return found + _paid_twice(theirs)


def _against_the_list(
    attempt: PaidAttempt, listed: dict[str, RailTransfer]
) -> list[Difference]:  # fmt: skip
    if attempt.transfer_id is None:
        return []
    transfer = listed.get(attempt.transfer_id)
    names = {"payout_id": attempt.payout_id, "transfer_id": attempt.transfer_id}
    if transfer is None:
        return [
            Difference(
                code=DifferenceCode.NOT_AT_PROVIDER, ours_minor=attempt.amount_minor, **names
            )
        ]
    found = []
    if (transfer.amount_minor, transfer.currency) != (attempt.amount_minor, attempt.currency):
        amounts = {"ours_minor": attempt.amount_minor, "theirs_minor": transfer.amount_minor}
        found.append(Difference(code=DifferenceCode.AMOUNT, **names, **amounts))
    if transfer.account_id != attempt.account_id:
        found.append(Difference(code=DifferenceCode.ACCOUNT, **names))
    return found


def _against_the_ledger(attempts: list[PaidAttempt]) -> list[Difference]:
    settled = attempts[0].settled_minor
    paid = sum(attempt.amount_minor for attempt in attempts if attempt.transfer_id)
    if paid == (settled or 0):
        return []
    behind = (settled or 0) < paid
    return [
        Difference(
            code=DifferenceCode.LEDGER_BEHIND if behind else DifferenceCode.LEDGER_AHEAD,
            payout_id=attempts[0].payout_id,
            ours_minor=settled or 0,
            theirs_minor=paid,
        )
    ]


def _unknown(transfer: RailTransfer, attempts: list[PaidAttempt]) -> Difference:
    tried = any(str(attempt.attempt) == transfer.attempt for attempt in attempts)
    return Difference(
        code=DifferenceCode.NOT_WRITTEN_DOWN if tried else DifferenceCode.NOT_IN_BOOKS,
        payout_id=transfer.transfer_group,
        transfer_id=transfer.id,
        theirs_minor=transfer.amount_minor,
    )


def _paid_twice(theirs: Sequence[RailTransfer]) -> list[Difference]:
    groups: dict[str, list[RailTransfer]] = defaultdict(list)
    for transfer in theirs:
        if transfer.transfer_group and transfer.counts:
            groups[transfer.transfer_group].append(transfer)
    return [
        Difference(
            code=DifferenceCode.PAID_TWICE,
            payout_id=group,
            transfer_id=transfers[0].id,
            ours_minor=transfers[-1].amount_minor,
            theirs_minor=sum(transfer.amount_minor for transfer in transfers),
        )
        for group, transfers in groups.items()
        if len(transfers) > 1
    ]
