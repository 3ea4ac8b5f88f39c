"""The lines of the platform's own balance: balance transactions, as Stripe lists them.

Transfers, what is taken back of them and top-ups write their lines themselves; fees, reserves and
whatever else is made by hand.
"""

from __future__ import annotations

import time

from local.stripe_standin import forms, shapes
from local.stripe_standin.paging import created_within, page_of
from local.stripe_standin.shapes import Json
from local.stripe_standin.state import State

_PARAMS = frozenset(
    "created currency ending_before expand limit payout source starting_after type".split()
)


class Book:
    """The endpoint and the hand behind it."""

    def __init__(self, state: State) -> None:
        self._state = state

    def note(
        self, kind: str, amount: int, currency: str, source: Json | None = None, fee: int = 0
    ) -> Json:
        """Write a line; the balance itself is changed by whoever causes it."""
        body = shapes.line(kind, amount, currency, source, fee, time.time())
        self._state.save_line(body, source)
        return body

    def by_hand(self, wanted: Json) -> Json:
        """A line that somebody wants to see, with what it does to the balance."""
        kind, amount = str(wanted["type"]), int(wanted["amount"])
        currency, fee = str(wanted["currency"]).lower(), int(wanted.get("fee", 0))
        source = None
        if kind == "payout":
            source = shapes.bank_payout(-amount, currency, time.time())
            source["automatic"] = bool(wanted.get("automatic", True))
        held = self._state.available("", currency)
        self._state.set_balance("", currency, held + amount - fee)
        return self.note(kind, amount, currency, source, fee)

    def listed(self, params: Json) -> Json:
        """List the lines, newest first."""
        forms.only(params, _PARAMS)
        expanded = "data.source" in (params.get("expand") or [])
        kind = params.get("type")
        found = [
            body | {"source": source} if expanded and source else body
            for body, source in self._state.lines()
            if kind in {None, body["type"]}
        ]
        return page_of(created_within(found, params), params, "/v1/balance_transactions")
