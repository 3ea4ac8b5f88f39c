"""Claims: at most what was earned, kept back once, and settled by what came back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.claims import ClaimStatus
from domain.decisions import (
    Choice,
    ClaimChoice,
    ClaimVerdict,
    DecisionKind,
    PlainChoice,
    ReleaseChoice,
    RepaymentChoice,
)
from domain.errors import Unavailable
from domain.lifecycle import PayoutStatus, Role
from domain.messages import (
    Append,
    ApplyDecision,
    Begin,
    ClaimChange,
    Claimed,
    Netting,
    PayoutChange,
    Posting,
    PostingKind,
)
from domain.payments import RailTransfer
from store import (
    batches,
    claim_reads,
    claiming,
    claims,
    earned,
    ledger,
    netting,
    records,
    taken_back,
)
from store.accounts import Balances
from store.engine import session
from store.tables import Claim, Collaboration, Creator, Payout, PayoutAttempt, Staff
from tests import builders
from tests.builders import NOW
from tests.store.deciding import decide

WHY = "Half of it was not published."


@pytest.fixture
async def finance(engine: AsyncEngine) -> Staff:
    async with session(engine) as db:
        return await builders.staff(db, (Role.FINANCE,))


async def money(engine: AsyncEngine, campaign_id: str) -> Balances:
    async with session(engine) as db:
        assert await ledger.check(db) == []
        return await ledger.balances(db, campaign_id)


async def asked(engine: AsyncEngine, of: Collaboration, who: Staff, amount: int) -> Claimed:
    async with session(engine) as db:
        choice = ClaimChoice(amount_minor=amount)
        ref = await builders.decision(db, of, who, choice, comment=WHY)
    return await claiming.make(engine, Begin(ref=ref, at=NOW))


async def released(
    engine: AsyncEngine, payout: Payout, who: Staff, netted: int
) -> tuple[str, Payout]:
    """The code of a release, and the payment after it."""
    _, applied = await decide(engine, payout, who, ReleaseChoice(netted_minor=netted))
    async with session(engine) as db:
        return applied.code, await db.get_one(Payout, payout.id)


async def ends(engine: AsyncEngine, payout: Payout, status: PayoutStatus) -> None:
    """What the payment's workflow writes when the payment is over."""
    moves: list[tuple[PostingKind, int]] = []
    if status is PayoutStatus.CANCELLED:
        moves = [(PostingKind.FORFEIT, payout.amount_minor)]
    elif payout.sent_minor:
        moves = [(kind, payout.sent_minor) for kind in (PostingKind.SEND, PostingKind.SETTLE)]
    async with session(engine) as db:
        head = builders.head_of(await db.get_one(Payout, payout.id))
    netting = Netting.GIVE_BACK if status is PayoutStatus.CANCELLED else Netting.BOOK
    command = Append(
        head=head, at=NOW, key="0:over:1", event="over", payout=PayoutChange(status=status),
        netting=netting,
        postings=tuple(
            Posting(kind=kind, key=f"{kind}:{payout.id}", amount_minor=amount)
            for kind, amount in moves
        ),
    )  # fmt: skip
    await records.append(engine, command)
    await records.append(engine, command)  # a worker that died after it asks again


async def paid_too_much(
    engine: AsyncEngine, claimed: int = 4_000, **parts: Any
) -> tuple[Collaboration, Claim]:
    """A collaboration whose payment is transferred, and a confirmed claim on it."""
    async with session(engine) as db:
        of = await builders.collaboration(db, **parts)
        payout = await builders.payout(db, of)
    await ends(engine, payout, PayoutStatus.TRANSFERRED)
    async with session(engine) as db:
        return of, await builders.claim(db, of, amount_minor=claimed)


async def test_a_claim_is_made_once_and_for_no_more_than_was_earned(
    engine: AsyncEngine, begun: Collaboration, finance: Staff
) -> None:
    assert (await asked(engine, begun, finance, 1)).code == "more_than_earned"
    async with session(engine) as db:
        await builders.payout(db, begun)
        ref = await builders.decision(
            db, begun, finance, ClaimChoice(amount_minor=9_000), comment=WHY
        )
    command = Begin(ref=ref, at=NOW)
    made = await asyncio.gather(*(claiming.make(engine, command) for _ in range(4)))
    assert len({one.claim.claim_id for one in made if one.claim}) == 1
    assert (await asked(engine, begun, finance, 6_001)).code == "more_than_earned"
    both = await asyncio.gather(
        asked(engine, begun, finance, 4_000), asked(engine, begun, finance, 5_000)
    )
    assert sorted(one.code for one in both) == ["applied", "more_than_earned"]


async def test_a_release_keeps_back_exactly_what_the_person_saw(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine)
    async with session(engine) as db:
        later = await builders.payout(db, of, kind="retention_passed")
        assert await netting.to_net(db, later) == 4_000
        (line,) = await batches.lines(db, finance.id, [later.id])
        assert (line.facts.netted_minor, line.facts.alone) == (4_000, True)
    assert (await released(engine, later, finance, 0))[0] == "netting_changed"
    code, row = await released(engine, later, finance, 4_000)
    assert (code, row.netted_minor, row.sent_minor) == ("applied", 4_000, 11_000)
    before = await money(engine, of.campaign_id)
    assert (before.payable, before.creator_receivable, before.recovered) == (15_000, 4_000, 0)
    await ends(engine, row, PayoutStatus.TRANSFERRED)
    after = await money(engine, of.campaign_id)
    assert (after.paid, after.payable, after.recovered) == (30_000, 0, 4_000)
    assert (after.claimed, after.creator_receivable) == (0, 0)
    assert after.available - before.available == 4_000
    async with session(engine) as db:
        assert await claims.left_of(db, claim.id) == 0
        (shown,) = await claim_reads.netting_of(db, row, upcoming=False)
        assert (shown.amount_minor, shown.reason) == (4_000, WHY)


async def test_a_claim_is_kept_back_in_another_campaign_of_the_brand_and_of_no_other(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine, claimed=14_000)
    async with session(engine) as db:
        who = await db.get_one(Creator, of.creator_id)
        brand = builders.campaign_file().brand.model_dump(mode="json")
        other = builders.campaign_file(brand=brand | {"name": "Nordlicht"})
        strange = await builders.payout(
            db, await builders.collaboration(db, await builders.campaign(db, other), who)
        )
        same = await builders.campaign(db)
        later = await builders.payout(
            db, await builders.collaboration(db, same, who), amount_minor=9_000
        )
        assert await netting.to_net(db, strange) == 0
    code, row = await released(engine, later, finance, 9_000)
    assert (code, row.sent_minor) == ("applied", 0)
    await ends(engine, row, PayoutStatus.NETTED)
    there, here = await money(engine, same.id), await money(engine, of.campaign_id)
    assert (there.paid, there.payable, there.recovered) == (9_000, 0, 0)
    assert (here.recovered, here.creator_receivable, here.paid) == (9_000, 5_000, 15_000)
    async with session(engine) as db:
        assert await claims.left_of(db, claim.id) == 5_000


async def test_two_releases_in_the_same_moment_do_not_keep_back_the_same_claim(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine, claimed=12_000)
    async with session(engine) as db:
        both = [
            await builders.payout(db, of, kind="bonus", number=number, amount_minor=12_000)
            for number in (1, 2)
        ]
    answers = await asyncio.gather(*(released(engine, each, finance, 12_000) for each in both))
    assert sorted(code for code, _ in answers) == ["applied", "netting_changed"]
    async with session(engine) as db:
        kept = await db.scalars(select(Payout.netted_minor).where(Payout.kind == "bonus"))
        assert sorted(kept) == [0, 12_000]
        assert await claims.left_of(db, claim.id) == 12_000


async def test_a_payment_that_is_called_off_gives_back_what_it_kept(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine)
    async with session(engine) as db:
        bonus = await builders.payout(db, of, kind="bonus")
        free = (await ledger.balances(db, of.campaign_id)).available
    _, row = await released(engine, bonus, finance, 4_000)
    await ends(engine, row, PayoutStatus.CANCELLED)
    after = await money(engine, of.campaign_id)
    assert (after.available - free, after.recovered, after.creator_receivable) == (15_000, 0, 4_000)
    async with session(engine) as db:
        assert (await db.get_one(Payout, bonus.id)).netted_minor == 0
        later = await builders.payout(db, of, kind="retention_passed")
        assert await netting.to_net(db, later) == 4_000
        assert [each.amount_minor for each in await claim_reads.settlements(db, claim.id)] == [
            4_000, -4_000,
        ]  # fmt: skip


async def test_a_claim_is_repaid_and_the_rest_waived_and_never_more_than_is_open(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine)
    free = (await money(engine, of.campaign_id)).available

    async def says(choice: RepaymentChoice | PlainChoice) -> str:
        async with session(engine) as db:
            current = await db.get_one(Claim, claim.id)
            ref = await builders.decision(db, current, finance, choice, comment="As agreed.")
            command = ApplyDecision(head=builders.head_of(current), at=NOW, ref=ref)
        return (await records.apply_decision(engine, command)).code

    assert await says(RepaymentChoice(amount_minor=4_001)) == "more_than_open"
    assert await says(RepaymentChoice(amount_minor=1_500)) == "applied"
    assert await says(PlainChoice(kind=DecisionKind.WAIVE_CLAIM)) == "applied"
    assert await says(RepaymentChoice(amount_minor=1)) == "more_than_open"
    after = await money(engine, of.campaign_id)
    assert (after.available - free, after.recovered) == (1_500, 1_500)
    assert (after.creator_receivable, after.claimed) == (0, 0)
    async with session(engine) as db:
        assert await claims.left_of(db, claim.id) == 0


@pytest.mark.parametrize(("staffing", "code"), [("team", "claimant"), ("solo", "applied")])
@pytest.mark.parametrize(
    ("status", "choice"),
    [
        (ClaimStatus.DECIDING, ClaimVerdict(answer="confirm")),
        (ClaimStatus.CONFIRMED, RepaymentChoice(amount_minor=100)),
        (ClaimStatus.CONFIRMED, PlainChoice(kind=DecisionKind.WAIVE_CLAIM)),
    ],
)
async def test_whoever_asks_for_money_back_neither_confirms_nor_settles_it(
    engine: AsyncEngine, finance: Staff, status: ClaimStatus, choice: Choice, staffing: str,
    code: str,
) -> None:  # fmt: skip
    async with session(engine) as db:
        campaign = await builders.campaign(db, builders.campaign_file(staffing=staffing))
        of = await builders.collaboration(db, campaign)
        await builders.payout(db, of)
        claim = await builders.claim(db, of, finance, status=status.value)
        ref = await builders.decision(db, claim, finance, choice)
        command = ApplyDecision(head=builders.head_of(claim), at=NOW, ref=ref)
    assert (await records.apply_decision(engine, command)).code == code


@pytest.mark.parametrize("lost", [{"status": "cancelled"}, {"reversed_minor": 11_001}])
async def test_a_claim_is_not_confirmed_for_money_that_is_not_the_creators_any_more(
    engine: AsyncEngine, finance: Staff, lost: dict[str, Any]
) -> None:
    async with session(engine) as db:
        of = await builders.collaboration(db)
        await builders.payout(db, of, **lost)
        claim = await builders.claim(db, of, status=ClaimStatus.DECIDING.value)

    async def says(choice: ClaimVerdict) -> str:
        async with session(engine) as db:
            current = await db.get_one(Claim, claim.id)
            ref = await builders.decision(db, current, finance, choice, comment="As agreed.")
            command = ApplyDecision(head=builders.head_of(current), at=NOW, ref=ref)
        return (await records.apply_decision(engine, command)).code

    assert await says(ClaimVerdict(answer="confirm")) == "more_than_earned"
    assert await says(ClaimVerdict(answer="drop")) == "applied"


async def test_what_is_taken_back_at_the_provider_comes_off_the_claim_first(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine)
    async with session(engine) as db:
        (paid,) = await db.scalars(select(Payout))
        db.add(
            PayoutAttempt(
                payout_id=paid.id, number=1, key="key", request_hash="", account_id="acct_1",
                amount_minor=15_000, first_sent_at=NOW, outcome="transferred", transfer_id="tr_1",
            )
        )  # fmt: skip
    free = (await money(engine, of.campaign_id)).available
    transfer = RailTransfer(
        id="tr_1", amount_minor=15_000, currency="EUR", transfer_group=paid.id, attempt="1",
        account_id="acct_1", reversed_minor=10_000, created_at=NOW,
    )  # fmt: skip
    async with session(engine) as db:
        command = await taken_back.booking(db, transfer, NOW)
    assert command is not None
    async with session(engine) as db:
        bonus = await builders.payout(db, of, kind="bonus")
    _, kept = await released(engine, bonus, finance, 4_000)
    with pytest.raises(Unavailable):  # reckoned before the release kept it back
        await records.append(engine, command)
    await ends(engine, kept, PayoutStatus.CANCELLED)
    await records.append(engine, command)
    after = await money(engine, of.campaign_id)
    assert (after.paid, after.creator_receivable, after.claimed) == (5_000, 0, 0)
    assert after.available - free == 4_000  # what is not decided yet is still owed
    assert (after.payable, after.recovered) == (6_000, 0)
    async with session(engine) as db:
        assert await claims.left_of(db, claim.id) == 0
        (again,) = await db.scalars(select(Payout).where(Payout.kind == "repayment"))
        assert again.amount_minor == 6_000


async def called_off(engine: AsyncEngine, payout: Payout, who: Staff) -> str:
    """The code of a person's word that a payment is not made; what follows if it holds."""
    choice = PlainChoice(kind=DecisionKind.CANCEL_PAYOUT)
    _, applied = await decide(engine, payout, who, choice, comment="As agreed.")
    if applied.code == "applied":
        await ends(engine, payout, PayoutStatus.CANCELLED)
    return applied.code


async def stands(engine: AsyncEngine, claim: Claim) -> None:
    """What the claim's workflow writes when it is confirmed."""
    posting = Posting(
        kind=PostingKind.CLAIM, key=f"claim:{claim.id}", amount_minor=claim.amount_minor
    )
    command = Append(
        head=builders.head_of(claim), at=NOW, key="0:claim_confirmed:1", event="claim_confirmed",
        claim=ClaimChange(status=ClaimStatus.CONFIRMED), postings=(posting,),
    )  # fmt: skip
    for _ in range(2):  # a worker that died after it asks again
        await records.append(engine, command)


async def left(engine: AsyncEngine, claim: Claim) -> int:
    async with session(engine) as db:
        return await claims.left_of(db, claim.id)


async def test_a_claim_is_less_by_what_it_asked_of_a_payment_that_is_called_off(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine, claimed=18_000)
    async with session(engine) as db:
        first, second = [
            await builders.payout(db, of, kind="bonus", number=number, amount_minor=amount)
            for number, amount in ((1, 5_000), (2, 1_000))
        ]
    _, row = await released(engine, first, finance, 5_000)
    assert await called_off(engine, row, finance) == "applied"
    # 16,000 are still earned: what the payment kept is open again, but for what it never earned.
    assert await left(engine, claim) == 16_000
    assert await called_off(engine, second, finance) == "applied"
    assert await left(engine, claim) == 15_000
    after = await money(engine, of.campaign_id)
    assert (after.creator_receivable, after.claimed, after.recovered) == (15_000, 15_000, 0)
    async with session(engine) as db:
        assert await earned.claimable(db, of.id) == 0
        ways = await claim_reads.sums_by_kind(db, claim.id)
    assert ways == (("not_earned", 3_000),)


async def test_a_claim_that_asks_for_less_than_stays_earned_stays_as_it_is(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine)
    async with session(engine) as db:
        bonus = await builders.payout(db, of, kind="bonus")
    assert await called_off(engine, bonus, finance) == "applied"
    assert await left(engine, claim) == 4_000


@pytest.mark.parametrize("heard", [False, True])
async def test_what_was_taken_back_and_is_not_owed_again_comes_off_the_claim(
    engine: AsyncEngine, finance: Staff, heard: bool
) -> None:
    """Else the creator would lose it twice: it is with the brand, and was claimed besides."""
    async with session(engine) as db:
        of = await builders.collaboration(db)
        paid = await builders.payout(
            db, of, status=PayoutStatus.TRANSFERRED.value, reversed_minor=6_000
        )
        again = await builders.payout(
            db, of, kind="repayment", amount_minor=6_000, again_of=paid.id, first_of=paid.id,
            share_from=9_000,
        )  # fmt: skip
        status = ClaimStatus.ANNOUNCED if heard else ClaimStatus.CONFIRMED
        claim = await builders.claim(db, of, status=status.value)
    assert await called_off(engine, again, finance) == "applied"
    if heard:  # it comes off when the claim stands
        await stands(engine, claim)
    assert await left(engine, claim) == 0
    assert (await money(engine, of.campaign_id)).creator_receivable == 0
    async with session(engine) as db:
        assert await earned.claimable(db, of.id) == 9_000
        assert await claim_reads.sums_by_kind(db, claim.id) == (("taken_back", 4_000),)


async def test_a_payment_is_not_called_off_if_more_has_come_back_than_would_be_earned(
    engine: AsyncEngine, finance: Staff
) -> None:
    of, claim = await paid_too_much(engine, claimed=18_000)
    async with session(engine) as db:
        bonus = await builders.payout(db, of, kind="bonus", amount_minor=5_000)
    repaid = RepaymentChoice(amount_minor=15_001)
    async with session(engine) as db:
        ref = await builders.decision(db, claim, finance, repaid, comment="On the account.")
        command = ApplyDecision(head=builders.head_of(claim), at=NOW, ref=ref)
    assert (await records.apply_decision(engine, command)).code == "applied"
    assert await called_off(engine, bonus, finance) == "came_back"


async def test_a_claim_is_confirmed_for_what_is_earned_when_its_event_is_written(
    engine: AsyncEngine, finance: Staff
) -> None:
    """A payment may be called off between the decision and that event."""
    of, first = await paid_too_much(engine)
    async with session(engine) as db:
        claim = await builders.claim(db, of, status=ClaimStatus.DECIDING.value, amount_minor=12_000)
    await stands(engine, claim)
    assert await left(engine, first) + await left(engine, claim) == 15_000
    assert (await money(engine, of.campaign_id)).creator_receivable == 15_000


async def test_what_is_left_of_a_payment_can_be_sent(engine: AsyncEngine, finance: Staff) -> None:
    """In forints banks are paid whole units: the part of one that is owed stays open."""
    async with session(engine) as db:
        of = await builders.collaboration(db, currency="HUF")
        await builders.payout(db, of, post=False)
        claim = await builders.claim(db, of, amount_minor=4_050)
        later = await builders.payout(db, of, kind="bonus", post=False)
        assert await netting.to_net(db, later) == 4_000
        (line,) = await claim_reads.netting_of(db, later, upcoming=True)
        assert line.amount_minor == 4_000
    assert (await released(engine, later, finance, 4_050))[0] == "netting_changed"
    code, row = await released(engine, later, finance, 4_000)
    assert (code, row.sent_minor) == ("applied", 11_000)
    async with session(engine) as db:
        last = await builders.payout(db, of, kind="bonus", number=2, post=False)
        assert await netting.to_net(db, last) == 0
    assert await left(engine, claim) == 4_050  # the 4,000 are under way


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [(None, 0), ("in_doubt", 0), ("transferred", 0), ("not_found", 4_000), ("refused", 4_000)],
)
async def test_nothing_more_is_kept_back_while_an_attempt_may_have_moved_the_money(
    engine: AsyncEngine, finance: Staff, outcome: str | None, kept: int
) -> None:
    """An attempt keeps its amount: a release with less would neither send nor settle it."""
    of, _ = await paid_too_much(engine)
    async with session(engine) as db:
        later = await builders.payout(db, of, kind="bonus")
        db.add(
            PayoutAttempt(
                payout_id=later.id, number=1, key="key", request_hash="", account_id="acct_1",
                amount_minor=15_000, first_sent_at=NOW, outcome=outcome,
            )
        )  # fmt: skip
    async with session(engine) as db:
        assert await netting.to_net(db, later) == kept
    code, row = await released(engine, later, finance, kept)
    assert (code, row.sent_minor) == ("applied", 15_000 - kept)
