"""The creator's side: one page behind a signed link, and the forms on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bank_transfer import masked
from domain.campaign import CampaignFile
from domain.decisions import DecisionKind
from domain.lifecycle import HoldReason, Outcome, PayoutStatus
from domain.money import split_by_percent
from domain.payments import BONUS, REPAYMENT
from domain.prechecks import Precheck
from rendering.reader import Reader
from store import portal as store
from store.claim_reads import Netted
from store.engine import session
from store.portal import PortalView
from store.tables import OtherPayment, Payout
from web import words
from web.deps import Deps
from web.drafting import asked_for, lines, precheck
from web.fields import read_fields
from web.pages import deps_of, pages_of
from web.security import PORTAL_SESSION, PortalTokens
from web.tax_card import tax_context
from web.visit import Banner, Forbidden, Missing

router = APIRouter()


@dataclass(frozen=True)
class CreatorVisit:
    """One request by a creator: the transaction, and the page's rows."""

    request: Request
    db: AsyncSession
    view: PortalView
    deps: Deps

    @property
    def collaboration_id(self) -> str:
        """Whose page it is."""
        return self.view.collaboration.id

    @property
    def reader(self) -> Reader:
        """English words, with the customs and the zone of the creator's country."""
        creator = self.view.creator
        return Reader.of("en", creator.country, creator.timezone or self.file.brand.timezone)

    @property
    def file(self) -> CampaignFile:
        """The campaign as the brand wrote it."""
        return CampaignFile.model_validate(self.view.campaign.file)

    def page(self, status: int = 200, **context: Any) -> HTMLResponse:
        """The creator's page."""
        return pages_of(self.request).page(
            "portal/page.html",
            status,
            reader=self.reader,
            csrf=tokens_of(self.request).form(self.collaboration_id),
            banner=context.pop("banner", None) or self.banner(),
            refresh=self._refresh(),
            address=_address(self.request),
            **(portal_context(self) | context),
        )

    def _refresh(self) -> int:
        """Seconds after which the page fetches itself again, 0 for never.

        Never under somebody who fills in a form: it waits for news only while nothing is asked.
        """
        if self.request.method != "GET":
            return 0
        if self.view.waiting:
            return 1
        asked = self.view.items or any(each.asks for each in self.view.claims)
        return 0 if asked or self.view.collaboration.stage == "closed" else 10

    def banner(self) -> Banner | None:
        """What became of the creator's last answer."""
        query = self.request.query_params
        if self.view.waiting:
            text = "Thank you. Your answer is recorded and is being applied."
            return Banner(self.view.waiting[-1].id, "wait", text)
        if query.get("setup") == "returned" and not payee_ready(
            self.view, by_bank=self.deps.by_bank
        ):
            text = "Thank you. If you have finished, the provider confirms your set-up in a moment."
            return Banner("", "wait", text)
        if query.get("setup") == "given":
            return Banner("", "good", "Thank you. Your payments go to this account.")
        if query.get("kept"):
            return Banner("", "good", "Thank you, that is kept.")
        if query.get("setup") == "again":
            return Banner("", "bad", "That link had run out. Please set up your payments again.")
        code, kind = query.get("refused", ""), query.get("did", "")
        if code:
            return Banner("", "bad", words.refusal(code))
        if kind in {each.value for each in DecisionKind}:
            return Banner("", "good", words.done(kind, query.get("answer", "")))
        return None


def tokens_of(request: Request) -> PortalTokens:
    """The tokens of this app."""
    tokens: PortalTokens = request.app.state.portal_tokens
    return tokens


def _address(request: Request) -> str:
    """This page, with what it says became of the last answer."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def _cookie(deps: Deps) -> str:
    return "__Secure-troupe-portal" if deps.secure else "troupe-portal"


@asynccontextmanager
async def creator_visit(request: Request, collaboration_id: str) -> AsyncIterator[CreatorVisit]:
    """Open the transaction for a creator whose browser came through the link.

    Raises:
        Forbidden: the cookie is missing or another collaboration's.
        Missing: there is no such collaboration.
    """
    deps = deps_of(request)
    cookie = request.cookies.get(_cookie(deps), "")
    if not tokens_of(request).reads_cookie(cookie, collaboration_id):
        raise Forbidden("link")
    async with session(deps.engine) as db:
        view = await store.view(db, collaboration_id)
        if view is None:
            raise Missing
        yield CreatorVisit(request, db, view, deps)


@router.get("/c/{token}")
async def enter(request: Request, token: str) -> Response:
    """Change the link's token for a cookie of this collaboration, and leave the token behind."""
    deps = deps_of(request)
    collaboration_id = deps.links.read_portal(token)
    if collaboration_id is None:
        raise Forbidden("link")
    async with session(deps.engine) as db:
        if not await store.exists(db, collaboration_id):
            raise Forbidden("link")
    path = f"/portal/{collaboration_id}"
    answer = RedirectResponse(path, 303)
    answer.set_cookie(
        _cookie(deps),
        tokens_of(request).cookie(collaboration_id),
        max_age=int(PORTAL_SESSION.total_seconds()),
        path=path,
        secure=deps.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/portal/{collaboration_id}")
async def show(request: Request, collaboration_id: str) -> HTMLResponse:
    """Where we are, what is asked now, and the money."""
    async with creator_visit(request, collaboration_id) as c:
        return c.page()


@dataclass(frozen=True)
class Due:
    """One milestone of the fee, and its payment once it is earned."""

    kind: str
    payout_id: str
    """Empty until it is earned."""
    percent: int
    amount_minor: int
    status: str
    pay_by: Any
    pay_within: Any
    sent_minor: int = 0
    """What of it is sent, or was: the rest is kept back for what the creator owes."""
    kept_back: tuple[Netted, ...] = ()
    taken_back_minor: int = 0
    """What of it was taken back after it was paid."""
    bank: str = ""
    """`domain.lifecycle.BankStatus`, once something is known."""
    undecided: bool = False
    """A person has not said yet whether what was taken back is still owed."""
    why_not: str = ""
    """Why it is not paid (again)."""
    elsewhere: OtherPayment | None = None
    """How it was paid without Troupe, if it was."""
    waits: str = ""
    """`domain.lifecycle.HoldReason`: why it waits, or is released anew."""


def _is_promised(payout: Payout) -> bool:
    """False of a bonus that can still be withdrawn as if nothing had been: not released yet."""
    if payout.kind != BONUS:
        return True
    sent = {
        PayoutStatus.SENDING, PayoutStatus.IN_DOUBT, PayoutStatus.TRANSFERRED, PayoutStatus.NETTED,
        PayoutStatus.ELSEWHERE,
    }  # fmt: skip
    # What is held after its release keeps its releases; a person's hold takes them away.
    return payout.status in sent or (payout.status == PayoutStatus.HELD and payout.releases > 0)


def _waits(payout: Payout) -> str:
    stands = payout.status in {PayoutStatus.HELD, PayoutStatus.REQUESTED}
    return (payout.hold_reason or "") if stands else ""


def _is_undecided(payout: Payout) -> bool:
    """True of a repayment that waits for a person's word, or is about to."""
    asked = payout.hold_reason == HoldReason.TAKEN_BACK or payout.sequence == 0
    return payout.kind == REPAYMENT and asked


def milestones(c: CreatorVisit) -> list[Due]:
    """What is paid for what, and by when."""
    file, fee = c.file, c.view.collaboration.fee_minor
    shown = [payout for payout in c.view.payouts if _is_promised(payout)]
    again = [payout for payout in shown if payout.kind in {REPAYMENT, BONUS}]
    earned = {payout.kind: payout for payout in shown if payout not in again}
    undecided = {payout.again_of for payout in again if _is_undecided(payout)}
    percents = [each.percent for each in file.milestones]
    shares = split_by_percent(fee, percents, file.currency)
    rows = []
    for each, share in zip(file.milestones, shares, strict=True):
        payout = earned.pop(each.on.value, None)
        rows.append(
            Due(
                each.on.value,
                payout.id if payout else "",
                each.percent,
                payout.amount_minor if payout else share,
                payout.status if payout else "",
                payout.pay_by if payout else None,
                each.pay_within,
                payout.sent_minor if payout else share,
                c.view.kept_back.get(payout.id, ()) if payout else (),
                payout.reversed_minor if payout else 0,
                (payout.bank_status or "") if payout else "",
                undecided=payout is not None and payout.id in undecided,
                why_not=c.view.not_owed.get(payout.id, "") if payout else "",
                elsewhere=c.view.elsewhere.get(payout.id) if payout else None,
                waits=_waits(payout) if payout else "",
            )
        )
    rows += [
        Due(
            payout.kind,
            payout.id,
            0,
            payout.amount_minor,
            payout.status,
            payout.pay_by,
            None,
            payout.sent_minor,
            c.view.kept_back.get(payout.id, ()),
            payout.reversed_minor,
            payout.bank_status or "",
            undecided=payout.id in undecided,
            why_not=c.view.not_owed.get(payout.id, ""),
            elsewhere=c.view.elsewhere.get(payout.id),
            waits=_waits(payout),
        )
        for payout in [*earned.values(), *again]
    ]
    return rows


def portal_context(c: CreatorVisit) -> dict[str, Any]:
    """Everything that the creator's page shows."""
    view, row = c.view, c.view.collaboration
    publish = view.items.get("publish")
    agreed = view.signature is not None
    approved = _approved(view)
    return {
        "collaboration": row,
        "creator": view.creator,
        "campaign": view.campaign,
        "file": c.file,
        "currency": row.currency,
        "step": words.STEP_OF.get(row.stage, 0),
        "items": view.items,
        "claims": view.claims,
        "claim_asks": any(each.asks for each in view.claims),
        "CAME_BACK": words.CAME_BACK,
        "milestones": milestones(c),
        "agreed": agreed,
        "payee_ready": payee_ready(view, by_bank=c.deps.by_bank),
        "paused": not c.deps.by_bank and is_paused(view),
        "rejected": not c.deps.by_bank and is_rejected(view),
        "bank_account": view.account,
        "masked": masked,
        "terms": view.terms,
        "signature": view.signature,
        "drafts": [draft for draft in view.drafts if draft.version is not None],
        "end_words": view.end_words if row.outcome == Outcome.CANCELLED else (),
        "reviews": {review.seen: review for review in view.reviews},
        "approved": approved,
        "publication": view.publication,
        "check": view.check,
        "faults": [code for code in publish.code.split(",") if code] if publish else [],
        "label": asked_for(c.file, view.creator),
        "caption": "",
        "media_note": "",
        "prechecks": None,
        "problem": "",
        "problem_in": "",
        "typed": {},
        "opt_out_link": c.deps.links.opt_out(row.id),
        **tax_context(view, c.file),
    }


def payee_ready(view: PortalView, *, by_bank: bool) -> bool:
    """True if this creator can be paid, by the provider or by the bank."""
    if by_bank:
        return view.account is not None and _is_active(view)
    return _is_active(view)


def is_paused(view: PortalView) -> bool:
    """True if the brand itself has paused the creator's account: the creator can do nothing."""
    return view.recipient is not None and view.recipient.status == "paused"


def is_rejected(view: PortalView) -> bool:
    """True if the provider will never pay this account: the creator cannot mend that."""
    reason = HoldReason.ACCOUNT_REJECTED.value
    return view.recipient is not None and reason in view.recipient.requirements


def _is_active(view: PortalView) -> bool:
    return view.recipient is not None and view.recipient.status == "active"


def _approved(view: PortalView) -> Any:
    digest = next(
        (r.seen for r in reversed(view.reviews) if r.choice.get("answer") == "approve"), ""
    )
    return next((draft for draft in view.drafts if draft.digest == digest), None)


@router.post("/portal/{collaboration_id}/check-draft")
async def check_draft(request: Request, collaboration_id: str) -> HTMLResponse:
    """Look at a draft before it is handed in; nothing is kept."""
    async with creator_visit(request, collaboration_id) as c:
        fields = await portal_fields(c)
        caption = fields.get("caption", "")
        found = await look_over(c, caption)
        return c.page(
            caption=caption,
            media_note=fields.get("media_note", ""),
            prechecks=lines(found) if found else None,
            problem="" if caption.strip() else "Please paste the caption first.",
            problem_in="submit_draft",
        )


async def look_over(c: CreatorVisit, caption: str) -> tuple[Precheck, ...] | None:
    """What can be said about a draft; None about an empty one."""
    if not caption.strip():
        return None
    return await precheck(c.file, c.view.creator, caption, c.deps.safety)


async def portal_fields(c: CreatorVisit) -> dict[str, str]:
    """The fields of a form that was made for this page.

    Raises:
        Forbidden: it was not.
    """
    fields = await read_fields(c.request)
    if not tokens_of(c.request).reads_form(fields.get("csrf", ""), c.collaboration_id):
        raise Forbidden("forged")
    return fields
