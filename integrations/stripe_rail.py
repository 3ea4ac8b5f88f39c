"""Paying creators with Stripe: Accounts v2 for recipients, one v1 transfer per payout.

The library retries with the same idempotency key what may be retried; what is left is classified
in `integrations.stripe_errors`. Recipients are Express accounts whose recipient configuration may
receive transfers; Stripe pays them out to their bank on its own schedule.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, cast

import stripe

from domain.balance_lines import BalanceLine
from domain.errors import ConfigurationError, Unavailable
from domain.messages import TransferOutcome, TransferResult
from domain.payments import BankPayout, Credited, RailFunds, RailTransfer
from integrations.payout_rail import OnboardingPage, PayoutRail, Permit, Recipient
from integrations.secret_source import is_live, mark_of, place_of
from integrations.stripe_balance import read_balance_lines
from integrations.stripe_bank import read_bank_payout, read_credited
from integrations.stripe_errors import code_of, is_missing, reading_error, transfer_result
from integrations.stripe_recipients import gone, may_be_paused, new_account, recipient, walk
from integrations.stripe_version import API_VERSION
from integrations.stripe_webhooks import StripeEvent, read_event

__all__ = ["API_VERSION", "PayoutRail", "StripeRail"]

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 12.0
"""For one try; Stripe's own default is 80."""

MAX_NETWORK_RETRIES = 2
"""Tries after the first, with the same key. The library's default for a client is none."""

_PAGE = 100

EVENT_TYPES = (
    "transfer.created", "transfer.updated", "transfer.reversed", "balance.available",
    "topup.succeeded",
)  # fmt: skip
"""The snapshot events of our own account that `activities.recipients` acts on."""

ACCOUNT_EVENT_TYPES = (
    "payout.paid", "payout.failed", "payout.canceled", "account.updated", "capability.updated",
)  # fmt: skip
"""Those of creators' accounts."""


_permit: ContextVar[Permit | None] = ContextVar("permit", default=None)


class _PermittedHttp(stripe.HTTPXClient):
    """Asks before each try, the library's own retries too, whether it may still be made."""

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Make one try."""
        permit = _permit.get()
        if permit is not None and not await permit.holds():
            raise Unavailable("the turn to send is over; somebody else goes on with the same key")
        return await super().request_async(method, url, headers, post_data)


class StripeRail:
    """The payout rail that speaks to Stripe, or to a stand-in under another address."""

    by_bank = False

    def __init__(
        self,
        key: str,
        *,
        api_base: str = "",
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_network_retries: int = MAX_NETWORK_RETRIES,
    ) -> None:
        """Connect with a secret or restricted key; see `RotatingRail` for one that changes.

        Raises:
            ConfigurationError: no key, or a live key together with a stand-in's address.
        """
        if not key:
            raise ConfigurationError("no Stripe key is set", hint="set TROUPE_STRIPE_KEY")
        self.live, self.place = is_live(key), place_of(key, api_base)
        self.key_mark = mark_of(key)
        self.key_marks = (self.key_mark,)
        if api_base and self.live:
            raise ConfigurationError("a live Stripe key must not be sent to a stand-in")
        stripe.enable_telemetry = False
        self._http = _PermittedHttp(timeout=timeout_seconds)
        self._client = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            max_network_retries=max_network_retries,
            http_client=self._http,
            base_addresses={"api": api_base.rstrip("/")} if api_base else None,
        )

    async def probe(self) -> None:
        """Try the key with a call that moves nothing."""
        await self.balance()

    async def be_ready(self) -> None:
        """Whose the key is, is asked by `RotatingRail`."""

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    async def ensure_recipient(
        self, creator: str, country: str, email: str, existing: str | None
    ) -> Recipient:
        """Make the creator's account, or read the existing one.

        Asking twice makes one account: the key comes from the creator and from the account that
        is replaced, and Stripe keeps v2 keys for 30 days.
        """
        if existing:
            found = await self.recipient_state(existing)
            if "account_gone" not in found.requirements:
                return found
        key = f"recipient:{creator}:{existing or 'first'}:{_digest(country, email)}"
        try:
            account = await self._client.v2.core.accounts.create_async(
                new_account(creator, country, email), {"idempotency_key": key}
            )
        except stripe.StripeError as error:
            raise reading_error(error) from error
        return recipient(account)

    async def onboarding_link(
        self, account: str, return_url: str, refresh_url: str
    ) -> OnboardingPage:
        """Make a fresh single-use link; Stripe sends the creator on to ``return_url``."""
        try:
            link = await self._client.v2.core.account_links.create_async(
                {
                    "account": account,
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {
                            "return_url": return_url,
                            "refresh_url": refresh_url,
                        },
                    },
                }
            )
        except stripe.StripeError as error:
            raise reading_error(error) from error
        return OnboardingPage(url=link.url, expires_at=_rfc3339(link.expires_at))

    async def recipient_state(self, account: str) -> Recipient:
        """Read an account as it is now."""
        try:
            found = await self._client.v2.core.accounts.retrieve_async(
                account, {"include": ["configuration.recipient", "requirements"]}
            )
        except stripe.StripeError as error:
            if is_missing(error):
                return gone(account)
            raise reading_error(error) from error
        if getattr(found, "closed", None):
            return gone(account)
        if may_be_paused(found) and await self._is_paused(account):
            return Recipient(account_id=account, status="paused")
        return recipient(found)

    async def _is_paused(self, account: str) -> bool:
        """v2 says only that an account is restricted; v1 says that the platform paused it."""
        try:
            found = await self._client.v1.accounts.retrieve_async(account)
        except stripe.StripeError as error:
            log.warning("why an account is restricted cannot be read: %s", code_of(error))
            return False
        return bool(walk(found, "requirements.disabled_reason") == "platform_paused")

    async def transfer(
        self, account: str, amount: int, currency: str, key: str, transfer_group: str,
        metadata: dict[str, str], permit: Permit | None = None,
    ) -> TransferResult:  # fmt: skip
        """Move money to an account; the same key moves it once within a day."""
        left = permit.seconds_left() if permit else None
        if left is not None and left <= 0:
            raise Unavailable("the turn to send was over before the call began")
        asked = _permit.set(permit)
        try:
            async with asyncio.timeout(left):
                made = await self._client.v1.transfers.create_async(
                    {
                        "amount": amount,
                        "currency": currency.lower(),
                        "destination": account,
                        "transfer_group": transfer_group,
                        "metadata": metadata,
                    },
                    {"idempotency_key": key},
                )
        except TimeoutError:
            return TransferResult(outcome=TransferOutcome.IN_DOUBT, code="no_answer")
        except stripe.StripeError as error:
            return transfer_result(error)
        finally:
            _permit.reset(asked)
        return TransferResult(outcome=TransferOutcome.TRANSFERRED, transfer_id=made.id)

    async def find_transfers(self, transfer_group: str) -> tuple[RailTransfer, ...]:
        """Every transfer of one payout; answers "did it happen?"."""
        return await self._list({"transfer_group": transfer_group, "limit": _PAGE})

    async def read_transfer(self, transfer_id: str) -> RailTransfer | None:
        """One transfer, or None if Stripe has none."""
        try:
            return _transfer(await self._client.v1.transfers.retrieve_async(transfer_id))
        except stripe.StripeError as error:
            if is_missing(error):
                return None
            raise reading_error(error) from error

    async def credited(self, account: str, transfer_id: str) -> Credited | None:
        """What arrived of a transfer, by the account's own books; see `PayoutRail`."""
        return await read_credited(self._client, account, transfer_id)

    async def transfers_between(
        self, since: datetime | None, until: datetime | None
    ) -> tuple[RailTransfer, ...]:
        """Every transfer made from ``since`` on and before ``until``, newest first."""
        bounds: dict[str, int] = {}
        if since is not None:
            bounds["gte"] = int(since.timestamp())
        if until is not None:
            bounds["lt"] = math.ceil(until.timestamp())
        params: dict[str, Any] = {"limit": _PAGE}
        return await self._list(params | ({"created": bounds} if bounds else {}))

    async def balance_lines(self, since: datetime) -> AsyncIterator[Sequence[BalanceLine]]:
        """What changed our balance since then, newest first, page by page."""
        async for page in read_balance_lines(self._client, since):
            yield page

    async def bank_payout(self, account: str, payout_id: str) -> BankPayout | None:
        """One payout from a creator's account to their bank, or None if there is none."""
        return await read_bank_payout(self._client, account, payout_id)

    async def events_since(self, since: datetime, account: str = "") -> tuple[StripeEvent, ...]:
        """The snapshot events that Troupe acts on, newest first, whether they arrived or not.

        Those of our own account, or of a creator's: Stripe lists them for one account at a time.
        Thin events are not among them: Stripe lists those only for one object at a time.
        """
        types = ACCOUNT_EVENT_TYPES if account else EVENT_TYPES
        params: Any = {
            "created": {"gte": int(since.timestamp())}, "types": list(types), "limit": _PAGE,
        }  # fmt: skip
        options: Any = {"stripe_account": account} if account else {}
        try:
            page = await self._client.v1.events.list_async(params, options)
            found = [read_event(item.to_dict()) async for item in page.auto_paging_iter()]
        except stripe.StripeError as error:
            raise reading_error(error) from error
        # Asked in an account's name, its own events need not say whose they are.
        return tuple(
            each if each.account or not account else each.model_copy(update={"account": account})
            for each in found
        )

    async def own_account(self) -> str:
        """The id of the account that the key is of: the brand's own."""
        try:
            return (await self._client.v1.accounts.retrieve_current_async()).id
        except stripe.StripeError as error:
            raise reading_error(error) from error

    async def balance(self) -> dict[str, RailFunds]:
        """What is available to be paid out, and what is held back, by currency."""
        try:
            found = await self._client.v1.balance.retrieve_async()
        except stripe.StripeError as error:
            raise reading_error(error) from error
        available = {entry.currency.upper(): entry.amount for entry in found.available}
        reserved = {
            entry.currency.upper(): entry.amount
            for entry in getattr(found, "connect_reserved", None) or ()
        }
        return {
            currency: RailFunds(available.get(currency, 0), reserved.get(currency, 0))
            for currency in sorted(available.keys() | reserved.keys())
        }

    async def _list(self, params: dict[str, Any]) -> tuple[RailTransfer, ...]:
        try:
            page = await self._client.v1.transfers.list_async(cast(Any, params))
            return tuple([_transfer(item) async for item in page.auto_paging_iter()])
        except stripe.StripeError as error:
            raise reading_error(error) from error


def _transfer(item: stripe.Transfer) -> RailTransfer:
    destination = item.destination
    return RailTransfer(
        id=item.id,
        account_id=destination if isinstance(destination, str) else walk(destination, "id") or "",
        amount_minor=item.amount,
        reversed_minor=item.amount_reversed,
        currency=item.currency.upper(),
        transfer_group=item.transfer_group or "",
        attempt=str(walk(item, "metadata.attempt") or ""),
        created_at=datetime.fromtimestamp(item.created, UTC),
    )


def _rfc3339(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
