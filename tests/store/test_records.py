"""An event and what belongs to it: all or nothing, once, in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.errors import ContentConflict, NotFound, Overdrawn, StreamConflict
from domain.inbox import ItemKind
from domain.lifecycle import (
    CampaignStatus,
    HoldReason,
    Outcome,
    PayoutStatus,
    Stage,
    StreamKind,
    WaitingFor,
)
from domain.mails import Mail
from domain.messages import (
    Append,
    CampaignChange,
    CollaborationChange,
    NewPayout,
    OpenItem,
    PayoutChange,
    PlannedMail,
    Posting,
    PostingKind,
    StreamHead,
)
from store import ledger
from store.engine import make_engine, session
from store.records import append, verify_stream
from store.tables import (
    Campaign,
    Collaboration,
    Event,
    InboxItem,
    LedgerTransaction,
    OutboxMail,
    Payout,
)
from tests import builders
from tests.builders import NOW
from tests.conftest import Database


def event(head: StreamHead, name: str = "invited", **parts: Any) -> Append:
    values: dict[str, Any] = {"head": head, "at": NOW, "key": f"{name}:1", "event": name}
    return Append(**(values | parts))


def mail(**overrides: Any) -> PlannedMail:
    values: dict[str, Any] = {
        "outbox_id": "out_1",
        "mail": Mail.INVITATION,
        "step": "invitation",
        "facts": {"fee_minor": 30_000},
        "not_before": NOW + timedelta(minutes=5),
    }
    return PlannedMail(**(values | overrides))


async def test_an_event_and_all_that_belongs_to_it_is_written(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    due = NOW + timedelta(days=7)
    payout = NewPayout(
        payout_id="pay_1", kind="contract_signed", number=1, amount_minor=10_000, pay_by=due
    )
    done = await append(
        engine,
        event(
            builders.head_of(begun),
            "contract_signed",
            data={"fee_minor": 31_000, "by": "creator", "late": False, "note": None},
            collaboration=CollaborationChange(
                stage=Stage.DRAFTING, waiting_for=WaitingFor.CREATOR, due_at=due, fee_minor=31_000
            ),
            open_items=(OpenItem(kind=ItemKind.SUBMIT, seen="1", due_at=due),),
            mails=(mail(),),
            postings=(
                Posting(kind=PostingKind.RESERVE, key="r", amount_minor=31_000),
                Posting(kind=PostingKind.EARN, key="e", amount_minor=10_000),
            ),
            new_payouts=(payout,),
        ),
    )
    assert (done.refused, done.head.sequence) == ("", 1)
    async with session(engine) as db:
        row = await db.get_one(Collaboration, begun.id)
        assert (row.stage, row.waiting_for, row.due_at) == ("drafting", "creator", due)
        assert (row.fee_minor, row.sequence, row.digest) == (31_000, 1, done.head.digest)
        item = (await db.scalars(select(InboxItem))).one()
        assert (item.kind, item.role, item.subject_kind) == ("submit", "creator", "collaboration")
        assert (item.subject_id, item.campaign_id) == (begun.id, begun.campaign_id)
        outgoing = (await db.scalars(select(OutboxMail))).one()
        assert (outgoing.id, outgoing.status, outgoing.planned_at) == ("out_1", "planned", NOW)
        requested = await db.get_one(Payout, "pay_1")
        assert (requested.status, requested.creator_id) == ("requested", begun.creator_id)
        assert (await ledger.balances(db, begun.campaign_id)).payable == 10_000
        assert await verify_stream(db, StreamKind.COLLABORATION, begun.id)


async def test_the_same_event_twice_is_written_once(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    command = event(
        builders.head_of(begun),
        data={"step": 1},
        mails=(mail(),),
        postings=(Posting(kind=PostingKind.RESERVE, key="r", amount_minor=100),),
    )
    first = await append(engine, command)
    later = command.model_copy(update={"at": NOW + timedelta(seconds=30)})
    assert await append(engine, later) == first
    async with session(engine) as db:
        assert await db.scalar(select(func.count()).select_from(Event)) == 1
        assert await db.scalar(select(func.count()).select_from(OutboxMail)) == 1


async def test_the_same_event_at_the_same_moment_is_written_once(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    command = event(builders.head_of(begun))
    heads = {(await each).head.digest for each in [append(engine, command) for _ in range(3)]}
    together = await asyncio.gather(*(append(engine, command) for _ in range(8)))
    assert heads == {done.head.digest for done in together}


async def test_other_content_under_the_same_key_is_an_error(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    head = builders.head_of(begun)
    await append(engine, event(head, data={"step": 1}))
    with pytest.raises(StreamConflict):
        await append(engine, event(head, data={"step": 2}))
    with pytest.raises(StreamConflict):
        await append(engine, event(head, "declined", key="invited:1", data={"step": 1}))


async def test_a_step_whose_answer_was_lost_is_recognised_after_another_one_came_first(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    head = builders.head_of(begun)
    lost = event(head, "invited")
    await append(engine, lost)
    other = (await append(engine, event(head, "withdrew"))).head
    assert other.sequence == 2
    assert (await append(engine, lost.model_copy(update={"head": other}))).head == other
    async with session(engine) as db:
        assert await verify_stream(db, StreamKind.COLLABORATION, begun.id)


async def test_a_head_that_does_not_match_is_an_error(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    head = (await append(engine, event(builders.head_of(begun)))).head
    for wrong in ({"digest": "0" * 64}, {"sequence": 2}):
        with pytest.raises(StreamConflict):
            await append(engine, event(head.model_copy(update=wrong), "answered"))
    await append(engine, event(head, "answered"))


async def test_an_unknown_entity_has_no_stream(engine: AsyncEngine) -> None:
    with pytest.raises(NotFound):
        await append(
            engine, event(StreamHead(kind=StreamKind.COLLABORATION, entity_id="col_nobody"))
        )


async def test_a_tampered_event_is_found(
    engine: AsyncEngine, begun: Collaboration, database: Database
) -> None:
    head = builders.head_of(begun)
    for number in range(3):
        step = event(head, key=f"invited:{number}", data={"step": number})
        head = (await append(engine, step)).head
    tampering = [
        """UPDATE events SET data = '{"step": 9}' WHERE sequence = 2""",
        "UPDATE events SET at = at + interval '1 second' WHERE sequence = 1",
        "DELETE FROM events WHERE sequence = 3",
        "DELETE FROM events WHERE sequence = 2",
        "UPDATE events SET decision_id = 'dec_forged' WHERE sequence = 2",
    ]
    owner = create_engine(database.owner_url)
    for statement in tampering:
        with owner.connect() as connection:
            copied = connection.execute(text("CREATE TABLE kept AS TABLE events"))
            connection.execute(text(statement))
            connection.commit()
            async with session(engine) as db:
                assert not await verify_stream(db, StreamKind.COLLABORATION, begun.id), statement
            connection.execute(text("DELETE FROM events"))
            connection.execute(text("INSERT INTO events SELECT * FROM kept"))
            connection.execute(text("DROP TABLE kept"))
            connection.commit()
            copied.close()
    owner.dispose()
    async with session(engine) as db:
        assert await verify_stream(db, StreamKind.COLLABORATION, begun.id)


async def test_hundreds_of_acceptances_in_the_same_second_reserve_what_the_budget_holds(
    database: Database,
) -> None:
    engine = make_engine(database.app_url, pool_size=20)
    file = builders.campaign_file(budget={"total": "300 EUR", "per_collaboration": "3 EUR"})
    async with session(engine) as db:
        campaign = await builders.campaign(db, file)
        agreed = [await builders.collaboration(db, campaign, fee_minor=0) for _ in range(200)]

    async def agree(of: Collaboration) -> str:
        reserve = Posting(kind=PostingKind.RESERVE, key=f"reserve:{of.id}", amount_minor=300)
        change = CollaborationChange(fee_minor=300)
        step = event(
            builders.head_of(of), "terms_agreed", collaboration=change, postings=(reserve,)
        )
        return (await append(engine, step)).refused

    answers = await asyncio.gather(*(agree(of) for of in agreed))
    assert Counter(answers) == {"": 100, "over_budget": 100}
    async with session(engine) as db:
        money = await ledger.balances(db, campaign.id)
        assert (money.available, money.reserved) == (0, 30_000)
        assert await ledger.check(db) == []
        events = (await db.scalars(select(Event).where(Event.event == "terms_agreed"))).all()
        rows = await db.scalars(select(Collaboration.id).where(Collaboration.fee_minor == 300))
        kept = {of.id for of, answer in zip(agreed, answers, strict=True) if not answer}
        assert {each.entity_id for each in events} == set(rows) == kept
    await engine.dispose()


async def test_what_the_budget_does_not_hold_leaves_nothing_behind(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    head = builders.head_of(begun)
    command = event(
        head,
        "contract_signed",
        collaboration=CollaborationChange(stage=Stage.DRAFTING),
        open_items=(OpenItem(kind=ItemKind.SUBMIT),),
        mails=(mail(),),
        postings=(Posting(kind=PostingKind.RESERVE, key="r", amount_minor=1_000_001),),
    )
    done = await append(engine, command)
    assert (done.refused, done.head) == ("over_budget", head)
    async with session(engine) as db:
        for table in (Event, InboxItem, OutboxMail):
            assert await db.scalar(select(func.count()).select_from(table)) == 0
        moved = select(LedgerTransaction).where(LedgerTransaction.kind == "reserve")
        assert (await db.scalars(moved)).all() == []
        row = await db.get_one(Collaboration, begun.id)
        assert (row.stage, row.sequence) == ("screening", 0)
    smaller = Posting(kind=PostingKind.RESERVE, key="r", amount_minor=1_000_000)
    again = await append(engine, command.model_copy(update={"postings": (smaller,)}))
    assert again.head.sequence == 1


async def test_money_missing_elsewhere_is_a_fault_and_not_a_full_budget(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    earned = Posting(kind=PostingKind.EARN, key="e", amount_minor=1)
    with pytest.raises(Overdrawn):
        await append(engine, event(builders.head_of(begun), postings=(earned,)))


async def test_an_open_item_is_renewed_and_keeps_its_reminders(
    engine: AsyncEngine, begun: Collaboration, database: Database
) -> None:
    first = OpenItem(kind=ItemKind.DRAFT, seen="v1", due_at=NOW)
    head = (await append(engine, event(builders.head_of(begun), open_items=(first,)))).head
    async with session(engine) as db:
        item = (await db.scalars(select(InboxItem))).one()
        item.reminded, item.escalated = 2, True
    second = OpenItem(kind=ItemKind.DRAFT, seen="v2", code="late")
    head = (await append(engine, event(head, "renewed", open_items=(second,)))).head
    async with session(engine) as db:
        item = (await db.scalars(select(InboxItem))).one()
        assert (item.seen, item.code, item.due_at) == ("v2", "late", None)
        assert (item.reminded, item.escalated, item.opened_at) == (2, True, NOW)
    await append(engine, event(head, "reviewed", close_items=(ItemKind.DRAFT, ItemKind.TERMS)))
    async with session(engine) as db:
        item = (await db.scalars(select(InboxItem))).one()
        assert (item.closed_at, item.closed_by) == (NOW, None)


async def test_a_closed_item_can_be_opened_again(engine: AsyncEngine, begun: Collaboration) -> None:
    item = OpenItem(kind=ItemKind.SUBMIT, seen="1")
    head = (await append(engine, event(builders.head_of(begun), open_items=(item,)))).head
    await append(
        engine,
        event(head, "sent_back", close_items=(ItemKind.SUBMIT,), open_items=(item,)),
    )
    async with session(engine) as db:
        rows = (await db.scalars(select(InboxItem).order_by(InboxItem.closed_at))).all()
    assert [row.closed_at for row in rows] == [NOW, None]


async def test_a_mail_step_is_planned_once(engine: AsyncEngine, begun: Collaboration) -> None:
    head = (await append(engine, event(builders.head_of(begun), mails=(mail(),)))).head
    head = (await append(engine, event(head, "again", mails=(mail(),)))).head
    async with session(engine) as db:
        assert await db.scalar(select(func.count()).select_from(OutboxMail)) == 1
    with pytest.raises(ContentConflict):
        await append(engine, event(head, "other", mails=(mail(facts={"fee_minor": 1}),)))


async def test_a_closed_collaboration_has_an_end(engine: AsyncEngine, begun: Collaboration) -> None:
    change = CollaborationChange(
        stage=Stage.CLOSED,
        outcome=Outcome.DECLINED,
        waiting_for=WaitingFor.NOBODY,
        clear_due=True,
        needs_attention=False,
    )
    await append(engine, event(builders.head_of(begun), "closed", collaboration=change))
    async with session(engine) as db:
        row = await db.get_one(Collaboration, begun.id)
    assert (row.outcome, row.ended_at, row.due_at) == ("declined", NOW, None)


async def test_a_payouts_events_move_its_money(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        payout = await builders.payout(db)
    sending = event(
        builders.head_of(payout),
        "attempt_begun",
        payout=PayoutChange(status=PayoutStatus.SENDING, attempt=1, releases=2),
        postings=(Posting(kind=PostingKind.SEND, key="s", amount_minor=15_000),),
    )
    head = (await append(engine, sending)).head
    held = PayoutChange(status=PayoutStatus.HELD, hold_reason=HoldReason.NOT_ONBOARDED)
    back = Posting(kind=PostingKind.RETURN, key="b", amount_minor=15_000)
    setup = mail(outbox_id="out_2", mail=Mail.PAYOUT_SETUP, step="setup")
    head = (
        await append(engine, event(head, "held", payout=held, postings=(back,), mails=(setup,)))
    ).head
    async with session(engine) as db:
        row = await db.get_one(Payout, payout.id)
        assert (row.status, row.hold_reason, row.attempt) == ("held", "not_onboarded", 1)
        assert (await ledger.balances(db, payout.campaign_id)).payable == 15_000
        outgoing = await db.get_one(OutboxMail, "out_2")
        assert outgoing.collaboration_id == payout.collaboration_id
    cleared = PayoutChange(status=PayoutStatus.RELEASED, clear_hold=True)
    await append(engine, event(head, "retried", payout=cleared))
    async with session(engine) as db:
        assert (await db.get_one(Payout, payout.id)).hold_reason is None
        assert await verify_stream(db, StreamKind.PAYOUT, payout.id)


async def test_a_campaign_is_funded_by_its_first_event_and_ends(engine: AsyncEngine) -> None:
    async with session(engine) as db:
        campaign = await builders.campaign(db, fund=False)
    fund = Posting(kind=PostingKind.FUND, key="f", amount_minor=campaign.budget_minor)
    head = (
        await append(engine, event(builders.head_of(campaign), "funded", postings=(fund,)))
    ).head
    done = CampaignChange(status=CampaignStatus.COMPLETED)
    await append(engine, event(head, "completed", campaign=done))
    async with session(engine) as db:
        row = await db.get_one(Campaign, campaign.id)
        assert (row.status, row.ended_at) == ("completed", NOW)
        assert (await ledger.balances(db, campaign.id)).available == campaign.budget_minor


async def test_a_stream_changes_no_other_entitys_row(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    foreign = event(builders.head_of(begun), campaign=CampaignChange(status=CampaignStatus.STOPPED))
    with pytest.raises(ValueError, match="own stream"):
        await append(engine, foreign)
