"""Payouts from a connected account to its bank: made by hand here, read by Stripe's API.

What a payout holds is kept with it: transfers that were not in one before, and failed payouts
whose money came back.
"""

from __future__ import annotations

import time

from local.stripe_standin import forms, shapes
from local.stripe_standin.errors import ApiError, not_found
from local.stripe_standin.shapes import Json
from local.stripe_standin.state import State

_WHOLE_UNITS = frozenset({"huf", "isk", "twd", "ugx"})
_CAME_BACK = {"failed": "payout_failure", "canceled": "payout_cancel"}
_TRANSACTION_PARAMS = frozenset("expand limit payout starting_after".split())


class Bank:
    """The endpoints and the hand behind them."""

    def __init__(self, state: State) -> None:
        self._state = state

    def pay_out(self, account: str, currency: str) -> Json:
        """Send everything in an account to its bank, as Stripe's schedule does.

        Of some currencies only whole units; the rest stays for the next payout.

        Raises:
            ApiError: there is nothing to be sent.
        """
        amount = self._state.available(account, currency)
        rest = amount % 100 if currency in _WHOLE_UNITS else 0
        amount -= rest
        if amount < 1:
            raise ApiError(400, f"There is nothing in {currency} in {account}.")
        kept = self._state.bank_payouts(account)
        before = {entry["source"] for each in kept for entry in each["entries"]}
        entries = [
            entry
            for each in self._state.transfers()
            if each["destination"] == account
            and (entry := self._payment(each))["currency"] == currency
        ]
        entries += [
            {
                "type": _CAME_BACK[each["body"]["status"]],
                "source": each["id"],
                "amount": each["body"]["amount"],
            }
            for each in kept
            if each["body"]["status"] in _CAME_BACK and each["body"]["currency"] == currency
        ]
        body = shapes.bank_payout(amount, currency, time.time())
        new = [entry for entry in entries if entry["source"] not in before]
        self._state.save_bank_payout(account, body, new)
        self._state.set_balance(account, currency, rest)
        return self._tell("payout.paid", account, body)

    def fail(self, ident: str, code: str, *, canceled: bool = False) -> Json:
        """The bank sends it back, perhaps days after it was paid; or it never left Stripe."""
        kept = self._state.bank_payout(ident)
        if kept is None:
            raise not_found("payout", ident)
        body, account = kept["body"], kept["account"]
        status = "canceled" if canceled else "failed"
        body |= {"status": status}
        if not canceled:
            body |= {"failure_code": code, "failure_message": "Sent back."}
        body["failure_balance_transaction"] = shapes.new_id("txn")
        self._state.save_bank_payout(account, body, kept["entries"])
        currency = body["currency"]
        held = self._state.available(account, currency)
        self._state.set_balance(account, currency, held + body["amount"])
        return self._tell(f"payout.{status}", account, body)

    def retrieve(self, on_account: str, ident: str) -> Json:
        """Read a payout of the account in whose name it is asked."""
        kept = self._state.bank_payout(ident)
        if kept is None or kept["account"] != on_account:
            raise not_found("payout", ident)
        body: Json = kept["body"]
        return body

    def arrived(self, on_account: str, ident: str, expanded: bool) -> Json:
        """A transfer as it arrived in an account; expanded, with what was credited for it."""
        for transfer in self._state.transfers():
            if (transfer["destination_payment"], transfer["destination"]) == (ident, on_account):
                charge = shapes.destination_payment(transfer)
                entry = shapes.balance_transaction(self._payment(transfer), charge, expanded=False)
                return charge | {"balance_transaction": entry if expanded else entry["id"]}
        raise not_found("charge", ident)

    def _payment(self, transfer: Json) -> Json:
        amount, currency, rate = self._state.credit(transfer)
        return {
            "type": "payment", "source": transfer["id"], "amount": amount, "currency": currency,
            "rate": rate,
        }  # fmt: skip

    def transactions(self, on_account: str, params: Json) -> Json:
        """What a payout holds."""
        forms.only(params, _TRANSACTION_PARAMS)
        self.retrieve(on_account, str(params.get("payout", "")))
        kept = self._state.bank_payout(str(params["payout"]))
        expanded = "data.source" in (params.get("expand") or [])
        found = [self._transaction(entry, expanded) for entry in (kept or {})["entries"]]
        return shapes.listing("/v1/balance_transactions", found, False)

    def _transaction(self, entry: Json, expanded: bool) -> Json:
        source = entry["source"]
        thing: Json | None
        if entry["type"] == "payment":
            thing = self._state.transfer(source)
            thing = shapes.destination_payment(thing) if thing else None
        else:
            thing = (self._state.bank_payout(source) or {}).get("body")
        return shapes.balance_transaction(entry, thing, expanded)

    def _tell(self, kind: str, account: str, body: Json) -> Json:
        event = shapes.snapshot_event(kind, body, time.time()) | {"account": account}
        self._state.add_event(event)
        return body
