"""Which wishes about a shortlist can be had together, and what solving again has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.money import Money
from domain.shortlist import COUNTER_OFFER_PERCENT, Shortlist
from domain.wishes import STRUCK, Change, Known, Mistake, Wish, bare, unknown


@dataclass(frozen=True)
class Room:
    """What the wishes have to fit into."""

    wanted: int
    spendable_minor: int
    currency: str
    suitable: int
    """Candidates whom neither a rule nor a person leaves out."""
    pinned: Mapping[str, int]
    """Those pinned now, with their fees in the smallest unit."""


def mistakes_in(
    changes: Sequence[Change], known: Mapping[str, Known], room: Room
) -> tuple[Mistake, ...]:
    """Why the changes cannot be had: each by itself first, then all together."""
    single = [
        mistake
        for change in changes
        if (mistake := _single(change, known.get(change.creator_id))) is not None
    ]
    return (*_contradictions(changes, known), *single) or tuple(_together(changes, known, room))


_WORDS = {Wish.PIN: "put in", Wish.STRIKE: "struck", Wish.FREE: "set free"}


def _single(change: Change, about: Known | None) -> Mistake | None:
    if about is None:
        return unknown(change.creator_id, change.creator_id)
    name, left_out = f"@{bare(about.handle)}", about.out_rule not in {"", STRUCK}
    if change.wish is Wish.FREE and about.wish is None:
        says = f"{name} is neither pinned nor struck; there is nothing to take back."
        return Mistake("no_wish", says, about.creator_id)
    if change.wish is Wish.PIN and left_out:
        says = (
            f"{name} cannot be pinned. {about.why} Only who is suitable can be put in; the rules "
            "are in the campaign file."
        )
        return Mistake("cannot_pin", says, about.creator_id)
    if change.wish is Wish.STRIKE and left_out:
        says = f"{name} need not be struck and is left out already. {about.why}"
        return Mistake("already_out", says, about.creator_id)
    return None


def _contradictions(changes: Sequence[Change], known: Mapping[str, Known]) -> Iterator[Mistake]:
    wishes: dict[str, set[Wish]] = {}
    for change in changes:
        wishes.setdefault(change.creator_id, set()).add(change.wish)
    for creator_id, asked in wishes.items():
        if len(asked) > 1:
            name = bare(known[creator_id].handle) if creator_id in known else creator_id
            words = " and ".join(_WORDS[wish] for wish in sorted(asked))
            says = f"@{name} is {words} at once, perhaps by a swap: decide for one."
            yield Mistake("contradiction", says, creator_id)


def _together(
    changes: Sequence[Change], known: Mapping[str, Known], room: Room
) -> Iterator[Mistake]:
    """The pins that hold then must fit into number and budget, and somebody must be left."""
    pinned = pinned_after(changes, known, room.pinned)
    if len(pinned) > room.wanted:
        yield Mistake(
            "too_many_pins",
            f"{len(pinned)} would be pinned, and the campaign wants {room.wanted}: take back "
            f"{len(pinned) - room.wanted} of the pins.",
        )
    cost = sum(pinned.values())
    if cost > room.spendable_minor:
        money, spendable, over = (
            Money(minor=minor, currency=room.currency)
            for minor in (cost, room.spendable_minor, cost - room.spendable_minor)
        )
        yield Mistake(
            "pins_too_dear",
            f"The pinned would cost {money} together, {over} more than the {spendable} that may be "
            f"spent ({COUNTER_OFFER_PERCENT} % of the budget is kept for counter-offers): take "
            "back a pin.",
        )
    if room.suitable + _more_suitable(changes, known) < 1:
        yield Mistake("nobody_left", "Nobody would be left to choose from: take back a strike.")


def pinned_after(
    changes: Iterable[Change], known: Mapping[str, Known], before: Mapping[str, int]
) -> dict[str, int]:
    """Who is pinned once the changes hold, with their fees in the smallest unit."""
    pinned = dict(before)
    for change in changes:
        pinned.pop(change.creator_id, None)
        if change.wish is Wish.PIN:
            pinned[change.creator_id] = known[change.creator_id].fee_minor
    return pinned


def _more_suitable(changes: Iterable[Change], known: Mapping[str, Known]) -> int:
    more = 0
    for change in changes:
        struck = known[change.creator_id].wish is Wish.STRIKE
        more += int(struck) - int(change.wish is Wish.STRIKE)
    return more


def compared(
    kept: Mapping[str, Any], before: Collection[str], made: Shortlist, change_id: str
) -> dict[str, Any]:
    """What solving again has changed, as it is kept beside the list.

    Args:
        kept: The record of the list before.
        before: Who was chosen before.
        made: The list now.
        change_id: For which change it was made; the same change is not worked through twice.
    """
    was = {
        "chosen": len(before),
        "cost_minor": kept.get("cost_minor", 0),
        "expected": kept.get("expected", 0),
    }
    now = [option.creator_id for option in made.chosen]
    return {
        "change": change_id,
        "before": was,
        "proposal": kept.get("again", {}).get("proposal", was),
        "came": [creator_id for creator_id in now if creator_id not in before],
        "went": sorted(set(before) - set(now)),
    }
