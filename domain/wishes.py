"""What a manager changes in a proposed shortlist: who must be in, who must not, and why.

A wish holds until it is taken back: for every later solving, and for whoever replaces those who
say no. Wishes go before the campaign file's quotas, and never before number, budget or the rules
that leave a creator out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.handles import handle_key

STRUCK = "struck"
"""The rule by which a struck candidate is left out, beside those of `domain.screening`."""

MIN_REASON = 3
"""Characters of a reason; the reason is what the next person has to go by."""

PINNED_WORDS, STRUCK_WORDS, WOULD_BRING = "Pinned by ", "Struck by ", "Would bring "
WISH_WORDS = (PINNED_WORDS, STRUCK_WORDS, WOULD_BRING)
"""How the sentences begin that are said anew each time."""


class Wish(StrEnum):
    """What a person wants of a candidate's place."""

    PIN = "pin"  # in, whatever others bring
    STRIKE = "strike"  # out, and never from the waitlist either
    FREE = "free"  # an earlier wish is taken back


SWAP = "swap"
"""As an answer: out with one and in with another."""


@dataclass(frozen=True)
class Ask:
    """One line of the form, as it was filled in."""

    who: str
    """Id or handle."""
    wish: str
    reason: str
    other: str = ""
    """With ``swap``: the other's handle, perhaps with its platform behind it in brackets."""


@dataclass(frozen=True)
class Change:
    """One wish about one candidate."""

    creator_id: str
    wish: Wish
    reason: str
    other_id: str = ""
    """The other half of a swap."""


@dataclass(frozen=True)
class Known:
    """A candidate as the rules about wishes see it."""

    creator_id: str
    handle: str
    platform: str
    fee_minor: int
    chosen: bool
    out_rule: str = ""
    why: str = ""
    """The first reason, for people."""
    wish: Wish | None = None
    """What holds now."""


@dataclass(frozen=True)
class Mistake:
    """Why something cannot be asked for, and what to do."""

    code: str
    says: str
    who: str = ""
    """`Ask.who` or the creator's id; empty if it is about all of them together."""


@dataclass(frozen=True)
class Standing:
    """A wish that holds, with who said it and when."""

    creator_id: str
    handle: str
    wish: Wish
    reason: str
    by: str
    at: datetime
    other: str = ""
    """Handle of the other half of a swap."""

    @property
    def sentence(self) -> str:
        """Why the candidate is in, or out."""
        words = PINNED_WORDS if self.wish is Wish.PIN else STRUCK_WORDS
        return f"{words}{self.by} on {self.at:%Y-%m-%d}: {self.reason.rstrip('.')}."


_OTHER = re.compile(r"@?(?P<handle>[^\s()]+)(?:\s*\((?P<platform>[^()]*)\))?")


def handle_and_platform(text: str) -> tuple[str, str]:
    """``@mila`` or ``@mila (TikTok)`` as it is compared; both empty if it is neither."""
    match = _OTHER.fullmatch(text.strip())
    if match is None:
        return "", ""
    return handle_key(match["handle"]), (match["platform"] or "").strip().casefold()


def changes_of(
    asks: Sequence[Ask], known: Collection[Known]
) -> tuple[tuple[Change, ...], tuple[Mistake, ...]]:
    """The changes that a form asks for, and what cannot be understood."""
    changes: list[Change] = []
    mistakes: list[Mistake] = []
    for ask in asks:
        who = _found(ask.who, known)
        if who is None:
            mistakes.append(unknown(ask.who, ask.who))
            continue
        if len(ask.reason.strip()) < MIN_REASON:
            says = f"@{bare(who.handle)}: please say why in a sentence. It is kept with the change."
            mistakes.append(Mistake("reason_needed", says, ask.who))
        if ask.wish == SWAP:
            changes.extend(_swap(ask, who, known, mistakes.append))
        elif ask.wish in set(Wish):
            changes.append(Change(who.creator_id, Wish(ask.wish), ask.reason.strip()))
        else:
            says = f"“{ask.wish}” is none of pin, strike, swap and free."
            mistakes.append(Mistake("bad_choice", says, ask.who))
    if not asks:
        says = "Nothing to solve again: choose a change for at least one candidate."
        mistakes.append(Mistake("nothing_asked", says))
    return tuple(dict.fromkeys(changes)), tuple(mistakes)


def _swap(
    ask: Ask, who: Known, known: Collection[Known], complain: Callable[[Mistake], None]
) -> Iterator[Change]:
    name = f"@{bare(who.handle)}"
    if not ask.other.strip():
        says = f"{name}: whom to swap with? Write a handle."
        complain(Mistake("swap_with_whom", says, ask.who))
        return
    other = _found(ask.other, known)
    if other is None:
        complain(unknown(ask.other, ask.who))
        return
    if other.chosen == who.chosen:
        where = "chosen already" if who.chosen else "not among the chosen either"
        says = f"{name} cannot be swapped with @{bare(other.handle)}, who is {where}."
        complain(Mistake("cannot_swap", says, ask.who))
        return
    goes, comes = (who, other) if who.chosen else (other, who)
    reason = ask.reason.strip()
    yield Change(goes.creator_id, Wish.STRIKE, reason, comes.creator_id)
    yield Change(comes.creator_id, Wish.PIN, reason, goes.creator_id)


def _found(text: str, known: Collection[Known]) -> Known | None:
    """A candidate by id or handle; a handle on several platforms needs its platform."""
    by_id = [each for each in known if each.creator_id == text]
    if by_id:
        return by_id[0]
    handle, platform = handle_and_platform(text)
    named = [
        each
        for each in known
        if handle_key(each.handle) == handle and platform in {"", each.platform.casefold()}
    ]
    return named[0] if len(named) == 1 else None


def unknown(text: str, who: str) -> Mistake:
    """Nobody, or more than one, is meant by what was written."""
    says = (
        f"“{text}” is not one candidate of this campaign. Write the handle as it stands in the "
        "list; if it is on several platforms, with the platform: @mila (tiktok)."
    )
    return Mistake("unknown_candidate", says, who)


def bare(handle: str) -> str:
    """A handle without @."""
    return handle.lstrip("@")
