"""Putting a campaign's candidates in order, by the rules and by what people want."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.campaign import CampaignFile
from domain.explaining import Changes
from domain.messages import SolvedAgain
from domain.quotas import limits_of
from domain.shortlist import Option, Shortlist, Way, record, solve
from domain.vetting import place_sentence, struck_sentence, without_place
from domain.ways import ways_out
from domain.wish_rules import compared
from domain.wishes import STRUCK, Standing, Wish
from integrations.highs import HIGHS
from store import candidates
from store.candidates import CHOSEN, OUT, WAITLIST, Placed, Suitable
from store.tables import Campaign
from store.wishes import standing


async def put_in_order(
    work: AsyncSession, campaign: Campaign, again: Mapping[str, Any] | None = None
) -> Shortlist:
    """Choose the best set that the wishes in force allow, and write everybody's place and why.

    Args:
        work: the transaction.
        campaign: its row, locked.
        again: which change it is solved for, as ``{"change": id}``; none for the first list.
    """
    file = CampaignFile.model_validate(campaign.file)
    found = await candidates.suitable(work, campaign.id)
    wishes = await standing(work, campaign.id)
    made, ways = await asyncio.to_thread(_choose, found, file, wishes)
    kept = record(made, ways)
    if again:
        before = await candidates.chosen_ids(work, campaign.id)
        kept["again"] = compared(campaign.shortlist or {}, before, made, again["change"])
    places = _places(made, found, file, wishes)
    await candidates.place(work, campaign.id, places, made.digest, kept)
    return made


async def solve_again(work: AsyncSession, campaign: Campaign, change_id: str) -> SolvedAgain:
    """Solve for a change; for one that was solved for already, say again what came of it."""
    if (campaign.shortlist or {}).get("again", {}).get("change") != change_id:
        await put_in_order(work, campaign, {"change": change_id})
        await work.refresh(campaign)
    kept = campaign.shortlist or {}
    again = kept["again"]
    counts = await candidates.count_by_status(work, campaign.id)
    return SolvedAgain(
        digest=campaign.shortlist_digest,
        chosen=counts.get(CHOSEN, 0),
        waitlisted=counts.get(WAITLIST, 0),
        cost_minor=kept["cost_minor"],
        cost_before_minor=again["before"]["cost_minor"],
        expected=kept["expected"],
        expected_before=again["before"]["expected"],
        came=len(again["came"]),
        went=len(again["went"]),
    )


def _choose(
    found: Sequence[Suitable], file: CampaignFile, wishes: Mapping[str, Standing]
) -> tuple[Shortlist, tuple[Way, ...]]:
    def of(wish: Wish) -> frozenset[str]:
        return frozenset(key for key, each in wishes.items() if each.wish is wish)

    pinned, struck = of(Wish.PIN), of(Wish.STRIKE)
    options = [each.option for each in found if each.option.creator_id not in struck]
    out = [each.option for each in found if each.option.creator_id in struck]
    asked = (options, file.creators.wanted, file.budget.total.minor, HIGHS)
    limits = limits_of(file.shortlist)
    made = solve(
        *asked, limits, file.shortlist.overlap_percent, pinned,
        struck=frozenset(option.creator_id for option in out),
    )  # fmt: skip
    return made, ways_out(*asked, limits, sorted(pinned), out) if made.unmet else ()


def _places(
    made: Shortlist,
    found: Sequence[Suitable],
    file: CampaignFile,
    wishes: Mapping[str, Standing],
) -> list[Placed]:
    changes = Changes(made, file)
    reasons = {each.option.creator_id: without_place(each.reasons) for each in found}

    def why(option: Option, *sentences: str) -> list[str]:
        wish = wishes.get(option.creator_id)
        said = [wish.sentence] if wish else []
        return [*said, *sentences, *reasons[option.creator_id]]

    struck = (each.option for each in found if each.option.creator_id in made.struck)
    return [
        *(
            Placed(
                creator_id=option.creator_id,
                status=CHOSEN if number <= len(made.chosen) else WAITLIST,
                place=number,
                reasons=why(
                    option,
                    place_sentence(option, number, made, file),
                    changes.sentence(option),
                ),
            )
            for number, option in enumerate((*made.chosen, *made.waitlist), start=1)
        ),
        *(
            Placed(option.creator_id, OUT, 0, why(option, struck_sentence(option, file)), STRUCK)
            for option in struck
        ),
    ]
