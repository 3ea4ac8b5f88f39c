"""Does Stripe take our keys, whose and from where are they, and does real money move with them?"""

from __future__ import annotations

import contextlib

import httpx
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import ConfigurationError
from integrations.own_account import MAY_NOT_SAY_HINT, another_account
from integrations.rotating_rail import RotatingRail
from integrations.secret_source import SecretSource, is_live, place_of
from local.findings import TIMEOUT, Finding, Status
from settings import Settings
from store import rail_accounts
from store.engine import make_engine, session

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
    whose = [(where, await _account(stand_in, key)) for where, key in every]
    if every and (fault := await _other_account(settings, whose, every[0][1])):
        return fault
    answers = f"the stand-in at {stand_in}; no money moves" if stand_in else "Stripe answers"
    said = [
        f"the key in {where} is {_kind(key)} of {account}"
        for (where, key), (_, account) in zip(every, whose, strict=True)
    ]
    return Finding(NAME, Status.OK, "; ".join([answers, *said]))


async def _refusal(stand_in: str, where: str, key: str) -> Finding | None:
    try:
        answer = await _ask(stand_in, key, "/v1/balance")
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


async def _account(stand_in: str, key: str) -> str:
    """Whose a key is; empty if Stripe does not say it."""
    with contextlib.suppress(httpx.HTTPError, ValueError):
        answer = await _ask(stand_in, key, "/v1/account")
        if answer.is_success:
            return str(answer.json()["id"])
    return ""


async def _other_account(
    settings: Settings, whose: list[tuple[str, str]], key: str
) -> Finding | None:
    """What payments would stand still for: a key of another account, or of nobody knows which."""
    place = place_of(key, settings.stripe_api_base)
    known = await _known(settings, place) or next((found for _, found in whose), "")
    for where, found in whose:
        if not found:
            said = f"Stripe does not say of which account the key in {where} is"
            return Finding(NAME, Status.FAULT, said, MAY_NOT_SAY_HINT)
        if found != known:
            wrong = another_account(where, found, known)
            return Finding(NAME, Status.FAULT, wrong.message, wrong.hint)
    return None


async def _known(settings: Settings, place: str) -> str:
    """From which account payments are made; empty if nobody knows, or the database is away."""
    engine = make_engine(settings.database_url.get_secret_value())
    try:
        async with session(engine) as db:
            row = await rail_accounts.current(db, place)
    except SQLAlchemyError:
        return ""  # the finding about the database says why
    finally:
        await engine.dispose()
    return row.account_id if row else ""


async def _ask(stand_in: str, key: str, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        return await client.get(f"{stand_in or 'https://api.stripe.com'}{path}", headers=headers)


def _kind(key: str) -> str:
    return "a live key (real money moves)" if is_live(key) else "a test key"
