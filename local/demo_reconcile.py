"""Our books beside everybody else's: ledger, events, outbox, and what the others say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from local.stack import Addresses
from store import books
from store.books import Books
from store.engine import session

PAGE = 200
"""Mails in one answer of the catcher."""

Say = Callable[[int], str]


@dataclass(frozen=True)
class Line:
    """One comparison."""

    what: str
    ours: str
    theirs: str
    equal: bool


@dataclass(frozen=True)
class Outside:
    """What the others have."""

    transfers: dict[str, int]
    mails: list[str]
    """Message-Ids, twice if a mail came twice."""
    posts: set[str]


async def look_outside(addresses: Addresses) -> Outside:
    """Ask the stand-ins and the mail catcher for their own lists."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as web:
        transfers = (await web.get(f"{addresses.stripe}/_standin/transfers")).json()
        posts = (await web.get(f"{addresses.social}/_standin/posts?limit=1000")).json()["posts"]
        mails = await _mails(web, addresses.mail)
    return Outside(
        transfers={each["id"]: int(each["amount"]) for each in transfers},
        mails=mails,
        posts={each["id"] for each in posts},
    )


async def _mails(web: httpx.AsyncClient, catcher: str) -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        query = {"after": after}
        page = (await web.get(f"{catcher}/api/messages", params=query)).json()["messages"]
        found += [each["message_id"] for each in page]
        if len(page) < PAGE:
            return found
        after = page[-1]["id"]


async def reconcile(engine: AsyncEngine, addresses: Addresses, say: Say) -> list[Line]:
    """Compare everything that can be compared."""
    async with session(engine) as db:
        ours = await books.read(db)
    return compare(ours, await look_outside(addresses), say)


def compare(ours: Books, theirs: Outside, say: Say) -> list[Line]:
    """The lines of the table; every figure comes from two sides."""
    paid = sum(ours.payouts.values())
    at_stripe = f"Stripe stand-in: {len(theirs.transfers)}, {say(sum(theirs.transfers.values()))}"
    return [
        Line(
            "payments made", f"payouts: {len(ours.payouts)}, {say(paid)}", at_stripe,
            ours.payouts == theirs.transfers,
        ),
        Line(
            "money paid", f"ledger: {ours.settled}, {say(ours.settled_minor)}", at_stripe,
            (ours.settled, ours.settled_minor)
            == (len(theirs.transfers), sum(theirs.transfers.values())),
        ),
        Line(
            "payments told", f"events “paid”: {ours.transferred_events}",
            f"Stripe stand-in: {len(theirs.transfers)}",
            ours.transferred_events == len(theirs.transfers),
        ),
        Line(
            "mails", f"outbox: {len(ours.mails)} sent", f"mail catcher: {len(theirs.mails)}",
            sorted(ours.mails) == sorted(theirs.mails),
        ),
        Line(
            "posts", f"reported: {len(ours.posts)}", f"platforms: {len(theirs.posts)}",
            ours.posts == theirs.posts,
        ),
        Line(
            "decisions", f"applied: {ours.decisions}, open: {ours.open_decisions}",
            f"events by people: {ours.decision_events}",
            ours.decisions == ours.decision_events and not ours.open_decisions,
        ),
        Line(
            "ledger", "debits = credits, no overdraft",
            "; ".join(ours.ledger_faults) or "no difference", not ours.ledger_faults,
        ),
        Line(
            "event chains", f"{ours.streams} streams", f"{ours.broken_streams} broken",
            not ours.broken_streams,
        ),
    ]  # fmt: skip
