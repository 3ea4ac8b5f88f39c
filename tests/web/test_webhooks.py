"""Stripe's events arrive: stored once, forged ones refused, dispatched now or by the sweep."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.ids import derived_id
from domain.lifecycle import Role
from integrations.secret_source import SecretSource
from integrations.stripe_version import API_VERSION, is_newer
from integrations.stripe_webhooks import ForgedWebhook, verify_webhook
from local.ports import any_free
from store import payouts as store
from store.engine import session
from store.tables import ExternalEvent
from tests.fixtures.stripe import (
    WEBHOOK_SECRET,
    StripeStandIn,
    eventually,
    serving,
)
from tests.fixtures.web import Web
from web.webhooks import MAX_BYTES, webhook_router

SECRET, ROLLED = "whsec_first", "whsec_second"
BOTH = SecretSource("TROUPE_STRIPE_WEBHOOK_SECRET", f"{SECRET}, {ROLLED}")


def snapshot(ident: str = "evt_1", **thing: Any) -> dict[str, Any]:
    transfer = {"id": "tr_1", "object": "transfer", "transfer_group": "pay_1", "amount": 100}
    return {
        "id": ident, "object": "event", "type": "transfer.created", "livemode": False,
        "data": {"object": transfer | thing},
    }  # fmt: skip


def thin(ident: str = "evt_thin") -> dict[str, Any]:
    return {
        "id": ident, "object": "v2.core.event", "livemode": False, "context": None,
        "type": "v2.core.account[requirements].updated", "created": "2026-11-22T10:00:00.000Z",
        "related_object": {
            "id": "acct_1", "type": "v2.core.account", "url": "/v2/core/accounts/acct_1",
        },
    }  # fmt: skip


def signed(body: str, secret: str = SECRET, shifted_seconds: float = 0) -> dict[str, str]:
    at = int(time.time() + shifted_seconds)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return {"Stripe-Signature": header}


@dataclass
class Endpoint:
    """Our endpoint, and what it has dispatched."""

    engine: AsyncEngine
    fails: bool = False
    secrets: SecretSource = BOTH
    dispatched: list[str] = field(default_factory=list)

    async def dispatch(self, row_id: str) -> None:
        if self.fails:
            raise ConnectionError("Temporal is not there")
        self.dispatched.append(row_id)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.include_router(webhook_router(self.engine, self.secrets, self.dispatch))
        return app

    async def post(self, event: dict[str, Any] | str, headers: dict[str, str] | None = None) -> int:
        body = event if isinstance(event, str) else json.dumps(event)
        transport = httpx.ASGITransport(app=self.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            answer = await client.post(
                "/webhooks/stripe",
                content=body.encode(),
                headers=signed(body) if headers is None else headers,
            )
        return answer.status_code

    async def stored(self) -> list[ExternalEvent]:
        async with session(self.engine) as db:
            return list(await db.scalars(select(ExternalEvent).order_by(ExternalEvent.event_id)))


@pytest.fixture
def endpoint(engine: AsyncEngine) -> Endpoint:
    return Endpoint(engine)


async def test_snapshot_and_thin_events_are_stored_and_dispatched(endpoint: Endpoint) -> None:
    assert await endpoint.post(snapshot()) == 200
    assert await endpoint.post(thin()) == 200
    transfer, account = await endpoint.stored()
    assert (transfer.type, transfer.payload["transfer_group"]) == ("transfer.created", "pay_1")
    assert (account.payload["account"], account.payload["thin"]) == ("acct_1", True)
    assert endpoint.dispatched == [transfer.id, account.id]
    assert transfer.id == derived_id("evt", "stripe", "evt_1")
    assert transfer.dispatched_at is not None


async def test_nothing_that_an_event_says_about_a_person_is_kept(endpoint: Endpoint) -> None:
    event = snapshot(object="account", id="acct_2", email="jule@creators.example")
    assert await endpoint.post(event) == 200
    (stored,) = await endpoint.stored()
    assert "jule" not in json.dumps(stored.payload)
    assert stored.payload["account"] == "acct_2"


async def test_an_event_that_comes_twice_is_one_event(endpoint: Endpoint) -> None:
    assert [await endpoint.post(snapshot()) for _ in range(3)] == [200, 200, 200]
    assert len(await endpoint.stored()) == 1
    assert len(endpoint.dispatched) == 1


async def test_both_secrets_are_accepted_while_one_is_rolled(endpoint: Endpoint) -> None:
    body = json.dumps(snapshot())
    assert await endpoint.post(body, signed(body, ROLLED)) == 200


@pytest.mark.parametrize("shifted", [-301.5, 302.0, -86_400, 86_400])
async def test_an_old_or_future_signature_is_refused(endpoint: Endpoint, shifted: float) -> None:
    body = json.dumps(snapshot())
    assert await endpoint.post(body, signed(body, shifted_seconds=shifted)) == 400
    assert await endpoint.stored() == []


@pytest.mark.parametrize("before", ["", "x=1, "])
async def test_an_old_signature_does_not_pass_with_another_time_beside_it(
    endpoint: Endpoint, before: str
) -> None:
    body = json.dumps(snapshot())
    old = signed(body, shifted_seconds=-86_400)["Stripe-Signature"]
    both = f"{before}t={int(time.time())},{old}"
    assert await endpoint.post(body, {"Stripe-Signature": both}) == 400
    assert await endpoint.stored() == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Stripe-Signature": ""},
        {"Stripe-Signature": "t=now,v1=abc"},
        {"Stripe-Signature": f"t={int(time.time())},v1=" + "0" * 64},
        {"Stripe-Signature": f"t={int(time.time())}"},
    ],
)
async def test_a_forged_event_is_refused(endpoint: Endpoint, headers: dict[str, str]) -> None:
    assert await endpoint.post(snapshot(), headers) == 400
    assert await endpoint.stored() == []


async def test_a_changed_body_is_refused(endpoint: Endpoint) -> None:
    genuine = json.dumps(snapshot())
    assert await endpoint.post(genuine.replace("100", "900"), signed(genuine)) == 400


@pytest.mark.parametrize("body", ["", "no json", "[]", "{}", '{"object": "event", "id": "evt_1"}'])
async def test_what_is_not_an_event_is_refused_even_if_signed(
    endpoint: Endpoint, body: str
) -> None:
    assert await endpoint.post(body) == 400


async def test_a_huge_body_is_not_read(endpoint: Endpoint) -> None:
    body = json.dumps(snapshot(description="x" * MAX_BYTES))
    assert await endpoint.post(body) == 413

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * (MAX_BYTES // 10)

    transport = httpx.ASGITransport(app=endpoint.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        answer = await client.post("/webhooks/stripe", content=unannounced())
    assert answer.status_code == 413


async def test_a_secret_in_a_file_is_rolled_without_a_restart(
    endpoint: Endpoint, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "secret"
    endpoint.secrets = SecretSource("TROUPE_STRIPE_WEBHOOK_SECRET", file=secret)
    body = json.dumps(snapshot())
    assert await endpoint.post(body, signed(body)) == 503, "Stripe is to send it again"
    secret.write_text(f"{SECRET}\n")
    assert await endpoint.post(body, signed(body)) == 200
    assert await endpoint.post(body, signed(body, ROLLED)) == 400
    secret.write_text(f"{ROLLED}\n{SECRET}\n")
    assert [await endpoint.post(body, signed(body, each)) for each in (SECRET, ROLLED)] == [
        200,
        200,
    ]
    secret.write_text(f"{ROLLED}\n")
    assert await endpoint.post(body, signed(body)) == 400
    assert "the file is not there" in caplog.text
    assert "whsec" not in caplog.text


async def test_without_a_secret_everything_is_refused() -> None:
    body = json.dumps(snapshot())
    for secrets in ([], [""]):
        with pytest.raises(ForgedWebhook):
            verify_webhook(body.encode(), signed(body)["Stripe-Signature"], secrets)


async def test_a_test_event_is_refused_where_live_events_are_expected() -> None:
    body = json.dumps(snapshot())
    header = signed(body)["Stripe-Signature"]
    assert not verify_webhook(body.encode(), header, [SECRET], livemode=False).livemode
    with pytest.raises(ForgedWebhook):
        verify_webhook(body.encode(), header, [SECRET], livemode=True)


async def test_an_event_that_could_not_be_dispatched_waits_for_the_sweep(
    endpoint: Endpoint,
) -> None:
    endpoint.fails = True
    assert await endpoint.post(snapshot()) == 200
    (stored,) = await endpoint.stored()
    now = datetime.now(UTC)
    async with session(endpoint.engine) as db:
        assert await store.undispatched_events(db, now - timedelta(minutes=1), 10) == []
        (found,) = await store.undispatched_events(db, now + timedelta(seconds=1), 10)
        assert found.id == stored.id
        await store.mark_dispatched(db, stored.id, now)
        assert await store.undispatched_events(db, now + timedelta(seconds=1), 10) == []


async def test_the_stand_in_delivers_to_our_endpoint(
    endpoint: Endpoint, own_stripe_standin: StripeStandIn
) -> None:
    port = any_free()
    own_stripe_standin.stop()
    own_stripe_standin.webhook_url = f"http://127.0.0.1:{port}/webhooks/stripe"
    endpoint.secrets = SecretSource("TROUPE_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
    own_stripe_standin.start()
    async with serving(endpoint.app(), port):
        rail = own_stripe_standin.rail()
        made = await rail.ensure_recipient("cre_1", "DE", "", None)
        own_stripe_standin.onboard(made.account_id)
        await rail.transfer(made.account_id, 100, "EUR", "key", "pay_1", {"attempt": "1"})
        await eventually(lambda: len(endpoint.dispatched) == 3)
        event = own_stripe_standin.events()[-1]
        own_stripe_standin.redeliver(event["id"])
        await eventually(lambda: own_stripe_standin.events()[-1]["tries"] == 2)
    assert len(endpoint.dispatched) == 3
    types = {stored.type for stored in await endpoint.stored()}
    assert "transfer.created" in types


async def test_an_event_in_a_version_of_tomorrow_is_stored_and_said(
    endpoint: Endpoint, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """Its shape may be another: the ids that can be read are enough."""
    client = await web.signed_in(Role.OPERATOR)
    event = snapshot() | {"api_version": API_VERSION}
    assert await endpoint.post(event) == 200
    known = (await client.get("/setup")).text
    assert API_VERSION in known
    assert "Newer than Troupe" not in known
    tomorrow = {"id": "evt_2", "object": "event", "type": "transfer.created", "livemode": False}
    assert await endpoint.post(tomorrow | {"api_version": "2031-01-31.flora"}) == 200
    assert "2031-01-31.flora" in caplog.text
    assert [len(await endpoint.stored()), len(endpoint.dispatched)] == [2, 2]
    page = (await client.get("/setup")).text
    assert "2031-01-31.flora" in page
    assert "Newer than Troupe" in page


def test_a_version_is_newer_by_its_day() -> None:
    assert is_newer("2099-01-01.any")
    assert not any(is_newer(each) for each in ("", API_VERSION, "2024-04-10", "2026-10-28.other"))
