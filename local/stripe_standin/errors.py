"""Refusals in Stripe's shape."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer that is not a success.

    ``kept`` says whether Stripe remembers it under the idempotency key: refusals of a request that
    began to execute are kept, mistakes in the parameters and "come back later" are not.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        kind: str = "invalid_request_error",
        param: str | None = None,
        kept: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.headers = headers or {}
        self.body: dict[str, Any] = {"error": {"type": kind, "message": message}}
        if code:
            self.body["error"]["code"] = code
        if param:
            self.body["error"]["param"] = param


def wrong_key() -> ApiError:
    """The key is not the one that this stand-in was started with."""
    return ApiError(401, "Invalid API Key provided (stand-in)")


def missing_param(name: str) -> ApiError:
    """A required parameter is not there."""
    return ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def unknown_param(name: str) -> ApiError:
    """A parameter that the endpoint does not have."""
    return ApiError(
        400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name
    )


def not_found(what: str, ident: str, status: int = 404, param: str = "id") -> ApiError:
    """There is no such object."""
    return ApiError(status, f"No such {what}: '{ident}'", code="resource_missing", param=param)


def v2_not_found(what: str, ident: str) -> ApiError:
    """There is no such object, as v2 says it."""
    return ApiError(404, f"No such {what}: '{ident}'", code="not_found")


def key_reused() -> ApiError:
    """The same idempotency key came with other parameters."""
    return ApiError(
        400,
        "Keys for idempotent requests can only be used with the parameters of their first use.",
        kind="idempotency_error",
    )


def key_in_use() -> ApiError:
    """Another request with this key is still running."""
    return ApiError(
        409,
        "Another request with this idempotency key is in progress.",
        code="idempotency_key_in_use",
        kind="idempotency_error",
    )


def rate_limited() -> ApiError:
    """Too many requests; nothing was executed."""
    return ApiError(429, "Too many requests (injected by the stand-in).", code="rate_limit")


def lock_timeout() -> ApiError:
    """The object is locked by somebody else; nothing was executed."""
    return ApiError(
        429,
        "This object cannot be accessed right now (injected by the stand-in).",
        code="lock_timeout",
        headers={"Stripe-Should-Retry": "true"},
    )


def broken() -> ApiError:
    """An internal error; v1 remembers it under the key."""
    return ApiError(500, "Something went wrong (injected by the stand-in).", kind="api_error",
                    kept=True)  # fmt: skip
