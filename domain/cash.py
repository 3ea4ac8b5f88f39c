"""When money that is signed for and not earned yet will be needed, and how long money lasts.

Pure rules. The dates are those at which everybody has taken the time that the campaign gives:
creators hand in and publish at their deadlines, the brand looks at a draft by its first reminder,
and each milestone is paid at its pay-by date. Who is faster is paid sooner.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.campaign import CampaignFile, MilestoneKind
from domain.lifecycle import Stage
from domain.money import split_by_percent

HORIZON = timedelta(days=30)
"""How far ahead the needed cash is shown."""

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Due:
    """Money that has to be there at a moment, in the smallest unit of its currency."""

    amount_minor: int
    at: datetime
    earned: bool = False
    """False if it is only expected."""


@dataclass(frozen=True)
class Progress:
    """Where a signed collaboration stands."""

    stage: Stage
    fee_minor: int
    earned: frozenset[str] = frozenset()
    """Kinds of the payments that it has already."""
    due_at: datetime | None = None
    """Until when something is waited for."""
    published_at: datetime | None = None
    """When the creator first said where the post is."""


@dataclass(frozen=True)
class Step:
    """What falls due until a moment, since the step before."""

    until: datetime
    earned: int
    expected: int
    left: int | None
    """What is left at the provider after it; below zero if it is not enough, None if not known."""


@dataclass(frozen=True)
class Outlook:
    """The money that is needed within the horizon, in one currency."""

    overdue: int
    """Earned, and the pay-by date has passed."""
    steps: tuple[Step, ...]
    """A week each, and what is then left of the horizon; without those in which nothing is due."""
    later: int
    """Expected, with a date after the horizon."""
    enough_until: datetime | None
    """The first moment that what is there does not reach for; None if it reaches, or not known."""


def expected(progress: Progress, file: CampaignFile, now: datetime) -> list[Due]:
    """What a signed collaboration has still to earn, each part at its expected pay-by date."""
    reached = _reached(progress, file, now)
    percents = [each.percent for each in file.milestones]
    amounts = split_by_percent(progress.fee_minor, percents, file.currency)
    return [
        Due(amount, reached[milestone.on] + milestone.pay_within)
        for milestone, amount in zip(file.milestones, amounts, strict=True)
        if amount and milestone.on.value not in progress.earned
    ]


def _reached(
    progress: Progress, file: CampaignFile, now: datetime
) -> dict[MilestoneKind, datetime]:
    """When each milestone is expected; those that the stage is past, now."""
    due = max(progress.due_at, now) if progress.due_at else None
    approved = verified = now
    if progress.stage is Stage.DRAFTING:
        approved = due or now + file.drafting.submit_within
    if progress.stage in {Stage.DRAFTING, Stage.REVIEWING}:
        approved += file.review.remind_after
        verified = approved + file.publication.publish_within
    elif progress.stage is Stage.PUBLISHING:
        unseen = now if progress.published_at else now + file.publication.publish_within
        verified = due or unseen
    stays = file.retention.period + file.retention.final_check_after
    return {
        MilestoneKind.CONTRACT_SIGNED: now,
        MilestoneKind.DRAFT_APPROVED: approved,
        MilestoneKind.PUBLICATION_VERIFIED: verified,
        MilestoneKind.RETENTION_PASSED: max(now, (progress.published_at or verified) + stays),
    }


def outlook(dues: Iterable[Due], now: datetime, there: int | None) -> Outlook:
    """Sort what is due into weeks, and see how long what is there lasts.

    Args:
        dues: all that is to be paid in one currency, in any order.
        now: from when the horizon counts.
        there: what is at the provider now; None if that is not known.
    """
    ordered = sorted(dues, key=lambda due: due.at)
    soon = [due for due in ordered if due.at <= now + HORIZON]
    overdue = _sum(due for due in soon if due.earned and due.at < now)
    return Outlook(
        overdue=overdue,
        steps=_steps(soon, now, there, overdue),
        later=_sum(due for due in ordered if due.at > now + HORIZON and not due.earned),
        enough_until=_enough_until(soon, there),
    )


def _steps(dues: Sequence[Due], now: datetime, there: int | None, overdue: int) -> tuple[Step, ...]:
    steps: list[Step] = []
    left = None if there is None else there - overdue
    since, until = datetime.min.replace(tzinfo=now.tzinfo), now
    while until < now + HORIZON:
        until = min(until + WEEK, now + HORIZON)
        here = [
            due for due in dues if since < due.at <= until and not (due.earned and due.at < now)
        ]
        earned = _sum(due for due in here if due.earned)
        awaited = _sum(due for due in here if not due.earned)
        left = None if left is None else left - earned - awaited
        if here:
            steps.append(Step(until, earned, awaited, left))
        since = until
    return tuple(steps)


def _enough_until(dues: Iterable[Due], there: int | None) -> datetime | None:
    """When the first payment falls due that what is there does not reach for, in their order."""
    if there is None:
        return None
    for due in dues:
        there -= due.amount_minor
        if there < 0:
            return due.at
    return None


def _sum(dues: Iterable[Due]) -> int:
    return sum(due.amount_minor for due in dues)
