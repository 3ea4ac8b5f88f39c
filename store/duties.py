"""Who may take a decision, looked up at the moment in which it becomes an event."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import CREATOR_DECISIONS, DecisionKind, roles_for
from domain.inbox import DECIDED_BY, ItemKind
from domain.lifecycle import PayoutStatus, Role
from domain.messages import ApplyDecision
from domain.payees import ACCOUNT_CHANGED, FIRST_FOR_ANOTHER, account_digest
from store.approvers import NOT_NAMED, kept_for_others
from store.attempts import sent_or_unsettled
from store.four_eyes import REQUESTER, SAME_PERSON, had_a_part
from store.invoices import invoice, lacks
from store.streams import Entity
from store.tables import Campaign, Claim, Collaboration, Decision, InboxItem, Payout, Staff

_ITEM_OF = {decision: item for item, decision in DECIDED_BY.items()}


CLAIMANT = "claimant"
MAY_BE_PAID = "may_be_paid"

_ENDS_A_PAYMENT = (DecisionKind.SETTLE_PAYOUT, DecisionKind.CANCEL_PAYOUT)
"""Decisions after which no attempt is made any more."""


_LETS_A_CLAIM_GO = (
    DecisionKind.DECIDE_CLAIM, DecisionKind.BOOK_REPAYMENT, DecisionKind.WAIVE_CLAIM,
)  # fmt: skip
"""By these somebody says whether money is owed to the brand, has come, or is given up."""


class Refused(Exception):
    """A check said no; the code goes into the decision's row."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def check_duties(
    session: AsyncSession, entity: Entity, row: Decision, command: ApplyDecision, account: str = ""
) -> None:
    """Check what was seen, the actor's role now, and the separation of duties.

    Args:
        session: of the transaction that applies the decision.
        entity: what it is about; its row is locked.
        row: the decision.
        command: from the workflow.
        account: where the money of a release would go now; empty if there is no account.

    Raises:
        Refused: ``stale``, ``not_allowed``, ``requester``, ``same_person``, ``not_named``,
            ``claimant``, ``may_be_paid``, ``account_changed``, ``first_for_another``,
            ``tax_missing`` or ``invoice_missing``.
    """
    if row.seen != command.ref.seen:
        raise Refused("stale")
    if not await _actor_may(session, entity, row):
        raise Refused("not_allowed")
    if row.kind == DecisionKind.RELEASE_PAYOUT:
        if not isinstance(entity, Payout):
            raise Refused("unknown")
        await _check_release(session, entity, row.actor_id, command.earlier)
        _check_account(entity, row, account, command.earlier)
        await _check_papers(session, entity, row)
    if row.kind in _ENDS_A_PAYMENT and isinstance(entity, Payout):
        await _check_end(session, entity, row, command)
    if row.kind == DecisionKind.REVIEW_DRAFT and isinstance(entity, Collaboration):
        await _check_review(session, entity, row.actor_id)
    if row.kind in _LETS_A_CLAIM_GO and isinstance(entity, Claim):
        await _check_claim(session, entity, row)


async def _actor_may(session: AsyncSession, entity: Entity, row: Decision) -> bool:
    kind = DecisionKind(row.kind)
    if kind in CREATOR_DECISIONS:
        return (
            isinstance(entity, Collaboration | Claim)
            and row.actor_kind == "creator"
            and row.actor_id == entity.creator_id
        )
    if row.actor_kind != "staff":
        return False
    # Shared lock: a role that is taken away at this moment is taken away before or after.
    person = await session.scalar(
        select(Staff).where(Staff.id == row.actor_id).with_for_update(read=True)
    )
    if person is None or not person.active:
        return False
    if any(role.value in person.roles for role in roles_for(kind)):
        return True
    return Role.MANAGER.value in person.roles and await _escalated(session, kind, entity.id)


async def _escalated(session: AsyncSession, kind: DecisionKind, subject_id: str) -> bool:
    """True if this decision was escalated to the managers; releasing money never is."""
    if kind not in _ITEM_OF or kind is DecisionKind.RELEASE_PAYOUT:
        return False
    escalated = await session.scalar(
        select(InboxItem.escalated).where(
            InboxItem.subject_id == subject_id,
            InboxItem.kind == _ITEM_OF[kind].value,
            InboxItem.closed_at.is_(None),
        )
    )
    return bool(escalated)


async def _check_release(
    session: AsyncSession, payout: Payout, actor_id: str, earlier: tuple[str, ...]
) -> None:
    """Four eyes: not who caused the payment, and not the same person twice."""
    part = await session.scalar(
        select(had_a_part(actor_id))
        .select_from(Payout)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .where(Payout.id == payout.id)
    )
    if part:
        raise Refused(REQUESTER)
    others = await session.scalar(
        select(kept_for_others(actor_id, ItemKind.RELEASE, Payout.id))
        .select_from(Payout)
        .join(Campaign, Campaign.id == Payout.campaign_id)
        .where(Payout.id == payout.id)
    )
    if others:
        raise Refused(NOT_NAMED)
    # What the workflow counts, not what the row says: the two releases that it will act on.
    before = await session.scalars(select(Decision.actor_id).where(Decision.id.in_(earlier)))
    if actor_id in before.all():
        raise Refused(SAME_PERSON)


async def _check_end(
    session: AsyncSession, payout: Payout, row: Decision, command: ApplyDecision
) -> None:
    """No attempt may have paid it, or may yet; and who says it was paid may also release it."""
    # What is ordered at the bank and in no file yet is taken out of it by the decision itself.
    ordered = payout.status == PayoutStatus.SENDING
    if not ordered and await sent_or_unsettled(session, payout.id, command.at):
        raise Refused(MAY_BE_PAID)
    if row.kind != DecisionKind.SETTLE_PAYOUT:
        return
    await _check_release(session, payout, row.actor_id, command.earlier)
    if not payout.releases:
        # On hold before it was released, or to be released anew: nobody has looked at them.
        await _check_papers(session, payout, row)
        if row.choice.get("answer") != "elsewhere":
            raise Refused("wrong_stage")
    said = await session.scalars(select(Decision.choice).where(Decision.id.in_(command.earlier)))
    if any(choice != row.choice for choice in said):
        raise Refused("stale")


def _check_account(payout: Payout, row: Decision, account: str, earlier: tuple[str, ...]) -> None:
    """The money goes where each of those who released it was shown that it goes."""
    if row.choice.get("account", "") != account_digest(account):
        raise Refused(ACCOUNT_CHANGED)
    if earlier and payout.payee_account is not None and payout.payee_account != account:
        raise Refused(FIRST_FOR_ANOTHER)


async def _check_papers(session: AsyncSession, payout: Payout, row: Decision) -> None:
    """What the law of the brand's country wants is there, and was when the person looked."""
    if code := await lacks(session, payout.id):
        raise Refused(code)
    uploaded = await invoice(session, payout.id)
    if uploaded is not None and uploaded.series is None and uploaded.created_at > row.created_at:
        raise Refused("stale")


async def _check_review(session: AsyncSession, of: Collaboration, actor_id: str) -> None:
    """The people whom the campaign names; what was escalated is a manager's too."""
    others = await session.scalar(
        select(kept_for_others(actor_id, ItemKind.DRAFT, Collaboration.id))
        .select_from(Collaboration)
        .join(Campaign, Campaign.id == Collaboration.campaign_id)
        .where(Collaboration.id == of.id)
    )
    if not others:
        return
    person = await session.get_one(Staff, actor_id)
    kind = DecisionKind.REVIEW_DRAFT
    if not (Role.MANAGER.value in person.roles and await _escalated(session, kind, of.id)):
        raise Refused(NOT_NAMED)


async def _check_claim(session: AsyncSession, claim: Claim, row: Decision) -> None:
    """Whoever asks for money back may drop that, and says nothing else of it.

    Not that it is owed, and not that it came or is not asked for any more either: what a single
    person can make owed and settle again comes to nothing but that person's word. In a brand of one
    person there is nobody else.
    """
    solo = await session.scalar(
        select(Campaign.file["staffing"].astext == "solo").where(Campaign.id == claim.campaign_id)
    )
    asked = await session.get_one(Decision, claim.decision_id)
    if asked.actor_id == row.actor_id and not solo and row.choice.get("answer") != "drop":
        raise Refused(CLAIMANT)
