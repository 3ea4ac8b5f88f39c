"""The way of one request: key, fault, idempotency, execution, commit, answer.

The order is Stripe's: authentication and rate limits come before the idempotency layer, so they
are never remembered; a request that began to execute is remembered whatever came of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.stripe_standin import errors, forms, shapes
from local.stripe_standin.errors import ApiError
from local.stripe_standin.faults import Fault, Faults
from local.stripe_standin.operations import Call, Operations

_REFUSE_EARLY: dict[str, Callable[[], ApiError]] = {
    "401": errors.wrong_key,
    "403": lambda: ApiError(403, "The key may not do this (injected).", code="more_permissions"),
    "429": errors.rate_limited,
    "lock_timeout": errors.lock_timeout,
    "409": errors.key_in_use,
}


class Dropped(Exception):
    """The connection is to be cut without an answer."""


@dataclass
class Answer:
    """What is answered and kept."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """As HTTP."""
        headers = {"Request-Id": shapes.new_id("req"), "Stripe-Version": shapes.API_VERSION}
        return JSONResponse(self.body, self.status, headers | self.headers)


@dataclass
class Pipeline:
    """Answers the API's requests."""

    operations: Operations
    faults: Faults
    key: str
    v1_key_seconds: float
    wake: Callable[[], None]
    """Called when there may be events to deliver."""
    log: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=2000))
    """The last requests, for tests."""
    under_way: int = 0
    """Requests that are not answered yet."""
    _running: set[tuple[str, str]] = field(default_factory=set)

    async def handle(self, request: Request) -> Response:
        """Answer one request.

        Raises:
            Dropped: a fault cuts the connection.
        """
        method, path = request.method, request.url.path
        key = request.headers.get("idempotency-key", "") if method == "POST" else ""
        fault = self.faults.take(method, path, key)
        entry: dict[str, Any] = {"method": method, "path": path, "key": key}
        entry["fault"] = fault.kind if fault else None
        self.log.append(entry)
        self.under_way += 1
        try:
            answer = await self._answer(request, key, fault)
        except ApiError as error:
            answer = Answer(error.status, error.body, error.headers)
        finally:
            self.under_way -= 1
        entry["status"] = answer.status
        return answer.response()

    async def _answer(self, request: Request, key: str, fault: Fault | None) -> Answer:
        self._authenticate(request)
        if fault and fault.kind in _REFUSE_EARLY:
            raise _REFUSE_EARLY[fault.kind]()
        call = await self._read(request, key)
        if not key:
            return await self._execute(call, "", "", fault)
        scope = call.path[:3]
        fingerprint = _fingerprint(call)
        if (scope, key) in self._running:
            raise errors.key_in_use()
        life = self.v1_key_seconds * (1 if scope == "/v1" else 30)
        kept = self.operations.state.kept_answer(scope, key, time.time() - life)
        if kept:
            if kept[0] != fingerprint:
                raise errors.key_reused()
            replayed = Answer(kept[1], kept[2], {"Idempotent-Replayed": "true"})
            return await self._after(replayed, fault)
        self._running.add((scope, key))
        try:
            return await self._execute(call, scope, fingerprint, fault)
        finally:
            self._running.discard((scope, key))

    def _authenticate(self, request: Request) -> None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), self.key.encode()):
            raise errors.wrong_key()

    async def _read(self, request: Request, key: str) -> Call:
        path = request.url.path
        params = forms.parse_form(request.url.query)
        if request.method == "POST":
            body = await request.body()
            is_v2 = path.startswith("/v2/")
            if is_v2 and not request.headers.get("stripe-version"):
                raise ApiError(400, "A Stripe-Version header is required.")
            params |= (
                forms.parse_json(body) if is_v2 else forms.parse_form(body.decode(errors="replace"))
            )
        account = request.headers.get("stripe-account", "")
        return Call(request.method, path, params, key, account)

    async def _execute(
        self, call: Call, scope: str, fingerprint: str, fault: Fault | None
    ) -> Answer:
        kind = fault.kind if fault else ""
        if fault and kind == "slow":
            await asyncio.sleep(fault.seconds)
        if kind == "drop_before":
            raise Dropped
        state = self.operations.state
        try:
            if kind == "500_before":
                raise errors.broken()
            with state.transaction():
                done = Answer(200, self.operations.run(call))
                answer = Answer(500, errors.broken().body) if kind == "500_after" else done
                kept = answer if scope == "/v1" else done
                if scope:
                    state.keep_answer(scope, call.key, fingerprint, kept.status, kept.body)
        except ApiError as error:
            # v2 finishes what it began instead of remembering an internal error.
            if scope and error.kept and (scope == "/v1" or error.status < 500):
                with state.transaction():
                    state.keep_answer(scope, call.key, fingerprint, error.status, error.body)
            raise
        self.wake()
        return await self._after(answer, fault)

    async def _after(self, answer: Answer, fault: Fault | None) -> Answer:
        if fault and fault.kind == "slow_after":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "drop_after":
            raise Dropped
        return answer


def _fingerprint(call: Call) -> str:
    text = json.dumps([call.method, call.path, call.params, call.on_account], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
