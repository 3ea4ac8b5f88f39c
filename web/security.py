"""Headers on every answer, who may post, how often somebody may fail, and tokens in forms."""

from __future__ import annotations

import hmac
from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 512 * 1024
"""Bytes of a request's body; the largest thing that people send us is a campaign file."""

PORTAL_SESSION = timedelta(days=30)
"""How long a creator's browser stays signed in; the link in the mail renews it."""

DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""For a document with its own styles, for mail and paper; it can load and run nothing."""

_MACHINES = ("/webhooks", "/opt-out/")
"""Posts that come from programs: signed by themselves, so neither cookie nor origin counts."""


def policy(form_targets: tuple[str, ...] = ()) -> str:
    """The Content-Security-Policy: everything from here, nothing inline."""
    forms = " ".join(("'self'", *form_targets))
    return (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {forms}"
    )


class Guard:
    """Refuses foreign and oversized posts and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, public_url: str, payout_hosts: tuple[str, ...]) -> None:
        self._app = app
        self._public = _origin(public_url)
        self._secure = self._public.startswith("https://")
        self._desk_policy = policy()
        # a form's redirect is a form's target: the payout set-up goes on at the provider
        self._portal_policy = policy(payout_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path: str = scope["path"]

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._put_headers(MutableHeaders(scope=message), path)
            await send(message)

        refusal = self._refuse(scope["method"], path, headers)
        if refusal is not None:
            await refusal(scope, receive, guarded)
            return
        await self._app(scope, _limited(receive), guarded)

    def _refuse(self, method: str, path: str, headers: Headers) -> PlainTextResponse | None:
        if method in {"GET", "HEAD", "OPTIONS"}:
            return None
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return PlainTextResponse("This is larger than anything we expect.", 413)
        if path.startswith(_MACHINES):
            return None
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        if site is not None:
            foreign = site not in {"same-origin", "none"}
        else:
            # pages with "no-referrer" send "null"; their forms carry a token of their own
            own = {None, self._public, f"{_scheme(self._public)}://{headers.get('host', '')}"}
            foreign = origin not in own and not (origin == "null" and path.startswith("/portal/"))
        if foreign:
            return PlainTextResponse("This form was sent from another site.", 403)
        return None

    def _put_headers(self, headers: MutableHeaders, path: str) -> None:
        creators = path.startswith(("/portal/", "/c/", "/opt-out/"))
        headers.setdefault(
            "Content-Security-Policy", self._portal_policy if creators else self._desk_policy
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "no-referrer" if creators else "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=()"
        headers.setdefault("Cache-Control", "no-store")
        if self._secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"


class TooLarge(Exception):
    """A body without a declared length went on for too long."""


def _limited(receive: Receive) -> Receive:
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise TooLarge
        return message

    return limited


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _scheme(origin: str) -> str:
    return urlsplit(origin).scheme


class Failures:
    """Counts failed sign-ins in a sliding window; in memory, bounded."""

    WINDOW = timedelta(minutes=15)
    PER_PAIR, PER_ADDRESS, PER_ACCOUNT = 5, 30, 50
    """By account and address together first, so that nobody can lock a colleague out cheaply."""
    _KEYS = 10_000

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def blocked(self, account: str, address: str) -> bool:
        """True if there were too many failures lately."""
        return any(
            self._count(key) >= limit for key, limit in self._limits(account, address).items()
        )

    def add(self, account: str, address: str) -> None:
        """Remember a failure."""
        for key in self._limits(account, address):
            self._seen.setdefault(key, deque(maxlen=self.PER_ACCOUNT)).append(self._clock())
            self._seen.move_to_end(key)
        while len(self._seen) > self._KEYS:
            self._seen.popitem(last=False)

    def forget(self, account: str, address: str) -> None:
        """A success clears the pair's count."""
        self._seen.pop(f"pair {account} {address}", None)

    def _limits(self, account: str, address: str) -> dict[str, int]:
        return {
            f"pair {account} {address}": self.PER_PAIR,
            f"address {address}": self.PER_ADDRESS,
            f"account {account}": self.PER_ACCOUNT,
        }

    def _count(self, key: str) -> int:
        since = self._clock() - self.WINDOW
        times = self._seen.get(key)
        while times and times[0] <= since:
            times.popleft()
        return len(times or ())


def same(left: str, right: str) -> bool:
    """Compare two secrets without telling how far they agree."""
    return hmac.compare_digest(left.encode(), right.encode())


class PortalTokens:
    """The cookie of a creator's browser and the token in their forms."""

    def __init__(self, secret: str) -> None:
        self._cookie = URLSafeTimedSerializer(secret, salt="troupe.portal-session")
        self._form = URLSafeSerializer(secret, salt="troupe.portal-form")

    def cookie(self, collaboration_id: str) -> str:
        """A cookie that is good for one collaboration."""
        return str(self._cookie.dumps(collaboration_id))

    def reads_cookie(self, cookie: str, collaboration_id: str) -> bool:
        """True if the cookie is ours, fresh, and for this collaboration."""
        try:
            value = self._cookie.loads(cookie, max_age=int(PORTAL_SESSION.total_seconds()))
        except BadSignature:
            return False
        return bool(value == collaboration_id)

    def form(self, collaboration_id: str) -> str:
        """The token that stands in the forms of one collaboration."""
        return str(self._form.dumps(collaboration_id))

    def reads_form(self, token: str, collaboration_id: str) -> bool:
        """True if the form was ours."""
        return same(token, self.form(collaboration_id))
