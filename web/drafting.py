"""What is asked of a draft, and what a machine can say about one, for both sides of the table."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from domain.campaign import CampaignFile
from domain.disclosure import label_for
from domain.findings import SafetyEngine
from domain.prechecks import Precheck, can_be_submitted, precheck_draft
from store.tables import Creator, Draft

_TONES = {"ok": "ok", "warn": "look", "fail": "no"}


@dataclass(frozen=True)
class Line:
    """One check as a page shows it: ``ok``, ``look`` or ``no``."""

    tone: str
    text: str
    evidence: str = ""


def audience(file: CampaignFile, creator: Creator) -> str:
    """The country whose disclosure rules hold."""
    return creator.audience_country or creator.country or file.markets[0]


def asked_for(file: CampaignFile, creator: Creator) -> str:
    """The exact disclosure label to paste."""
    return label_for(audience(file, creator))


async def precheck(
    file: CampaignFile, creator: Creator, caption: str, safety: SafetyEngine
) -> tuple[Precheck, ...]:
    """Look a draft over; in a thread, since the finer look takes time that other pages want."""
    return await asyncio.to_thread(
        precheck_draft,
        caption, file, audience(file, creator), language=creator.language, engine=safety,
    )  # fmt: skip


def disclosed(prechecks: tuple[Precheck, ...]) -> bool:
    """A draft without its label is sent back before anybody has to read it."""
    return can_be_submitted(prechecks)


def as_rows(prechecks: tuple[Precheck, ...]) -> list[dict[str, Any]]:
    """For the draft's row."""
    return [each.model_dump() for each in prechecks]


def lines(prechecks: tuple[Precheck, ...]) -> list[Line]:
    """For a page, the worst first."""
    order = {"fail": 0, "warn": 1, "ok": 2}
    ranked = sorted(prechecks, key=lambda each: order[each.status])
    return [Line(_TONES[each.status], each.sentence) for each in ranked]


async def lines_of(
    draft: Draft, file: CampaignFile, creator: Creator, safety: SafetyEngine
) -> list[Line]:
    """What was said when the draft was handed in; looked over now if nothing was kept."""
    kept = tuple(Precheck.model_validate(row) for row in draft.prechecks)
    return lines(kept or await precheck(file, creator, draft.caption, safety))
