"""The inbox and the page of one item."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from domain.inbox import DECIDED_BY, ItemKind
from domain.payees import account_digest
from store import batches, desk, rail_stops
from store.batches import ReleaseLine
from store.desk import Inbox, InboxRow
from store.tables import InboxItem
from web import rail, words
from web.evidence import CONTEXT_OF
from web.visit import Forbidden, Missing, Visit, visit

router = APIRouter()


@dataclass(frozen=True)
class Group:
    """The shown items of one kind, and how many there are."""

    kind: str
    title: str
    count: int
    rows: tuple[InboxRow, ...]


def _groups(inbox: Inbox) -> list[Group]:
    """By kind, in the order of the worst item of each."""
    order = list(dict.fromkeys(row.item.kind for row in inbox.page.rows))
    return [
        Group(
            kind,
            words.KIND_TITLES.get(kind, words.phrase(kind)),
            inbox.counts.get(kind, 0),
            tuple(row for row in inbox.page.rows if row.item.kind == kind),
        )
        for kind in order
    ]


@router.get("/")
async def show(request: Request) -> HTMLResponse:
    """Everything that waits for me."""
    async with visit(request) as v:
        inbox = await desk.inbox(
            v.db, v.me.roles, request.query_params.get("after", ""), staff_id=v.me.staff_id
        )
        may_resume = any(v.may(role) for role in rail.RESUMERS)
        upcoming = None if inbox.total else await desk.next_due(v.db, v.deps.clock())
        return await v.page(
            "desk/inbox.html",
            here="inbox",
            total=inbox.total,
            groups=_groups(inbox),
            after=inbox.page.after,
            upcoming=upcoming,
            elsewhere=inbox.elsewhere,
            standstill=await rail_stops.standstill(v.db) if may_resume else None,
            may_resume=may_resume,
            sentence=lambda row: words.item_sentence(row, v.reader, by_bank=v.deps.by_bank),
        )


@router.get("/api/inbox")
async def as_json(request: Request) -> JSONResponse:
    """The inbox for programs: what `POST /decisions` needs, and the token for it."""
    async with visit(request) as v:
        inbox = await desk.inbox(
            v.db, v.me.roles, request.query_params.get("after", ""), staff_id=v.me.staff_id
        )
        asked = [row.item.subject_id for row in inbox.page.rows if row.item.kind == "release"]
        lines = await batches.lines(v.db, v.me.staff_id, asked) if asked else ()
        releases = {line.facts.payout_id: _release_json(line) for line in lines}
        return JSONResponse(
            {
                "csrf": v.me.csrf,
                "total": inbox.total,
                "counts": inbox.counts,
                "after": inbox.page.after,
                "items": [
                    _item_json(v, row, releases.get(row.item.subject_id)) for row in inbox.page.rows
                ],
            }
        )


def _item_json(v: Visit, row: InboxRow, release: dict[str, Any] | None) -> dict[str, Any]:
    item = row.item
    return {
        "id": item.id,
        "kind": item.kind,
        "decision": _decision(item.kind),
        "role": item.role,
        "subject_kind": item.subject_kind,
        "subject_id": item.subject_id,
        "campaign_id": item.campaign_id,
        "seen": item.seen,
        "code": item.code,
        "opened_at": item.opened_at.isoformat(),
        "due_at": item.due_at.isoformat() if item.due_at else None,
        "escalated": item.escalated,
        "amount_minor": _amount(row),
        "releases": row.payout.releases if row.payout else None,
        "fee_minor": row.collaboration.fee_minor if row.collaboration else None,
        "currency": row.of.currency if row.of else "",
        "sentence": words.item_sentence(row, v.reader, by_bank=v.deps.by_bank),
        "release": release if item.kind == "release" else None,
    }


def _release_json(line: ReleaseLine) -> dict[str, Any]:
    """What a person is shown before they release it; ``netted`` and ``account`` go back."""
    facts, account = line.facts, line.account
    return {
        "netted": facts.netted_minor,
        "account": account_digest(facts.account_id),
        "sent_minor": facts.sent_minor,
        "account_id": facts.account_id,
        "account_digits": account.digits if account else "",
        "account_since": account.since.isoformat() if account else None,
        "payee": facts.payee,
        "last_look": facts.check,
        "turn": facts.turn,
        "hold_reason": facts.hold,
        "obstacle": facts.obstacle,
        "cautions": list(facts.cautions),
    }


def _amount(row: InboxRow) -> int | None:
    about = row.payout or row.claim
    return about.amount_minor if about else None


def _decision(kind: str) -> str | None:
    """The decision that settles an item; None if no decision does."""
    decided = DECIDED_BY.get(ItemKind(kind))
    return decided.value if decided else None


Gather = Callable[[Visit, InboxRow], Awaitable[dict[str, Any]]]


@router.get("/items/{item_id}")
async def item(request: Request, item_id: str) -> Response:
    """One item: what is asked, the evidence beside it, and the buttons."""
    async with visit(request) as v:
        return await show_item(v, item_id)


async def _standing_still(v: Visit, row: InboxRow) -> InboxItem | None:
    """The operators' item, if nobody carries on what this item is about."""
    if row.item.kind == ItemKind.STANDSTILL:
        return None
    return await desk.open_item(v.db, ItemKind.STANDSTILL.value, row.item.subject_id)


async def show_item(v: Visit, item_id: str, status: int = 200, **more: Any) -> HTMLResponse:
    """The page of an item; ``more`` goes before what stands beside such an item otherwise.

    Raises:
        Missing: there is no such item, or nobody decides it.
        Forbidden: the item is for others.
    """
    row = await desk.item(v.db, item_id)
    if row is None or row.item.kind not in CONTEXT_OF:
        raise Missing
    kind = ItemKind(row.item.kind)
    escalated = row.item.escalated and v.may("manager")
    if not (v.may(row.item.role) or escalated or v.me.roles):
        raise Forbidden("not_allowed")
    gather: Gather = CONTEXT_OF[kind]
    context = await gather(v, row) | more
    not_mine = ""
    if kind in {ItemKind.DRAFT, ItemKind.BANK_FILE, ItemKind.BANK_ANSWER}:
        not_mine = await desk.obstacle(v.db, row.item.id, v.me.roles, v.me.staff_id)
    return await v.page(
        f"desk/items/{kind.value}.html",
        status,
        here="inbox",
        row=row,
        item=row.item,
        campaign=row.of,
        creator=row.creator,
        collaboration=row.collaboration,
        payout=row.payout,
        currency=row.of.currency if row.of else "",
        sentence=words.item_sentence(row, v.reader, by_bank=v.deps.by_bank),
        mine=(v.may(row.item.role) or escalated) and not not_mine,
        not_mine=not_mine,
        still=await _standing_still(v, row),
        escalated=escalated and not v.may(row.item.role),
        decision_kind=_decision(kind.value),
        **context,
    )
