"""Releasing several payments at the desk: choose, look once more, and see what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from domain.batches import LARGEST, groups, mixed, sums
from domain.decisions import DecisionKind
from domain.errors import NotAllowed, UserMistake
from store import batches, desk_lists
from store.batches import ReleaseLine
from web import words
from web.bringing import Messenger
from web.fields import Fields, read_fields, values_of
from web.releasing import BECAME, TURN_WORDS, Chosen, is_batch, new_batch, release_all
from web.step_up import before_batch
from web.visit import Forbidden, Missing, Visit, visit

router = APIRouter()

_FIELDS = LARGEST + 10


class NotThese(UserMistake):
    """What was chosen cannot be released together."""

    def __init__(self, code: str) -> None:
        super().__init__(words.refusal(code))
        self.reason = code


def _need_finance(v: Visit) -> None:
    if not v.may_decide(DecisionKind.RELEASE_PAYOUT):
        raise Forbidden("not_allowed")


@router.get("/payments/release")
async def choose(request: Request) -> HTMLResponse:
    """What waits for release, by what can be released together."""
    async with visit(request) as v:
        _need_finance(v)
        return await _choose_page(v)


async def _choose_page(v: Visit, problem: str = "") -> HTMLResponse:
    lines = await batches.waiting(v.db, v.me.staff_id)
    by_id = {line.facts.payout_id: line for line in lines}
    found = groups([line.facts for line in lines])
    return await v.page(
        "desk/batch_choose.html", 422 if problem else 200, here="payments",
        problem=words.refusal(problem) if problem else "",
        groups=[
            (risk, [by_id[one.payout_id] for one in members], sums(members))
            for risk, members in found.items()
        ],
        alone=[line for line in lines if line.facts.open and line.facts.alone],
        others=[line for line in lines if line.facts.obstacle],
        turns=TURN_WORDS, largest=LARGEST, full=len(lines) == batches.MOST,
    )  # fmt: skip


@router.get("/payments/release/confirm")
async def confirm(request: Request) -> HTMLResponse:
    """What was chosen, once more: how many, how much, and each of them."""
    async with visit(request) as v:
        _need_finance(v)
        group = request.query_params.get("group", "")[:80]
        ids = request.query_params.getlist("payment")
        if group:
            ids = await _of_group(v, group)
        lines = await batches.lines(v.db, v.me.staff_id, set(ids[: LARGEST + 1]))
        shown = {line.facts.payout_id: line.facts.shown for line in lines if _goes(line)}
        try:
            _together([line for line in lines if _goes(line)], shown)
        except NotThese as mistake:
            return await _choose_page(v, mistake.reason)
        return await _confirm_page(v, lines, shown, new_batch())


def _goes(line: ReleaseLine) -> bool:
    return line.facts.open and not line.facts.alone


async def _of_group(v: Visit, key: str) -> list[str]:
    campaign_id = key.partition(".")[0]
    lines = await batches.waiting(v.db, v.me.staff_id, campaign_id)
    found = groups([line.facts for line in lines])
    return [
        one.payout_id
        for risk, members in found.items()
        if risk.key == key
        for one in members[:LARGEST]
    ]


def _together(lines: Sequence[ReleaseLine], shown: dict[str, str]) -> None:
    """Refuse what is not one decision.

    Raises:
        NotThese: nothing, too much, or a mixture.
    """
    if not lines:
        raise NotThese("none_chosen")
    if len(shown) > LARGEST:
        raise NotThese("too_many")
    if mixed((line.facts, shown.get(line.facts.payout_id, "")) for line in lines):
        raise NotThese("mixed")


async def _confirm_page(
    v: Visit, lines: Sequence[ReleaseLine], shown: dict[str, str], batch: str, problem: str = ""
) -> HTMLResponse:
    chosen = [line for line in lines if line.facts.payout_id in shown]
    campaign = await desk_lists.campaign(v.db, chosen[0].facts.campaign_id)
    solo = campaign is not None and campaign.file["staffing"] == "solo"
    return await v.page(
        "desk/batch_confirm.html", 422 if problem else 200, here="payments",
        lines=chosen, left_out=[line for line in lines if line.facts.payout_id not in shown],
        shown=shown, batch=batch, total=sums(line.facts for line in chosen), turns=TURN_WORDS,
        problem=words.refusal(problem) if problem else "",
        asks_password=solo or problem in {"proof_needed", "proof_wrong"},
    )  # fmt: skip


@router.post("/payments/release")
async def release(request: Request) -> Response:
    """Release what the page before showed; each payment is answered by itself."""
    fields = await read_fields(request, _FIELDS)
    chosen = _read_chosen(await values_of(request, "payment"))
    batch = fields.get("batch", "")
    async with visit(request) as v:
        _need_finance(v)
        v.check_csrf(fields)
        if not is_batch(batch):
            raise Forbidden("forged")
        refused = await _check(v, fields, chosen, batch)
        if refused is not None:
            return refused
        by, me = Messenger(v.deps.engine, v.deps.sender, v.deps.clock), v.me.staff_id
    try:
        await release_all(by, me, batch, chosen)
    except NotAllowed:
        raise Forbidden("not_allowed") from None
    return RedirectResponse(f"/payments/release/{batch}?{urlencode({'of': len(chosen)})}", 303)


def _read_chosen(values: Sequence[str]) -> list[Chosen]:
    found = dict(value.partition("~")[::2] for value in values)
    return [Chosen(payout_id, shown) for payout_id, shown in found.items()]


async def _check(
    v: Visit, fields: Fields, chosen: Sequence[Chosen], batch: str
) -> HTMLResponse | None:
    """The page that is shown instead, if something is missing; None if it may go on."""
    shown = {one.payout_id: one.shown for one in chosen}
    lines = await batches.lines(v.db, v.me.staff_id, list(shown)[: LARGEST + 1])
    try:
        _together(lines, shown)
        if len(lines) != len(chosen):
            raise NotThese("not_found")
        if fields.get("count", "").strip() != str(len(chosen)):
            raise NotThese("wrong_count")
        await before_batch(v, fields, [line.facts for line in lines])
    except NotThese as mistake:
        if mistake.reason == "wrong_count":
            return await _confirm_page(v, lines, shown, batch, mistake.reason)
        return await _choose_page(v, mistake.reason)
    except UserMistake as mistake:
        return await _confirm_page(v, lines, shown, batch, mistake.code)
    return None


@router.get("/payments/release/{batch}")
async def result(request: Request, batch: str) -> HTMLResponse:
    """What became of each payment of one's own batch, by what is there now."""
    of = request.query_params.get("of", "")
    async with visit(request) as v:
        rows = await batches.results(v.db, batch[:40], v.me.staff_id)
        if not rows and not (is_batch(batch) and of.isdecimal()):
            raise Missing
        chosen = min(int(of), LARGEST) if of.isdecimal() and len(of) < 4 else len(rows)
        tally = [
            (tone, label, [row for row in rows if row.became == code])
            for code, (tone, label) in BECAME.items()
        ]
        return await v.page(
            "desk/batch_result.html", here="payments", rows=rows, became=BECAME,
            tally=[
                (tone, label, len(those), _sums(those)) for tone, label, those in tally if those
            ],
            lost=max(0, chosen - len(rows)),
            waits=any(row.became == "submitted" for row in rows),
        )  # fmt: skip


def _sums(rows: Sequence[batches.BatchResult]) -> dict[str, int]:
    total: dict[str, int] = {}
    for row in rows:
        total[row.payout.currency] = total.get(row.payout.currency, 0) + row.payout.amount_minor
    return total
