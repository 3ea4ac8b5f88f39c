"""What each endpoint does. Pure of HTTP: parameters in, status and body out, inside a transaction.

The rules are Stripe's where they matter to a payment: what is refused, in which order, and what an
answer looks like. Everything else of Stripe is left out and answered with 404.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.stripe_standin import forms, limits, shapes
from local.stripe_standin.bank import Bank
from local.stripe_standin.book import Book
from local.stripe_standin.errors import (
    ApiError,
    missing_param,
    not_found,
    unknown_param,
    v2_not_found,
)
from local.stripe_standin.paging import created_within, page_of
from local.stripe_standin.shapes import Json
from local.stripe_standin.state import State

CAPABILITY_UPDATED = "v2.core.account[configuration.recipient].capability_status_updated"
REQUIREMENTS_UPDATED = "v2.core.account[requirements].updated"

_TRANSFER_PARAMS = frozenset(
    "amount currency description destination expand metadata source_transaction source_type "
    "transfer_group".split()
)
_LIST_PARAMS = frozenset(
    "created destination ending_before expand limit starting_after transfer_group".split()
)
_EVENT_LIST_PARAMS = frozenset("created ending_before limit starting_after type types".split())
_ACCOUNT_PARAMS = frozenset(
    "account_token configuration contact_email contact_phone dashboard defaults display_name "
    "identity include metadata".split()
)


@dataclass(frozen=True)
class Call:
    """One request, read."""

    method: str
    path: str
    params: Json
    key: str = ""
    on_account: str = ""
    """The connected account in whose name it is made; empty for the platform."""


@dataclass
class Operations:
    """The endpoints over a state."""

    state: State
    public_url: str
    link_seconds: float
    own_account: str = shapes.OWN_ACCOUNT
    """Whose the accepted key is."""
    bank: Bank = field(init=False)
    book: Book = field(init=False)
    routes: list[tuple[str, re.Pattern[str], Callable[..., Json]]] = field(init=False)

    def __post_init__(self) -> None:
        self.bank = Bank(self.state)
        self.book = Book(self.state)

        def route(method: str, pattern: str, run: Callable[..., Json]) -> Any:
            return method, re.compile(pattern + "$"), run

        self.routes = [
            route("POST", "/v2/core/accounts", self.create_account),
            route("GET", "/v2/core/accounts/([^/]+)", self.retrieve_account),
            route("GET", "/v1/accounts/([^/]+)", self.retrieve_v1_account),
            route("GET", "/v1/account", self.retrieve_own_account),
            route("POST", "/v2/core/account_links", self.create_link),
            route("GET", "/v2/core/events/([^/]+)", self.retrieve_event),
            route("POST", "/v1/transfers", self.create_transfer),
            route("GET", "/v1/transfers", self.list_transfers),
            route("GET", "/v1/transfers/([^/]+)", self.retrieve_transfer),
            route("GET", "/v1/charges/([^/]+)", self.retrieve_charge),
            route("GET", "/v1/balance", self.retrieve_balance),
            route("GET", "/v1/payouts/([^/]+)", self.retrieve_bank_payout),
            route("GET", "/v1/balance_transactions", self.list_transactions),
            route("GET", "/v1/events", self.list_events),
            route("GET", "/v1/events/([^/]+)", self.retrieve_event),
        ]

    def run(self, call: Call) -> Json:
        """Find the endpoint and run it.

        Raises:
            ApiError: there is none, or it refuses.
        """
        if asked := self.state.account(call.on_account):
            limits.check_access(asked)
        for method, pattern, run in self.routes:
            if method == call.method and (match := pattern.match(call.path)):
                return run(call, *match.groups())
        raise ApiError(404, f"Unrecognized request URL ({call.method}: {call.path}).")

    # accounts

    def create_account(self, call: Call) -> Json:
        """Make a recipient account; it may receive nothing until it is onboarded."""
        params = call.params
        forms.only(params, _ACCOUNT_PARAMS)
        forms.metadata(params)
        configuration = params.get("configuration") or {}
        if set(configuration) != {"recipient"}:
            raise ApiError(
                400, "The stand-in knows recipient accounts only.", param="configuration"
            )
        country = (params.get("identity") or {}).get("country")
        if country is not None and not re.fullmatch("[a-z]{2}", str(country)):
            raise ApiError(400, f"'{country}' is not a country.", param="identity.country")
        body = shapes.account(params, time.time())
        self.state.save_account(body)
        return shapes.shown(body, params.get("include") or [])

    def retrieve_account(self, call: Call, ident: str) -> Json:
        """Read an account."""
        forms.only(call.params, frozenset({"include"}))
        account = self._account(ident)
        limits.check_access(account)
        return shapes.shown(account, call.params.get("include") or [])

    def retrieve_v1_account(self, call: Call, ident: str) -> Json:
        """Read an account as v1 shows it."""
        forms.only(call.params, frozenset())
        account = self._account(ident)
        limits.check_access(account)
        return shapes.v1_account(account)

    def retrieve_own_account(self, call: Call) -> Json:
        """Whose the key is."""
        forms.only(call.params, frozenset({"expand"}))
        return {"id": self.own_account, "object": "account", "type": "standard"}

    def create_link(self, call: Call) -> Json:
        """Make a link to the onboarding page: one visit, for a few minutes."""
        forms.only(call.params, frozenset({"account", "use_case"}))
        ident, use_case = call.params.get("account"), call.params.get("use_case") or {}
        if not ident:
            raise missing_param("account")
        if use_case.get("type") != "account_onboarding":
            raise ApiError(400, "use_case.type must be account_onboarding.", param="use_case.type")
        options = use_case.get("account_onboarding") or {}
        for name in options:
            if name not in {"collection_options", "refresh_url", "return_url"}:
                raise unknown_param(f"use_case.account_onboarding.{name}")
        if not options.get("refresh_url"):
            raise missing_param("use_case.account_onboarding.refresh_url")
        self._account(str(ident))
        token, now = secrets.token_urlsafe(18), time.time()
        refresh = options["refresh_url"]
        self.state.save_link(
            token, str(ident), options.get("return_url") or refresh, refresh,
            now + self.link_seconds,
        )  # fmt: skip
        url = f"{self.public_url}/setup/{token}"
        return shapes.account_link(str(ident), url, use_case, now, now + self.link_seconds)

    def set_capability(self, ident: str, status: str, reason: str = "") -> Json:
        """Let an account receive money, or stop it; Stripe's checks and their events."""
        body = self._account(ident)
        before = shapes.capability_status(body)
        shapes.set_capability(body, status, reason)
        self.state.save_account(body)
        now = time.time()
        self.state.add_event(shapes.thin_event(REQUIREMENTS_UPDATED, ident, now))
        if before != status:
            self.state.add_event(shapes.thin_event(CAPABILITY_UPDATED, ident, now))
        return body

    def set_payouts(self, ident: str, status: str) -> Json:
        """Let an account be paid out to its bank, or stop that; transfers still reach it."""
        body = self._account(ident)
        shapes.set_payouts(body, status)
        self.state.save_account(body)
        self.state.add_event(shapes.thin_event(REQUIREMENTS_UPDATED, ident, time.time()))
        return body

    def set_limits(self, ident: str, wanted: Json) -> Json:
        """Have something against an account."""
        body = self._account(ident)
        limits.set_limits(body, wanted)
        self.state.save_account(body)
        return body

    def close_account(self, ident: str) -> Json:
        """Close an account."""
        body = self._account(ident)
        shapes.set_capability(body, "restricted", "restricted_other")
        body["closed"] = True
        self.state.save_account(body)
        self.state.add_event(shapes.thin_event("v2.core.account.closed", ident, time.time()))
        return body

    def _account(self, ident: str) -> Json:
        body = self.state.account(ident)
        if body is None:
            raise v2_not_found("account", ident)
        return body

    # transfers

    def create_transfer(self, call: Call) -> Json:
        """Move money from the platform's balance to an account's."""
        params = call.params
        forms.only(params, _TRANSFER_PARAMS)
        for name in ("currency", "destination", "amount"):
            if not params.get(name):
                raise missing_param(name)
        amount = forms.whole_number(params, "amount") or 0
        if amount < 1:
            raise ApiError(
                400, "Invalid positive integer", code="parameter_invalid_integer", param="amount"
            )
        if not re.fullmatch("[a-zA-Z]{3}", params["currency"]):
            raise ApiError(400, f"Invalid currency: {params['currency']}", param="currency")
        body = shapes.transfer(params, amount, forms.metadata(params), time.time())
        self._check_destination(body)
        self._move(body)
        self.state.save_transfer(body)
        self.book.note("transfer", -amount, body["currency"], body)
        event = shapes.snapshot_event("transfer.created", body, time.time(), call.key or None)
        self.state.add_event(event)
        return body

    def _check_destination(self, body: Json) -> None:
        ident = body["destination"]
        account = self.state.account(ident)
        if account is None or account["closed"]:
            raise ApiError(
                400, f"No such destination: '{ident}'", code="resource_missing",
                param="destination", kept=True,
            )  # fmt: skip
        limits.check_access(account)
        limits.check_transfer(account, body["amount"], body["currency"])
        if not shapes.may_receive(account):
            raise ApiError(
                400,
                "Your destination account needs to have at least one of the following "
                "capabilities enabled: transfers, legacy_payments",
                code="insufficient_capabilities_for_transfer",
                kept=True,
            )

    def _move(self, body: Json) -> None:
        currency, amount = body["currency"], body["amount"]
        available = self.state.available("", currency)
        if available - self.state.reserved().get(currency, 0) < amount:
            raise ApiError(
                400,
                "You have insufficient available funds in your Stripe account.",
                code="balance_insufficient",
                kept=True,
            )
        self.state.set_balance("", currency, available - amount)
        destination = body["destination"]
        account = self.state.account(destination) or {}
        credited, own, rate = limits.arrives_as(account, amount, currency)
        if rate is not None:
            self.state.save_credit(body["id"], credited, own, rate)
        self.state.set_balance(destination, own, self.state.available(destination, own) + credited)

    def retrieve_transfer(self, call: Call, ident: str) -> Json:
        """Read a transfer."""
        forms.only(call.params, frozenset({"expand"}))
        body = self.state.transfer(ident)
        if body is None:
            raise not_found("transfer", ident)
        return body

    def reverse_transfer(self, ident: str, amount: int) -> Json:
        """Take money of a transfer back, as a person does in the dashboard.

        Raises:
            ApiError: the account does not hold so much, or the transfer has no more.
        """
        body = self.state.transfer(ident)
        if body is None:
            raise not_found("transfer", ident)
        left = body["amount"] - body["amount_reversed"]
        destination, currency = body["destination"], body["currency"]
        credited, own, _ = self.state.credit(body)
        back = amount * credited // body["amount"]
        held = self.state.available(destination, own)
        if not 0 < amount <= left or back > held:
            raise ApiError(400, f"{amount} cannot be reversed: {left} is left, {held} is there.")
        body["amount_reversed"] += amount
        body["reversed"] = body["amount_reversed"] == body["amount"]
        self.state.save_transfer(body)
        reversal = shapes.transfer_reversal(body, amount, time.time())
        self.book.note("transfer_refund", amount, currency, reversal)
        self.state.set_balance(destination, own, held - back)
        self.state.set_balance("", currency, self.state.available("", currency) + amount)
        self.state.add_event(shapes.snapshot_event("transfer.reversed", body, time.time()))
        return body

    def list_transfers(self, call: Call) -> Json:
        """List transfers, newest first."""
        params = call.params
        forms.only(params, _LIST_PARAMS)
        group = params.get("transfer_group")
        found = self.state.transfers_in_group(group) if group else self.state.transfers()
        if destination := params.get("destination"):
            found = [item for item in found if item["destination"] == destination]
        found = created_within(found, params)
        return page_of(found, params, "/v1/transfers")

    # balance and events

    def retrieve_balance(self, call: Call) -> Json:
        """The balance of the platform, or of the account in whose name it is asked."""
        forms.only(call.params, frozenset({"expand"}))
        return self._balance(call.on_account)

    def _balance(self, owner: str) -> Json:
        reserved = {} if owner else self.state.reserved()
        return shapes.balance(self.state.balance(owner), reserved)

    def retrieve_charge(self, call: Call, ident: str) -> Json:
        """Read a transfer as it arrived in the account in whose name it is asked."""
        forms.only(call.params, frozenset({"expand"}))
        expanded = "balance_transaction" in (call.params.get("expand") or [])
        return self.bank.arrived(call.on_account, ident, expanded)

    def retrieve_bank_payout(self, call: Call, ident: str) -> Json:
        """Read a payout from the account in whose name it is asked to its bank."""
        forms.only(call.params, frozenset({"expand"}))
        return self.bank.retrieve(call.on_account, ident)

    def list_transactions(self, call: Call) -> Json:
        """What a payout of an account holds, or what changed the platform's own balance."""
        if not call.on_account:
            return self.book.listed(call.params)
        return self.bank.transactions(call.on_account, call.params)

    def top_up(self, currency: str, amount: int) -> None:
        """Money arrives in the platform's balance."""
        self.book.note("topup", amount, currency, shapes.topup(amount, currency, time.time()))
        self.state.set_balance("", currency, self.state.available("", currency) + amount)
        body = self._balance("")
        self.state.add_event(shapes.snapshot_event("balance.available", body, time.time()))

    def retrieve_event(self, call: Call, ident: str) -> Json:
        """Read an event; v1 and v2 events are not found under the other's address."""
        body = self.state.event(ident)
        wanted = "event" if call.path.startswith("/v1/") else "v2.core.event"
        if body is None or body["object"] != wanted:
            raise (not_found if wanted == "event" else v2_not_found)("event", ident)
        return body

    def list_events(self, call: Call) -> Json:
        """List v1 events of the platform, or of the account in whose name it is asked."""
        forms.only(call.params, _EVENT_LIST_PARAMS)
        kinds = call.params.get("types") or [call.params.get("type")]
        found = [
            body
            for body in self.state.events()
            if body["object"] == "event"
            and body.get("account", "") == call.on_account
            and (kinds == [None] or body["type"] in kinds)
        ]
        found = created_within(found, call.params)
        return page_of(found, call.params, "/v1/events")
