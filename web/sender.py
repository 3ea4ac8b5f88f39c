"""The seam to Temporal: connects when it is first needed, and comes back after an outage."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError

from domain.lifecycle import StreamKind
from domain.messages import (
    CampaignInput,
    DecisionRef,
    DecisionResult,
    OnboardingTask,
    StripeEventTask,
)
from integrations import temporal

log = logging.getLogger(__name__)

CALL_TIMEOUT = timedelta(seconds=3)
"""How long a page waits for Temporal before it says "recorded, being applied"."""

ONBOARDING_TIMEOUT = timedelta(seconds=12)
"""Includes the provider's answer, which takes seconds."""

_GONE = (RPCError, RuntimeError, OSError, TimeoutError)
"""What an unreachable Temporal looks like: the client raises RuntimeError when it can't connect."""


class TemporalSender:
    """Brings committed decisions to the workflows through one shared client."""

    def __init__(self) -> None:
        self._client: Client | None = None
        self._lock = asyncio.Lock()

    async def _connected(self) -> Client:
        async with self._lock:
            if self._client is None:
                self._client = await temporal.connect(lazy=True, identity="web")
            return self._client

    async def decide(
        self, subject_kind: str, subject_id: str, ref: DecisionRef
    ) -> DecisionResult | None:
        """Send a decision; None means that it is recorded and will be applied later."""
        try:
            client = await self._connected()
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds() + 1):
                return await temporal.send_decision(
                    client, StreamKind(subject_kind), subject_id, ref, CALL_TIMEOUT
                )
        except _GONE as error:
            log.warning("Temporal does not answer: %s", type(error).__name__)
            return None

    async def start_campaign(self, start: CampaignInput) -> bool:
        """Start a campaign's workflow; False if that was not possible just now."""
        try:
            client = await self._connected()
            async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
                await temporal.start_campaign(client, start)
        except _GONE as error:
            log.warning("campaign not started now: %s", type(error).__name__)
            return False
        return True

    async def request_onboarding(self, task: OnboardingTask) -> bool:
        """Have an onboarding link made; False if that was not possible just now."""
        try:
            client = await self._connected()
            async with asyncio.timeout(ONBOARDING_TIMEOUT.total_seconds()):
                await temporal.request_onboarding(client, task)
        except _GONE as error:
            log.warning("onboarding link not made now: %s", type(error).__name__)
            return False
        return True

    async def dispatch_webhook(self, event_row_id: str) -> None:
        """Have a stored webhook applied; raises if that failed, then the sweep does it."""
        client = await self._connected()
        async with asyncio.timeout(CALL_TIMEOUT.total_seconds()):
            await temporal.dispatch_stripe_event(client, StripeEventTask(event_row_id=event_row_id))
