"""Comparing what Troupe believes it has paid with what the provider says: a pure comparison.

Three things of ours are laid beside the provider's list, for each payout: its row, its attempts,
and what the ledger has posted for it. Whatever is in one of them and not in the others is a
difference with a name, and none of them is believed more than another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from domain.ids import PAYOUT
from domain.lifecycle import OVER_UNSENT, PayoutStatus
from domain.payments import RailTransfer

SENDING = frozenset({PayoutStatus.SENDING, PayoutStatus.IN_DOUBT})
"""States in which money may be on its way."""

MOST = 500
"""Differences that are handed out by one comparison; the number counts them all."""


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class BookedAttempt(_Fact):
    """What our books say of one try to pay."""

    number: int
    account_id: str
    amount_minor: int
    """What it was to send; zero if it was given up before it began."""
    transfer_id: str | None = None
    """Set if the attempt is written down as transferred."""
    touched_at: datetime
    """When it was sent first, or when its outcome was written down, whichever is later."""
    along_minor: int = 0
    """What went along with it of other payments."""
    along_taken_back_minor: int = 0
    """What of that was booked as taken back later."""
    too_much_minor: int = 0
    """What was sent of payments, its own or along, that are over without this attempt."""


class Posted(_Fact):
    """What the ledger has moved for one payout in one currency, in its smallest unit."""

    currency: str
    sent_minor: int = 0
    returned_minor: int = 0
    settled_minor: int = 0
    taken_back_minor: int = 0
    """What was settled once and taken back later; not subtracted from ``settled_minor``."""

    @property
    def in_transit_minor(self) -> int:
        """What is on its way."""
        return self.sent_minor - self.returned_minor - self.settled_minor


class Booked(_Fact):
    """One payout as our books have it: row, attempts and postings."""

    payout_id: str
    amount_minor: int
    currency: str
    status: PayoutStatus
    transfer_id: str | None = None
    """What the payout's row calls its transfer."""
    attempts: tuple[BookedAttempt, ...] = ()
    along_with: tuple[BookedAttempt, ...] = ()
    """Attempts of other payments that went through and took it along."""
    posted: tuple[Posted, ...] = ()
    """One for each currency in which something was posted."""

    @property
    def transferred(self) -> tuple[BookedAttempt, ...]:
        """The attempts that went through, by our books."""
        return tuple(attempt for attempt in self.attempts if attempt.transfer_id)

    def under_way(self, horizon: datetime | None) -> bool:
        """True if an attempt was touched after the horizon: its rows may not all be written yet."""
        touched = (each.touched_at for each in (*self.attempts, *self.along_with))
        return horizon is not None and any(each > horizon for each in touched)


class DifferenceCode(StrEnum):
    """How row, attempts, ledger and the provider's list can disagree."""

    NOT_AT_PROVIDER = "not_at_provider"  # we say transferred, the provider has no such transfer
    NOT_IN_BOOKS = "not_in_books"  # the provider has a transfer that no attempt of ours made
    UNNAMED = "unnamed"  # a creator's account was sent money in no payment's name
    NOT_WRITTEN_DOWN = "not_written_down"  # an attempt went through, and its row does not say so
    PAID_TWICE = "paid_twice"  # more than one transfer for one payout
    SENT_TOO_MUCH = "sent_too_much"  # what a transfer was to pay is over without it
    AMOUNT = "amount"  # another amount was transferred
    CURRENCY = "currency"  # another currency was transferred
    ACCOUNT = "account"  # the money went to another account
    OTHER_PAYOUT = "other_payout"  # the transfer is in another payment's name
    REVERSED = "reversed"  # money was taken back at the provider, and the books do not say so
    LEDGER_BEHIND = "ledger_behind"  # transferred, and the ledger has not settled it
    LEDGER_AHEAD = "ledger_ahead"  # the ledger has settled what was never transferred
    LEFT_IN_TRANSIT = "left_in_transit"  # the ledger has money on its way, and nothing is sent
    STATUS = "status"  # the payout's row says something else than the ledger


WHILE_UNDER_WAY = frozenset({DifferenceCode.NOT_WRITTEN_DOWN, DifferenceCode.LEDGER_BEHIND})
"""What every payment looks like for a moment between the provider's answer and our last row."""


class Difference(_Fact):
    """One disagreement, with what a person needs to find it."""

    code: DifferenceCode
    payout_id: str
    """Empty for a transfer in no payment's name."""
    transfer_id: str = ""
    account_id: str = ""
    """Whose account was sent money in no payment's name; empty otherwise."""
    currency: str
    ours_minor: int | None = None
    """What our books say, in the currency's smallest unit; None if they say nothing."""
    theirs_minor: int | None = None
    """What the provider (for the ledger's codes: the attempts) says."""


class ReconcileTask(_Fact):
    """What is to be compared: payments sent within a time, or all."""

    since: datetime | None = None
    until: datetime | None = None
    record: bool = False
    """Keep the result and put differences into the inbox; only for a comparison of everything."""
    patient: bool = False
    """Nobody waits: the payout worker may take it up hours later."""


class LinesRead(_Fact):
    """What was read of the changes of the balance at the provider."""

    lines: int
    told: int
    """Those that nobody here can explain, or that hold money back: in finance's inbox."""


class ReconcileResult(_Fact):
    """What a comparison found; ids and amounts only, since it stands in a workflow's history."""

    compared_at: datetime
    since: datetime | None = None
    until: datetime | None = None
    payouts: int
    attempts: int
    transfers: int
    """Transfers of the provider's list that are in the name of a payment."""
    under_way: int
    """Payments that are being sent at this moment; compared as far as that is possible."""
    differences: tuple[Difference, ...]
    left_off: int = 0
    """Differences beyond the first `MOST`."""
    balance: LinesRead | None = None
    """None if our key may not read them, or if only a part is compared."""
    explained: int = 0
    """Transfers in no payment's name of which a person has said what they were."""

    @property
    def agree(self) -> bool:
        """True if there is no difference."""
        return not self.differences


def in_our_name(transfer: RailTransfer) -> bool:
    """True if a transfer claims to pay a payout of ours.

    Others are the brand's own business, which may use its account for other things, unless they
    went to a creator (`unnamed`).
    """
    return transfer.transfer_group.startswith(f"{PAYOUT}_")


def compare(
    books: Iterable[Booked],
    transfers: Iterable[RailTransfer],
    horizon: datetime | None = None,
) -> list[Difference]:
    """Compare both ways; empty if rows, attempts, ledger and the provider's list agree.

    Args:
        books: payouts, each with all of its attempts and postings.
        transfers: the provider's list, complete for these payouts; transfers that do not carry a
            payout's name count only if an attempt has adopted them.
        horizon: attempts touched after this are under way: `WHILE_UNDER_WAY` is not reported.
    """
    ours = {booked.payout_id: booked for booked in books}
    listed = {transfer.id: transfer for transfer in transfers}
    owned = {each.transfer_id for booked in ours.values() for each in booked.transferred}
    groups: dict[str, list[RailTransfer]] = defaultdict(list)
    for transfer in listed.values():
        if transfer.transfer_group in ours or in_our_name(transfer):
            groups[transfer.transfer_group].append(transfer)
    found: list[Difference] = []
    for payout_id in sorted(ours.keys() | groups.keys()):
        booked, group = ours.get(payout_id), groups.get(payout_id, [])
        if booked is not None:
            mine = [*_transfers(booked, listed), *_ledger(booked), *_row(booked)]
        else:
            mine = []
        unknown = [(each, _unknown(each, booked)) for each in group if each.id not in owned]
        # What nobody here has sent, and was taken back, is as if it had never been.
        mine += [
            told
            for each, told in unknown
            if each.counts or told.code is not DifferenceCode.NOT_IN_BOOKS
        ]
        mine += _paid_twice(payout_id, booked, group)
        moving = booked is not None and booked.under_way(horizon)
        found += [each for each in mine if not (moving and each.code in WHILE_UNDER_WAY)]
    return found


def unnamed(
    transfers: Iterable[RailTransfer], creators: Collection[str], owned: Collection[str]
) -> list[Difference]:
    """Money that a creator got in no payment's name: paid by hand, perhaps for a payment of ours.

    Args:
        transfers: the provider's list.
        creators: accounts that are, or were, a creator's.
        owned: transfers that an attempt of ours has made.
    """
    return [
        Difference(
            code=DifferenceCode.UNNAMED, payout_id="", transfer_id=each.id,
            account_id=each.account_id, currency=each.currency,
            theirs_minor=each.amount_minor - each.reversed_minor,
        )
        for each in transfers
        if each.account_id in creators
        and each.counts
        and not in_our_name(each)
        and each.id not in owned
    ]  # fmt: skip


def _transfers(booked: Booked, listed: dict[str, RailTransfer]) -> Iterator[Difference]:
    """Each attempt that went through beside the transfer that it names."""
    for attempt in booked.transferred:
        transfer = listed.get(attempt.transfer_id or "")
        sent = booked.amount_minor + attempt.along_minor
        if booked.status in OVER_UNSENT or not _pays(booked, attempt):
            sent = attempt.amount_minor or sent

        def differs(
            code: DifferenceCode,
            theirs: int,
            ours: int = sent,
            *,
            named: str = attempt.transfer_id or "",
        ) -> Difference:
            return Difference(
                code=code, payout_id=booked.payout_id, transfer_id=named,
                currency=booked.currency, ours_minor=ours, theirs_minor=theirs,
            )  # fmt: skip

        if transfer is None:
            yield differs(DifferenceCode.NOT_AT_PROVIDER, 0)
            continue
        if transfer.currency != booked.currency:
            yield differs(DifferenceCode.CURRENCY, transfer.amount_minor)
        elif transfer.amount_minor != sent:
            yield differs(DifferenceCode.AMOUNT, transfer.amount_minor)
        if transfer.account_id != attempt.account_id:
            yield differs(DifferenceCode.ACCOUNT, transfer.amount_minor)
        if transfer.transfer_group != booked.payout_id:
            yield differs(DifferenceCode.OTHER_PAYOUT, transfer.amount_minor)
        if transfer.reversed_minor < attempt.too_much_minor:
            left = transfer.amount_minor - transfer.reversed_minor
            yield differs(DifferenceCode.SENT_TOO_MUCH, left, sent - attempt.too_much_minor)
        came_back, taken_back = _came_back(booked, attempt, transfer)
        if came_back != taken_back:
            yield differs(DifferenceCode.REVERSED, came_back, taken_back)


def _came_back(
    booked: Booked, attempt: BookedAttempt, transfer: RailTransfer
) -> tuple[int, int]:  # fmt: skip
    """What came back of payments by the provider, and by our books.

    What was sent too much comes back first, and no payment is booked as taken back for it.
    """
    own = sum(each.taken_back_minor for each in booked.posted if each.currency == booked.currency)
    taken_back = attempt.along_taken_back_minor + (own if _pays(booked, attempt) else 0)
    return max(transfer.reversed_minor - attempt.too_much_minor, 0), taken_back


def _pays(booked: Booked, attempt: BookedAttempt) -> bool:
    """False if the payment's row names another transfer, of which we know, as what has paid it."""
    names = {each.transfer_id for each in (*booked.transferred, *booked.along_with)}
    return booked.transfer_id not in names or booked.transfer_id == attempt.transfer_id


def _ledger(booked: Booked) -> Iterator[Difference]:
    """What the ledger settled beside the attempts that went through, in every currency."""
    posted = {each.currency: each for each in booked.posted}
    times = sum(_pays(booked, each) for each in booked.transferred) + len(booked.along_with)
    paid = {booked.currency: booked.amount_minor * times}
    for currency in sorted(posted.keys() | paid.keys()):
        moved = posted.get(currency, Posted(currency=currency))
        expected = paid.get(currency, 0)
        if booked.status in OVER_UNSENT and not moved.settled_minor:
            expected = 0  # what was sent was too much, and is no payment to be booked
        if moved.settled_minor != expected:
            behind = moved.settled_minor < expected
            yield Difference(
                code=DifferenceCode.LEDGER_BEHIND if behind else DifferenceCode.LEDGER_AHEAD,
                payout_id=booked.payout_id,
                currency=currency,
                ours_minor=moved.settled_minor,
                theirs_minor=expected,
            )
        may_be = {0}
        if booked.status in SENDING and currency == booked.currency:
            may_be.add(booked.amount_minor)
        if moved.in_transit_minor not in may_be:
            yield Difference(
                code=DifferenceCode.LEFT_IN_TRANSIT,
                payout_id=booked.payout_id,
                currency=currency,
                ours_minor=moved.in_transit_minor,
                theirs_minor=0,
            )


def _row(booked: Booked) -> Iterator[Difference]:
    """The payout's row beside the ledger: both are written in one transaction."""
    settled = sum(each.settled_minor for each in booked.posted)
    says_paid = booked.status is PayoutStatus.TRANSFERRED
    names = {attempt.transfer_id for attempt in (*booked.transferred, *booked.along_with)}
    if says_paid == (settled > 0) and (booked.transfer_id is None or booked.transfer_id in names):
        return
    yield Difference(
        code=DifferenceCode.STATUS,
        payout_id=booked.payout_id,
        transfer_id=booked.transfer_id or "",
        currency=booked.currency,
        ours_minor=booked.amount_minor if says_paid else 0,
        theirs_minor=settled,
    )


def not_ours(transfer: RailTransfer) -> Difference:
    """A transfer in a payment's name that no attempt of ours has made, or not like this."""
    return _unknown(transfer, None)


def _unknown(transfer: RailTransfer, booked: Booked | None) -> Difference:
    tried = booked is not None and any(_made(each, transfer, booked) for each in booked.attempts)
    return Difference(
        code=DifferenceCode.NOT_WRITTEN_DOWN if tried else DifferenceCode.NOT_IN_BOOKS,
        payout_id=transfer.transfer_group,
        transfer_id=transfer.id,
        currency=transfer.currency,
        theirs_minor=transfer.amount_minor,
    )


def _made(attempt: BookedAttempt, transfer: RailTransfer, booked: Booked) -> bool:
    """True if the attempt has asked for just this, and does not know what became of it."""
    asked = (attempt.amount_minor, booked.currency, attempt.account_id)
    there = (transfer.amount_minor, transfer.currency, transfer.account_id)
    return str(attempt.number) == transfer.attempt and not attempt.transfer_id and asked == there


def _paid_twice(
    payout_id: str, booked: Booked | None, group: Sequence[RailTransfer]
) -> Iterator[Difference]:
    # Another one that turned up beside the one that pays is `SENT_TOO_MUCH`, and no second matter.
    too_much = {
        each.transfer_id
        for each in (booked.transferred if booked else ())
        if each.too_much_minor and booked and not _pays(booked, each)
    }
    counting = [each for each in group if each.counts and each.id not in too_much]
    along = len(booked.along_with) if booked else 0
    if len(counting) + along > 1:
        in_group = sum(each.amount_minor - each.reversed_minor for each in counting)
        yield Difference(
            code=DifferenceCode.PAID_TWICE,
            payout_id=payout_id,
            currency=booked.currency if booked else counting[0].currency,
            ours_minor=booked.amount_minor if booked else None,
            theirs_minor=in_group + (booked.amount_minor * along if booked else 0),
        )
