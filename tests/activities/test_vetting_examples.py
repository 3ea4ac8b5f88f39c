"""The shipped example: its roster and campaign give a shortlist that a manager can sign off."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.vetting import Vetting
from domain.campaign_yaml import read_campaign
from domain.lifecycle import SafetyVerdict
from domain.screening import RULES
from store.engine import session
from store.roster import import_posts, import_roster
from store.tables import Candidate
from tests import builders

EXAMPLES = Path(__file__).parents[2] / "examples"


async def test_the_example_roster_fills_the_example_campaign_and_explains_everybody(
    engine: AsyncEngine,
) -> None:
    roster, posts = (EXAMPLES / name for name in ("roster.csv", "posts.csv"))
    await import_roster(engine, roster.read_bytes(), source="example", at=builders.NOW)
    await import_posts(engine, posts.read_bytes(), source="example")
    file = read_campaign((EXAMPLES / "campaign-demo.yaml").read_text(encoding="utf-8"))
    async with session(engine) as work:
        campaign = await builders.campaign(work, file)
    vetting = Vetting(engine, clock=lambda: builders.NOW)
    result = await vetting.vet_roster(campaign.id)
    made = await vetting.solve_shortlist(campaign.id)
    assert made.chosen == file.creators.wanted
    assert made.waitlisted >= file.creators.wanted // 2
    assert result.suitable == made.chosen + made.waitlisted
    async with session(engine) as work:
        rows = await work.scalars(select(Candidate).where(Candidate.campaign_id == campaign.id))
    codes = {code for code, _ in RULES}
    for row in rows:
        assert row.reasons
        assert row.verdict in set(SafetyVerdict)
        assert (row.out_rule in codes) == (row.status == "out")
