"""The objects that the stand-in answers with, complete enough for the library."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

API_VERSION = "2026-10-28.endive"
Json = dict[str, Any]

PAUSED = "_paused"
"""Kept with an account under a name that no answer shows."""

OWN_ACCOUNT = "acct_standin_platform"
"""The platform's own account, of which the first key is."""


def new_id(prefix: str) -> str:
    """A random id as Stripe's look."""
    return f"{prefix}_{secrets.token_hex(12)}"


def rfc3339(moment: float) -> str:
    """Seconds since 1970 as v2 writes times."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def account(params: Json, now: float) -> Json:
    """A recipient account that still has to be onboarded."""
    identity = params.get("identity") or {}
    return {
        "id": f"acct_{secrets.token_hex(8)}",
        "object": "v2.core.account",
        "applied_configurations": sorted(params.get("configuration") or {}),
        "closed": False,
        "configuration": {
            "customer": None,
            "merchant": None,
            "recipient": {
                "applied": True,
                "capabilities": {
                    "stripe_balance": {
                        "stripe_transfers": _capability("restricted", "requirements_past_due")
                    }
                },
            },
        },
        "contact_email": params.get("contact_email"),
        "contact_phone": None,
        "created": rfc3339(now),
        "dashboard": params.get("dashboard", "none"),
        "defaults": params.get("defaults"),
        "display_name": params.get("display_name"),
        "future_requirements": None,
        "identity": {
            "country": identity.get("country"),
            "entity_type": identity.get("entity_type"),
        },
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "requirements": requirements(["individual.verification.document", "external_account"]),
    }


def set_capability(body: Json, status: str, reason: str = "") -> None:
    """Change what the account may do, as Stripe does after checking it."""
    resolution = {"requirements_past_due": "provide_info"}.get(reason, "no_resolution")
    capabilities = body["configuration"]["recipient"]["capabilities"]
    capabilities["stripe_balance"]["stripe_transfers"] = _capability(status, reason, resolution)
    body["requirements"] = requirements([])


def set_payouts(body: Json, status: str) -> None:
    """Change whether the account is paid out to its bank; ``paused``: the platform paused it."""
    capabilities = body["configuration"]["recipient"]["capabilities"]
    body[PAUSED] = status == "paused"
    reason, resolution = "requirements_past_due", "provide_info"
    if body[PAUSED]:
        status, reason, resolution = "restricted", "restricted_other", "no_resolution"
    made = _capability(status, "" if status == "active" else reason, resolution)
    capabilities["stripe_balance"]["payouts"] = made


def v1_account(body: Json) -> Json:
    """An account as v1 shows it: only why it is disabled."""
    return {
        "id": body["id"],
        "object": "account",
        "payouts_enabled": not body.get(PAUSED),
        "requirements": {
            "alternatives": [],
            "current_deadline": None,
            "currently_due": [],
            "disabled_reason": "platform_paused" if body.get(PAUSED) else None,
            "errors": [],
            "eventually_due": [],
            "past_due": [],
            "pending_verification": [],
        },
    }


def may_receive(body: Json) -> bool:
    """True if transfers to the account are allowed."""
    capabilities = body["configuration"]["recipient"]["capabilities"]
    return bool(capabilities["stripe_balance"]["stripe_transfers"]["status"] == "active")


def capability_status(body: Json) -> str:
    """The status of the one capability that counts here."""
    capabilities = body["configuration"]["recipient"]["capabilities"]
    return str(capabilities["stripe_balance"]["stripe_transfers"]["status"])


def requirements(missing: list[str]) -> Json:
    """What the account's owner still has to provide."""
    return {
        "alternatives": None,
        "entries": [
            {
                "awaiting_action_from": "user",
                "description": name,
                "errors": [],
                "impact": {"restricts_capabilities": []},
                "minimum_deadline": {"status": "past_due"},
                "requested_reasons": [{"code": "routine_onboarding"}],
            }
            for name in missing
        ],
        "summary": {"minimum_deadline": {"status": "past_due", "time": None}} if missing else None,
    }


def shown(body: Json, include: list[str]) -> Json:
    """An account as v2 answers it: parts that were not asked for are null."""
    answer = {name: value for name, value in body.items() if not name.startswith("_")}
    for part in ("requirements", "future_requirements", "identity", "defaults"):
        if part not in include:
            answer[part] = None
    parts = {name.split(".")[1] for name in include if name.startswith("configuration.")}
    answer["configuration"] = (
        {name: value if name in parts else None for name, value in body["configuration"].items()}
        if parts
        else None
    )
    return answer


def account_link(account_id: str, url: str, use_case: Json, now: float, expires: float) -> Json:
    """A single-use link to the onboarding page."""
    return {
        "object": "v2.core.account_link",
        "account": account_id,
        "created": rfc3339(now),
        "expires_at": rfc3339(expires),
        "livemode": False,
        "url": url,
        "use_case": use_case,
    }


def transfer(params: Json, amount: int, metadata: Json, now: float) -> Json:
    """A transfer to a connected account."""
    ident = new_id("tr")
    return {
        "id": ident,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": new_id("txn"),
        "created": int(now),
        "currency": params["currency"].lower(),
        "description": params.get("description"),
        "destination": params["destination"],
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": metadata,
        "reversals": listing(f"/v1/transfers/{ident}/reversals", [], False),
        "reversed": False,
        "source_transaction": params.get("source_transaction"),
        "source_type": params.get("source_type", "card"),
        "transfer_group": params.get("transfer_group"),
    }


def bank_payout(amount: int, currency: str, now: float) -> Json:
    """A payout from a connected account to its bank."""
    return {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": int(now),
        "automatic": True,
        "balance_transaction": new_id("txn"),
        "created": int(now),
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": new_id("ba"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "type": "bank_account",
    }


def destination_payment(transfer: Json) -> Json:
    """A transfer as it arrives in the connected account: a charge that names it."""
    return {
        "id": transfer["destination_payment"],
        "object": "charge",
        "amount": transfer["amount"],
        "amount_captured": transfer["amount"],
        "amount_refunded": transfer["amount_reversed"],
        "billing_details": {
            "address": None, "email": None, "name": None, "phone": None, "tax_id": None,
        },
        "captured": True,
        "created": transfer["created"],
        "currency": transfer["currency"],
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "refunded": transfer["reversed"],
        "source_transfer": transfer["id"],
        "status": "succeeded",
    }  # fmt: skip


def balance_transaction(entry: Json, thing: Json | None, expanded: bool) -> Json:
    """One line of an account's balance."""
    source = thing if expanded else (thing or {}).get("id")
    return {
        "id": f"txn_{entry['source']}",
        "object": "balance_transaction",
        "amount": entry["amount"],
        "available_on": int((thing or {}).get("created", 0)),
        "balance_type": "payments",
        "created": int((thing or {}).get("created", 0)),
        "currency": entry.get("currency") or (thing or {}).get("currency", "eur"),
        "description": None,
        "exchange_rate": entry.get("rate"),
        "fee": 0,
        "fee_details": [],
        "net": entry["amount"],
        "reporting_category": "charge" if entry["type"] == "payment" else "payout_reversal",
        "source": source,
        "status": "available",
        "type": entry["type"],
    }


def line(
    kind: str, amount: int, currency: str, source: Json | None, fee: int, now: float
) -> Json:  # fmt: skip
    """One line of the platform's balance."""
    return {
        "id": (source or {}).get("balance_transaction") or new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": int(now),
        "balance_type": "payments",
        "created": int(now),
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [
            {"amount": fee, "application": None, "currency": currency, "description": None,
             "type": "stripe_fee"}
        ] if fee else [],
        "net": amount - fee,
        "reporting_category": kind,
        "source": (source or {}).get("id"),
        "status": "available",
        "type": kind,
    }  # fmt: skip


def transfer_reversal(transfer: Json, amount: int, now: float) -> Json:
    """What was taken back of a transfer."""
    return {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "created": int(now),
        "currency": transfer["currency"],
        "destination_payment_refund": None,
        "metadata": {},
        "source_refund": None,
        "transfer": transfer["id"],
    }


def topup(amount: int, currency: str, now: float) -> Json:
    """Money that was sent to the platform's balance."""
    return {
        "id": new_id("tu"),
        "object": "topup",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "created": int(now),
        "currency": currency,
        "description": None,
        "expected_availability_date": int(now),
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "source": None,
        "statement_descriptor": None,
        "status": "succeeded",
        "transfer_group": None,
    }


def balance(amounts: dict[str, int], reserved: dict[str, int]) -> Json:
    """The balance of the platform or of a connected account."""
    body = _balance({each: amount - reserved.get(each, 0) for each, amount in amounts.items()})
    if reserved:
        body["connect_reserved"] = _balance(reserved)["available"]
    return body


def _balance(amounts: dict[str, int]) -> Json:
    available = [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(amounts.items())
    ]
    pending = [{**entry, "amount": 0, "source_types": {"card": 0}} for entry in available]
    return {"object": "balance", "available": available, "livemode": False, "pending": pending}


def listing(url: str, items: list[Json], has_more: bool) -> Json:
    """A page of a v1 list."""
    return {"object": "list", "data": items, "has_more": has_more, "url": url}


def snapshot_event(kind: str, thing: Json, now: float, key: str | None = None) -> Json:
    """A v1 event: carries the object as it was."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": int(now),
        "data": {"object": thing},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": key},
        "type": kind,
    }


def thin_event(kind: str, account_id: str, now: float) -> Json:
    """A v2 event: says which account, not what changed."""
    return {
        "id": f"evt_test_{secrets.token_hex(12)}",
        "object": "v2.core.event",
        "context": None,
        "created": rfc3339(now),
        "livemode": False,
        "reason": None,
        "related_object": {
            "id": account_id,
            "type": "v2.core.account",
            "url": f"/v2/core/accounts/{account_id}",
        },
        "type": kind,
    }


def about(event: Json) -> str:
    """Id of the account that an event is about; empty if it is about our own."""
    if event["object"] == "v2.core.event":
        return str(event["related_object"]["id"])
    return str(event.get("account") or event["data"]["object"].get("destination") or "")


def _capability(status: str, reason: str = "", resolution: str = "provide_info") -> Json:
    details = [{"code": reason, "resolution": resolution}] if reason else []
    return {"status": status, "status_details": details}
