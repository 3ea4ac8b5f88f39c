"""Rows that the screens show: items, and a campaign in the middle of its life."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from domain.inbox import ROLE_OF, ItemKind
from domain.messages import OpenItem
from store import items
from store.desk import open_item
from store.engine import session
from store.tables import Campaign, Collaboration, Creator, InboxItem
from tests import builders
from tests.builders import NOW

CAPTION = "Anzeige: mein Morgen mit @lumen.skin https://lumen.example/serum"


async def wait_for(
    db: AsyncSession, kind: ItemKind, subject: Any, campaign_id: str, **parts: Any
) -> InboxItem:
    """Open an item on a row."""
    subject_kind = type(subject).__name__.casefold()
    await items.open_item(
        db, OpenItem(kind=kind, **parts), subject_kind, subject.id, campaign_id, 1, NOW
    )
    opened = await open_item(db, kind.value, subject.id)
    assert opened is not None
    assert opened.role == ROLE_OF[kind].value
    return opened


@dataclass
class Scene:
    """One creator in one campaign."""

    campaign: Campaign
    creator: Creator
    collaboration: Collaboration
    items: dict[str, InboxItem]


async def scene(
    engine: AsyncEngine, *waiting: tuple[ItemKind, str], stage: str = "reviewing", **creator: Any
) -> Scene:
    """A collaboration in a stage, with items that wait; each as (kind, seen)."""
    async with session(engine) as db:
        campaign = await builders.campaign(db)
        who = await builders.creator(db, **creator)
        row = await builders.collaboration(db, campaign, who, stage=stage, draft_version=1)
        opened = {
            kind.value: await wait_for(db, kind, row, campaign.id, seen=seen)
            for kind, seen in waiting
        }
    return Scene(campaign, who, row, opened)
