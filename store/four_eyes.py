"""Four eyes on money, as SQL: who may not release a payment, and why.

One rule for the page that shows it early, the inbox that sorts by it, and the decision that is
refused by it at the moment in which it would be applied.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, and_, case, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import DecisionKind
from domain.inbox import ItemKind
from domain.lifecycle import StreamKind
from domain.payees import FIRST_FOR_ANOTHER
from domain.payments import REPAYMENT
from store.approvers import NOT_NAMED, kept_for_others
from store.invoices import missing
from store.payees import first_was_for_another
from store.tables import Campaign, Decision, Event, Payout

REQUESTER, SAME_PERSON = "requester", "same_person"

_MAKES_A_REQUESTER = (
    DecisionKind.ANSWER_COUNTER,
    DecisionKind.JUDGE_PUBLICATION,
    DecisionKind.DECIDE_HEARING,
    DecisionKind.DECIDE_KILL_FEE,
)
"""Decisions on a collaboration by which money comes to be owed; approving a draft is the fifth."""


_ON_THE_CAMPAIGN = (DecisionKind.SIGN_OFF_SHORTLIST, DecisionKind.RESOLVE_SHORTLIST)
"""Decisions on a campaign by which money comes to be owed."""


def had_a_part(staff_id: str) -> ColumnElement[bool]:
    """True of a payment (and its campaign, joined) whose cost this person had a part in.

    Whoever started the campaign wrote the fees and ceilings within which Troupe agrees by itself.
    A brand of one person has said in its campaign file that this is how it works.
    """
    on_collaboration = and_(
        Decision.subject_id == Payout.collaboration_id,
        or_(
            Decision.kind.in_([kind.value for kind in _MAKES_A_REQUESTER]),
            and_(
                Decision.kind == DecisionKind.REVIEW_DRAFT.value,
                Decision.choice["answer"].astext == "approve",
            ),
        ),
    )
    # Whoever granted a bonus caused that payment and no other.
    on_bonus = and_(
        Decision.kind == DecisionKind.GRANT_BONUS.value,
        Decision.id.in_(
            select(Event.decision_id)
            .where(Event.kind == StreamKind.PAYOUT.value, Event.entity_id == Payout.id)
            .correlate(Payout)
        ),
    )
    on_campaign = and_(
        Decision.subject_id == Payout.campaign_id,
        Decision.kind.in_([kind.value for kind in _ON_THE_CAMPAIGN]),
    )
    found = exists().where(
        Decision.actor_kind == "staff",
        Decision.actor_id == staff_id,
        Decision.status == "applied",
        or_(on_collaboration, on_campaign, on_bonus, _owed_again()),
    )
    started = func.coalesce(Campaign.started_by == staff_id, literal(False))
    solo = Campaign.file["staffing"].astext.is_not_distinct_from("solo")
    return and_(~solo, or_(started, found))


def _owed_again() -> ColumnElement[bool]:
    """True of the decision by which what was taken back came to be owed once more.

    That is the first that let the repayment go on; a later one ends somebody's hold, no more.
    """
    first = (
        select(Event.decision_id)
        .where(
            Event.kind == StreamKind.PAYOUT.value,
            Event.entity_id == Payout.id,
            Event.event == DecisionKind.RESUME_PAYOUT.value,
        )
        .correlate(Payout)
        .order_by(Event.sequence)
        .limit(1)
        .scalar_subquery()
    )
    return and_(Payout.kind == REPAYMENT, Decision.id == first)


def gave_the_first(staff_id: str) -> ColumnElement[bool]:
    """True of a payment that waits for a second release after this person's first."""
    last = (
        select(Decision.actor_id)
        .where(
            Decision.subject_id == Payout.id,
            Decision.kind == DecisionKind.RELEASE_PAYOUT.value,
            Decision.status == "applied",
        )
        .order_by(Decision.settled_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return and_(Payout.releases > 0, last == staff_id)


def obstacle_of(staff_id: str) -> ColumnElement[str]:
    """Why this person may not release the payment now; empty if they may (as far as this goes).

    After the person come the papers: nobody may release it without what the law wants.
    """
    return case(
        (gave_the_first(staff_id), literal(SAME_PERSON, String)),
        (had_a_part(staff_id), literal(REQUESTER, String)),
        (first_was_for_another(), literal(FIRST_FOR_ANOTHER, String)),
        (
            kept_for_others(staff_id, ItemKind.RELEASE, Payout.id),
            literal(NOT_NAMED, String),
        ),
        else_=missing(),
    )


async def settling_obstacle(session: AsyncSession, payout_id: str, staff_id: str) -> str:
    """Why this person may not say that a payment was made another way; empty if they may."""
    found = await session.scalar(
        select(
            case(
                (had_a_part(staff_id), literal(REQUESTER, String)),
                (kept_for_others(staff_id, ItemKind.RELEASE, Payout.id), literal(NOT_NAMED)),
                (Payout.releases == 0, missing()),
                else_=literal(""),
            )
        )
        .select_from(Payout)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .where(Payout.id == payout_id)
    )
    return found or ""


async def obstacle(session: AsyncSession, payout_id: str, staff_id: str) -> str:
    """Why this person may not release this payment now; empty if four eyes allow it."""
    found = await session.scalar(
        select(obstacle_of(staff_id))
        .select_from(Payout)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .where(Payout.id == payout_id)
    )
    return found or ""
