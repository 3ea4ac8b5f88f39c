"""What stands beside each kind of item: everything that the decision needs, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from domain.campaign import CampaignFile
from domain.inbox import ItemKind
from domain.publication import word_diff
from domain.reconciliation import DifferenceCode
from domain.reconciliation_help import advice
from domain.shortlist_words import record_sentences
from rendering.vocabulary.payments import EVENT_REFUSALS, PAYMENT_REFUSALS
from store import (
    account_matters,
    balance_lines,
    batches,
    bonuses,
    claim_reads,
    comparisons,
    desk,
    desk_lists,
    desk_shortlist,
    four_eyes,
    invoices,
    other_payments,
    release_limit,
    riders,
    safety_looks,
    shares,
    stuck_events,
    unnamed,
)
from store.desk import Decided, InboxRow
from store.payout_reads import payout_detail
from store.tables import Draft
from web.drafting import asked_for, lines_of
from web.step_up import asks_before_explaining
from web.visit import Missing, Visit
from web.wishes import about_wishes
from web.words import bank_sum


def campaign_file(row: InboxRow) -> CampaignFile:
    """The campaign as its people wrote it."""
    return CampaignFile.model_validate(row.campaign.file)


async def _shortlist(v: Visit, row: InboxRow) -> dict[str, Any]:
    part = v.request.query_params.get("list", "chosen")
    part = part if part in {"chosen", "waitlist", "out"} else "chosen"
    page = await desk_shortlist.candidates(
        v.db, row.campaign.id, part, v.request.query_params.get("after", "")
    )
    kept = row.campaign.shortlist or {}
    return await about_wishes(v, row, kept) | {
        "part": part,
        "after": v.request.query_params.get("after", ""),
        "candidates": page,
        "others": await desk_shortlist.candidates(
            v.db, row.campaign.id, "waitlist" if part == "chosen" else "chosen"
        ),
        "sums": await desk_shortlist.shortlist_sums(v.db, row.campaign.id),
        "file": campaign_file(row),
        "judged": record_sentences(row.campaign.shortlist, row.campaign.currency),
    }


async def _verdict(v: Visit, row: InboxRow) -> dict[str, Any]:
    creator_id = row.creator.id if row.creator else ""
    return {"candidate": await desk_shortlist.candidate(v.db, row.campaign.id, creator_id)}


async def _scandal(v: Visit, row: InboxRow) -> dict[str, Any]:
    looks = await safety_looks.of_collaboration(v.db, row.item.subject_id)
    return {
        "look": next((each for each in looks if each.digest == row.item.seen), None),
        "earlier": [each for each in looks if each.digest != row.item.seen],
        "past": await desk.decisions(v.db, [row.item.subject_id]),
    }


async def _contact(v: Visit, row: InboxRow) -> dict[str, Any]:
    mails = await desk.mails(v.db, row.item.subject_id)
    by_hand = next((mail for mail in mails if mail.status == "by_hand"), None)
    return {
        "link": v.deps.links.portal(row.item.subject_id),
        "message": by_hand.text_body if by_hand else "",
        "file": campaign_file(row),
    }


async def _counter(v: Visit, row: InboxRow) -> dict[str, Any]:
    asked = row.item.seen.rpartition(":")[2]
    creator_id = row.creator.id if row.creator else ""
    return {
        "asked": int(asked) if asked.isdigit() else 0,
        "ceiling": campaign_file(row).budget.per_collaboration.minor,
        "candidate": await desk_shortlist.candidate(v.db, row.campaign.id, creator_id),
        "past": await desk.decisions(v.db, [row.item.subject_id]),
    }


def versions(drafts: list[Draft], digest: str) -> tuple[Draft | None, Draft | None]:
    """The version with this digest, and the one handed in before it."""
    applied = [draft for draft in drafts if draft.version is not None or draft.digest == digest]
    for index, draft in enumerate(applied):
        if draft.digest == digest:
            return draft, applied[index - 1] if index else None
    return None, applied[-1] if applied else None


async def _draft(v: Visit, row: InboxRow) -> dict[str, Any]:
    drafts = await desk.drafts(v.db, row.item.subject_id)
    draft, before = versions(drafts, row.item.seen)
    past = await desk.decisions(v.db, [row.item.subject_id])
    file = campaign_file(row)
    return {
        "draft": draft,
        "before": before,
        "prechecks": (
            await lines_of(draft, file, row.creator, v.deps.safety) if draft and row.creator else []
        ),
        "label": asked_for(file, row.creator) if row.creator else "",
        "diff": word_diff(before.caption, draft.caption) if before and draft else [],
        "reviews": [each for each in past if each.decision.kind == "review_draft"],
        "file": file,
    }


async def _post(v: Visit, row: InboxRow) -> dict[str, Any]:
    drafts = await desk.drafts(v.db, row.item.subject_id)
    checks = await desk.checks(v.db, row.item.subject_id)
    past = await desk.decisions(v.db, [row.item.subject_id])
    approved = _approved(drafts, past)
    found = str(checks[0].evidence.get("caption") or "") if checks else ""
    return {
        "approved": approved,
        "found": found,
        "diff": word_diff(approved.caption, found) if approved and found else [],
        "check": checks[0] if checks else None,
        "checks": checks,
        "publication": await desk.last_publication(v.db, row.item.subject_id),
    }


def _approved(drafts: list[Draft], past: list[Decided]) -> Draft | None:
    digests = [
        each.decision.seen
        for each in past
        if each.decision.kind == "review_draft"
        and each.decision.status == "applied"
        and each.decision.choice.get("answer") == "approve"
    ]
    by_digest = {draft.digest: draft for draft in drafts}
    return next((by_digest[digest] for digest in digests if digest in by_digest), None)


async def _hearing(v: Visit, row: InboxRow) -> dict[str, Any]:
    context = await _post(v, row)
    payouts = await desk.payouts(v.db, row.item.subject_id)
    return context | {
        "statements": await desk.statements(v.db, row.item.subject_id),
        "payouts": payouts,
    }


async def _kill_fee(v: Visit, row: InboxRow) -> dict[str, Any]:
    return {
        "open_minor": int(row.item.seen) if row.item.seen.isdigit() else 0,
        "drafts": await desk.drafts(v.db, row.item.subject_id),
        "payouts": await desk.payouts(v.db, row.item.subject_id),
    }


async def _release(v: Visit, row: InboxRow) -> dict[str, Any]:
    payout = row.payout
    if payout is None:
        return {}
    file = campaign_file(row)
    recipient = await desk.recipient(v.db, payout.creator_id)
    checks = await desk.checks(v.db, payout.collaboration_id)
    past = await desk.decisions(v.db, [payout.id, payout.collaboration_id, row.campaign.id])
    [line] = await batches.lines(v.db, v.me.staff_id, [payout.id])
    counted = await release_limit.counted(v.db, payout.id)
    releases = [
        each
        for each in past
        if each.decision.subject_id == payout.id
        and each.decision.kind == "release_payout"
        and each.decision.status == "applied"
    ]
    return {
        "checks": checks,
        "good_checks": sum(check.state == "ok" for check in checks),
        "publication": await desk.last_publication(v.db, payout.collaboration_id),
        "recipient": recipient,
        "account": line.account,
        "by_hand": await unnamed.to_account(v.db, recipient.account_id) if recipient else (),
        "bar": await desk_lists.money_bar(v.db, row.campaign),
        "counted": counted,
        "cooling": file.release.cooling,
        "releases": releases[: payout.releases],
        "invoice": await invoices.invoice(v.db, payout.first_of or payout.id),
        "lacks": await invoices.lacks(v.db, payout.id),
        "obstacle": await four_eyes.obstacle(v.db, payout.id, v.me.staff_id),
        "past": [each for each in past if each.decision.subject_id == payout.id],
        "bonus": await bonuses.granted_by(v.db, payout.id),
        "netting": await claim_reads.netting_of(v.db, payout, upcoming=True),
        "others": [
            each for each in await desk.payouts(v.db, payout.collaboration_id)
            if each.id != payout.id
        ],
    }  # fmt: skip


async def _claim(v: Visit, row: InboxRow) -> dict[str, Any]:
    claim = await claim_reads.find(v.db, row.item.subject_id)
    if claim is None:
        raise Missing
    return {
        "claim": claim,
        "statements": await claim_reads.statements(v.db, claim.claim.id),
        "payouts": await desk.payouts(v.db, claim.claim.collaboration_id),
        "is_claimant": claim.is_kept_from(v.me.staff_id),
    }


async def _unpaid(v: Visit, row: InboxRow) -> dict[str, Any]:
    reason, code, said = (*row.item.seen.split("|"), "", "")[:3]
    return await _settling(v, row, said) | {
        "reason": reason,
        "code": code,
        "why": PAYMENT_REFUSALS.get(code, ""),
    }


async def _on_hold(v: Visit, row: InboxRow) -> dict[str, Any]:
    return await _settling(v, row, row.item.seen)


async def _settling(v: Visit, row: InboxRow, said: str) -> dict[str, Any]:
    """What may be paid another way: who has said so already, and why this person may not."""
    there = await other_payments.last_said(v.db, row.item.subject_id) if said else None
    obstacle = await four_eyes.settling_obstacle(v.db, row.item.subject_id, v.me.staff_id)
    if there is not None and there.decision.actor_id == v.me.staff_id:
        obstacle = four_eyes.SAME_PERSON
    return await _release(v, row) | {
        "said": there,
        "ride": await riders.ride_of(v.db, row.item.subject_id),
        "obstacle": obstacle,
        "today": v.deps.clock().date().isoformat(),
    }


async def _attention(v: Visit, row: InboxRow) -> dict[str, Any]:
    step, _, code = row.item.code.partition(":")
    code = code or row.item.seen
    why = PAYMENT_REFUSALS.get(step) or PAYMENT_REFUSALS.get(code, "")
    return {"step": step, "code": code, "why": why}


async def _difference(v: Visit, row: InboxRow) -> dict[str, Any]:
    found = await comparisons.difference(v.db, row.item.subject_id)
    if found is None:
        raise Missing
    surplus = found.code == DifferenceCode.SENT_TOO_MUCH
    return {
        "found": found,
        "advice": advice(DifferenceCode(found.code), by_bank=v.deps.by_bank),
        "detail": await payout_detail(v.db, found.payout_id) if found.payout_id else None,
        "beside": await unnamed.beside(v.db, found) if found.account_id else None,
        "too_much": await shares.too_much(v.db, found.transfer_id) if surplus else (),
        **await _explaining(v),
    }


async def _events(v: Visit, row: InboxRow) -> dict[str, Any]:
    stuck = await stuck_events.stuck(v.db, v.deps.clock())
    return {"stuck": stuck, "reasons": EVENT_REFUSALS}


async def _account(v: Visit, row: InboxRow) -> dict[str, Any]:
    found = await account_matters.matter(v.db, row.item.subject_id)
    if found is None:
        raise Missing
    lines = await balance_lines.lines_of(v.db, found[0].id)
    return {
        "matter": found[0], "settled_by": found[1], "lines": lines, **await _explaining(v),
    }  # fmt: skip


async def _explaining(v: Visit) -> dict[str, Any]:
    """What a form needs in which a person says what some money was."""
    return {"problem": "", "said": "", "asks_password": await asks_before_explaining(v)}


async def _bank(v: Visit, row: InboxRow) -> dict[str, Any]:
    count, total = bank_sum(row.item.seen)
    return {"count": count, "total": total}


async def _nothing_beside(v: Visit, row: InboxRow) -> dict[str, Any]:
    return {}


CONTEXT_OF: dict[ItemKind, Callable[[Visit, InboxRow], Awaitable[dict[str, Any]]]] = {
    ItemKind.SHORTLIST: _shortlist,
    ItemKind.CONTACT: _contact,
    ItemKind.SCREENING: _verdict,
    ItemKind.SCANDAL: _scandal,
    ItemKind.COUNTER: _counter,
    ItemKind.DRAFT: _draft,
    ItemKind.PUBLICATION: _post,
    ItemKind.HEARING: _hearing,
    ItemKind.KILL_FEE: _kill_fee,
    ItemKind.RELEASE: _release,
    ItemKind.CLAIM: _claim,
    ItemKind.ON_HOLD: _on_hold,
    ItemKind.UNPAID: _unpaid,
    ItemKind.IN_DOUBT: _nothing_beside,
    ItemKind.BANK_FAILED: _nothing_beside,
    ItemKind.DIFFERENCE: _difference,
    ItemKind.BOOKS: _nothing_beside,
    ItemKind.EVENTS: _events,
    ItemKind.BANK_FILE: _bank,
    ItemKind.BANK_ANSWER: _bank,
    ItemKind.ACCOUNT: _account,
    ItemKind.ATTENTION: _attention,
    ItemKind.STANDSTILL: _nothing_beside,
}
"""One gatherer per kind of item that staff decide."""
