"""`troupe campaign verdicts`: what brand safety said, with evidence and the person's word."""

from __future__ import annotations

import json

from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import ScandalChoice
from domain.lifecycle import Role
from store.tables import Decision
from tests import builders
from tests.local.test_cli import Terminal, connected, troupe
from tests.local.test_cli_payouts import Books, books

__all__ = ["books", "connected", "troupe"]


async def _judged(db: AsyncSession) -> str:
    campaign = await builders.campaign(db)
    who = await builders.creator(db, handle="=mila")
    await builders.candidate(
        db, campaign, who, judged_by="lexicon 1", judged_at=builders.NOW, verdict_reasons=["Fine."]
    )
    row = await builders.collaboration(db, campaign, who)
    look = await builders.safety_look(db, row)
    manager = await builders.staff(db, [Role.MANAGER], name="Ada Ward")
    ref = await builders.decision(
        db, row, manager, ScandalChoice(answer="keep"), seen=look.digest, comment="A quotation."
    )
    (await db.get_one(Decision, ref.decision_id)).status = "applied"
    return campaign.id


def test_every_verdict_is_written_with_evidence_engine_date_and_what_was_decided(
    connected: Terminal, books: Books
) -> None:
    campaign = books.run(_judged)
    head, now, look = connected("campaign", "verdicts", "-", campaign).out.splitlines()
    assert head.startswith("\ufeffcreator,handle,platform,occasion,judged_at,verdict,engine")
    at = builders.NOW.isoformat()
    assert f",'=mila,instagram,latest,{at},clear,lexicon 1,Fine.,,," in now
    assert f"look,{at},review,lexicon 1" in look
    assert "Obscenity and profanity (2/4): fucking" in look
    assert look.endswith(",yes,keep,Ada Ward,A quotation.")
    lines = connected("campaign", "verdicts", "-", campaign, "--format", "jsonl").out.splitlines()
    quoted = json.loads(lines[1])
    assert (quoted["evidence"][0]["caption"], quoted["why"]) == (
        "what a fucking day", "A quotation.",
    )  # fmt: skip
