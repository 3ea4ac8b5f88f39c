"""What a look at a post can say, whichever platform it came from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol


class PostState(StrEnum):
    """Whether the post is there."""

    LIVE = "live"  # public and readable
    GONE = "gone"  # the platform says that it does not exist, or shows it to nobody
    HIDDEN = "hidden"  # it exists, but not for the public
    UNKNOWN = "unknown"  # could not be looked at; says nothing about the post


class Level(StrEnum):
    """How much the evidence is worth."""

    E0 = "E0"  # nothing
    E1 = "E1"  # what the creator handed in: a person confirms it
    E2 = "E2"  # a public interface without a key: there or not, and the text
    E3 = "E3"  # the platform's interface with the brand's access
    E4 = "E4"  # the platform's interface with the creator's own consent


class Label(StrEnum):
    """Whether the platform's own "paid partnership" label is set."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # the interface does not say


@dataclass(frozen=True)
class Account:
    """Whose post it has to be."""

    handle: str
    account_id: str = ""
    """The platform's id of the account, if known: handles can be renamed and taken over."""


@dataclass(frozen=True)
class Figures:
    """Public numbers; None where the interface does not give them."""

    likes: int | None = None
    comments: int | None = None
    views: int | None = None


@dataclass(frozen=True)
class Observation:
    """One look at one post."""

    state: PostState
    level: Level
    source: str
    """Which interface was asked: ``instagram.business_discovery``."""
    fetched_at: datetime
    reason: str = ""
    """A sentence for people; why it is not live, or what could not be read."""
    canonical_id: str = ""
    account_id: str = ""
    account_handle: str = ""
    caption: str = ""
    label: Label = Label.UNKNOWN
    links: tuple[str, ...] = ()
    figures: Figures = Figures()


class PostSource(Protocol):
    """A platform's interface, as far as a publication check needs it."""

    async def find(self, url: str, account: Account) -> Observation:
        """Look at one post of one account.

        Raises:
            Unavailable: the platform does not answer now; asking later may work.
        """
        ...


_LINK = re.compile(r"https?://[^\s<>\"'()\[\]{}]+", re.IGNORECASE)


def links_in(text: str) -> tuple[str, ...]:
    """The web addresses in a text, each once, without the punctuation that ends a sentence."""
    return tuple(dict.fromkeys(match.rstrip(".,;:!?…»”") for match in _LINK.findall(text)))


def unknown(source: str, reason: str) -> Observation:
    """The look that saw nothing: it counts for nobody and against nobody."""
    return Observation(PostState.UNKNOWN, Level.E0, source, datetime.now(UTC), reason)


def count(value: object) -> int | None:
    """A number as the platforms give it: an integer, or its digits as a text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None
