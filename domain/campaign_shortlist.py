"""The section ``shortlist`` of the campaign file: what the set of the chosen must look like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from babel import Locale
from pydantic import Field

from domain.campaign_base import Percent, Section
from domain.categories import CATEGORIES, category_of
from domain.handles import handle_key

ANY = "any"
NO_LIMIT = 10_000

TIERS: Mapping[str, int] = {"nano": 5_000, "micro": 20_000, "mid": 100_000, "macro": 10**9}
"""Followers below which an account belongs to a tier; the bands of published benchmarks."""


def tier_of(followers: int) -> str:
    """The tier of an account by its followers."""
    return next((tier for tier, below in TIERS.items() if followers < below), "macro")


class Quota(Section):
    """A limit on how many of the chosen are of a kind; several kinds together must all be true."""

    country: Annotated[str, Field(pattern=r"^([A-Z]{2}|any)$")] = ANY
    category: str = ANY
    tier: Literal["any", "nano", "micro", "mid", "macro"] = "any"
    platform: Literal["any", "instagram", "tiktok", "youtube"] = "any"
    experience: Literal["any", "new", "known"] = "any"
    min: Annotated[int, Field(ge=0, le=NO_LIMIT)] = 0
    max: Annotated[int, Field(ge=0, le=NO_LIMIT)] = NO_LIMIT
    min_percent: Percent = 0
    max_percent: Percent = 100

    @property
    def kind(self) -> str:
        """Whom it is about, in words: ``from DE, on tiktok``."""
        new = {"new": "new to the brand", "known": "known to the brand"}
        parts = (
            f"from {self.country}" if self.country != ANY else "",
            f"about {self.category}" if self.category != ANY else "",
            f"of tier {self.tier}" if self.tier != ANY else "",
            f"on {self.platform}" if self.platform != ANY else "",
            new.get(self.experience, ""),
        )
        return ", ".join(part for part in parts if part) or "of any kind"


class ShortlistRules(Section):
    """What the set of the chosen must look like, beside number and budget."""

    must_have: tuple[str, ...] = ()
    quotas: tuple[Quota, ...] = ()
    overlap_percent: Annotated[int, Field(ge=0, le=90)] = 0


Remark = tuple[str, str, str]
_KINDS = ("country", "category", "tier", "platform", "experience")


def check_shortlist(values: Mapping[str, Any]) -> Iterator[Remark]:
    """What cannot be right about the section: path, what is wrong, what would be right."""
    excluded = {handle_key(each) for each in values.get("creators.exclude") or () if each}
    for i, handle in enumerate(values.get("shortlist.must_have") or ()):
        if handle and handle_key(handle) in excluded:
            yield (
                f"shortlist.must_have[{i}]",
                f"'{handle}' is also in creators.exclude",
                "keep it in one of the two lists",
            )
    wanted = values.get("creators.wanted")
    musts = len(values.get("shortlist.must_have") or ())
    if wanted and musts > wanted:
        yield "shortlist.must_have", f"names {musts}; only {wanted} are wanted", "name fewer"
    for i in range(len(values.get("shortlist.quotas") or ())):
        path = f"shortlist.quotas[{i}]"
        quota = {
            name: values.get(f"{path}.{name}", info.default)
            for name, info in Quota.model_fields.items()
        }
        yield from _quota(path, quota, values)
    yield from _together(values)


def _quota(path: str, quota: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Remark]:
    if all(quota[kind] == ANY for kind in _KINDS):
        yield path, "does not say whom it is about", f"give one of {', '.join(_KINDS)}"
    if (quota["min"], quota["max"], quota["min_percent"], quota["max_percent"]) == (
        0, NO_LIMIT, 0, 100,
    ):  # fmt: skip
        yield path, "limits nothing", "give min, max, min_percent or max_percent"
    for low, high in (("min", "max"), ("min_percent", "max_percent")):
        if quota[low] is not None and quota[high] is not None and quota[low] > quota[high]:
            yield f"{path}.{low}", f"{quota[low]} is above {high}, {quota[high]}", "swap them?"
    wanted = values.get("creators.wanted")
    if wanted and quota["min"] and quota["min"] > wanted:
        yield f"{path}.min", f"{quota['min']} is more than the {wanted} wanted", f"{wanted} at most"
    country, markets = quota["country"], [m for m in values.get("markets") or () if m]
    if country not in (None, ANY) and country not in Locale("en").territories:
        yield f"{path}.country", f"'{country}' is not a country", "write its code, like DE"
    elif country not in (None, ANY) and markets and country not in markets:
        yield (
            f"{path}.country",
            f"nobody from {country} is chosen: it is not in markets",
            f"one of {', '.join(markets)}",
        )
    category = quota["category"]
    if category not in (None, ANY) and not category_of(category):
        known = ", ".join(sorted(CATEGORIES))
        yield f"{path}.category", f"'{category}' is not a category", f"known: {known}"
    platform, platforms = quota["platform"], values.get("creators.platforms") or ()
    if platform not in (None, ANY) and platforms and platform not in platforms:
        yield (
            f"{path}.platform",
            f"nobody on {platform} is chosen: it is not in creators.platforms",
            "add it there, or leave the quota out",
        )


def _together(values: Mapping[str, Any]) -> Iterator[Remark]:
    """Minimum shares of kinds that exclude each other cannot make more than everybody."""
    for kind in _KINDS:
        for low, most in (("min", values.get("creators.wanted")), ("min_percent", 100)):
            least: dict[str, int] = {}
            last = ""
            for i in range(len(values.get("shortlist.quotas") or ())):
                path = f"shortlist.quotas[{i}]"
                name, amount = values.get(f"{path}.{kind}"), values.get(f"{path}.{low}")
                if name not in (None, ANY) and amount:
                    least[name] = max(least.get(name, 0), amount)
                    last = f"{path}.{low}"
            if most and len(least) > 1 and sum(least.values()) > most:
                added = " + ".join(str(amount) for amount in least.values())
                yield last, f"the quotas by {kind} ask for {added}, more than {most}", "lower one"
