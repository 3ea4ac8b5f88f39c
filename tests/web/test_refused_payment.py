"""A payment that was refused says why in words, and what to do."""

from __future__ import annotations

import pytest

from domain.inbox import ItemKind
from domain.lifecycle import Role
from store.engine import session
from tests import builders
from tests.fixtures.web import Web
from tests.web.rows import scene, wait_for


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("account_rejected", "has rejected the creator&#39;s account for good"),
        ("currency_refused", "cannot take this currency"),
        ("amount_too_small", "below Stripe&#39;s minimum"),
    ],
)
async def test_the_operator_reads_why_and_what_to_do(web: Web, code: str, words: str) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        payout = await builders.payout(db, there.collaboration)
        item = await wait_for(
            db, ItemKind.ATTENTION, payout, there.campaign.id, seen="refused", code=code
        )
    operator = await web.signed_in(Role.OPERATOR)
    page = (await operator.get(f"/items/{item.id}")).text
    assert words in page
