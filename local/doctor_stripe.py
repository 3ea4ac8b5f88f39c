"""Does Stripe take our keys, where do they come from, and does real money move with them?"""

from __future__ import annotations

import httpx

from domain.errors import ConfigurationError
from integrations.rotating_rail import RotatingRail
from integrations.secret_source import SecretSource, is_live
from local.findings import TIMEOUT, Finding, Status
from settings import Settings

NAME = "stripe"


async def check_stripe(environment: dict[str, str]) -> Finding:
    """Does Stripe, or what stands in for it, answer?"""
    settings = Settings.from_environment(environment)
    stand_in = settings.stripe_api_base
    webhooks = SecretSource(*settings.secret_at("stripe_webhook_secret"))
    keys = [
        source
        for source in (
            SecretSource(*settings.secret_at("stripe_key")),
            SecretSource(*settings.secret_at("stripe_reader_key")),
        )
        if source.is_set
    ]
    try:
        webhooks.read()
        if keys:
            RotatingRail(*keys, api_base=stand_in, mode=settings.stripe_mode or "")
        every = [(source.where, source.read()) for source in keys]
    except ConfigurationError as error:
        return Finding(NAME, Status.FAULT, error.message, error.hint)
    if not stand_in and not keys:
        return Finding(
            NAME, Status.SKIPPED, "this process has no Stripe key; the payout worker has it"
        )
    for where, key in every or [("", "")]:
        refusal = await _refusal(stand_in, where, key)
        if refusal:
            return refusal
    answers = f"the stand-in at {stand_in}; no money moves" if stand_in else "Stripe answers"
    said = [f"the key in {where} is {_kind(key)}" for where, key in every]
    return Finding(NAME, Status.OK, "; ".join([answers, *said]))


async def _refusal(stand_in: str, where: str, key: str) -> Finding | None:
    base = stand_in or "https://api.stripe.com"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT) as client:
            answer = await client.get(f"{base}/v1/balance", headers=headers)
    except httpx.HTTPError:
        return Finding(
            NAME, Status.FAULT, f"{stand_in or 'Stripe'} does not answer",
            "is the way to the internet open?" if not stand_in else "see its log",
        )  # fmt: skip
    if not where or answer.status_code not in {401, 403}:
        return None
    return Finding(
        NAME, Status.FAULT, f"Stripe refuses the key in {where}",
        "make a new one" if answer.status_code == 401 else "let it read the balance",
    )  # fmt: skip


def _kind(key: str) -> str:
    return "live: real money moves" if is_live(key) else "a test key"
