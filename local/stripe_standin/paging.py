"""Lists as v1 answers them: bounded by time, a page at a time."""

from __future__ import annotations

from collections.abc import Callable

from local.stripe_standin import forms, shapes
from local.stripe_standin.errors import ApiError, not_found
from local.stripe_standin.shapes import Json

_CREATED: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


def created_within(found: list[Json], params: Json) -> list[Json]:
    """Those that were made in the time that is asked for."""
    created = params.get("created")
    for name, keep in _CREATED.items():
        if isinstance(created, dict) and name in created:
            bound = forms.whole_number(created, name) or 0
            found = [item for item in found if keep(item["created"], bound)]
    return found


def page_of(found: list[Json], params: Json, url: str) -> Json:
    """One page of what was found.

    Raises:
        ApiError: no such page can be had.
    """
    limit = forms.whole_number(params, "limit", 10) or 0
    if not 1 <= limit <= 100:
        raise ApiError(400, "limit must be between 1 and 100.", param="limit")
    if after := params.get("starting_after"):
        places = [index for index, item in enumerate(found) if item["id"] == after]
        if not places:
            raise not_found("object", after, 400, "starting_after")
        found = found[places[0] + 1 :]
    return shapes.listing(url, found[:limit], len(found) > limit)
