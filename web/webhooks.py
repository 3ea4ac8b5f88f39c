"""Where Stripe tells us that something changed: stored first, believed never, applied elsewhere."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.background import BackgroundTask

from integrations.secret_source import SecretSource, SecretUnreadable
from integrations.stripe_version import API_VERSION, is_newer
from integrations.stripe_webhooks import ForgedWebhook, verify_webhook
from store import payouts as store
from store.engine import session

log = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024
"""Stripe's own events are far smaller; more is not read."""

SOURCE = "stripe"

Dispatch = Callable[[str], Awaitable[None]]
"""Starts what applies a stored event, by its row id."""


def webhook_router(
    engine: AsyncEngine,
    secrets: SecretSource,
    dispatch: Dispatch,
    *,
    livemode: bool | None = None,
) -> APIRouter:
    """The endpoint for Stripe's events.

    Args:
        engine: the database.
        secrets: signing secrets of the endpoints, looked up at each event; several, separated
            by commas or lines, for several endpoints or while one is rolled.
        dispatch: starts the workflow that applies an event. If it fails, a sweep does it later.
        livemode: refuse test events (True) or live events (False); None leaves that to the
            worker, which knows the key.
    """
    router = APIRouter()
    newer: set[str] = set()

    @router.post("/webhooks/stripe", include_in_schema=False)
    async def receive(request: Request) -> Response:
        payload = await _read(request)
        if payload is None:
            return PlainTextResponse("too large", 413)
        try:
            accepted = [part for part in re.split(r"[,\s]+", secrets.read()) if part]
            event = verify_webhook(
                payload, request.headers.get("stripe-signature"), accepted, livemode=livemode
            )
        except SecretUnreadable as problem:
            log.warning("a webhook cannot be verified: %s", problem.message)
            return PlainTextResponse("not now", 503)
        except ForgedWebhook as refusal:
            log.warning("refused a webhook: %s", refusal.message)
            return PlainTextResponse("refused", 400)
        if is_newer(event.api_version) and event.api_version not in newer:
            newer.add(event.api_version)
            log.warning(
                "Stripe writes events in %s, Troupe was written for %s: the state is read in that",
                event.api_version, API_VERSION,
            )  # fmt: skip
        async with session(engine) as db:
            row_id, is_new = await store.store_event(
                db, SOURCE, event.id, event.type, event.model_dump(), datetime.now(UTC)
            )
        # After the answer: Stripe waits for the commit, not for the workflow engine.
        later = BackgroundTask(_dispatch, engine, dispatch, row_id) if is_new else None
        return PlainTextResponse("stored", 200, background=later)

    return router


async def _dispatch(engine: AsyncEngine, dispatch: Dispatch, row_id: str) -> None:
    try:
        await dispatch(row_id)
        async with session(engine) as db:
            await store.mark_dispatched(db, row_id, datetime.now(UTC))
    except Exception as error:
        log.warning(
            "event %s was not dispatched (%s); the sweep will", row_id, type(error).__name__
        )


async def _read(request: Request) -> bytes | None:
    """The raw body, or None as soon as it is too large."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MAX_BYTES:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)
