"""Signed links: what a creator clicks in a mail. No account, no password."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

_PORTAL, _OPT_OUT = "troupe.portal", "troupe.opt-out"


@dataclass(frozen=True)
class Links:
    """Makes and reads the links that stand in mails.

    A link names a collaboration and nothing else; whether it may still be used is decided by the
    collaboration's state in the database.
    """

    public_url: str
    secret: str

    def portal(self, collaboration_id: str) -> str:
        """The creator's own page of one collaboration."""
        return f"{self.public_url}/c/{self._token(_PORTAL, collaboration_id)}"

    def opt_out(self, collaboration_id: str) -> str:
        """Never write again: a page for people, one POST for mail programs (RFC 8058)."""
        return f"{self.public_url}/opt-out/{self._token(_OPT_OUT, collaboration_id)}"

    def read_portal(self, token: str) -> str | None:
        """The collaboration behind a portal token, or None if it was not made by us."""
        return self._read(_PORTAL, token)

    def read_opt_out(self, token: str) -> str | None:
        """The collaboration behind an opt-out token, or None if it was not made by us."""
        return self._read(_OPT_OUT, token)

    def _token(self, purpose: str, value: str) -> str:
        token = URLSafeSerializer(self.secret, salt=purpose).dumps(value)
        return token if isinstance(token, str) else token.decode()

    def _read(self, purpose: str, token: str) -> str | None:
        try:
            value = URLSafeSerializer(self.secret, salt=purpose).loads(token)
        except BadSignature:
            return None
        return value if isinstance(value, str) else None
