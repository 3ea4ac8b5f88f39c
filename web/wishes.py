"""Changing a proposed shortlist: the form, what it asks for, and what solving again has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from domain.errors import UserMistake
from domain.wish_rules import mistakes_in
from domain.wishes import Ask, Mistake, changes_of
from store import wishes
from store.desk import InboxRow
from store.desk_lists import campaign as campaign_row
from store.paging import PAGE
from web.fields import MAX_TEXT, Fields
from web.visit import Missing, Visit

WISH, REASON, SWAP_WITH = "wish.", "reason.", "swap."
"""Fields of one candidate; the id or the handle follows."""

MOST_FIELDS = 4 * PAGE + 50
"""Of the form: three for each candidate on a page, and some for changes on other pages."""


class WishesRefused(UserMistake):
    """What was asked for cannot be had; nothing was changed."""

    code = "bad_wishes"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__(" ".join(each.says for each in mistakes))
        self.mistakes = tuple(mistakes)


def asks_in(fields: Mapping[str, str]) -> list[Ask]:
    """Every candidate for whom something was chosen."""
    return [
        Ask(
            who=(who := name.removeprefix(WISH)),
            wish=wish,
            reason=fields.get(f"{REASON}{who}", "")[:MAX_TEXT],
            other=fields.get(f"{SWAP_WITH}{who}", "")[:100],
        )
        for name, wish in fields.items()
        if name.startswith(WISH) and wish
    ]


async def keep_wishes(v: Visit, fields: Fields, campaign_id: str, seen: str) -> str:
    """Check the wishes of a form and write them down, not yet in force; returns their id.

    Raises:
        Missing: there is no such campaign.
        WishesRefused: they cannot be had; all mistakes at once.
    """
    campaign = await campaign_row(v.db, campaign_id)
    if campaign is None:
        raise Missing
    asks = asks_in(fields)
    in_force = (await wishes.standing(v.db, campaign_id)).values()
    named = [name for ask in asks for name in (ask.who, ask.other) if name]
    known = await wishes.known(v.db, campaign_id, named, in_force)
    changes, mistakes = changes_of(asks, known)
    room = await wishes.room(v.db, campaign, in_force)
    mistakes += mistakes_in(changes, {each.creator_id: each for each in known}, room)
    if mistakes:
        raise WishesRefused(mistakes)
    at = v.deps.clock()
    return await wishes.keep(v.db, campaign_id, v.me.staff_id, seen, changes, at)


async def about_wishes(v: Visit, row: InboxRow, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What the page says about wishes: those in force, and what solving again has changed."""
    in_force = await wishes.standing(v.db, row.campaign.id)
    again = kept.get("again")
    ids = [*again["came"], *again["went"]] if again else []
    return {
        "wishes": in_force,
        "again": again,
        "people": await wishes.people(v.db, ids) if ids else {},
        "typed": await _written_before(v, row),
        "mistakes": (),
    }


async def _written_before(v: Visit, row: InboxRow) -> dict[str, str]:
    """The fields of a form that could not be applied, so that nobody writes them twice."""
    change_id = v.request.query_params.get("change", "")
    if not change_id:
        return {}
    fields: dict[str, str] = {}
    for change in await wishes.of_change(v.db, row.campaign.id, change_id):
        fields[f"{WISH}{change.creator_id}"] = change.wish.value
        fields[f"{REASON}{change.creator_id}"] = change.reason
    return fields
