"""A creator who owes something back, for the payments of the proof that keep it back."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.claims import ClaimStatus
from domain.decisions import ClaimChoice
from domain.lifecycle import Role, StreamKind
from domain.messages import (
    Append,
    Begin,
    ClaimChange,
    DecisionRef,
    Posting,
    PostingKind,
    StreamHead,
)
from store import claiming, decisions, records, staff
from store.engine import session


async def owe(engine: AsyncEngine, collaboration: str, amount: int, now: datetime) -> None:
    """Write a claim that stands: asked for by somebody else than who releases payments."""
    choice = ClaimChoice(amount_minor=amount)
    async with session(engine) as db:
        person = await staff.create_staff(
            db, email=f"asks-{secrets.token_hex(4)}@lumenandleaf.example", name="Ada Brook",
            roles=[Role.FINANCE], password=secrets.token_hex(16), at=now,
        )  # fmt: skip
        row = await decisions.submit(
            db, kind=choice.kind, subject_kind=StreamKind.COLLABORATION.value,
            subject_id=collaboration, actor_kind="staff", actor_id=person, choice=choice, seen="",
            comment="For the proof.", at=now,
        )  # fmt: skip
    ref = DecisionRef(decision_id=row, kind=choice.kind)
    made = await claiming.make(engine, Begin(ref=ref, at=now))
    assert made.claim is not None, "what is owed was earned"
    claim = made.claim.claim_id
    posting = Posting(kind=PostingKind.CLAIM, key=f"claim:{claim}", amount_minor=amount)
    await records.append(
        engine,
        Append(
            head=StreamHead(kind=StreamKind.CLAIM, entity_id=claim), at=now, key="confirmed",
            event="claim_confirmed", claim=ClaimChange(status=ClaimStatus.CONFIRMED),
            postings=(posting,),
        ),
    )  # fmt: skip
