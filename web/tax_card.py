"""What a creator's page says of tax and invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.campaign import CampaignFile
from domain.invoicing import (
    RULES,
    WITHOUT_INVOICE,
    Amounts,
    TaxStatus,
    amounts_for,
    is_the_vat,
    mandate_text,
)
from domain.lifecycle import PayoutStatus
from domain.payments import BONUS
from store.invoices import Papers
from store.portal import PortalView
from store.tables import Payout


@dataclass(frozen=True)
class Wanted:
    """A payment that an invoice is asked for, and what it has to come to."""

    payout: Payout
    amounts: Amounts


def asked(view: PortalView, country: str) -> list[Wanted]:
    """Payments for which the creator may hand in an invoice now."""
    facts = view.papers.facts if view.papers else None
    if view.papers is None or facts is None or facts.status is TaxStatus.PRIVATE:
        return []
    return [
        Wanted(payout, amounts_for(country, facts, payout.amount_minor))
        for payout in view.payouts
        if payout.kind not in WITHOUT_INVOICE
        and _is_time(payout)
        and may_hand_in(view.papers.invoices.get(payout.id), payout)
    ]


def _is_time(payout: Payout) -> bool:
    """Before the payment is sent; of a bonus after that, since nobody hears of it before."""
    paid = payout.status in {
        PayoutStatus.TRANSFERRED.value, PayoutStatus.NETTED.value, PayoutStatus.ELSEWHERE.value,
    }  # fmt: skip
    if payout.kind == BONUS:
        return paid
    return not paid and payout.status != PayoutStatus.CANCELLED.value


def may_hand_in(there: Any, payout: Payout) -> bool:
    """True if the payment has no invoice, or one from the creator that may still be replaced."""
    if there is None:
        return True
    waits = payout.status == PayoutStatus.REQUESTED.value and not payout.releases
    return there.series is None and waits


def lacking(papers: Papers, wanted: list[Wanted]) -> bool:
    """True if one of the payments has no invoice, or one with another tax than it should."""
    there = papers.invoices
    return any(
        each.payout.id not in there or not is_the_vat(there[each.payout.id].vat_minor, each.amounts)
        for each in wanted
    )


def tax_context(view: PortalView, file: CampaignFile) -> dict[str, Any]:
    """What the card shows; nothing where no rules are known, or nothing is signed."""
    papers = view.papers
    if papers is None or view.signature is None:
        return {"papers": None, "wants_papers": False}
    country, facts = file.brand.country, papers.facts
    name = papers.profile.legal_name if papers.profile else ""
    missing = [each for each in view.credits if each.note is None]
    covered = papers.mandate is not None and papers.self_billing
    invoices_asked = [] if covered else asked(view, country)
    return {
        "papers": papers,
        "wants_papers": bool(facts is None or lacking(papers, invoices_asked) or missing),
        "tax_open": False,
        "needs_invoice": facts is not None and facts.status is not TaxStatus.PRIVATE,
        "fee_parts": amounts_for(country, facts, view.collaboration.fee_minor) if facts else None,
        "rate": RULES[country].rate,
        "invoices_asked": invoices_asked,
        "is_the_vat": is_the_vat,
        "credits": view.credits,
        "credits_asked": missing + [each for each in view.credits if each.creator_may_replace],
        "mandate_words": mandate_text(file.brand.name, name),
    }
