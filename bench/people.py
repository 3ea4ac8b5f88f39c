"""Creators and staff who answer at once: what they decide goes the way that a page's form goes.

The rows of a form are written, then the decision, then the update is sent; only the HTML is left
out. Posts are published over HTTP on the stand-in's platforms.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from temporalio.client import Client

from domain.campaign import CampaignFile
from domain.decisions import (
    Choice,
    DraftChoice,
    OfferChoice,
    PlainChoice,
    PublicationChoice,
    ReleaseChoice,
    ReviewChoice,
    TermsChoice,
)
from domain.inbox import DECIDED_BY, ROLE_OF, ItemKind
from domain.lifecycle import Role, StreamKind
from domain.messages import DecisionRef
from integrations.fine import CLOSER_LOOK
from integrations.social.urls import parse_post_url
from integrations.temporal import send_decision
from local.people.captions import Brief, caption
from store import decisions, payees, portal
from store.engine import session
from store.tables import Collaboration, Creator, Draft, InboxItem, Terms
from web.drafting import as_rows, asked_for, precheck

AT_ONCE = 16
"""Decisions that are on their way at the same time, on both sides of the comparison."""
LOOK_EVERY = 0.05
"""Seconds between two looks at what is asked."""


class Unexpected(RuntimeError):
    """Something was asked that a quiet collaboration never asks."""


@dataclass
class People:
    """Everybody who decides in one campaign."""

    engine: AsyncEngine
    client: Client
    file: CampaignFile
    campaign_id: str
    staff: dict[str, str]
    """A member of staff for each role."""
    social: str
    """Address of the simulated platforms."""
    think_seconds: float = 0.0
    """How long everybody thinks; with it, nothing happens at the same time as something else."""
    times: list[float] = field(default_factory=list)
    """Seconds of each decision on a collaboration or a payout, from update to answer."""
    _done: set[tuple[str, str]] = field(default_factory=set)

    async def live(self) -> None:
        """Answer whatever is asked, until cancelled."""
        at_once = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(base_url=self.social, trust_env=False) as platform:
            async with asyncio.TaskGroup() as tasks:
                for _ in count():
                    for item in await self._asked():
                        self._done.add((item.id, item.seen))
                        tasks.create_task(self._answer(item, platform, at_once))
                    await asyncio.sleep(LOOK_EVERY)

    async def _asked(self) -> list[InboxItem]:
        async with session(self.engine) as db:
            rows = await db.scalars(
                select(InboxItem)
                .where(InboxItem.campaign_id == self.campaign_id, InboxItem.closed_at.is_(None))
                .order_by(InboxItem.opened_at)
            )
            return [row for row in rows if (row.id, row.seen) not in self._done]

    async def _answer(
        self, item: InboxItem, platform: httpx.AsyncClient, at_once: asyncio.Semaphore
    ) -> None:
        kind = ItemKind(item.kind)
        await asyncio.sleep(self.think_seconds)
        async with at_once:
            post = await self._publish(item, platform) if kind is ItemKind.PUBLISH else ""
            async with session(self.engine) as db:
                choice = await self._choose(db, kind, item.subject_id, post)
                decision = await decisions.submit(
                    db,
                    kind=choice.kind,
                    subject_kind=item.subject_kind,
                    subject_id=item.subject_id,
                    actor_kind="creator" if ROLE_OF[kind] is Role.CREATOR else "staff",
                    actor_id=await self._actor(db, kind, item.subject_id),
                    choice=choice,
                    seen=item.seen,
                    at=datetime.now(UTC),
                )
            ref = DecisionRef(decision_id=decision, kind=choice.kind, seen=item.seen)
            began = time.perf_counter()
            result = await send_decision(
                self.client, StreamKind(item.subject_kind), item.subject_id, ref
            )
        if item.subject_kind != StreamKind.CAMPAIGN:
            self.times.append(time.perf_counter() - began)
        if result is not None and not result.applied:
            raise Unexpected(f"{kind.value} was refused: {result.code}")

    async def _choose(self, db: AsyncSession, kind: ItemKind, subject: str, post: str) -> Choice:
        at = datetime.now(UTC)
        match kind:
            case ItemKind.RELEASE:
                return ReleaseChoice(account=await payees.digest_of(db, subject))
            case ItemKind.SHORTLIST:
                return PlainChoice.model_validate({"kind": DECIDED_BY[kind]})
            case ItemKind.OFFER:
                return OfferChoice(answer="interested")
            case ItemKind.TERMS:
                terms = (await db.scalars(select(Terms).filter_by(collaboration_id=subject))).one()
                name, address = "Sample Person", "12 Example Street\nLondon"
                signed = await portal.add_signature(db, terms.id, name, address, at)
                return TermsChoice(answer="sign", content_id=signed)
            case ItemKind.SUBMIT:
                return DraftChoice(content_id=await self._draft(db, subject, at))
            case ItemKind.DRAFT:
                return ReviewChoice(answer="approve")
            case ItemKind.PUBLISH:
                where = parse_post_url(post, self.social)
                made = await portal.add_publication(
                    db, subject, where.url, where.platform, where.post_id, at
                )
                return PublicationChoice(content_id=made)
            case _:
                raise Unexpected(f"{kind.value} was asked")

    async def _actor(self, db: AsyncSession, kind: ItemKind, subject: str) -> str:
        role = ROLE_OF[kind]
        if role is not Role.CREATOR:
            return self.staff[role.value]
        return (await db.get_one(Collaboration, subject)).creator_id

    async def _draft(self, db: AsyncSession, subject: str, at: datetime) -> str:
        row = await db.get_one(Collaboration, subject)
        creator = await db.get_one(Creator, row.creator_id)
        file = self.file
        brief = Brief(
            label=asked_for(file, creator), mention=file.brand.handle, link=file.brief.link,
            hashtags=" ".join(file.brief.hashtags), messages=file.brief.messages,
        )  # fmt: skip
        text = caption(brief, creator.category, secrets.SystemRandom())
        found = as_rows(await precheck(file, creator, text, CLOSER_LOOK))
        return await portal.add_draft(db, row, text, "Close-up in daylight.", found, at)

    async def _publish(self, item: InboxItem, platform: httpx.AsyncClient) -> str:
        if item.code:
            raise Unexpected(f"the post is said to be wrong: {item.code}")
        async with session(self.engine) as db:
            row = await db.get_one(Collaboration, item.subject_id)
            creator = await db.get_one(Creator, row.creator_id)
            drafts = select(Draft).filter_by(collaboration_id=row.id)
            draft = (await db.scalars(drafts)).one()
        answer = await platform.post(
            "/_standin/posts",
            json={
                "platform": creator.platform, "handle": creator.handle, "caption": draft.caption,
                "labelled": True, "followers": creator.followers, "key": item.subject_id,
            },
        )  # fmt: skip
        return str(answer.raise_for_status().json()["url"])
