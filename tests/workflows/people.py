"""Everybody who decides, in a workflow test: they look at what waits for them, and answer.

A plan says what each kind of item is answered with: a choice, several choices one after the
other, or `SILENCE`. What the plan does not name is answered in the way that goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from temporalio.client import Client

from domain.decisions import (
    Choice,
    ClaimVerdict,
    CounterChoice,
    DecisionKind,
    DraftChoice,
    HearingChoice,
    KillFeeChoice,
    Objection,
    OfferChoice,
    PlainChoice,
    PublicationChoice,
    PublicationJudgement,
    ReleaseChoice,
    ReviewChoice,
    ScandalChoice,
    ScreeningChoice,
    SettleChoice,
    TermsChoice,
)
from domain.inbox import ROLE_OF, ItemKind
from domain.lifecycle import Role, StreamKind
from domain.messages import DecisionRef, DecisionResult
from integrations.temporal import send_decision
from store import decisions, payees
from store.engine import session
from store.tables import Claim, Collaboration, InboxItem, Terms
from tests import builders

ANSWERED = timedelta(seconds=20)
"""In which a decision is answered; a busy machine may take longer than the web waits for it."""

SILENCE = None
Plan = Mapping[ItemKind, Choice | Sequence[Choice | None] | None]


def plain(kind: DecisionKind) -> Choice:
    """A decision that is its own answer."""
    return PlainChoice.model_validate({"kind": kind})


GOES_ON: dict[ItemKind, Choice] = {
    ItemKind.SHORTLIST: plain(DecisionKind.SIGN_OFF_SHORTLIST),
    ItemKind.CONTACT: plain(DecisionKind.CONFIRM_CONTACT),
    ItemKind.SCREENING: ScreeningChoice(answer="clear"),
    ItemKind.SCANDAL: ScandalChoice(answer="keep"),
    ItemKind.COUNTER: CounterChoice(answer="accept"),
    ItemKind.DRAFT: ReviewChoice(answer="approve"),
    ItemKind.PUBLICATION: PublicationJudgement(answer="verified"),
    ItemKind.HEARING: HearingChoice(answer="withhold"),
    ItemKind.KILL_FEE: KillFeeChoice(percent=50),
    ItemKind.RELEASE: ReleaseChoice(),
    ItemKind.CLAIM: ClaimVerdict(answer="confirm"),
    ItemKind.UNPAID: plain(DecisionKind.RETRY_PAYOUT),
    ItemKind.ON_HOLD: plain(DecisionKind.RESUME_PAYOUT),
    ItemKind.ATTENTION: plain(DecisionKind.RETRY_STEP),
    ItemKind.OFFER: OfferChoice(answer="interested"),
    ItemKind.TERMS: TermsChoice(answer="sign"),
    ItemKind.SUBMIT: DraftChoice(content_id=""),
    ItemKind.PUBLISH: PublicationChoice(content_id=""),
    ItemKind.STATEMENT: Objection(content_id=""),
}


@dataclass
class People:
    """The staff of a brand and its creators."""

    engine: AsyncEngine
    client: Client
    plan: Plan = field(default_factory=dict)
    deviations: dict[str, Plan] = field(default_factory=dict)
    """Plans of single subjects, by their id; what they do not name is as in the common plan."""
    staff: dict[Role, list[str]] = field(default_factory=dict)
    answered: list[tuple[ItemKind, str]] = field(default_factory=list)
    refused: list[DecisionResult] = field(default_factory=list)
    _turns: dict[tuple[ItemKind, str], int] = field(default_factory=dict)
    _handled: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    async def hire(self) -> None:
        """Give every role somebody, and finance two people."""
        async with session(self.engine) as db:
            for role in (Role.MANAGER, Role.REVIEWER, Role.FINANCE, Role.FINANCE, Role.OPERATOR):
                row = await builders.staff(db, [role])
                self.staff.setdefault(role, []).append(row.id)

    async def act(self) -> int:
        """Answer everything that waits and is not to be met with silence; how many answers."""
        acted = 0
        async with session(self.engine) as db:
            items = list(
                await db.scalars(
                    select(InboxItem)
                    .where(InboxItem.closed_at.is_(None))
                    .order_by(InboxItem.opened_at, InboxItem.id)
                )
            )
        for item in items:
            choice = self._choose(item)
            if choice is not None:
                await self.decide(item, choice)
                acted += 1
        return acted

    def _choose(self, item: InboxItem) -> Choice | None:
        kind = ItemKind(item.kind)
        plan = {**self.plan, **self.deviations.get(item.subject_id, {})}
        planned = plan.get(kind, GOES_ON.get(kind))
        if not isinstance(planned, Sequence):
            return planned
        turn = self._turns.get((kind, item.subject_id), 0)
        if self._handled.get(item.id) == (item.seen, item.opened_at):
            return None
        self._turns[(kind, item.subject_id)] = turn + 1
        self._handled[item.id] = (item.seen, item.opened_at)
        return planned[turn] if turn < len(planned) else GOES_ON[kind]

    async def decide(
        self, item: InboxItem, choice: Choice, *, actor: str = "", seen: str | None = None
    ) -> DecisionResult | None:
        """Take a decision the way a page does: a row first, then the update."""
        kind, subject = DecisionKind(choice.kind), StreamKind(item.subject_kind)
        given = item.seen if seen is None else seen
        async with session(self.engine) as db:
            choice = await self._with_content(db, item, choice)
            row = await decisions.submit(
                db,
                kind=kind,
                subject_kind=item.subject_kind,
                subject_id=item.subject_id,
                actor_kind="creator" if ROLE_OF[ItemKind(item.kind)] is Role.CREATOR else "staff",
                actor_id=actor or await self._actor(db, item),
                choice=choice,
                seen=given,
                comment="because",
                at=item.opened_at,
            )
        ref = DecisionRef(decision_id=row, kind=kind, seen=given)
        result = await send_decision(self.client, subject, item.subject_id, ref, wait=ANSWERED)
        if result is not None and result.applied:
            self.answered.append((ItemKind(item.kind), item.subject_id))
        elif result is not None:
            self.refused.append(result)
        return result

    async def say(
        self, kind: DecisionKind, subject: StreamKind, subject_id: str, actor: str
    ) -> DecisionResult | None:
        """Take a decision that nobody asked for: pause, withdraw, suspend."""
        creators = {DecisionKind.WITHDRAW, DecisionKind.OPT_OUT}
        async with session(self.engine) as db:
            row = await decisions.submit(
                db, kind=kind, subject_kind=subject.value, subject_id=subject_id,
                actor_kind="creator" if kind in creators else "staff", actor_id=actor,
                choice=plain(kind), seen="", comment="", at=builders.NOW,
            )  # fmt: skip
        ref = DecisionRef(decision_id=row, kind=kind)
        return await send_decision(self.client, subject, subject_id, ref, wait=ANSWERED)

    async def _actor(self, db: AsyncSession, item: InboxItem) -> str:
        role = ROLE_OF[ItemKind(item.kind)]
        if role is Role.CREATOR:
            if item.subject_kind == StreamKind.CLAIM:
                return (await db.get_one(Claim, item.subject_id)).creator_id
            return (await db.get_one(Collaboration, item.subject_id)).creator_id
        # The second release of a payment is the second finance person's.
        turn = 1 if item.kind == ItemKind.RELEASE and item.code.startswith("2/") else 0
        if item.kind == ItemKind.CLAIM:
            turn = 1  # the first of finance asks for the money
        return self.staff[role][turn]

    async def _with_content(self, db: AsyncSession, item: InboxItem, choice: Choice) -> Choice:
        if isinstance(choice, ReleaseChoice) and not choice.account:
            account = await payees.digest_of(db, item.subject_id)
            return choice.model_copy(update={"account": account})
        if getattr(choice, "content_id", None) != "" or isinstance(choice, SettleChoice):
            return choice
        subject = item.subject_id
        if item.subject_kind == StreamKind.CLAIM:
            subject = (await db.get_one(Claim, subject)).collaboration_id
        of = await db.get_one(Collaboration, subject)
        if isinstance(choice, DraftChoice):
            made = (await builders.draft(db, of)).id
        elif isinstance(choice, PublicationChoice):
            made = (await builders.publication(db, of)).id
        elif isinstance(choice, Objection):
            made = (await builders.statement(db, of)).id
        elif isinstance(choice, TermsChoice) and choice.answer == "sign":
            terms = await db.scalar(
                select(Terms)
                .where(Terms.collaboration_id == of.id)
                .order_by(Terms.version.desc())
                .limit(1)
            )
            assert terms is not None
            made = (await builders.signature(db, terms)).id
        else:
            return choice
        return choice.model_copy(update={"content_id": made})
