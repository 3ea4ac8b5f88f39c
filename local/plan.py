"""What an embedded stack consists of: which servers are ours, on which ports, with which settings.

A server of the stack is left out where its real counterpart is set in the environment: an own
PostgreSQL, Temporal, mail server, Stripe account or social platform.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from domain.errors import ConfigurationError
from integrations.secret_source import SecretSource, is_live
from local.ports import PortChoice
from local.state import Secrets


class Mode(StrEnum):
    """What the stack is for."""

    UP = "up"  # real people, no simulated ones
    SAMPLE = "sample"  # simulated creators beside one real person
    DEMO = "demo"  # simulated creators and staff


WANTED_PORTS = {
    "desk": 8000,
    "postgres": 54329,
    "temporal": 7233,
    "temporal-ui": 8233,
    "temporal-ui-inner": 0,
    "temporal-http": 0,
    "temporal-metrics": 0,
    "mail": 8025,
    "smtp": 1025,
    "stripe": 12111,
    "social": 8090,
    "worker-workflows": 0,
    "worker-activities": 0,
    "worker-payouts": 0,
}
"""Where each service is usually found; 0: nobody needs to know."""

SHOWN_PORTS = ("desk", "postgres", "temporal", "temporal-ui", "mail", "smtp", "stripe", "social")
"""Services whose port is told to people when it had to be another one."""

WORKERS = {
    "worker-workflows": ("workflows",),
    "worker-activities": ("vetting", "outreach", "publication"),
    "worker-payouts": ("payouts",),
}
"""The worker processes and their queues; only the last one is given the Stripe key."""

DEMO_SWEEP_SECONDS = "5"
"""How often lost messages are sent again while time is short."""

MAIL_SETTINGS = (
    "TROUPE_SMTP_HOST", "TROUPE_SMTP_PORT", "TROUPE_SMTP_USER", "TROUPE_SMTP_PASSWORD",
    "TROUPE_SMTP_TLS", "TROUPE_MAIL_FROM",
)  # fmt: skip
BANK_SETTINGS = (
    "TROUPE_PAYOUT_RAIL", "TROUPE_SEPA_NAME", "TROUPE_SEPA_IBAN", "TROUPE_SEPA_BIC",
    "TROUPE_SEPA_ANSWER_DAYS",
)  # fmt: skip
RELEASE_SETTINGS = ("TROUPE_RELEASE_LIMITS", "TROUPE_RELEASE_SOLO", "TROUPE_STEP_UP")
REVIEWER_SETTINGS = (
    "TROUPE_SAFETY_LLM_URL",
    "TROUPE_SAFETY_LLM_MODEL",
    "TROUPE_SAFETY_LLM_KEY",
)
SOCIAL_SETTINGS = (
    "TROUPE_INSTAGRAM_TOKEN",
    "TROUPE_INSTAGRAM_BUSINESS_ID",
    "TROUPE_YOUTUBE_KEY",
)


@dataclass(frozen=True)
class Plan:
    """A stack before it is started."""

    folder: Path
    mode: Mode
    given: Mapping[str, str]
    """The environment of the person who starts it."""
    ports: Mapping[str, PortChoice]
    secrets: Secrets
    durable: bool = True
    """Also a power cut loses nothing; costs two thirds of the speed."""

    def port(self, service: str) -> int:
        """The port of a service."""
        return self.ports[service].port

    def url(self, service: str) -> str:
        """The HTTP address of a service."""
        return f"http://127.0.0.1:{self.port(service)}"

    def has(self, name: str) -> bool:
        """True if the person set this variable."""
        return bool(self.given.get(name))

    @property
    def own_database(self) -> bool:
        """True if the person brings a PostgreSQL."""
        return self.has("TROUPE_DATABASE_URL")

    @property
    def own_temporal(self) -> bool:
        """True if the person brings a Temporal."""
        return any(self.has(f"TEMPORAL_{name}") for name in ("ADDRESS", "PROFILE", "CONFIG_FILE"))

    @property
    def real_mail(self) -> bool:
        """True if mail goes to a real mail server."""
        return self.has("TROUPE_SMTP_HOST")

    @property
    def real_stripe(self) -> bool:
        """True if payments go to Stripe."""
        set_ = self.has("TROUPE_STRIPE_KEY") or self.has("TROUPE_STRIPE_KEY_FILE")
        return set_ and not self.has("TROUPE_STRIPE_API_BASE")

    @property
    def real_social(self) -> bool:
        """True if posts are looked up on real platforms."""
        return self.has("TROUPE_INSTAGRAM_TOKEN") or self.has("TROUPE_YOUTUBE_KEY")

    def check(self) -> None:
        """Refuse what could hurt somebody.

        Raises:
            ConfigurationError: simulated people beside real mail, platforms or a live key.
        """
        if self.mode is Mode.UP:
            return
        reason = ""
        if self.real_mail:
            reason = "TROUPE_SMTP_HOST is set: simulated people must not cause real mail"
        elif any(is_live(key) for key in self._stripe_keys()):
            reason = "a live Stripe key is set: simulated people must not cause real payments"
        elif self.real_social:
            reason = "keys of real platforms are set: simulated people publish nowhere"
        if reason:
            raise ConfigurationError(
                reason, hint="unset it, or use `make up` without SAMPLE, with real people"
            )

    def _stripe_keys(self) -> Iterator[str]:
        for name in ("TROUPE_STRIPE_KEY", "TROUPE_STRIPE_READER_KEY"):
            path = self.given.get(f"{name}_FILE")
            yield SecretSource(name, self.given.get(name, ""), Path(path) if path else None).read()

    # --- settings, by who needs them ---------------------------------------------------------

    def shared_settings(self, database_url: str) -> dict[str, str]:
        """What every process of ours needs."""
        temporal = {name: self.given[name] for name in self.given if name.startswith("TEMPORAL_")}
        if not self.own_temporal:
            temporal = {"TEMPORAL_ADDRESS": f"127.0.0.1:{self.port('temporal')}"}
        return {
            **temporal,
            "TROUPE_DATABASE_URL": database_url,
            "TROUPE_PUBLIC_URL": self.given.get("TROUPE_PUBLIC_URL") or self.url("desk"),
            "TROUPE_SECRET_KEY": self.given.get("TROUPE_SECRET_KEY") or self.secrets.secret_key,
        }

    def mail_settings(self) -> dict[str, str]:
        """How mail leaves."""
        if self.real_mail:
            return self._given(MAIL_SETTINGS)
        return {
            "TROUPE_SMTP_HOST": "127.0.0.1",
            "TROUPE_SMTP_PORT": str(self.port("smtp")),
            "TROUPE_SMTP_TLS": "none",
            **self._given(("TROUPE_MAIL_FROM",)),
            "TROUPE_MAIL_CATCHER_URL": self.url("mail"),
        }

    def social_settings(self) -> dict[str, str]:
        """How posts are looked up."""
        if self.real_social:
            return self._given(SOCIAL_SETTINGS)
        return {"TROUPE_SOCIAL_BASE": self.url("social")}

    def stripe_address(self) -> dict[str, str]:
        """Where payments go; nothing if that is Stripe itself."""
        if self.real_stripe:
            return {}
        return {"TROUPE_STRIPE_API_BASE": self.url("stripe")}

    def stripe_key(self) -> dict[str, str]:
        """The key that moves money: for the payout worker alone."""
        if not self.real_stripe:
            return {"TROUPE_STRIPE_KEY": self.secrets.stripe_key}
        keys = self._given(("TROUPE_STRIPE_KEY", "TROUPE_STRIPE_READER_KEY"))
        return {**keys, **self.stripe_key_files()}

    def stripe_key_files(self) -> dict[str, str]:
        """Where keys are, and of which mode; never a key, so that the doctor may know it too."""
        if not self.real_stripe:
            return {}
        # Beside simulated people no key that comes later may be a live one either.
        mode = {} if self.mode is Mode.UP else {"TROUPE_STRIPE_MODE": "test"}
        return {
            **self._given(("TROUPE_STRIPE_MODE",)),
            **self._files("TROUPE_STRIPE_KEY_FILE", "TROUPE_STRIPE_READER_KEY_FILE"),
            **mode,
        }

    def webhook_secret(self) -> dict[str, str]:
        """What Stripe's events are signed with: for the pages alone."""
        name = "TROUPE_STRIPE_WEBHOOK_SECRET"
        given = {**self._given((name,)), **self._files(f"{name}_FILE")} if self.real_stripe else {}
        return given or {name: self.secrets.webhook_secret}

    def bank_settings(self) -> dict[str, str]:
        """The brand's account, if it pays by bank transfer; simulated people have no bank."""
        return self._given(BANK_SETTINGS) if self.mode is Mode.UP else {}

    def web_settings(self) -> dict[str, str]:
        """What the pages need besides the shared settings."""
        return {
            **self.mail_settings(),
            **self.social_settings(),
            **self.stripe_address(),
            **self.bank_settings(),
            **(self._given(RELEASE_SETTINGS) if self.mode is Mode.UP else {}),
            **self._given(REVIEWER_SETTINGS),
            **self.webhook_secret(),
            "TROUPE_TEMPORAL_UI_URL": self.temporal_ui,
        }

    @property
    def temporal_ui(self) -> str:
        """Where Temporal's pages are; empty if the person's Temporal has none that we know."""
        given = self.given.get("TROUPE_TEMPORAL_UI_URL", "")
        return given if given or self.own_temporal else self.url("temporal-ui")

    def worker_settings(self, worker: str) -> dict[str, str]:
        """What one worker process needs besides the shared settings."""
        health = {"TROUPE_WORKER_HEALTH_PORT": str(self.port(worker))}
        if self.mode is Mode.DEMO:
            health["TROUPE_SWEEP_SECONDS"] = DEMO_SWEEP_SECONDS
        if worker == "worker-payouts":
            return {
                **health,
                **self.mail_settings(),
                **self.stripe_address(),
                **self.stripe_key(),
                **self.bank_settings(),
            }
        return {
            **health, **self.mail_settings(), **self.social_settings(), **self._rate_card(),
            **self.bank_settings(),
            **self._given(REVIEWER_SETTINGS),
        }  # fmt: skip

    def _rate_card(self) -> dict[str, str]:
        return self._files("TROUPE_RATE_CARD")

    def _files(self, *names: str) -> dict[str, str]:
        # A process runs in a folder of its own, where a relative path would lead nowhere.
        return {name: str(Path(path).resolve()) for name, path in self._given(names).items()}

    def _given(self, names: tuple[str, ...]) -> dict[str, str]:
        return {name: self.given[name] for name in names if self.has(name)}
