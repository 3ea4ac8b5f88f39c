"""Bank transfers at the desk: make a file for the bank, take it away, bring the bank's answer."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from domain.bank_transfer import Debtor
from domain.decisions import DecisionKind
from domain.errors import TroupeError, UserMistake
from store import bank_clock, bank_orders
from web import words
from web.bank_files import SENTENCES, Imported, import_confirmation, make_file
from web.fields import Fields, read_fields
from web.step_up import ProofNeeded, before_money
from web.visit import Forbidden, Missing, Visit, visit

router = APIRouter()
log = logging.getLogger(__name__)


def _debtor(v: Visit) -> Debtor:
    if v.deps.debtor is None:
        raise Missing
    if not v.may_decide(DecisionKind.RELEASE_PAYOUT):
        raise Forbidden("not_allowed")
    return v.deps.debtor


@router.get("/payments/bank")
async def bank(request: Request) -> Response:
    """What waits for a file, and the files."""
    async with visit(request) as v:
        _debtor(v)
        return await _page(v)


async def _page(
    v: Visit, status: int = 200, problem: str = "", imported: Imported | None = None
) -> Response:
    count, total = await bank_orders.waiting(v.db)
    asks_password = False
    try:
        await before_money(v, {})
    except ProofNeeded:
        asks_password = True
    return await v.page(
        "desk/bank.html", status, here="payments", problem=problem, imported=imported,
        sentences=SENTENCES, count=count, total=total,
        lines=await bank_orders.waiting_lines(v.db), files=await bank_orders.files(v.db),
        late=await bank_clock.late(v.db),
        made=v.request.query_params.get("made", "")[:40], asks_password=asks_password,
    )  # fmt: skip


async def _unproved(v: Visit, fields: Fields) -> Response | None:
    """The page once more, if the person has to prove again who they are; None if they may go on."""
    try:
        await before_money(v, fields)
    except UserMistake as mistake:
        return await _page(v, 403, words.refusal(mistake.code))
    return None


@router.post("/payments/bank/file")
async def make(request: Request) -> Response:
    """Make the next file; pressing twice puts nothing into two files."""
    fields = await read_fields(request)
    async with visit(request) as v:
        debtor = _debtor(v)
        v.check_csrf(fields)
        if unproved := await _unproved(v, fields):
            return unproved
    try:
        file = await make_file(v.deps.engine, debtor, v.me.staff_id, v.deps.clock())
    except TroupeError as error:
        async with visit(request) as v:
            return await _page(v, 422, f"{error.message}; {error.hint}.")
    if file is not None:
        log.info("%s made the bank file %s", v.me.staff_id, file.id)
    return RedirectResponse(f"/payments/bank?made={file.id if file else 'none'}", 303)


@router.get("/payments/bank/files/{message_id}")
async def download(request: Request, message_id: str) -> Response:
    """A file, byte for byte as it was made."""
    async with visit(request) as v:
        _debtor(v)
        content = await bank_orders.file_content(v.db, message_id[:40])
        if content is None:
            raise Missing
        log.info("%s took the bank file %s", v.me.staff_id, message_id[:40])
    return Response(
        content, media_type="application/xml",
        headers={"Content-Disposition": f'attachment; filename="{message_id[:40]}.xml"'},
    )  # fmt: skip


@router.post("/payments/bank/confirm")
async def confirm(request: Request) -> Response:
    """Take in what the bank says; the same file again changes nothing."""
    fields = await read_fields(request)
    async with visit(request) as v:
        debtor = _debtor(v)
        v.check_csrf(fields)
        if unproved := await _unproved(v, fields):
            return unproved
    problem, imported = "", None
    try:
        imported = await import_confirmation(
            v.deps.engine, debtor, fields.get("file", "").encode(), v.me.staff_id, v.deps.clock()
        )
    except UserMistake as mistake:
        problem = f"{mistake.message[:1].upper()}{mistake.message[1:]}: {mistake.hint}."
    async with visit(request) as v:
        return await _page(v, 422 if problem else 200, problem, imported)
