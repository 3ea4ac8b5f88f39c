"""What the templates of mails and documents may speak of.

Every mail gets the same context, made from the database; the facts that the workflow wrote into
the outbox row take precedence, because they say what was true when the mail was planned. A missing
fact is derived, never an error:

=====================  ==========================================================================
fact                   used by; without it
=====================  ==========================================================================
``fee_minor``          every mail that names the fee; the collaboration's fee
``version``            ``changes_asked``, ``draft_approved``; the collaboration's draft version
``due`` (ISO time)     every mail that asks for something; the collaboration's ``due_at``, and
                       without that the sentence has no date
``reason`` (code)      ``publication_faulty``, ``hearing``: codes of faults, joined by commas; the
                       last check's faults. ``ended``: why it ended; the outcome
``milestone``          ``publication_verified``, ``payment_withheld``, ``remittance``,
                       ``payout_setup``: its kind; the payout's kind
``amount_minor``       ``payment_withheld``, ``hearing``, ``remittance``, ``payout_setup``; the
                       payout's amount, else what of the fee has not been earned
``claim_id``           ``claim`` and what follows it: whose reason is quoted; no claim: left out
``payout_id``          ``remittance``, ``payout_setup``; no payout: the sentences about it are
                       left out
``check_number``       ``publication_faulty``, ``post_missing``, ``hearing``: whose check is
                       quoted; the last one
``ask``, ``last``,     ``payout_setup_reminder``: why it is sent, whether no other follows, and
``waiting_minor``      what is earned and waits; without them, a reminder of many
``percent``            ``ended``: the kill fee in percent of what was open, paid by ``payout_id``;
                       no percent: left out
=====================  ==========================================================================
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.correspondence import Correspondence, MailOrder
from domain.disclosure import label_for
from domain.mails import STRANGER, Mail
from domain.money import split_by_percent
from domain.payout_setup import Ask
from rendering.links import Links
from rendering.reader import Reader

Context = dict[str, Any]

_TELLING = frozenset({"no_disclosure", "weak_disclosure", "changed_text"})
"""Faults of which the check says more than that they are there."""
_ENDINGS = frozenset({Mail.ENDED, Mail.PAYMENT_WITHHELD})


def reader_of(about: Correspondence, language: str) -> Reader:
    """The creator as a reader: the mail's language, the creator's country and time zone."""
    return Reader.of(language, about.country, about.timezone or about.file.brand.timezone)


def milestones_of(about: Correspondence, fee_minor: int) -> list[Context]:
    """The payments of a fee: event, share, amount, and how soon each is paid."""
    milestones = about.file.milestones
    percents = [milestone.percent for milestone in milestones]
    amounts = split_by_percent(fee_minor, percents, about.currency)
    return [
        {
            "on": milestone.on.value,
            "percent": milestone.percent,
            "amount_minor": amount,
            "pay_within": milestone.pay_within,
        }
        for milestone, amount in zip(milestones, amounts, strict=True)
    ]


def agreement_context(about: Correspondence, fee_minor: int) -> Context:
    """What mails and documents share: who, what, for how much."""
    country = about.audience_country or about.country or about.file.markets[0]
    handle = f"@{about.handle.removeprefix('@')}"
    return {
        "campaign": about.file,
        "brand": about.file.brand,
        "brief": about.file.brief,
        "deliverables": about.file.deliverables,
        "name": about.name.strip() or handle,
        "handle": handle,
        "platform": about.platform,
        "currency": about.currency,
        "fee_minor": fee_minor,
        "milestones": milestones_of(about, fee_minor),
        "audience_country": country,
        "label": label_for(country, about.language),
    }


def mail_context(order: MailOrder, links: Links, language: str) -> Context:
    """The whole context of one mail."""
    about, facts = order.about, order.facts
    payout = about.payout
    fee_minor = int(facts.get("fee_minor", about.fee_minor))
    amount = payout.amount_minor if payout else max(fee_minor - about.earned_minor, 0)
    return {
        **agreement_context(about, fee_minor),
        "reader": reader_of(about, language),
        "language": language,
        "stranger": order.mail in STRANGER,
        "first_mail": order.mail == Mail.INVITATION,
        "portal_url": links.portal(about.collaboration_id),
        "opt_out_url": links.opt_out(about.collaboration_id),
        "source": about.source,
        "due": _due(facts, about),
        "version": int(facts.get("version", about.draft_version)),
        "codes": _codes(order),
        "ending": str(facts.get("reason") or about.outcome),
        "outcome": about.outcome,
        "reasons": about.check_reasons if _TELLING.intersection(about.check_faults) else (),
        "comment": about.comment,
        "end_words": about.end_words,
        "caption": about.approved_caption,
        "publication_url": about.publication_url,
        "milestone": str(facts.get("milestone", payout.kind if payout else "")),
        "amount_minor": int(facts.get("amount_minor", amount)),
        "sent_minor": int(facts.get("amount_minor", amount)) - (payout.kept_minor if payout else 0),
        "payout": payout,
        "claim": about.claim,
        "solo": about.file.staffing == "solo",
        "paid_minor": about.paid_minor,
        "percent": facts.get("percent"),
        "lost": facts.get("ask") == Ask.LOST,
        "last": bool(facts.get("last")),
        "waiting_minor": int(facts.get("waiting_minor", 0)),
        "payee_missing": about.payee_missing,
        "papers": about.papers,
        "credit": about.credit,
        "claim_credits": about.claim_credits,
    }


def _due(facts: dict[str, str | int], about: Correspondence) -> datetime | None:
    fact = facts.get("due")
    return datetime.fromisoformat(str(fact)) if fact else about.due_at


def _codes(order: MailOrder) -> tuple[str, ...]:
    if order.mail in _ENDINGS:
        # Their reason says how it ended; what was wrong with the post stands in the last check.
        return order.about.check_faults
    given = str(order.facts.get("reason", "")).split(",")
    return tuple(code for code in map(str.strip, given) if code) or order.about.check_faults
