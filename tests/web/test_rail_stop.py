"""Stripe refuses our key: finance is told once, in the inbox and beside the payments."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from domain.lifecycle import HoldReason, PayoutStatus, Role
from store import rail_stops
from store.engine import session
from store.tables import Payout, RailStop
from tests import builders
from tests.builders import NOW
from tests.fixtures.web import PASSWORD, Web


async def stopped(web: Web) -> RailStop:
    async with session(web.engine) as db:
        await rail_stops.stop(db, "Stripe refuses our key (api_key_expired)", "mark", NOW)
        payout = await builders.payout(db, await builders.collaboration(db))
        await db.execute(
            update(Payout)
            .where(Payout.id == payout.id)
            .values(status=PayoutStatus.HELD, hold_reason=HoldReason.RAIL_STOPPED)
        )
        stop = await rail_stops.current(db)
    assert stop is not None
    return stop


async def press(
    web: Web, client: httpx.AsyncClient, stop: str, csrf: str = "", **more: str
) -> httpx.Response:
    token = csrf or await web.csrf(client)
    return await client.post("/payments/resume", data={"csrf": token, "stop": stop, **more})


@pytest.mark.parametrize("page", ["/", "/payments"])
async def test_finance_reads_what_happened_what_waits_and_what_to_do(web: Web, page: str) -> None:
    finance = await web.signed_in(Role.FINANCE)
    assert "stand still" not in (await finance.get(page)).text
    await stopped(web)
    seen = (await finance.get(page)).text
    for words in ("api_key_expired", "1 payment waits", "TROUPE_STRIPE_KEY", "/payments/resume"):
        assert words in seen


async def test_a_person_lets_the_payments_go_on_and_the_row_says_who(web: Web) -> None:
    finance = await web.signed_in(Role.FINANCE)
    stop = await stopped(web)
    web.clock.forward(timedelta(minutes=6))
    asked = await press(web, finance, stop.id)
    assert (asked.status_code, 'action="/payments/resume"' in asked.text) == (403, True)
    assert f'name="stop" value="{stop.id}"' in asked.text
    assert "stand still" in (await finance.get("/payments")).text
    assert (await press(web, finance, stop.id, password=PASSWORD)).status_code == 303
    assert "stand still" not in (await finance.get("/payments")).text
    assert (await press(web, finance, stop.id)).status_code == 303
    async with session(web.engine) as db:
        [row] = await db.scalars(select(RailStop))
    assert (row.resumed_at, row.resumed_by) == (web.clock(), next(iter(web.people.values())))


async def test_nobody_else_and_no_forged_form_lets_them_go_on(web: Web) -> None:
    reviewer, finance = await web.signed_in(Role.REVIEWER), await web.signed_in(Role.FINANCE)
    stop = await stopped(web)
    assert "/payments/resume" not in (await reviewer.get("/payments")).text
    assert (await press(web, reviewer, stop.id)).status_code == 403
    assert (await press(web, finance, stop.id, "forged")).status_code == 403
    async with session(web.engine) as db:
        assert await rail_stops.current(db) is not None
