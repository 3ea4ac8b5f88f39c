"""Looking at published posts."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.heartbeats import heartbeats
from domain import watching
from domain.errors import Unavailable
from domain.lifecycle import CheckState
from domain.messages import CheckResult, WatchRequest, WatchResult
from domain.publication import PostRules, PublicationVerdict, carries_link, judge_publication
from domain.watching import EARLY, watched
from integrations.social import (
    Account,
    Label,
    Level,
    NotAPost,
    Observation,
    PostState,
    Sources,
    destination,
)
from integrations.social.observation import unknown
from store import publications
from store.engine import session
from store.publications import Look, Reported
from store.tables import Check

MAX_FOLLOWED = 3
"""Links of one caption that are followed to see whether they lead to the brand."""

PAUSES = (2.0, 8.0)
"""Seconds before a platform that did not answer is asked again, within one look."""

_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Publications:
    """Checks that posts are live, right and disclosed."""

    def __init__(
        self,
        engine: AsyncEngine,
        sources: Sources,
        *,
        follow: Callable[[str], Awaitable[str]] | None = None,
        clock: Callable[[], datetime] = _utc_now,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        """Make the activities.

        Args:
            engine: the database.
            sources: the platforms' interfaces.
            follow: finds where a shortened link leads; by default by opening it, except on
                simulated platforms, where nothing leads into the world.
            clock: what time it is.
            pauses: seconds before a platform that did not answer is asked again.
        """
        self._engine = engine
        self._sources = sources
        self._follow = follow or (_stay if sources.social_base else destination)
        self._clock = clock
        self._pauses = pauses

    @activity.defn(name="watch_publication")
    async def watch_publication(self, request: WatchRequest) -> WatchResult:
        """Look at a post at some moments and keep the evidence, until something is found.

        Between two looks the activity fails on purpose and is retried when the next look is due: a
        retry takes no room in a history, and needs no process that waits. Looking twice is one
        look: its row is unique by publication and number, and what is due next is read from rows.
        """
        async with heartbeats():
            return await self._watch(request)

    async def _watch(self, request: WatchRequest) -> WatchResult:
        while True:
            async with session(self._engine) as work:
                rows = await publications.since(work, request.publication_id, request.first_number)
            looks = [watching.Look(CheckState(row.state), row.checked_at) for row in rows]
            stands = watched(request.moments, looks, request.again_after, patient=request.patient)
            if stands.due is None:
                return WatchResult(last=_result(rows[-1]), looks=len(rows), passed=stands.passed)
            if (wait := stands.due - self._clock()) > EARLY:
                raise not_due(stands.due, wait)
            await self._look(request, request.first_number + len(rows))

    async def _look(self, request: WatchRequest, number: int) -> None:
        async with session(self._engine) as work:
            reported = await publications.load(
                work, request.collaboration_id, request.publication_id
            )
        observation = await self._observe(reported)
        look = _judged(reported, observation)
        async with session(self._engine) as work:
            if _is_right_account(reported, observation) and observation.account_id:
                await publications.learn_account(work, reported, observation.account_id)
            await publications.record(work, reported, number, look)

    async def _observe(self, reported: Reported) -> Observation:
        source = f"{reported.platform}.none"
        try:
            seen = await self._asked_patiently(reported)
        except Unavailable:
            seen = unknown(source, "The platform did not answer.")
        except NotAPost:
            seen = unknown(source, "The reported address is not one that can be asked.")
        return await self._with_destinations(reported, seen)

    async def _asked_patiently(self, reported: Reported) -> Observation:
        """Ask again within the same look: a platform's hiccup is no "could not be checked"."""
        for pause in self._pauses:
            with contextlib.suppress(Unavailable):
                return await self._sources.find(reported.platform, reported.url, _account(reported))
            await asyncio.sleep(pause)
        return await self._sources.find(reported.platform, reported.url, _account(reported))

    async def _with_destinations(self, reported: Reported, seen: Observation) -> Observation:
        """Follow shortened links, unless the brand's own link is there as it is."""
        wanted = reported.file.brief.link
        needed = carries_link(reported.approved_caption, wanted)
        if not needed or any(carries_link(link, wanted) for link in seen.links):
            return seen
        ends = [await self._follow(link) for link in seen.links[:MAX_FOLLOWED]]
        return replace(seen, links=tuple(dict.fromkeys((*seen.links, *ends))))


async def _stay(url: str) -> str:
    return url


def not_due(due: datetime, wait: timedelta) -> ApplicationError:
    """Not a fault: the server calls again when the next look is due."""
    return ApplicationError(
        f"next look {due:%Y-%m-%d %H:%M:%S} UTC",
        type="not_due",
        next_retry_delay=wait,
        category=ApplicationErrorCategory.BENIGN,
    )


def _account(reported: Reported) -> Account:
    """Whose post it has to be; a roster of YouTube channels may give the id as the handle."""
    is_channel = reported.platform == "youtube" and _CHANNEL.fullmatch(reported.handle)
    return Account(reported.handle, reported.account_id or (reported.handle if is_channel else ""))


def _is_right_account(reported: Reported, seen: Observation) -> bool | None:
    """True or False by id where both are known, else by handle; None if the source says neither.

    The same handle on another platform may be somebody else's, and was not agreed on.
    """
    if reported.platform != reported.agreed_platform:
        return False
    wanted = _account(reported)
    if wanted.account_id and seen.account_id:
        return wanted.account_id == seen.account_id
    if not seen.account_handle:
        return None
    return _plain(wanted.handle) == _plain(seen.account_handle)


def _plain(handle: str) -> str:
    return handle.strip().lstrip("@").casefold()


def _judged(reported: Reported, seen: Observation) -> Look:
    verdict = _verdict(reported, seen)
    return Look(
        state=verdict.state,
        level=seen.level,
        faults=verdict.faults,
        reasons=verdict.reasons,
        evidence=_evidence(seen, verdict.similarity),
        checked_at=seen.fetched_at,
    )


def _verdict(reported: Reported, seen: Observation) -> PublicationVerdict:
    if seen.state is PostState.LIVE:
        return judge_publication(
            reported.approved_caption,
            seen.caption,
            PostRules.of(reported.file, reported.country),
            right_account=_is_right_account(reported, seen),
            platform_label={Label.YES: True, Label.NO: False}.get(seen.label),
            links=seen.links,
        )
    state, faults = CheckState.UNKNOWN, tuple[str, ...]()
    if seen.state is PostState.HIDDEN:
        state, faults = CheckState.FAULTY, ("gone",)
    elif seen.state is PostState.GONE:
        # A public interface may not show a post to us that others see: before it was seen once,
        # a person looks, and nobody is told that the post is missing.
        doubtful = seen.level is Level.E2 and not reported.seen_live
        state = CheckState.UNSURE if doubtful else CheckState.GONE
    return PublicationVerdict(state=state, faults=faults, reasons=(seen.reason,))


def _evidence(seen: Observation, similarity: int | None) -> dict[str, Any]:
    return {
        "source": seen.source,
        "fetched_at": seen.fetched_at.isoformat(),
        "canonical_id": seen.canonical_id,
        "account_id": seen.account_id,
        "account_handle": seen.account_handle,
        "caption": seen.caption,
        "label": seen.label.value,
        "links": list(seen.links),
        "figures": asdict(seen.figures),
        "similarity": similarity,
    }


def _result(row: Check) -> CheckResult:
    return CheckResult(state=CheckState(row.state), faults=tuple(row.faults))
