"""Looking at published posts."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from domain.errors import Unavailable
from domain.lifecycle import CheckState
from domain.messages import CheckRequest, CheckResult
from domain.publication import PostRules, PublicationVerdict, carries_link, judge_publication
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

_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}")


class Publications:
    """Checks that posts are live, right and disclosed."""

    def __init__(
        self,
        engine: AsyncEngine,
        sources: Sources,
        *,
        follow: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        """Make the activities.

        Args:
            engine: the database.
            sources: the platforms' interfaces.
            follow: finds where a shortened link leads; by default by opening it, except on
                simulated platforms, where nothing leads into the world.
        """
        self._engine = engine
        self._sources = sources
        self._follow = follow or (_stay if sources.social_base else destination)

    @activity.defn(name="check_publication")
    async def check_publication(self, request: CheckRequest) -> CheckResult:
        """Look at a post once, judge it, and keep the evidence.

        Checking twice is one check: its row is unique by publication and number, and a number
        that is stored already is answered from the row without looking again.
        """
        async with session(self._engine) as work:
            stored = await publications.find(work, request.publication_id, request.number)
            if stored is not None:
                return _result(stored)
            reported = await publications.load(
                work, request.collaboration_id, request.publication_id
            )
        observation = await self._observe(reported)
        look = _judged(reported, observation)
        async with session(self._engine) as work:
            if _is_right_account(reported, observation) and observation.account_id:
                await publications.learn_account(work, reported, observation.account_id)
            return _result(await publications.record(work, reported, request.number, look))

    async def _observe(self, reported: Reported) -> Observation:
        try:
            seen = await self._sources.find(reported.platform, reported.url, _account(reported))
        except Unavailable:
            if not _is_last_attempt():
                raise
            seen = unknown(f"{reported.platform}.none", "The platform did not answer.")
        except NotAPost:
            seen = unknown(
                f"{reported.platform}.none", "The reported address is not one that can be asked."
            )
        return await self._with_destinations(reported, seen)

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


def _is_last_attempt() -> bool:
    policy = activity.info().retry_policy
    attempts = policy.maximum_attempts if policy else 0
    return 0 < attempts <= activity.info().attempt


def _account(reported: Reported) -> Account:
    """Whose post it has to be; a roster of YouTube channels may give the id as the handle."""
    is_channel = reported.platform == "youtube" and _CHANNEL.fullmatch(reported.handle)
    return Account(reported.handle, reported.account_id or (reported.handle if is_channel else ""))


def _is_right_account(reported: Reported, seen: Observation) -> bool | None:
    """True or False by id where both are known, else by handle; None if the source says neither."""
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
    state = CheckState(row.state)
    return CheckResult(
        state=state,
        faults=tuple(row.faults),
        definite=state is CheckState.GONE and row.level == Level.E4,
    )
