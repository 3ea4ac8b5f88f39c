"""The section ``brand_safety`` of the campaign file: what the brand bears, and what never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from domain.campaign_base import Section
from domain.durations import Duration
from domain.findings import CATEGORY_TITLES

HATE = "hate"
MANY = 1_000


class Tolerated(Section):
    """In how many posts mild findings of a category are ordinary life."""

    category: str
    posts: Annotated[int, Field(ge=0, le=MANY)]


class SensitiveTopic(Section):
    """A topic of the brand's own that a person should look at."""

    topic: Annotated[str, Field(min_length=1, max_length=60)]
    words: Annotated[tuple[str, ...], Field(min_length=1)]


class BrandSafety(Section):
    """What the brand bears in a creator's recent posts, beside `brand.blocked_words`."""

    never: tuple[str, ...] = ()
    tolerate: tuple[Tolerated, ...] = ()
    within: Duration = timedelta(days=365)
    exceptions: tuple[str, ...] = ()
    sensitive: tuple[SensitiveTopic, ...] = ()


Remark = tuple[str, str, str]
_KNOWN = f"known: {', '.join(sorted(CATEGORY_TITLES))}"


def check_brand_safety(values: Mapping[str, Any]) -> Iterator[Remark]:
    """What cannot be right about the section: path, what is wrong, what would be right."""
    never = values.get("brand_safety.never") or ()
    for i, category in enumerate(never):
        path = f"brand_safety.never[{i}]"
        if category not in CATEGORY_TITLES:
            yield path, f"'{category}' is not a category of brand safety", _KNOWN
        elif category == HATE:
            yield path, "hate is never judged by the machine alone", "a person is asked anyway"
    seen: set[str] = set()
    for i in range(len(values.get("brand_safety.tolerate") or ())):
        path = f"brand_safety.tolerate[{i}].category"
        category = values.get(path)
        if category is None:
            continue
        if category not in CATEGORY_TITLES:
            yield path, f"'{category}' is not a category of brand safety", _KNOWN
        elif category in never:
            yield path, f"'{category}' is also in brand_safety.never", "keep it in one of the two"
        elif category in seen:
            yield path, f"'{category}' stands here twice", "keep one entry"
        seen.add(category)
    within = values.get("brand_safety.within")
    if isinstance(within, timedelta) and within < timedelta(days=1):
        yield "brand_safety.within", "is less than a day", "write a time like 180 days"
