"""The Stripe stand-in as a process of its own, with everything that can be asked of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from integrations.stripe_rail import StripeRail
from local.standin_process import StandInProcess

KEY = "sk_test_of_the_tests"
WEBHOOK_SECRET = "whsec_of_the_tests"  # noqa: S105, a secret of nothing


class StripeStandIn(StandInProcess):
    """A running stand-in, with its control plane."""

    def __init__(
        self, folder: Path, port: int, webhook_url: str, options: Sequence[str] = ()
    ) -> None:
        super().__init__("local.stripe_standin", port)
        self.folder, self.webhook_url = folder, webhook_url
        self.more_options = tuple(options)
        self.key = KEY
        """The key that it accepts now."""

    def options(self) -> Sequence[str]:
        """Its folder, and where and with which secret it posts events."""
        return (
            "--port", str(self.port), "--folder", str(self.folder),
            "--webhook-url", self.webhook_url, "--webhook-secret-env", "TEST_WEBHOOK_SECRET",
            "--key", KEY, *self.more_options,
        )  # fmt: skip

    def environment(self) -> Mapping[str, str]:
        """The secret that signs events."""
        return {"TEST_WEBHOOK_SECRET": WEBHOOK_SECRET}

    def start(self) -> None:
        """Start, with the key of the command line."""
        super().start()
        self.key = KEY

    def kill_and_restart(self) -> None:
        """A crash, and a new process over the same folder."""
        self.stop(signal.SIGKILL)
        self.start()

    def rail(self, **options: Any) -> StripeRail:
        """The adapter that the payout worker uses, talking to the stand-in; impatient."""
        return StripeRail(self.key, api_base=self.base, **({"timeout_seconds": 2.0} | options))

    def transfers(self) -> list[dict[str, Any]]:
        """Every transfer that was made, newest first."""
        listed: list[dict[str, Any]] = self._get("transfers")
        return listed

    def accounts(self) -> list[dict[str, Any]]:
        """Every account, oldest first."""
        listed: list[dict[str, Any]] = self._get("accounts")
        return listed

    def requests(self, path: str) -> list[dict[str, Any]]:
        """The requests to a path since the process began, oldest first."""
        return [entry for entry in self._get("requests") if entry["path"] == path]

    def events(self) -> list[dict[str, Any]]:
        """Every event with what became of its delivery, oldest first."""
        listed: list[dict[str, Any]] = self._get("webhooks")["events"]
        return listed

    def order_fault(self, kind: str, path: str = "/v1/transfers", **more: Any) -> None:
        """Let the next requests to a path fail."""
        self._post("faults", {"kind": kind, "path": path, **more})

    def roll_key(self, key: str, account: str = "") -> None:
        """From now on another key is accepted, until the process ends.

        Args:
            key: the key.
            account: whose it is; empty for the account of the first key.
        """
        self._post("key", {"key": key, "account": account})
        self.key = key

    def forget(self, webhook_url: str) -> bool:
        """Begin anew, without a new process; False if a request is still under way."""
        answer = self.http.post(
            "/_standin/forget", json={"key": KEY, "webhook_url": webhook_url}
        )  # fmt: skip
        if answer.status_code == httpx.codes.CONFLICT:
            return False
        answer.raise_for_status()
        self.key, self.webhook_url = KEY, webhook_url
        return True

    def heal(self) -> None:
        """Nothing fails any more."""
        self.http.delete("/_standin/faults").raise_for_status()

    def onboard(self, account: str) -> None:
        """The creator finishes the set-up."""
        self._post(f"accounts/{account}/onboard", {})

    def restrict(self, account: str) -> None:
        """Stripe restricts an account."""
        self._post(f"accounts/{account}/restrict", {})

    def reject(self, account: str) -> None:
        """Stripe rejects an account for good."""
        self._post(f"accounts/{account}/reject", {})

    def set_payouts(self, account: str, status: str) -> None:
        """Stripe pays an account out to its bank, or does not, or the platform ``paused`` it."""
        self._post(f"accounts/{account}/payouts", {"status": status})

    def limit(self, account: str, **limits: Any) -> None:
        """What Stripe has against an account, and how it settles; see the stand-in's limits."""
        self._post(f"accounts/{account}/limits", limits)

    def close_account(self, account: str) -> None:
        """An account is closed."""
        self._post(f"accounts/{account}/close", {})

    def reverse(self, transfer: str, amount: int) -> None:
        """Somebody takes money of a transfer back."""
        self._post(f"transfers/{transfer}/reverse", {"amount": amount})

    def pay_out(self, account: str, currency: str = "eur") -> str:
        """Stripe sends everything in an account to its bank; gives the payout's id."""
        return str(self._post(f"accounts/{account}/payout", {"currency": currency})["id"])

    def fail_payout(self, payout: str, code: str = "account_closed") -> None:
        """The bank sends a payout back."""
        self._post(f"payouts/{payout}/fail", {"code": code})

    def bank_payout(self, account: str, payout: str) -> dict[str, Any]:
        """A payout to a bank, as Stripe's own interface shows it."""
        headers = {"Authorization": f"Bearer {self.key}", "Stripe-Account": account}
        answer = self.http.get(f"/v1/payouts/{payout}", headers=headers).raise_for_status()
        shown: dict[str, Any] = answer.json()
        return shown

    def cancel_payout(self, payout: str) -> None:
        """Stripe cancels a payout, and the money is in the account again."""
        self._post(f"payouts/{payout}/cancel", {})

    def set_balance(self, currency: str, amount: int, account: str = "") -> None:
        """Set the platform's balance, or an account's; it may be below zero."""
        wanted = {"currency": currency, "amount": amount, "account": account}
        self._post("balance", wanted)

    def top_up(self, currency: str, amount: int) -> None:
        """Money arrives."""
        self._post("top-up", {"currency": currency, "amount": amount})

    def add_line(self, kind: str, amount: int, currency: str = "eur", **more: Any) -> str:
        """The platform's balance changes: a fee, a reserve, anything; gives the line's id."""
        wanted = {"type": kind, "amount": amount, "currency": currency, **more}
        return str(self._post("lines", wanted)["id"])

    def pause_deliveries(self, paused: bool = True) -> None:
        """Hold events back, or deliver again."""
        self._post("webhooks", {"paused": paused})

    def lose_events(self) -> None:
        """What was not delivered yet never is."""
        self._post("events/lose", {})

    def redeliver(self, event_id: str) -> None:
        """An event is posted once more."""
        self._post(f"events/{event_id}/redeliver", {})

    def _get(self, path: str) -> Any:
        return self.http.get(f"/_standin/{path}").raise_for_status().json()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self.http.post(f"/_standin/{path}", json=body).raise_for_status().json()
