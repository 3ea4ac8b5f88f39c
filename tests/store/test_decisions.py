"""A person's decision: written first, applied once, by somebody who may take it now."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.decisions import (
    Choice,
    DecisionKind,
    DraftChoice,
    Objection,
    PublicationChoice,
    TermsChoice,
)
from domain.errors import NotFound, StreamConflict
from domain.inbox import ItemKind
from domain.lifecycle import Role, StreamKind
from domain.messages import (
    Append,
    ApplyDecision,
    DecisionResult,
    OpenItem,
)
from store import decisions, staff
from store.engine import session
from store.records import append, apply_decision, verify_stream
from store.tables import (
    Collaboration,
    Decision,
    Draft,
    Event,
    InboxItem,
    Staff,
)
from tests import builders
from tests.builders import NOW
from tests.store.deciding import APPROVE, creator_of, decide, status_of

# --- applying ------------------------------------------------------------------------------


async def test_a_decision_becomes_an_event_and_closes_its_item(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    opened = Append(
        head=builders.head_of(begun),
        at=NOW,
        key="draft_submitted:1",
        event="draft_submitted",
        open_items=(OpenItem(kind=ItemKind.DRAFT, seen="digest", due_at=NOW),),
    )
    head = (await append(engine, opened)).head
    async with session(engine) as db:
        ref = await builders.decision(db, begun, reviewer, APPROVE, seen="digest")
    command = ApplyDecision(head=head, at=NOW, ref=ref, close_items=(ItemKind.DRAFT,))
    applied = await apply_decision(engine, command)
    assert (applied.code, applied.choice, applied.head.sequence) == ("applied", APPROVE, 2)
    async with session(engine) as db:
        written = await db.get_one(Event, ("collaboration", begun.id, 2))
        assert (written.event, written.decision_id) == ("review_draft", ref.decision_id)
        assert written.data == {"kind": "review_draft", "answer": "approve", "by": reviewer.id}
        item = (await db.scalars(select(InboxItem))).one()
        assert (item.closed_at, item.closed_by) == (NOW, ref.decision_id)
        row = await db.get_one(Collaboration, begun.id)
        assert (row.waiting_for, row.due_at) == ("engine", None)
        assert await decisions.result(db, ref.decision_id) == DecisionResult(applied=True)
        assert await verify_stream(db, StreamKind.COLLABORATION, begun.id)


async def test_applying_twice_gives_the_same_answer_and_one_event(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    async with session(engine) as db:
        ref = await builders.decision(db, begun, reviewer, APPROVE)
    command = ApplyDecision(head=builders.head_of(begun), at=NOW, ref=ref)
    first, *others = await asyncio.gather(*(apply_decision(engine, command) for _ in range(4)))
    assert first.choice == APPROVE
    assert all(other == first for other in others)
    async with session(engine) as db:
        assert await db.scalar(select(func.count()).select_from(Event)) == 1


async def test_a_decision_asked_for_again_gives_the_same_answer_and_writes_nothing(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    ref, applied = await decide(engine, begun, reviewer, APPROVE)
    again = await apply_decision(engine, ApplyDecision(head=applied.head, at=NOW, ref=ref))
    assert (again.choice, again.code, again.head) == (APPROVE, "applied", applied.head)
    async with session(engine) as db:
        assert await db.scalar(select(func.count()).select_from(Event)) == 1
    assert await status_of(engine, ref) == ("applied", "applied")


async def test_a_refused_decision_stays_refused_for_the_same_reason(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    async with session(engine) as db:
        manager = await builders.staff(db, (Role.MANAGER,))
    ref, refused = await decide(engine, begun, manager, APPROVE)
    assert (refused.code, refused.head.sequence) == ("not_allowed", 0)
    async with session(engine) as db:
        await staff.update_staff(db, manager.id, roles=[Role.REVIEWER])
    command = ApplyDecision(head=refused.head, at=NOW, ref=ref)
    assert (await apply_decision(engine, command)).code == "not_allowed"
    assert await status_of(engine, ref) == ("refused", "not_allowed")


async def test_a_decision_on_something_else_is_unknown(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    async with session(engine) as db:
        other = await builders.collaboration(db)
        ref = await builders.decision(db, other, reviewer, APPROVE)
    head = builders.head_of(begun)
    for wrong in (
        ref,
        ref.model_copy(update={"decision_id": "dec_nowhere"}),
        ref.model_copy(update={"kind": DecisionKind.JUDGE_PUBLICATION}),
    ):
        command = ApplyDecision(head=head, at=NOW, ref=wrong)
        assert (await apply_decision(engine, command)).code == "unknown"
    assert await status_of(engine, ref) == ("submitted", "")


async def test_what_was_seen_must_be_what_is_decided_on(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    async with session(engine) as db:
        ref = await builders.decision(db, begun, reviewer, APPROVE, seen="version 1")
    changed = ref.model_copy(update={"seen": "version 2"})
    command = ApplyDecision(head=builders.head_of(begun), at=NOW, ref=changed)
    assert (await apply_decision(engine, command)).code == "stale"


async def test_a_wrong_head_is_a_conflict_and_decides_nothing(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    wrong = builders.head_of(begun).model_copy(update={"sequence": 4})
    with pytest.raises(StreamConflict):
        await decide(engine, begun, reviewer, APPROVE, head=wrong)
    async with session(engine) as db:
        assert (await db.scalars(select(Decision.status))).all() == ["submitted"]


# --- content -------------------------------------------------------------------------------


async def test_a_draft_gets_its_version_when_it_is_handed_in(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    creator = await creator_of(engine, begun)
    async with session(engine) as db:
        drafts = [await builders.draft(db, begun, caption=f"version {n}") for n in (1, 2)]
    for number, draft in enumerate(drafts, start=1):
        _, applied = await decide(engine, begun, creator, DraftChoice(content_id=draft.id))
        assert (applied.code, applied.seen_digest) == ("applied", draft.digest)
        async with session(engine) as db:
            assert (await db.get_one(Draft, draft.id)).version == number
            assert (await db.get_one(Collaboration, begun.id)).draft_version == number
    again = await decide(engine, begun, creator, DraftChoice(content_id=drafts[0].id), seen="2")
    assert again[1].code == "stale"


async def test_nobody_hands_in_somebody_elses_content(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    creator = await creator_of(engine, begun)
    async with session(engine) as db:
        other = await builders.collaboration(db)
        draft = await builders.draft(db, other)
        publication = await builders.publication(db, other)
        statement = await builders.statement(db, other)
        signature = await builders.signature(db, await builders.terms(db, other))
    choices: list[Choice] = [
        DraftChoice(content_id=draft.id),
        DraftChoice(content_id="drf_nowhere"),
        PublicationChoice(content_id=publication.id),
        Objection(content_id=statement.id),
        TermsChoice(answer="sign", content_id=signature.id),
    ]
    for choice in choices:
        ref, refused = await decide(engine, begun, creator, choice)
        assert refused.code == "unknown_content"
        assert await status_of(engine, ref) == ("refused", "unknown_content")
    async with session(engine) as db:
        assert (await db.get_one(Draft, draft.id)).version is None


async def test_a_publication_and_a_statement_of_ones_own_are_taken(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    creator = await creator_of(engine, begun)
    async with session(engine) as db:
        publication = await builders.publication(db, begun)
        statement = await builders.statement(db, begun)
    _, reported = await decide(engine, begun, creator, PublicationChoice(content_id=publication.id))
    assert reported.seen_digest == publication.id
    _, objected = await decide(engine, begun, creator, Objection(content_id=statement.id))
    assert (objected.code, objected.head.sequence) == ("applied", 2)


async def test_only_the_latest_terms_can_be_signed(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    creator = await creator_of(engine, begun)
    async with session(engine) as db:
        first = await builders.terms(db, begun, version=1)
        second = await builders.terms(db, begun, version=2, fee_minor=33_000)
        old, new = [await builders.signature(db, each) for each in (first, second)]
    late = TermsChoice(answer="sign", content_id=old.id)
    assert (await decide(engine, begun, creator, late))[1].code == "stale"
    right = TermsChoice(answer="sign", content_id=new.id)
    ref, applied = await decide(engine, begun, creator, right)
    assert (applied.code, applied.seen_digest) == ("applied", second.digest)
    repeated = ApplyDecision(head=builders.head_of(begun), at=NOW, ref=ref)
    assert await apply_decision(engine, repeated) == applied


async def test_terms_can_be_declined_without_a_signature(
    engine: AsyncEngine, begun: Collaboration
) -> None:
    creator = await creator_of(engine, begun)
    _, applied = await decide(engine, begun, creator, TermsChoice(answer="decline"))
    assert applied.code == "applied"


# --- the row -------------------------------------------------------------------------------


async def test_a_double_click_is_one_decision(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    async def click() -> str:
        async with session(engine) as db:
            return (await builders.decision(db, begun, reviewer, APPROVE)).decision_id

    assert len({*await asyncio.gather(*(click() for _ in range(5)))}) == 1


async def test_a_decision_on_its_way_has_no_result_yet(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    async with session(engine) as db:
        ref = await builders.decision(db, begun, reviewer, APPROVE, seen="d")
        assert await decisions.result(db, ref.decision_id) is None
        assert await decisions.unanswered(db, NOW, 10) == []
        waiting = await decisions.unanswered(db, NOW + timedelta(minutes=1), 10)
        assert [(each.ref, each.subject_id) for each in waiting] == [(ref, begun.id)]
        await decisions.refuse(db, ref.decision_id, "wrong_stage", NOW)
    async with session(engine) as db:
        assert await decisions.unanswered(db, NOW + timedelta(minutes=1), 10) == []
        found = await decisions.result(db, ref.decision_id)
        assert found == DecisionResult(applied=False, code="wrong_stage")
        with pytest.raises(NotFound):
            await decisions.result(db, "dec_nowhere")


async def test_a_late_refusal_does_not_undo_what_was_applied(
    engine: AsyncEngine, begun: Collaboration, reviewer: Staff
) -> None:
    ref, _ = await decide(engine, begun, reviewer, APPROVE)
    async with session(engine) as db:
        await decisions.refuse(db, ref.decision_id, "wrong_stage", NOW)
    assert await status_of(engine, ref) == ("applied", "applied")
