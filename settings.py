"""Every setting, once, typed, with its unit. Read by the entry points and handed in from there.

Each field is the environment variable of the same name with the prefix ``TROUPE_`` unless it says
otherwise; Temporal's own variables (``TEMPORAL_ADDRESS``, ``TEMPORAL_API_KEY``, …) are read by
Temporal's environment configuration.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from domain.bank_transfer import Debtor
from domain.errors import ConfigurationError, UserMistake
from domain.house_rules import HouseRules, read_limits
from domain.iban import read_iban
from domain.rate_card import DEFAULT_RATE_CARD, RateCard, read_rate_card


class Settings(BaseModel):
    """All settings of all processes; a process uses the ones it needs."""

    model_config = ConfigDict(frozen=True)

    database_url: Annotated[SecretStr, Field(description="PostgreSQL, the application's role")]
    database_owner_url: Annotated[
        SecretStr | None, Field(description="PostgreSQL, the role that migrates")
    ] = None
    public_url: Annotated[str, Field(description="what links in mails begin with")] = (
        "http://127.0.0.1:8000"
    )
    secret_key: Annotated[SecretStr, Field(description="signs portal links; 32 bytes or more")]
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    mail_from: Annotated[str, Field(description="address that mails come from")] = (
        "campaigns@troupe.invalid"
    )
    mail_catcher_url: Annotated[str, Field(description="set: SMTP is a local catcher")] = ""
    stripe_key: Annotated[SecretStr, Field(description="secret or restricted key")] = SecretStr("")
    stripe_key_file: Annotated[
        Path | None, Field(description="holds the key; read before each call to Stripe")
    ] = None
    stripe_reader_key: Annotated[
        SecretStr, Field(description="looks things up, so that the other key need not")
    ] = SecretStr("")
    stripe_reader_key_file: Path | None = None
    stripe_mode: Annotated[
        Literal["test", "live"] | None, Field(description="of keys; unset: that of the first one")
    ] = None
    step_up: Annotated[
        str,
        Field(description="module:attribute of what the desk asks before decisions about money"),
    ] = ""
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_webhook_secret_file: Annotated[
        Path | None, Field(description="holds it; read at each event")
    ] = None
    stripe_api_base: Annotated[str, Field(description="set: a stand-in answers, not Stripe")] = ""
    payout_rail: Annotated[
        Literal["stripe", "sepa"],
        Field(description="how creators are paid; sepa: files for a bank"),
    ] = "stripe"
    sepa_name: Annotated[str, Field(description="holder of the account that pays")] = ""
    sepa_iban: Annotated[str, Field(description="the account that pays")] = ""
    sepa_bic: Annotated[str, Field(description="its bank")] = ""
    sepa_answer_days: Annotated[
        int, Field(ge=1, le=30, description="bank days in which the bank answers about a file")
    ] = 3
    release_limits: Annotated[
        str, Field(description="most that a campaign lets one person release: 400 EUR; 350 GBP")
    ] = ""
    release_solo: Annotated[
        Literal["allowed", "forbidden"], Field(description="campaigns with staffing: solo")
    ] = "allowed"
    social_base: Annotated[str, Field(description="set: a stand-in for all platforms")] = ""
    instagram_token: SecretStr = SecretStr("")
    instagram_business_id: str = ""
    youtube_key: SecretStr = SecretStr("")
    safety_llm_url: Annotated[
        str, Field(description="a language model that reads too: chat completions, up to /v1")
    ] = ""
    safety_llm_model: Annotated[str, Field(description="its name there")] = ""
    safety_llm_key: SecretStr = SecretStr("")
    temporal_ui_url: str = "http://127.0.0.1:8233"
    rate_card: Annotated[Path | None, Field(description="YAML; unset: the one that is shipped")] = (
        None
    )
    sweep_seconds: Annotated[int, Field(ge=1, description="how often lost messages are resent")] = (
        15
    )
    worker_health_port: Annotated[int, Field(description="0: none")] = 0

    @property
    def is_local(self) -> bool:
        """True if links point to this machine, so that real mail would be useless."""
        return urlsplit(self.public_url).hostname in {"127.0.0.1", "localhost", "::1"}

    @property
    def by_bank(self) -> bool:
        """True if creators are paid by bank transfer, and not by a payment provider."""
        return self.payout_rail == "sepa"

    @property
    def debtor(self) -> Debtor | None:
        """The account that pays by bank transfer; None if payments go another way."""
        if not self.by_bank:
            return None
        return Debtor(name=self.sepa_name, iban=read_iban(self.sepa_iban), bic=self.sepa_bic)

    @property
    def house_rules(self) -> HouseRules:
        """What no campaign goes beyond."""
        return HouseRules(read_limits(self.release_limits), self.release_solo == "allowed")

    def secret_at(
        self, name: Literal["stripe_key", "stripe_reader_key", "stripe_webhook_secret"]
    ) -> tuple[str, str, Path | None]:
        """Where a secret is that may be in a file: its variable, what that holds, the file."""
        given: SecretStr = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        return f"TROUPE_{name.upper()}", given.get_secret_value(), file

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings.

        Raises:
            ConfigurationError: a setting is missing or wrong; says which and what would be right.
        """
        source = os.environ if environment is None else environment
        given = {
            name: source[f"TROUPE_{name.upper()}"]
            for name in cls.model_fields
            if source.get(f"TROUPE_{name.upper()}")
        }
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(
                f"TROUPE_{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors()
            )
            raise ConfigurationError(
                f"settings are not complete: {wrong}", hint="see docs/configuration.md"
            ) from None
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse combinations that could hurt somebody.

        Raises:
            ConfigurationError: real mail with links to this machine, or a live Stripe key with
                the stand-in's address.
        """
        if self.is_local and not self.mail_catcher_url and self.smtp_host not in {
            "127.0.0.1", "localhost",
        }:  # fmt: skip
            raise ConfigurationError(
                f"TROUPE_PUBLIC_URL is {self.public_url}, which nobody else can open, and mail "
                f"would go out through {self.smtp_host}",
                hint="set TROUPE_PUBLIC_URL to the address that creators can reach",
            )
        self._check_reviewer()
        self._check_bank()
        self._check_limits()
        self._check_files()
        key = self.stripe_key.get_secret_value()
        if self.stripe_api_base and key.startswith(("sk_live_", "rk_live_")):
            raise ConfigurationError(
                "a live Stripe key is set together with TROUPE_STRIPE_API_BASE",
                hint="unset TROUPE_STRIPE_API_BASE to use Stripe, or use a test key",
            )

    def _check_files(self) -> None:
        for name in ("stripe_key", "stripe_reader_key", "stripe_webhook_secret"):
            variable = f"TROUPE_{name.upper()}"
            if getattr(self, name).get_secret_value() and getattr(self, f"{name}_file"):
                raise ConfigurationError(
                    f"{variable} and {variable}_FILE are both set", hint="leave one of them out"
                )

    def _check_bank(self) -> None:
        if not self.by_bank:
            return
        try:
            read_iban(self.sepa_iban)
        except UserMistake as mistake:
            raise ConfigurationError(
                f"TROUPE_SEPA_IBAN: {mistake.message}", hint=mistake.hint
            ) from None
        if not 1 < len(self.sepa_name) <= 70:
            raise ConfigurationError(
                "TROUPE_SEPA_NAME is missing, or longer than 70 characters",
                hint="write the holder of the account as your bank does",
            )
        if not re.fullmatch(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?", self.sepa_bic):
            raise ConfigurationError(
                "TROUPE_SEPA_BIC is not a BIC", hint="8 or 11 capitals and digits"
            )

    def _check_limits(self) -> None:
        try:
            read_limits(self.release_limits)
        except ValueError:
            raise ConfigurationError(
                "TROUPE_RELEASE_LIMITS cannot be read",
                hint="one amount for each currency, like 400 EUR; 350 GBP",
            ) from None

    def _check_reviewer(self) -> None:
        if not self.safety_llm_url:
            return
        parts = urlsplit(self.safety_llm_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigurationError(
                "TROUPE_SAFETY_LLM_URL is not a whole address",
                hint="write it like https://models.example/v1",
            )
        if not self.safety_llm_model:
            raise ConfigurationError(
                "TROUPE_SAFETY_LLM_URL is set without TROUPE_SAFETY_LLM_MODEL",
                hint="name the model that shall read, or unset the address",
            )


def load_rate_card(path: Path | None) -> RateCard:
    """The brand's rate card, or the shipped one if there is none.

    Raises:
        ConfigurationError: the file cannot be read, or is no rate card; says which key is wrong.
    """
    if path is None:
        return DEFAULT_RATE_CARD
    hint = "begin with a copy of domain/data/rate_card.yaml"
    try:
        return read_rate_card(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the rate card {path} cannot be read", hint=hint) from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the rate card {path} is not YAML", hint=hint) from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg']}"
            for item in error.errors()
        )
        raise ConfigurationError(f"the rate card {path} is wrong: {wrong}", hint=hint) from None
