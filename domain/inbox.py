"""What waits for a person: one kind of inbox item per decision that somebody must take."""

from __future__ import annotations

from enum import StrEnum

from domain.decisions import DecisionKind
from domain.lifecycle import Role


class ItemKind(StrEnum):
    """What somebody has to decide or to do; a creator's items are shown in the portal."""

    SHORTLIST = "shortlist"  # sign off who is invited
    CONTACT = "contact"  # a creator without an address is written to by hand
    SCREENING = "screening"  # brand safety cannot clear this creator
    SCANDAL = "scandal"  # brand safety found something new about somebody who takes part
    COUNTER = "counter"  # a counter-offer above what is accepted at once
    DRAFT = "draft"  # a draft waits for review
    PUBLICATION = "publication"  # the engine cannot tell whether the post is right
    HEARING = "hearing"  # money is to be withheld; the creator was heard
    KILL_FEE = "kill_fee"  # stopped after work began
    RELEASE = "release"  # a payment waits for release
    IN_DOUBT = "in_doubt"  # nobody knows yet whether a payment was sent; gone when it is known
    CLAIM = "claim"  # a creator is to give money back; does the claim stand?
    UNPAID = "unpaid"  # released, and cannot be paid: again, paid another way, or not owed?
    ON_HOLD = "on_hold"  # a person stopped a payment; it goes on when a person says so
    BANK_FAILED = "bank_failed"  # a creator's bank sent money back; gone when it has arrived
    DIFFERENCE = "difference"  # books and provider disagree; gone when they agree
    BOOKS = "books"  # ledger or events are not as they were written; gone when they are
    EVENTS = "events"  # the provider's events that nobody could apply; gone when they are
    BANK_FILE = "bank_file"  # payments wait for a file for the bank; gone when it is made
    BANK_ANSWER = "bank_answer"  # the bank has not answered about a file; gone when it has
    ACCOUNT = "account"  # something about the brand's own account at the provider
    ATTENTION = "attention"  # a step failed and can be tried again
    STANDSTILL = "standstill"  # no workflow carries it on; gone when one does, or when it is over
    # the creator's
    OFFER = "offer"  # interested, no, or a counter-offer
    TERMS = "terms"  # sign or decline
    SUBMIT = "submit"  # hand in a draft
    PUBLISH = "publish"  # publish, and say where (again, after mending)
    STATEMENT = "statement"  # object before money is withheld


ROLE_OF: dict[ItemKind, Role] = {
    ItemKind.SHORTLIST: Role.MANAGER,
    ItemKind.CONTACT: Role.MANAGER,
    ItemKind.SCREENING: Role.REVIEWER,
    ItemKind.SCANDAL: Role.MANAGER,
    ItemKind.COUNTER: Role.MANAGER,
    ItemKind.DRAFT: Role.REVIEWER,
    ItemKind.PUBLICATION: Role.REVIEWER,
    ItemKind.HEARING: Role.MANAGER,
    ItemKind.KILL_FEE: Role.MANAGER,
    ItemKind.RELEASE: Role.FINANCE,
    ItemKind.IN_DOUBT: Role.FINANCE,
    ItemKind.CLAIM: Role.FINANCE,
    ItemKind.UNPAID: Role.FINANCE,
    ItemKind.ON_HOLD: Role.FINANCE,
    ItemKind.BANK_FAILED: Role.FINANCE,
    ItemKind.DIFFERENCE: Role.FINANCE,
    ItemKind.BOOKS: Role.FINANCE,
    ItemKind.EVENTS: Role.FINANCE,
    ItemKind.BANK_FILE: Role.FINANCE,
    ItemKind.BANK_ANSWER: Role.FINANCE,
    ItemKind.ACCOUNT: Role.FINANCE,
    ItemKind.ATTENTION: Role.OPERATOR,
    ItemKind.STANDSTILL: Role.OPERATOR,
    ItemKind.OFFER: Role.CREATOR,
    ItemKind.TERMS: Role.CREATOR,
    ItemKind.SUBMIT: Role.CREATOR,
    ItemKind.PUBLISH: Role.CREATOR,
    ItemKind.STATEMENT: Role.CREATOR,
}
"""Whose inbox the item is in."""

DECIDED_BY: dict[ItemKind, DecisionKind] = {
    ItemKind.SHORTLIST: DecisionKind.SIGN_OFF_SHORTLIST,
    ItemKind.CONTACT: DecisionKind.CONFIRM_CONTACT,
    ItemKind.SCREENING: DecisionKind.JUDGE_SCREENING,
    ItemKind.SCANDAL: DecisionKind.JUDGE_SCANDAL,
    ItemKind.COUNTER: DecisionKind.ANSWER_COUNTER,
    ItemKind.DRAFT: DecisionKind.REVIEW_DRAFT,
    ItemKind.PUBLICATION: DecisionKind.JUDGE_PUBLICATION,
    ItemKind.HEARING: DecisionKind.DECIDE_HEARING,
    ItemKind.KILL_FEE: DecisionKind.DECIDE_KILL_FEE,
    ItemKind.RELEASE: DecisionKind.RELEASE_PAYOUT,
    ItemKind.CLAIM: DecisionKind.DECIDE_CLAIM,
    ItemKind.UNPAID: DecisionKind.RETRY_PAYOUT,
    ItemKind.ON_HOLD: DecisionKind.RESUME_PAYOUT,
    ItemKind.ATTENTION: DecisionKind.RETRY_STEP,
    ItemKind.OFFER: DecisionKind.ANSWER_OFFER,
    ItemKind.TERMS: DecisionKind.SIGN_TERMS,
    ItemKind.SUBMIT: DecisionKind.SUBMIT_DRAFT,
    ItemKind.PUBLISH: DecisionKind.REPORT_PUBLICATION,
    ItemKind.STATEMENT: DecisionKind.OBJECT,
}
"""The decision that closes the item; a difference is closed by a comparison that agrees, a failed
bank transfer by one that arrives, a doubt by what the provider's list says, a matter of the account
by who says on its page what it was."""
