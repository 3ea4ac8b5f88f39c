"""Verifying what claims to come from Stripe, without a key: only the endpoint's signing secret.

Two shapes arrive at one endpoint: snapshot events of v1 and thin events of v2. Of both only ids
and types are kept; the state is always read again from Stripe.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import stripe
from pydantic import BaseModel, ConfigDict

from domain.errors import UserMistake

TOLERANCE_SECONDS = 300
"""Oldest and most future signature that is accepted (Stripe's own default, applied both ways)."""


class ForgedWebhook(UserMistake):
    """Not signed with our secret, too old, from the future, or not an event."""

    code = "forged_webhook"


class StripeEvent(BaseModel):
    """What is kept of an event: who it is about, never what it says about them."""

    model_config = ConfigDict(frozen=True)

    id: str
    type: str
    thin: bool
    livemode: bool
    account: str = ""
    """The connected account that the event is about or comes from."""
    object_id: str = ""
    object_type: str = ""
    transfer_group: str = ""
    api_version: str = ""
    """The version that the event is written in; thin events have none."""


def verify_webhook(
    payload: bytes,
    header: str | None,
    secrets: Sequence[str],
    *,
    livemode: bool | None = None,
    now: float | None = None,
) -> StripeEvent:
    """Check the signature over the raw bytes, then read the event.

    Several secrets are accepted so that one can be rolled and so that the endpoints for our own
    account and for connected accounts may share an address.

    Raises:
        ForgedWebhook: whatever is wrong; the message says which check failed.
    """
    _check_signature(payload, header, secrets)
    _check_time(header or "", time.time() if now is None else now)
    try:
        body = json.loads(payload)
        event = _read(body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ForgedWebhook("the body is not a Stripe event") from error
    if livemode is not None and event.livemode != livemode:
        raise ForgedWebhook("a test event on a live endpoint, or the other way round")
    return event


def _check_signature(payload: bytes, header: str | None, secrets: Sequence[str]) -> None:
    for secret in secrets:
        try:
            # Age is checked below: the library lets signatures from the future pass.
            stripe.WebhookSignature.verify_header(payload, header, secret, tolerance=None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return
    raise ForgedWebhook("the signature does not match")


def _check_time(header: str, now: float) -> None:
    """One time, which is then the signed one: of two, the signature may be of the other."""
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    if len(times) != 1:
        raise ForgedWebhook("the signature has more than one time")
    if abs(now - int(times[0])) > TOLERANCE_SECONDS:
        raise ForgedWebhook("the signature is too old or from the future")


def read_event(body: dict[str, Any]) -> StripeEvent:
    """What is kept of an event that Stripe gave when it was asked."""
    return _read(body)


def _read(body: dict[str, Any]) -> StripeEvent:
    if body.get("object") == "v2.core.event":
        related = body.get("related_object") or {}
        is_account = related.get("type") == "v2.core.account"
        return StripeEvent(
            id=body["id"],
            type=body["type"],
            thin=True,
            livemode=bool(body.get("livemode")),
            account=(related.get("id") if is_account else body.get("context")) or "",
            object_id=related.get("id") or "",
            object_type=related.get("type") or "",
        )
    if body.get("object") != "event":
        raise ValueError("neither a snapshot nor a thin event")
    # Of a version that is not known yet, less may be readable: it is stored all the same.
    thing = (body.get("data") or {}).get("object") or {}
    is_account = thing.get("object") == "account"
    return StripeEvent(
        id=body["id"],
        type=body["type"],
        thin=False,
        livemode=bool(body.get("livemode")),
        account=body.get("account") or (thing.get("id") if is_account else "") or "",
        object_id=thing.get("id") or "",
        object_type=thing.get("object") or "",
        transfer_group=thing.get("transfer_group") or "",
        api_version=body.get("api_version") or "",
    )
