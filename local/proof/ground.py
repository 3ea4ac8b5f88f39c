"""What the proof runs on, and the product's own parts beside the workers that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from activities.maintenance import Maintenance
from domain.messages import MailResult, Queue, StripeEventTask
from integrations import temporal
from integrations.secret_source import SecretSource
from local.proof.stripe_process import WEBHOOK_SECRET, StripeStandIn
from local.proof.waiting import until
from web import webhooks

SWEEP_SECONDS = 1.0
"""Between two sweeps; in production, a schedule begins them."""


@dataclass(frozen=True)
class Ground:
    """The servers that the proof runs on; only workers and stand-in are killed."""

    engine: AsyncEngine
    database_url: str
    client: Client
    standin: StripeStandIn
    """Posts its events to a port on which nobody listens at first."""
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the workers' process is told."""
        return {
            "TROUPE_DATABASE_URL": self.database_url,
            "TROUPE_SECRET_KEY": "of the proof, long enough to be one",
            "TROUPE_STRIPE_KEY": self.standin.key,
            "TROUPE_STRIPE_API_BASE": self.standin.base,
            "TEMPORAL_ADDRESS": self.client.service_client.config.target_host,
        }


@activity.defn(name="send_mail")
async def accept_mail(outbox_id: str) -> MailResult:
    """Mail is not what is proved here."""
    return MailResult(status="accepted")


@contextlib.asynccontextmanager
async def mail_accepted(client: Client) -> AsyncIterator[None]:
    """Somebody takes the mails while the block runs."""
    async with Worker(client, task_queue=Queue.OUTREACH.value, activities=[accept_mail]):
        yield


class _Endpoint(uvicorn.Server):
    """Leaves the signals of the process to whoever runs the proof."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


@contextlib.asynccontextmanager
async def webhooks_received(ground: Ground) -> AsyncIterator[None]:
    """The product's endpoint listens where the stand-in posts, while the block runs."""

    async def dispatch(event_row_id: str) -> None:
        task = StripeEventTask(event_row_id=event_row_id)
        await temporal.dispatch_stripe_event(ground.client, task)

    app = FastAPI()
    secret = SecretSource("TROUPE_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET)
    app.include_router(webhooks.webhook_router(ground.engine, secret, dispatch))
    port = urlsplit(ground.standin.webhook_url).port
    assert port, "the stand-in posts its events to a port of this machine"
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off")
    server = _Endpoint(config)
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, "the endpoint listens")
    refusals = logging.getLogger(webhooks.__name__)
    refusals.disabled = True  # what it refuses is what the proof forges
    try:
        yield
    finally:
        refusals.disabled = False
        server.should_exit = True
        await running


@contextlib.asynccontextmanager
async def swept(ground: Ground) -> AsyncIterator[None]:
    """The sweep runs again and again while the block runs."""
    sweep = Maintenance(ground.engine, ground.client).sweep

    async def go_on() -> None:
        while True:
            await sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    running = asyncio.create_task(go_on())
    try:
        yield
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
