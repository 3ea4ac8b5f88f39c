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


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("account_rejected", "Every payment of this creator"),
        ("account_gone", "asked by mail to set up another account"),
    ],
)
async def test_finance_reads_why_a_creators_payments_stand_still(
    web: Web, reason: str, words: str
) -> None:
    there = await scene(web.engine)
    async with session(web.engine) as db:
        payout = await builders.payout(db, there.collaboration, status="held", hold_reason=reason)
        item = await wait_for(db, ItemKind.ON_HOLD, payout, there.campaign.id)
    finance = await web.signed_in(Role.FINANCE)
    page = (await finance.get(f"/items/{item.id}")).text
    assert words in page
    assert "goes on: " in page
