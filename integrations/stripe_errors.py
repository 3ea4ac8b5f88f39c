"""What an error of Stripe means for a payment: refused, wait, stopped, or nobody knows.

Read from the HTTP status and from ``error.code``: most of the library's exceptions leave their own
``code`` empty. Stripe's messages are not kept, they can name accounts and people.
"""

from __future__ import annotations

import re

import stripe

from domain.errors import ContentConflict, KeyMayNot, RailStopped, TroupeError, Unavailable
from domain.messages import TransferOutcome, TransferResult
from integrations.payout_rail import REPLAYED_ERROR

_CODE = re.compile(r"^[a-z0-9_.]{1,60}$")

_OUTCOME_OF_CODE = {
    "balance_insufficient": TransferOutcome.WAITING_FUNDS,
    "insufficient_funds": TransferOutcome.WAITING_FUNDS,
    "insufficient_capabilities_for_transfer": TransferOutcome.NOT_ONBOARDED,
    "transfers_not_allowed": TransferOutcome.NOT_ONBOARDED,
    "amount_too_small": TransferOutcome.TOO_SMALL,
}
"""Refusals that time, a person or a later payment mends; any other 4xx refuses this payment."""

_RETRY_SAME_KEY = frozenset({"lock_timeout", "idempotency_key_in_use", "rate_limit"})
"""Nothing was executed; the same key may be sent again (docs.stripe.com/error-low-level)."""

_DEFINITE = frozenset({400, 402, 404})
"""Answers of Stripe that mean no, if they carry Stripe's own error; all else is ambiguous."""

_ACCOUNT_GONE = frozenset({"account_invalid", "resource_missing", "not_found"})
"""With a 403: one account has taken our access back, and the key is as good as before."""

ACCOUNT_GONE = "account_gone"
CURRENCY_REFUSED = "currency_refused"


def code_of(error: stripe.StripeError) -> str:
    """Stripe's machine-readable code; ``http_…`` or ``no_answer`` if there is none."""
    body = error.error
    found = getattr(body, "code", None) or error.code or getattr(body, "type", None)
    if isinstance(found, str) and _CODE.match(found):
        return found
    return f"http_{error.http_status}" if error.http_status else "no_answer"


def is_missing(error: stripe.StripeError) -> bool:
    """True if Stripe says that the thing does not exist or is not ours any more."""
    return error.http_status == 404 or (
        error.http_status in {400, 403} and code_of(error) in _ACCOUNT_GONE
    )


def transfer_result(error: stripe.StripeError) -> TransferResult:
    """What a failed transfer call means.

    Raises:
        Unavailable: nothing happened; send the same key again.
        RailStopped: Stripe refuses our key. Whether an earlier try of the same attempt got
            through is not known, so the attempt stays open.
        ContentConflict: the key was used with other content.
    """
    code, status = code_of(error), error.http_status
    if status == 403 and code in _ACCOUNT_GONE:
        return TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code=ACCOUNT_GONE)
    if status is not None:
        _raise_if_not_about_the_request(error, code, status)
    if status not in _DEFINITE or error.error is None:
        if (error.headers or {}).get("idempotent-replayed") == "true":
            code = REPLAYED_ERROR
        return TransferResult(outcome=TransferOutcome.IN_DOUBT, code=code)
    about = getattr(error, "param", None)
    if code in _ACCOUNT_GONE and about == "destination":
        return TransferResult(outcome=TransferOutcome.NOT_ONBOARDED, code=ACCOUNT_GONE)
    if about == "currency":
        code = CURRENCY_REFUSED
    outcome = _OUTCOME_OF_CODE.get(code, TransferOutcome.REFUSED)
    return TransferResult(outcome=outcome, code=code)


def reading_error(error: stripe.StripeError) -> TroupeError:
    """What a failed call means that may be repeated freely: everything but a transfer."""
    code, status = code_of(error), error.http_status
    if status is None or status >= 500:
        return Unavailable(f"Stripe did not answer ({code})")
    if is_missing(error):
        return StripeRefused(f"Stripe has no such thing for us ({code})", hint=code)
    try:
        _raise_if_not_about_the_request(error, code, status)
    except TroupeError as known:
        return known
    return StripeRefused(f"Stripe refused the request ({code})", hint=code)


class StripeRefused(TroupeError):
    """Stripe refuses something other than a payment: a person has to look."""

    code = "stripe_refused"


def _raise_if_not_about_the_request(error: stripe.StripeError, code: str, status: int) -> None:
    if status in {409, 429} or code in _RETRY_SAME_KEY:
        raise Unavailable(f"Stripe asks to try again later ({code})") from error
    if status in {401, 403}:
        raise (RailStopped if status == 401 else KeyMayNot)(
            f"Stripe refuses our key ({code})",
            hint="check the key in TROUPE_STRIPE_KEY, or in the file that holds it",
        ) from error
    if isinstance(error, stripe.IdempotencyError):
        raise ContentConflict(
            "an idempotency key came with other content",
            hint="this is a fault of Troupe: please report it",
        ) from error
