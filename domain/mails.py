"""Every mail that Troupe sends, by the name of its template in ``templates/email/``."""

from __future__ import annotations

from enum import StrEnum


class Mail(StrEnum):
    """The templates; each has a subject, a text and an HTML part."""

    INVITATION = "invitation"  # is there interest? to a stranger
    INVITATION_REMINDER = "invitation_reminder"
    OFFER_CHANGED = "offer_changed"  # the manager's counter to a counter-offer
    TERMS = "terms"  # the offer to sign
    TERMS_REMINDER = "terms_reminder"
    BRIEF = "brief"  # signed: the brief, and the payout set-up
    DRAFT_REMINDER = "draft_reminder"
    CHANGES_ASKED = "changes_asked"
    DRAFT_APPROVED = "draft_approved"  # with the disclosure label and the window
    PUBLISH_REMINDER = "publish_reminder"
    PUBLICATION_FAULTY = "publication_faulty"  # what to mend, until when
    PUBLICATION_VERIFIED = "publication_verified"
    POST_MISSING = "post_missing"  # not found any more; please restore or explain
    HEARING = "hearing"  # money is to be withheld; you may object
    PAYMENT_WITHHELD = "payment_withheld"
    PAYOUT_SETUP = "payout_setup"  # a payment waits because the set-up is not finished
    PAYOUT_SETUP_REMINDER = "payout_setup_reminder"  # under contract, and not to be paid yet
    REMITTANCE = "remittance"  # the money was sent
    TAKEN_BACK = "taken_back"  # money of a payment was taken back; the brand decides what follows
    BANK_FAILED = "bank_failed"  # the creator's bank sent a payment back
    ACCOUNT_REFUSED = "account_refused"  # the bank could not pay into the creator's account
    ACCOUNT_CHANGED = "account_changed"  # payments go to another bank account; was it you?
    CLAIM = "claim"  # something is to be given back: why, and until when you may object
    CLAIM_CONFIRMED = "claim_confirmed"  # it stands, and is kept back from the next payments
    CLAIM_SETTLED = "claim_settled"  # nothing of it is open any more, and how it was settled
    CLAIM_DROPPED = "claim_dropped"  # it does not stand (any more): nothing is kept back
    PAID_ELSEWHERE = "paid_elsewhere"  # a payment that could not be sent was made another way
    NOT_OWED = "not_owed"  # a payment that could not be sent is not made after all; why
    NOT_REPAID = "not_repaid"  # decided: what was taken back is not paid again
    COMPLETED = "completed"
    ENDED = "ended"  # the collaboration ended early: said politely, with the reason


STRANGER = frozenset({Mail.INVITATION, Mail.INVITATION_REMINDER})
"""Mails to somebody who has not answered yet: sent at most once, with opt-out headers."""

OF_A_CONTRACT = (
    frozenset(Mail)
    - STRANGER
    - {
        Mail.OFFER_CHANGED,
        Mail.TERMS,
        Mail.TERMS_REMINDER,
        Mail.ENDED,
    }
)
"""Mails that are only sent after signing. "No more mail" is about advertising: deadlines, hearings
and payments of a running contract are still told, as long as the address works."""
