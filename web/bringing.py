"""Bringing a committed decision to its workflow: the one way, from the desk and the terminal."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.decisions import DecisionKind
from domain.messages import DecisionRef, DecisionResult
from store import decisions
from store.engine import session
from web.choices import subject_kind

log = logging.getLogger(__name__)


class Decides(Protocol):
    """Reaches the workflows."""

    async def decide(
        self, subject_kind: str, subject_id: str, ref: DecisionRef
    ) -> DecisionResult | None:
        """Send a decision; None means that it is recorded and will be applied later."""
        ...


@dataclass(frozen=True)
class Brought:
    """What became of a decision."""

    status: str
    """``applied``, ``submitted`` (recorded, and being applied) or ``refused``."""
    code: str


@dataclass(frozen=True)
class Messenger:
    """What it takes to bring decisions to their workflows."""

    engine: AsyncEngine
    sender: Decides
    clock: Callable[[], datetime]

    async def bring(
        self, kind: DecisionKind, subject_id: str, decision_id: str, seen: str, about: str = ""
    ) -> Brought:
        """Tell the workflow about a committed row; without an answer it is "being applied".

        Args:
            kind: of the decision.
            subject_id: whose workflow it is.
            decision_id: the row.
            seen: what was asked.
            about: the kind of the subject, where decisions of this kind are about several.
        """
        ref = DecisionRef(decision_id=decision_id, kind=kind, seen=seen)
        try:
            result = await self.sender.decide(about or subject_kind(kind), subject_id, ref)
        except Exception as error:
            # The row is safe and will be sent again; what failed is the operators' business.
            log.warning("decision not sent now: %s", type(error).__name__)
            result = None
        if result is None:
            return Brought("submitted", "submitted")
        if result.applied:
            return Brought("applied", "applied")
        async with session(self.engine) as db:
            await decisions.refuse(db, decision_id, result.code, self.clock())
        return Brought("refused", result.code)
