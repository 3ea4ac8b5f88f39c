"""The one place that turns codes, stages and events into sentences for people."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import format_currency

from domain.account_matters import MATTERS, MatterCode
from domain.lifecycle import ACCOUNT_LOST, HoldReason
from domain.money import exponent
from domain.reconciliation import DifferenceCode
from domain.reconciliation_help import advice
from rendering.reader import Reader
from rendering.vocabulary.asking import DECIDED, KIND_TITLES, MEANWHILE, STANDSTILLS, WAITING
from rendering.vocabulary.creators import CHECK_STATES, EVIDENCE, FAULTS, PLATFORMS, RULES, VERDICTS
from rendering.vocabulary.events import ANSWERS, EVENTS
from rendering.vocabulary.payments import (
    CAME_BACK,
    HOLDS,
    MILESTONES,
    NOT_REACHED,
    NOT_READY,
    NOT_READY_BY_BANK,
    PAYOUT_STATUS,
    PAYOUT_STATUS_FOR_CREATORS,
    WAITS_AS_CREATORS_READ,
)
from rendering.vocabulary.refusals import OBSTACLES, REFUSALS
from rendering.vocabulary.stages import CAMPAIGN_STATUS, OUTCOMES, STAGES, STEP_OF, STEPS
from store.desk import InboxRow
from store.tables import Payout

__all__ = [
    "ANSWERS",
    "CAME_BACK",
    "CAMPAIGN_STATUS",
    "CHECK_STATES",
    "DECIDED",
    "EVENTS",
    "EVIDENCE",
    "FAULTS",
    "HOLDS",
    "KIND_TITLES",
    "MATTERS",
    "MEANWHILE",
    "MILESTONES",
    "OBSTACLES",
    "OUTCOMES",
    "PAYOUT_STATUS",
    "PAYOUT_STATUS_FOR_CREATORS",
    "PLATFORMS",
    "REFUSALS",
    "RULES",
    "STAGES",
    "STANDSTILLS",
    "STEPS",
    "STEP_OF",
    "VERDICTS",
    "WAITING",
    "WAITS_AS_CREATORS_READ",
    "amount",
    "done",
    "event",
    "item_sentence",
    "milestone",
    "not_reached",
    "not_ready",
    "person",
    "phrase",
    "platform",
    "refusal",
]


def not_ready(why: str, *, by_bank: bool) -> str:
    """Why a creator cannot be paid yet, as the brand pays now."""
    said = NOT_READY_BY_BANK.get(why) if by_bank else None
    return said or NOT_READY.get(why) or phrase(why)


def not_reached(mail: str) -> str:
    """Why a creator may not know what to mend; empty if the last mail about it went out."""
    return NOT_REACHED.get(mail, "")


def phrase(code: str) -> str:
    """A code as words, for codes that have no sentence of their own."""
    return code.replace("_", " ").strip()


def refusal(code: str) -> str:
    """Why a decision was not taken, as a sentence."""
    return REFUSALS.get(code, f"Nothing was changed ({phrase(code)}).")


def amount(minor: int, currency: str, reader: Reader) -> str:
    """Money as the reader writes it."""
    return format_currency(
        Decimal(minor).scaleb(-exponent(currency)), currency, locale=reader.locale
    )


def person(name: str, handle: str) -> str:
    """A creator by name and handle, whichever are known."""
    shown = handle if handle.startswith("@") else f"@{handle}"
    return f"{name} ({shown})" if name else shown


def platform(code: str) -> str:
    """A platform by its own name."""
    return PLATFORMS.get(code, code)


def milestone(kind: str) -> str:
    """What earned a payment."""
    return MILESTONES.get(kind, phrase(kind))


def event(name: str, data: dict[str, Any]) -> str:
    """What happened, in plain words, with what the event knows."""
    words = ANSWERS.get(name, {}).get(str(data.get("answer", ""))) or EVENTS.get(name)
    if name == "decide_kill_fee":
        words = f"The kill fee was decided: {data.get('percent', 0)} %"
    if words is None:
        words = phrase(name)
        words = words[:1].upper() + words[1:]
    details = [text for text in dict.fromkeys(_details(data)) if text]
    return f"{words} ({', '.join(details)})" if details else words


def _details(data: dict[str, Any]) -> list[str]:
    reason, code = str(data.get("reason") or ""), str(data.get("code") or "")
    outcome = str(data.get("outcome") or "")
    return [
        f"version {data['version']}" if data.get("version") else "",
        OUTCOMES.get(outcome, phrase(outcome)).lower(),
        HOLDS.get(reason, phrase(reason)),
        phrase(str(data.get("step") or "")),
        "" if code in {reason, "applied"} else phrase(code),
        f"reminder {data['number']}" if data.get("number") and data.get("item") else "",
    ]


def item_sentence(row: InboxRow, reader: Reader, *, by_bank: bool) -> str:
    """One sentence, verb first: what, who, how much."""
    who = person(row.creator.name, row.creator.handle) if row.creator else ""
    currency = row.of.currency if row.of else ""
    fee = amount(row.collaboration.fee_minor, currency, reader) if row.collaboration else ""
    kind = row.item.kind
    if kind == "shortlist":
        return f"Sign off the shortlist of {row.campaign.name}: {row.campaign.wanted} wanted"
    if kind == "counter":
        asked = amount(_number(row.item.code), currency, reader)
        return f"Answer {who}, who asks for {asked} instead of {fee}"
    if kind == "draft":
        version = row.collaboration.draft_version if row.collaboration else 0
        return f"Review version {version or 1} of the draft by {who}"
    if kind == "kill_fee":
        open_fee = amount(_number(row.item.seen), currency, reader)
        return f"Decide how much of the open {open_fee} {who} is paid"
    if row.payout and (said := _payment_sentence(kind, row.payout, who, reader)):
        return said
    if kind == "claim" and row.claim:
        back = amount(row.claim.amount_minor, row.claim.currency, reader)
        objects = ", who objects," if row.item.code == "objected" else ""
        return f"Decide whether {who}{objects} is to give {back} back"
    if said := _of_the_books(row, reader, by_bank=by_bank):
        return said
    if kind == "standstill":
        return f"See why nothing carries on {_what(row, who, reader)}"
    if kind == "attention":
        step = phrase(row.item.code.partition(":")[0]) or "a step"
        return f"Mend and retry: {step}" + (f", for {who}" if who else f", in {row.campaign.name}")
    verbs = {
        "contact": f"Write to {who} by hand: there is no address",
        "screening": f"Judge whether {who} is safe for the brand",
        "scandal": f"Decide whether {who} stays: brand safety found something new",
        "publication": f"Look at the post by {who}: the check could not tell",
        "hearing": f"Decide whether {fee} is withheld from {who}",
    }
    return verbs.get(kind, f"Decide: {phrase(kind)}")


def _what(row: InboxRow, who: str, reader: Reader) -> str:
    """What an item is about that may be about anything."""
    if row.payout:
        paid = amount(row.payout.amount_minor, row.payout.currency, reader)
        return f"the payment of {paid} to {who}"
    if row.claim:
        back = amount(row.claim.amount_minor, row.claim.currency, reader)
        return f"the claim of {back} on {who}"
    if row.collaboration:
        return f"the collaboration with {who}"
    return f"the campaign {row.campaign.name}"


def _of_the_books(row: InboxRow, reader: Reader, *, by_bank: bool) -> str:
    """The sentence about an item that belongs to no creator's story; empty if it is another."""
    kind = row.item.kind
    if kind == "difference":
        return advice(DifferenceCode(row.item.code), by_bank=by_bank).means
    if kind == "events":
        many = row.item.seen != "1"
        return f"See why {row.item.seen} event{'s' if many else ''} of Stripe could not be applied"
    if kind == "books":
        return f"See who changed the books: {row.item.seen}"
    if kind in {"bank_file", "bank_answer"}:
        payments, total = bank_sum(row.item.seen)
        what = f"{payments} payment{'' if payments == 1 else 's'}, {amount(total, 'EUR', reader)}"
        if kind == "bank_file":
            return f"Make a file for the bank: {what}"
        return f"Bring the bank's answer about {row.item.code}: {what}"
    if kind == "account":
        title, seen = MATTERS[MatterCode(row.item.code)].title, row.item.seen
        return f"{title}: {amount(int(seen[:-3]), seen[-3:], reader)}"
    return ""


def bank_sum(seen: str) -> tuple[int, int]:
    """How many payments an item about bank files speaks of, and their sum in cents."""
    count, _, total = seen.partition(":")
    return int(count), int(total)


def _payment_sentence(kind: str, payout: Payout, who: str, reader: Reader) -> str:
    """What is asked about a payment; empty if that is not a matter of payments."""
    paid = amount(payout.amount_minor, payout.currency, reader)
    if kind == "release":
        second = " as the second person" if payout.releases else ""
        changed = payout.hold_reason == HoldReason.PAYEE_CHANGED
        again = ". Their account is another one now" if changed else ""
        return f"Release {paid} to {who}{second}: {milestone(payout.kind)}{again}"
    if kind == "on_hold":
        if payout.hold_reason == HoldReason.TAKEN_BACK:
            return f"Decide whether {who} is still owed {paid}: it was taken back"
        lost = payout.hold_reason in ACCOUNT_LOST
        why = HOLDS[payout.hold_reason or ""] if lost else milestone(payout.kind)
        return f"Decide whether {paid} to {who} goes on: {why}"
    if kind == "unpaid":
        return f"Decide what becomes of {paid} to {who}, which cannot be sent"
    if kind == "in_doubt":
        return f"Do not pay {who} by hand: {paid} may be on its way, and is looked up"
    if kind == "bank_failed":
        return f"See that {who} mends the bank account: it sent {paid} back"
    return ""


def _number(text: str) -> int:
    digits = text.rpartition(":")[2]
    return int(digits) if digits.isdigit() else 0


def done(kind: str, answer: str) -> str:
    """What was just decided, for the banner on the next page."""
    plain = {
        "sign_off_shortlist": "Shortlist signed off. Invitations go out.",
        "resolve_shortlist": "Your changes are taken. Please look at the list before you sign off.",
        "pause_campaign": "Campaign paused. Nobody new is invited.",
        "resume_campaign": "Campaign goes on.",
        "stop_campaign": "Campaign is stopping.",
        "confirm_contact": "Noted: the message was sent by hand.",
        "retry_step": "The step is tried again.",
        "release_payout": "You have released the payment.",
        "hold_payout": "Payment put on hold. Nothing is sent until somebody lets it go on.",
        "resume_payout": "The payment goes on: it waits for release.",
        "cancel_payout": "Noted: it is not paid. The budget has it back.",
        "retry_payout": "The payment is tried again.",
        "settle_payout": "Noted. Above the limit, a second person has to confirm it.",
        "grant_bonus": "Bonus granted. It now waits for release.",
        "claim_back": "The creator is told why and may object; then a second person decides.",
        "waive_claim": "Waived. Nothing more of it is kept back.",
        "book_repayment": "Booked. The budget has it back.",
        "cancel_collaboration": "Collaboration cancelled.",
        "suspend_collaboration": "Collaboration suspended.",
        "resume_collaboration": "Collaboration goes on.",
        "sign_terms": "Signed. Thank you, and welcome aboard."
        if answer == "sign"
        else "You declined the terms. Thank you for letting us know.",
        "submit_draft": "Your draft is with the brand.",
        "report_publication": "Thank you. The post is being checked.",
        "object": "Your statement is recorded. A person reads it.",
        "withdraw": "You have withdrawn.",
        "opt_out": "We will not write to you again.",
    }
    answers = {
        "approve": "Draft approved.",
        "changes": "Sent back with your reason.",
        "reject": "Draft rejected.",
        "clear": "Cleared.",
        "keep": "Noted: the collaboration goes on.",
        "suspend": "Suspended: payments are held, deadlines stand still.",
        "cancel": "The collaboration ends. If work had begun, a kill fee is to be decided.",
        "block": "Blocked.",
        "accept": "Counter-offer accepted.",
        "refuse": "Counter-offer refused.",
        "offer": "Your offer is on its way.",
        "verified": "Post accepted.",
        "faulty": "The creator is asked to mend it.",
        "withhold": "The payment is withheld.",
        "pay": "The creator is paid.",
        "confirm": "Confirmed. It is kept back from the creator's next payments.",
        "drop": "Dropped. The creator is told that the money stays theirs.",
        "interested": "Good to hear! The terms are on their way.",
        "no": "Thank you for letting us know.",
        "counter": "Your proposal is with the brand.",
    }
    return plain.get(kind) or answers.get(answer, "Decided.")
