"""Claims: what a creator owes back, and how it is kept from later payments.

A claim is announced with its reason, the creator is heard, and a second person confirms it. From
then on it is netted: each release of a later payment keeps back what is still open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.money import payable_unit


class ClaimStatus(StrEnum):
    """Where a claim is."""

    ANNOUNCED = "announced"  # the creator was told why, and may object
    DECIDING = "deciding"  # the creator was heard; a second person says whether it stands
    CONFIRMED = "confirmed"  # it stands: kept back from later payments until nothing is open
    DROPPED = "dropped"  # it does not stand; the creator keeps the money
    SETTLED = "settled"  # nothing of it is open any more


class SettledBy(StrEnum):
    """What makes a claim smaller."""

    NETTED = "netted"  # kept back from a payment, by its release
    GIVEN_BACK = "given_back"  # that payment was called off after all: open again (negative)
    TAKEN_BACK = "taken_back"  # reversed at the provider
    REPAID = "repaid"  # the creator has sent it to the brand; finance saw it on the account
    WAIVED = "waived"  # the brand does not ask for it any more
    NOT_EARNED = "not_earned"  # it was on a payment that is called off: never earned, so not owed


@dataclass(frozen=True)
class OpenClaim:
    """What is still open of a confirmed claim, in the smallest unit."""

    claim_id: str
    open_minor: int


@dataclass(frozen=True)
class Part:
    """So much of a claim."""

    claim_id: str
    amount_minor: int


def parts_of(amount_minor: int, claims: Sequence[OpenClaim]) -> tuple[Part, ...]:
    """How an amount goes to claims: the first one is filled first.

    >>> parts_of(70, [OpenClaim("clm_a", 50), OpenClaim("clm_b", 50)])
    (Part(claim_id='clm_a', amount_minor=50), Part(claim_id='clm_b', amount_minor=20))
    """
    parts: list[Part] = []
    left = amount_minor
    for claim in claims:
        if taken := min(left, claim.open_minor):
            parts.append(Part(claim.claim_id, taken))
            left -= taken
    return tuple(parts)


def kept_back(amount_minor: int, currency: str, claims: Sequence[OpenClaim]) -> tuple[Part, ...]:
    """What a payment keeps back of which claims: what is left of it is nothing, or can be sent.

    Where banks are paid in whole units, the part of a claim that would leave a part of a unit to
    send stays open.

    >>> kept_back(30_000, "HUF", [OpenClaim("clm_a", 10_050)])
    (Part(claim_id='clm_a', amount_minor=10000),)
    """
    most = min(amount_minor, sum(claim.open_minor for claim in claims))
    most -= (most - amount_minor) % payable_unit(currency)
    return parts_of(max(0, most), claims)
