"""What the web needs from outside, handed in by the entry point; and the one seam to workflows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.bank_transfer import Debtor
from domain.findings import SafetyEngine
from domain.house_rules import NO_HOUSE_RULES, HouseRules
from domain.messages import CampaignInput, DecisionRef, DecisionResult, OnboardingTask
from integrations.fine import CLOSER_LOOK
from integrations.secret_source import NO_SECRET, SecretSource
from rendering.links import Links


class Sender(Protocol):
    """Brings what people decided to the workflows. Rows are committed before it is asked."""

    async def decide(
        self, subject_kind: str, subject_id: str, ref: DecisionRef
    ) -> DecisionResult | None:
        """Send a decision; None means that it is recorded and will be applied later."""
        ...

    async def start_campaign(self, start: CampaignInput) -> bool:
        """Start a campaign's workflow; False if that was not possible just now."""
        ...

    async def request_onboarding(self, task: OnboardingTask) -> bool:
        """Have an onboarding link made; False if that was not possible just now."""
        ...

    async def dispatch_webhook(self, event_row_id: str) -> None:
        """Have a stored webhook applied; raises if that failed, then the sweep does it."""
        ...


@dataclass(frozen=True)
class Addresses:
    """Where the neighbours are; empty means that there is none to show."""

    mail_catcher: str = ""
    temporal_ui: str = ""
    stripe: str = ""
    """Set if a stand-in answers in Stripe's place."""
    social: str = ""
    """Set if a stand-in answers in the platforms' place."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Deps:
    """Everything that the web's handlers use."""

    engine: AsyncEngine
    sender: Sender
    links: Links
    public_url: str
    secret: str
    webhook_secret: SecretSource = NO_SECRET
    addresses: Addresses = field(default_factory=Addresses)
    debtor: Debtor | None = None
    """The brand's account, if creators are paid by bank transfer."""
    rules: HouseRules = NO_HOUSE_RULES
    """What no campaign goes beyond."""
    safety: SafetyEngine = CLOSER_LOOK
    """What looks drafts over."""
    clock: Callable[[], datetime] = _now

    @property
    def by_bank(self) -> bool:
        """True if creators are paid by bank transfer, and not by a payment provider."""
        return self.debtor is not None

    @property
    def secure(self) -> bool:
        """True if browsers reach us by https, so that cookies may insist on it."""
        return urlsplit(self.public_url).scheme == "https"
