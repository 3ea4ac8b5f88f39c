"""What is known of a payment before it is released, as the terminal shows it."""

from __future__ import annotations

from domain.money import Money
from domain.payees import PayeeAccount
from rendering.vocabulary.creators import CHECK_STATES
from rendering.vocabulary.payments import CAUTIONS, HOLDS
from store.batches import ReleaseLine
from web.releasing import TURN_WORDS
from web.words import milestone, person

_READY = {
    "": "the payout set-up is not begun; it is sent once it is finished",
    "active": "ready to be paid",
    "paused": "paused at Stripe; it is sent once the account goes on",
}
_NOT_READY = "the payout set-up is not finished; it is sent once it is"


def facts_of(line: ReleaseLine) -> list[tuple[str, str]]:
    """Each thing that the desk's page of a release shows, with its name."""
    facts = line.facts
    earned, kept, sent = (
        Money(minor=minor, currency=facts.currency)
        for minor in (facts.amount_minor, facts.netted_minor, facts.sent_minor)
    )
    found = [
        ("payment", facts.payout_id),
        ("for", f"{milestone(line.kind)}, {line.campaign_name}"),
        ("creator", person(line.creator, line.handle)),
        ("account", _account(line.account)),
        ("payee", _READY.get(facts.payee, _NOT_READY)),
        ("pay by", f"{line.pay_by:%Y-%m-%d}"),
        ("last look", CHECK_STATES.get(facts.check, "none")),
        ("earned", str(earned)),
    ]
    if facts.netted_minor:
        found.append(("kept back", f"{kept}, for what the creator owes"))
    if facts.hold:
        found.append(("before", HOLDS.get(facts.hold, facts.hold)))
    found += [("look at", CAUTIONS[code]) for code in facts.cautions]
    return [*found, ("this is", TURN_WORDS.get(facts.turn, facts.turn)), ("sent", str(sent))]


def _account(account: PayeeAccount | None) -> str:
    if account is None:
        return "none yet: it goes to the first one that the creator sets up"
    way = "by bank transfer" if account.by_bank else "at Stripe"
    digits = f", {account.digits}" if account.digits else ""
    return f"{account.account_id} {way}{digits}, the creator's since {account.since:%Y-%m-%d}"
