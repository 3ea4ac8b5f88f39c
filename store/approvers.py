"""Who of a role a campaign names for a decision, as SQL; and whether they are there at all."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from domain.campaign import CampaignFile
from domain.campaign_approvers import ROLE_OF_SECTION, Approvers
from domain.errors import UserMistake
from domain.inbox import ItemKind
from store.tables import Campaign, InboxItem, Staff

NOT_NAMED = "not_named"

_SECTION = {ItemKind.RELEASE: "release", ItemKind.DRAFT: "review"}


class NobodyThere(UserMistake):
    """A campaign names somebody who cannot decide."""

    code = "nobody_there"


def kept_for_others(
    staff_id: str, kind: ItemKind, subject: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    """True of an item (with its campaign joined) that other people were named for.

    The substitute counts from the moment when the item was handed over. If none of the named
    approvers can decide any more, because they left or lost the role, everybody with the role may.

    Args:
        staff_id: who looks.
        kind: of the item; only releases and drafts have named people.
        subject: the column with the item's subject.
    """
    section = _SECTION[kind]
    names = Campaign.file[section]["approvers"]
    me = select(Staff.email).where(Staff.id == staff_id).scalar_subquery()
    one, item = aliased(Staff), aliased(InboxItem)
    somebody = exists().where(
        one.active,
        one.roles.contains([ROLE_OF_SECTION[section].value]),
        names.has_key(one.email),
    )
    handed = exists().where(
        item.subject_id == subject,
        item.kind == kind.value,
        item.closed_at.is_(None),
        item.handed_over,
    )
    takes_over = and_(Campaign.file[section]["substitute"].astext == me, handed)
    return and_(
        somebody,
        not_(func.coalesce(names.has_key(me), False)),
        not_(func.coalesce(takes_over, False)),
    )


def handed_to(email: str) -> ColumnElement[bool]:
    """True of an item (with its campaign joined) that was handed to this substitute."""
    names_them = (
        and_(
            InboxItem.kind == kind.value,
            Campaign.file[section]["substitute"].astext == email,
        )
        for kind, section in _SECTION.items()
    )
    return and_(InboxItem.handed_over, or_(*names_them))


async def check_named(session: AsyncSession, file: CampaignFile) -> None:
    """Make sure that everybody whom a campaign names is there and has the role.

    Raises:
        NobodyThere: somebody is not, with all of their addresses.
    """
    missing: list[str] = []
    for section, role in ROLE_OF_SECTION.items():
        rules: Approvers = getattr(file, section)
        there = set(
            await session.scalars(
                select(Staff.email).where(
                    Staff.email.in_(rules.named),
                    Staff.active,
                    Staff.roles.contains([role.value]),
                )
            )
        )
        missing += [
            f"{each} ({section}: {role.value})" for each in rules.named if each not in there
        ]
    if missing:
        raise NobodyThere(
            f"the campaign names people who cannot decide: {', '.join(missing)}",
            hint="name active members of staff with that role; ./troupe staff list shows them",
        )
