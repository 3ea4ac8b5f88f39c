"""A request by a member of staff: one transaction, and who is asking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from domain.decisions import ROLE_FOR, DecisionKind, roles_for
from domain.lifecycle import StreamKind
from rendering.reader import Reader
from store import desk
from store.engine import session
from store.sessions import SignedIn, read_session
from web import words
from web.deps import Deps
from web.pages import deps_of, pages_of
from web.security import same


class SignInNeeded(Exception):
    """Nobody is signed in, or the session has run out."""


class Forbidden(Exception):
    """The person's role does not include this, or the form was not ours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Missing(Exception):
    """There is no such page."""


@dataclass(frozen=True)
class Banner:
    """What became of the decision that led to this page."""

    decision_id: str
    tone: str
    """``good``, ``wait`` or ``bad``."""
    text: str
    href: str = ""
    """The payment that it is about: where it can be taken back, too."""


@dataclass(frozen=True)
class Visit:
    """One request: who, and the transaction that reads for them."""

    request: Request
    db: AsyncSession
    me: SignedIn
    deps: Deps

    @property
    def reader(self) -> Reader:
        """How this person reads numbers and tells the time."""
        return Reader.of("en", zone=self.me.timezone)

    def may(self, role: str) -> bool:
        """True if the person has the role."""
        return role in self.me.roles

    def may_decide(self, kind: DecisionKind) -> bool:
        """True if one of the person's roles includes the decision."""
        return any(role.value in self.me.roles for role in roles_for(kind))

    def need(self, *roles: str) -> None:
        """Refuse everybody else.

        Raises:
            Forbidden: none of the roles is the person's.
        """
        if not self.me.roles.intersection(roles):
            raise Forbidden("not_allowed")

    def check_csrf(self, fields: Mapping[str, Any]) -> None:
        """Refuse a form that was not made for this session.

        Raises:
            Forbidden: the token is missing or another one's.
        """
        if not same(str(fields.get("csrf", "")), self.me.csrf):
            raise Forbidden("forged")

    async def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """A page of the desk, with the result of the decision that led here."""
        return pages_of(self.request).page(
            template,
            status,
            me=self.me,
            csrf=self.me.csrf,
            reader=self.reader,
            banner=await self.banner(self.request.query_params.get("done", "")),
            live=self._address(),
            can={kind.value: self.may_decide(kind) for kind in ROLE_FOR},
            **context,
        )

    def _address(self) -> str:
        """This page without the message on it: what it fetches to refresh itself."""
        query = [pair for pair in self.request.query_params.multi_items() if pair[0] != "done"]
        path = self.request.url.path
        return f"{path}?{urlencode(query)}" if query else path

    async def banner(self, decision_id: str) -> Banner | None:
        """The state of one's own decision as a sentence."""
        if not decision_id:
            return None
        row = await desk.decision(self.db, decision_id)
        if row is None or row.actor_id != self.me.staff_id:
            return None
        if row.status == "refused":
            return Banner(row.id, "bad", words.refusal(row.code))
        if row.status == "submitted":
            return Banner(row.id, "wait", "Recorded, and being applied.")
        said = words.done(row.kind, str(row.choice.get("answer", "")))
        page = f"/payments/{row.subject_id}"
        if row.subject_kind != StreamKind.PAYOUT.value or self.request.url.path == page:
            page = ""
        return Banner(row.id, "good", said, page)


def cookie_name(deps: Deps) -> str:
    """The session cookie; with https the name makes browsers insist on how it was set."""
    return "__Host-troupe" if deps.secure else "troupe"


@asynccontextmanager
async def visit(request: Request) -> AsyncIterator[Visit]:
    """Open the transaction and say who is asking.

    Raises:
        SignInNeeded: nobody is signed in.
    """
    deps = deps_of(request)
    async with session(deps.engine) as db:
        token = request.cookies.get(cookie_name(deps), "")
        by_hand = "hx-request" not in request.headers
        me = await read_session(db, token, deps.clock(), by_hand=by_hand)
        if me is None:
            raise SignInNeeded
        yield Visit(request, db, me, deps)
