"""Looking at the posts of those who take part, and telling their workflows what is new."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from domain.errors import TroupeError
from domain.findings import SafetyEngine
from domain.ids import collaboration_workflow_id
from domain.messages import SCANDAL, Screening
from domain.scandal import evidence_of, is_news
from domain.vetting import judge_safety, screening_of
from domain.word_lists import LEXICON
from store import candidates, safety_looks, starts
from store.engine import session
from store.overrulings import overrulings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

AT_A_TIME = 20
"""Creators looked at in one sweep, which has a minute; the next one goes on. A creator's dozen of
posts takes the finer look about half a second."""

log = logging.getLogger(__name__)


async def look_at(
    work: AsyncSession, collaboration_id: str, safety: SafetyEngine, at: datetime
) -> Screening:
    """Judge the creator's newest posts, and keep the verdict with its evidence.

    Looking twice at the same posts is one look, with the same answer.
    """
    subject = await starts.subject_of(work, collaboration_id)
    newest = await safety_looks.newest_post(work, subject.creator_id)
    since = at - subject.file.brand_safety.within
    captions = (await candidates.newest_captions(work, [subject.creator_id], since))[
        subject.creator_id
    ]
    earlier = await overrulings(work, [subject.creator_id], subject.campaign_id)
    verdict = await asyncio.to_thread(
        judge_safety, captions, subject.language, subject.file, safety,
        earlier=earlier.get(subject.creator_id),
    )  # fmt: skip
    await candidates.save_verdict(work, subject.campaign_id, subject.creator_id, verdict, at)
    screening = screening_of(verdict, subject.salt)
    known = await safety_looks.before(work, collaboration_id)
    evidence = evidence_of(verdict, captions, known.keys if known else None)
    news = await safety_looks.keep(
        work,
        {
            "collaboration_id": collaboration_id,
            "digest": screening.digest,
            "verdict": verdict.verdict.value,
            "reasons": list(verdict.reasons),
            "evidence": [each.model_dump() for each in evidence],
            "engine": verdict.engine,
            "posts": verdict.posts,
            "newest_post_id": newest,
            "news": is_news(verdict.verdict, known.verdict if known else None, evidence),
            "looked_at": at,
        },
    )
    return screening.model_copy(update={"news": news})


class CreatorWatch:
    """The sweep over the posts that came in since the last look."""

    def __init__(
        self,
        engine: AsyncEngine,
        client: Client,
        *,
        safety: SafetyEngine = LEXICON,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._client = client
        self._safety = safety
        self._clock = clock

    @activity.defn(name="watch_creators")
    async def watch_creators(self) -> int:
        """Look at creators with new posts, and tell the workflows; returns how many were told.

        Telling twice is harmless: a workflow asks about a look once. News is a row before it is
        told, so that it survives the death of this process.
        """
        async with session(self._engine) as work:
            waiting = await safety_looks.to_look_at(work, AT_A_TIME)
        for collaboration_id in waiting:
            try:
                async with session(self._engine) as work:
                    await look_at(work, collaboration_id, self._safety, self._clock())
            except TroupeError as error:
                # The next sweep tries again; the others are not to wait for this one.
                log.warning("%s could not be looked at: %s", collaboration_id, error.code)
        async with session(self._engine) as work:
            untold = await safety_looks.untold(work, AT_A_TIME)
        for collaboration_id, found in untold:
            handle = self._client.get_workflow_handle(collaboration_workflow_id(collaboration_id))
            try:
                await handle.signal(SCANDAL, found)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
            async with session(self._engine) as work:
                await safety_looks.mark_told(work, collaboration_id, found.digest, self._clock())
        return len(untold)
