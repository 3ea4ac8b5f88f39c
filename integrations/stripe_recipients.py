"""Recipient accounts of Stripe's Accounts v2: how they are made, and what an answer says of one."""

from __future__ import annotations

from typing import Any

from integrations.payout_rail import (
    ACCOUNT_REJECTED,
    PAYOUTS_DISABLED,
    Recipient,
    RecipientStatus,
)

_CAPABILITIES = "configuration.recipient.capabilities.stripe_balance"


def new_account(creator: str, country: str, email: str) -> Any:
    """What is sent to make a creator's account."""
    params: dict[str, Any] = {
        "dashboard": "express",
        "identity": {"entity_type": "individual"},
        "configuration": {
            "recipient": {
                "capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}
            }
        },
        "defaults": {
            "responsibilities": {"fees_collector": "application", "losses_collector": "application"}
        },
        "metadata": {"creator": creator},
        "include": ["configuration.recipient", "requirements"],
    }
    if country:
        params["identity"]["country"] = country.lower()
    if email:
        params["contact_email"] = email
    return params


def gone(account: str) -> Recipient:
    """An account that is closed, or not ours any more."""
    return Recipient(account_id=account, status="restricted", requirements=("account_gone",))


def recipient(account: Any) -> Recipient:
    """An account of v2 as `integrations.payout_rail` speaks of it."""
    capability = walk(account, f"{_CAPABILITIES}.stripe_transfers")
    to_bank = walk(account, f"{_CAPABILITIES}.payouts")
    status: RecipientStatus = "pending"
    if (given := walk(capability, "status")) == "active":
        status = "active" if walk(to_bank, "status") in {None, "active"} else "pending"
    elif given in {"restricted", "rejected", "unsupported"}:
        status = "restricted" if _was_refused(capability) else "pending"
    missing = [
        str(walk(entry, "description")) for entry in walk(account, "requirements.entries") or []
    ]
    if given == "active" and status == "pending":
        missing.append(PAYOUTS_DISABLED)
    if status == "restricted" and _was_rejected(capability):
        missing.append(ACCOUNT_REJECTED)
    return Recipient(account_id=account.id, status=status, requirements=tuple(missing))


def may_be_paused(account: Any) -> bool:
    """True if a capability is restricted for a reason that v2 does not name."""
    codes = [
        walk(each, "code")
        for name in ("stripe_transfers", "payouts")
        for each in walk(account, f"{_CAPABILITIES}.{name}.status_details") or []
    ]
    return "restricted_other" in codes


def _was_rejected(capability: Any) -> bool:
    """Stripe's last word, unlike other restrictions, which may be lifted."""
    codes = [str(walk(each, "code")) for each in walk(capability, "status_details") or []]
    return walk(capability, "status") == "rejected" or any(
        code.startswith("rejected") for code in codes
    )


def _was_refused(capability: Any) -> bool:
    """A new account is ``restricted`` too, until its owner has provided what is asked for."""
    details = walk(capability, "status_details") or []
    return any(walk(detail, "resolution") != "provide_info" for detail in details)


def walk(value: Any, path: str) -> Any:
    """What is at a dotted path; None if there is nothing."""
    for name in path.split("."):
        value = getattr(value, name, None)
    return value
