"""What creators are like, dealt from a shuffled deck in the order in which they get mail."""

from __future__ import annotations

import random
from enum import StrEnum


class Temperament(StrEnum):
    """How a creator behaves; each value in one line."""

    KEEN = "keen"  # says yes, hands in good work, leaves it up
    DECLINING = "declining"  # says no
    HAGGLING = "haggling"  # asks for a little more
    HAGGLING_HARD = "haggling_hard"  # asks for a lot more, and takes what the manager offers
    SILENT = "silent"  # does not answer
    CARELESS = "careless"  # the first draft does not keep to the brief
    FORGETFUL = "forgetful"  # publishes without the label, and mends it when told
    DELETING = "deleting"  # takes the post down once it is verified
    LATE = "late"  # leaves the payment set-up half way until money waits for it


SCENES = tuple(each for each in Temperament if each is not Temperament.KEEN)
AT_RISK = (Temperament.CARELESS, Temperament.FORGETFUL)
"""Twice in the first deck: a slow machine may let one of them miss a deadline of seconds."""
KEEN_AT_FIRST, KEEN_LATER = 3, 16
"""Keen creators in the first deck, and in each later one: whoever is invited after others fell
out is mostly somebody with whom it works, as a waitlist of willing people would be."""


def make_deck(seed: int, number: int) -> list[Temperament]:
    """The ``number``-th deck: every scene, and keen creators; shuffled by the seed."""
    more, keen = (AT_RISK, KEEN_AT_FIRST) if number == 0 else ((), KEEN_LATER)
    deck = [*SCENES, *more, *[Temperament.KEEN] * keen]
    random.Random(f"deck:{seed}:{number}").shuffle(deck)
    return deck


def card(seed: int, place: int) -> Temperament:
    """The card for the creator who is the ``place``-th to get mail, counted from 0."""
    number = 0
    deck = make_deck(seed, number)
    while place >= len(deck):
        place -= len(deck)
        number += 1
        deck = make_deck(seed, number)
    return deck[place]
