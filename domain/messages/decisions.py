"""A person's decision on its way to the workflow that applies it."""

from __future__ import annotations

from datetime import datetime

from domain.decisions import Choice, DecisionKind
from domain.inbox import ItemKind
from domain.messages.base import Message
from domain.messages.stream import StreamHead


class DecisionRef(Message):
    """A decision's row, the kind of it and the digest of what the person saw."""

    decision_id: str
    kind: DecisionKind
    seen: str = ""


class DecisionResult(Message):
    """What became of a decision."""

    applied: bool
    code: str = "applied"
    """``applied``, or why not: not_allowed, same_person, requester, stale, too_late…"""


class ApplyDecision(Message):
    """Read a decision's row, check it once more, and write its event."""

    head: StreamHead
    at: datetime
    ref: DecisionRef
    close_items: tuple[ItemKind, ...] = ()
    earlier: tuple[str, ...] = ()
    """Decisions already taken for the same purpose: the first of two releases."""


class Begin(Message):
    """Apply a decision that begins something of its own: a bonus, or a claim."""

    ref: DecisionRef
    at: datetime


class AppliedDecision(Message):
    """The choice, if the decision holds; else why not. The head is the new one if it holds."""

    head: StreamHead
    choice: Choice | None = None
    code: str = "applied"
    decision_id: str = ""
    """Filled in by the workflow, which knows it already."""
    seen_digest: str = ""
    """Digest of the content that the choice refers to (a draft's, a publication's), if any."""
    releases_needed: int = 0
    """How many people have to release the payment, if this is a release; else 0."""
