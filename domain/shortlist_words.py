"""What a shortlist's proof, and the limits that it could not keep, mean in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.money import Money
from domain.shortlist import Proof, Unmet, Way
from domain.ways import PIN, STRIKE


def proof_sentence(proof: Proof) -> str:
    """How near the list is to the best that exists."""
    if proof.gap == 0:
        return f"Proven: no other set within these limits brings more ({proof.solver})."
    return (
        f"Proven: no other set within these limits brings more than {proof.bound:,}, "
        f"{proof.gap:.4%} above this one ({proof.solver})."
    )


def unmet_sentence(unmet: Unmet) -> str:
    """Which limit gave way."""
    if "must_have" in unmet.path:
        return f"{unmet.path}: {unmet.says} could not be kept."
    share = " %" if unmet.path.endswith("percent") else ""
    return f"{unmet.path}: {unmet.says} could not be kept; the list has {unmet.reached:,}{share}."


def way_sentence(way: Way, currency: str) -> str:
    """One change that is enough."""
    if way.path in {PIN, STRIKE}:
        return f"Take the {way.path} of @{way.says.lstrip('@')} back."
    if way.path == "budget.total":
        return f"Raise budget.total to {Money(minor=way.to, currency=currency)}."
    if way.path == "creators.wanted":
        return f"Raise creators.wanted to {way.to:,}."
    if "must_have" in way.path:
        return f"Take the entry out of {way.path}: {way.says}."
    share = " %" if way.path.endswith("percent") else ""
    verb = "Lower" if way.says.startswith("at least") else "Raise"
    return f"{verb} {way.path} to {way.to:,}{share} ({way.says})."


def record_sentences(kept: Mapping[str, Any] | None, currency: str) -> dict[str, Any]:
    """A kept record (`domain.shortlist.record`) as sentences: proof, unmet, ways."""
    if not kept:
        return {"proof": "", "unmet": [], "ways": [], "overlap": 0, "expected": 0}
    return {
        "overlap": kept["overlap"],
        "expected": kept["expected"],
        "proof": proof_sentence(Proof(**kept["proof"])),
        "unmet": [unmet_sentence(Unmet(**each)) for each in kept["unmet"]],
        "ways": [way_sentence(Way(**each), currency) for each in kept["ways"]],
    }
