"""A few payments and a provider in memory, beside the real books: what must be true at any moment.

The sums that are expected are counted from the payments themselves, not from postings, so that a
posting that is wrong, missing or doubled shows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.claims import ClaimStatus
from domain.lifecycle import StreamKind
from domain.messages import Append, Begin, Granted, StreamHead
from domain.payments import RailTransfer
from domain.reconciliation import compare
from local.proof.scene import campaign_file, contracted, funded_campaign
from store import ledger, records
from store.engine import session
from store.reconciliation import books_of
from store.streams import verify_stream
from store.tables import Collaboration

BUDGET = {"EUR": 2_000, "JPY": 150_000, "KWD": 300}
"""Budgets in whole units: currencies with two, no and three decimals."""

_BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Violated(AssertionError):
    """Something is not as it must be."""


class Where(StrEnum):
    """Where the money of a payment is."""

    OWED = "owed"
    SENDING = "sending"
    PAID = "paid"
    NETTED = "netted"
    """All of it was kept back for what the creator owes."""
    ELSEWHERE = "elsewhere"
    """People have paid it without Troupe: it is in no list of the provider."""
    GONE = "gone"
    """Taken back and not owed any more."""


@dataclass
class Contract:
    """A creator's collaboration, and what is reserved for it."""

    id: str
    campaign: Campaign
    creator: str
    account: str
    head: StreamHead
    reserved: int = 0
    earned: int = 0
    """How many payments were earned."""
    is_signed: bool = False


@dataclass
class Payment:
    """One payment, as it must be by what was done."""

    id: str
    contract: Contract
    amount: int
    head: StreamHead
    where: Where = Where.OWED
    attempt: int = 0
    senders: list[tuple[int, str]] = field(default_factory=list)
    """Workers that began to send an attempt, with its number, and may still call."""
    booked_back: int = 0
    is_again: bool = False
    is_bonus: bool = False
    netted: int = 0
    """What its release keeps back."""
    gone_at: datetime | None = None
    """When it was called off."""
    off: int = 0
    """What of it came off claims then, as it was with the brand already."""

    @property
    def sent(self) -> int:
        """What is sent of it."""
        return self.amount - self.netted


@dataclass
class Owed:
    """What a creator owes back, as it must be by what was done."""

    id: str
    contract: Contract
    amount: int
    head: StreamHead
    asked_at: datetime
    status: ClaimStatus = ClaimStatus.ANNOUNCED
    kept: dict[str, int] = field(default_factory=dict)
    """What payments keep back that are not over, by payment."""
    settled: int = 0
    """What the books have as settled: it has come back, or is not asked for any more."""
    recovered: int = 0
    """What of that is in the budget again."""
    taken_back: int = 0
    """What of it was taken back at the provider, or is not earned any more."""
    waived: int = 0

    @property
    def stands(self) -> bool:
        """True if it is kept back from payments."""
        return self.status is ClaimStatus.CONFIRMED

    @property
    def open(self) -> int:
        """What is still to come back, and no payment keeps back."""
        return self.amount - self.settled - sum(self.kept.values())


@dataclass
class Campaign:
    """A campaign with its budget in one currency."""

    id: str
    currency: str
    budget: int


@dataclass
class Provider:
    """Keeps what it answered under each key, as Stripe does; a refusal is an answer."""

    transfers: list[RailTransfer] = field(default_factory=list)
    kept: dict[str, RailTransfer | None] = field(default_factory=dict)

    def of(self, payment: Payment) -> list[RailTransfer]:
        """The transfers in a payment's name."""
        return [each for each in self.transfers if each.transfer_group == payment.id]

    def take_back(self, transfer: RailTransfer, amount: int) -> RailTransfer:
        """Somebody reverses a part by hand."""
        after = transfer.model_copy(update={"reversed_minor": transfer.reversed_minor + amount})
        self.transfers[self.transfers.index(transfer)] = after
        return after


@dataclass
class Till:
    """All of it, with the clock that every event is written by."""

    engine: AsyncEngine
    campaigns: list[Campaign] = field(default_factory=list)
    contracts: list[Contract] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    provider: Provider = field(default_factory=Provider)
    written: list[Append] = field(default_factory=list)
    granted: list[tuple[Begin, Granted]] = field(default_factory=list)
    """Decisions about bonuses, and what became of them."""
    people: dict[str, str] = field(default_factory=dict)
    """Members of finance, by what they do."""
    owed_back: list[Owed] = field(default_factory=list)
    remembered: list[tuple[datetime, ledger.Statement]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    now: datetime = _BEGIN

    @classmethod
    async def begin(cls, engine: AsyncEngine, people: dict[str, str] | None = None) -> Till:
        """A campaign in each currency, with two creators.

        Args:
            engine: the database.
            people: members of finance that other tills have made; this one may add to them.
        """
        till = cls(engine, people={} if people is None else people)
        async with session(engine) as db:
            for currency, total in BUDGET.items():
                file = campaign_file(currency, total)
                identity = await funded_campaign(db, file, till.now)
                campaign = Campaign(identity, currency, file.budget.total.minor)
                till.campaigns.append(campaign)
                for number in range(2):
                    account = f"acct_{identity}_{number}"
                    made = await contracted(db, identity, account, till.now, currency)
                    head = StreamHead(kind=StreamKind.COLLABORATION, entity_id=made)
                    creator = (await db.get_one(Collaboration, made)).creator_id
                    till.contracts.append(Contract(made, campaign, creator, account, head))
        return till

    def pass_time(self, by: timedelta = timedelta(seconds=1)) -> None:
        """Every move has its moment."""
        self.now += by

    async def write(self, of: Contract | Payment | Owed, command: Append) -> bool:
        """Append as a workflow does; False if the budget refuses it."""
        done = await records.append(self.engine, command)
        if done.refused:
            return False
        of.head = done.head
        self.written.append(command)
        return True

    # --- what must be true ----------------------------------------------------------------

    async def look(self) -> None:
        """Compare the ledger with the payments.

        Raises:
            Violated: they do not agree, or the ledger is not sound.
        """
        async with session(self.engine) as db:
            for campaign in self.campaigns:
                found = await ledger.balances(db, campaign.id)
                wanted = self.expected(campaign)
                _must(found == wanted, f"{campaign.currency}: {found}, expected {wanted}")
                counted = (found.available, found.reserved, found.payable, found.in_transit,
                           found.paid)  # fmt: skip
                _must(min(counted) >= 0, f"{campaign.currency}: below nothing: {found}")
                whole = campaign.budget + found.recovered
                _must(sum(counted) == whole, f"{campaign.currency}: not the budget")
        for payment in self.payments:
            alive = [each for each in self.provider.of(payment) if each.counts]
            most = 0 if payment.where is Where.ELSEWHERE else 1
            _must(len(alive) <= most, f"{payment.id} has {len(alive)} transfers")

    async def look_back(self) -> None:
        """Check whole books: entries, streams, earlier statements, and the provider's list.

        Raises:
            Violated: something is wrong.
        """
        await self.look()
        async with session(self.engine) as db:
            faults = await ledger.check(db)
            _must(not faults, "; ".join(faults))
            for moment, before in self.remembered:
                after = await ledger.statement(db, before.campaign_id, moment)
                _must(after == before, f"the statement of {moment} is another one now")
            streams: list[Contract | Payment | Owed] = [
                *self.contracts, *self.payments, *self.owed_back,
            ]  # fmt: skip
            heads = [each.head for each in streams]
            for head in heads:
                intact = await verify_stream(db, head.kind, head.entity_id)
                _must(intact, f"the events of {head.entity_id} do not verify")
            decided = [each for each in self.payments if each.where is not Where.SENDING]
            booked = await books_of(db, [each.id for each in decided])
        reversed_to_book = {
            each.id for each in self.payments
            if sum(t.reversed_minor for t in self.provider.of(each)) != each.booked_back
        }  # fmt: skip
        for row in booked:
            mine = [
                each for each in self.provider.transfers if each.transfer_group == row.payout_id
            ]
            wrong = [] if row.payout_id in reversed_to_book else compare([row], mine)
            _must(not wrong, f"{row.payout_id}: {[each.code.value for each in wrong]}")

    def expected(self, campaign: Campaign) -> ledger.Balances:
        """What the ledger must say of a campaign, counted from the payments."""
        mine = [each for each in self.payments if each.contract.campaign is campaign]
        reserved = sum(each.reserved for each in self.contracts if each.campaign is campaign)
        sending = [each for each in mine if each.where is Where.SENDING]
        payable = sum(each.amount for each in mine if each.where is Where.OWED)
        payable += sum(each.netted for each in sending)
        moving = sum(each.sent for each in sending)
        ends = {Where.PAID, Where.NETTED, Where.ELSEWHERE}
        over = [each for each in mine if each.where in ends]
        paid = sum(each.amount - each.booked_back for each in over)
        claims = [each for each in self.owed_back if each.contract.campaign is campaign]
        owed = sum(each.amount - each.settled for each in claims if each.stands)
        back = sum(each.recovered for each in claims)
        return ledger.Balances(
            currency=campaign.currency, funding=campaign.budget,
            available=campaign.budget + back - reserved - payable - moving - paid,
            reserved=reserved, payable=payable, in_transit=moving, paid=paid,
            creator_receivable=owed, claimed=owed, recovered=back,
        )  # fmt: skip

    def over(self, payment: Payment) -> None:
        """A payment is over: what it kept back has come back."""
        for claim in self.owed_back:
            kept = claim.kept.pop(payment.id, 0)
            claim.settled += kept
            claim.recovered += kept

    def called_off(self, payment: Payment) -> None:
        """A payment is called off: what it kept back is open again."""
        payment.where, payment.netted, payment.gone_at = Where.GONE, 0, self.now
        for claim in self.owed_back:
            claim.kept.pop(payment.id, None)


def _must(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise Violated(otherwise)
