"""Why a decision was not taken, or is somebody else's."""

from __future__ import annotations

REFUSALS = {
    "suspended": "Nothing was changed: the collaboration is suspended. Let it go on first.",
    "not_signed": "Nothing was changed: the creator has signed no terms.",
    "wrong_stage": "Nothing was changed: this is no longer being asked. It has moved on meanwhile.",
    "stale": "Nothing was changed: what you saw is not what is there now. Please look again.",
    "too_late": "Nothing was changed: the time for this has run out.",
    "not_allowed": "Nothing was changed: your role does not include this decision.",
    "same_person": (
        "Nothing was changed: you already released this payment. "
        "Above the limit, a second person has to."
    ),
    "requester": (
        "Nothing was changed: you had a part in this cost (the campaign, the shortlist, the fee, "
        "the draft, or that it is owed), so somebody else has to release it."
    ),
    "not_named": (
        "Nothing was changed: the campaign names who decides this, and you are not one of them."
    ),
    "tax_missing": "Nothing was released: the creator has not said yet how they are taxed.",
    "invoice_missing": (
        "Nothing was released: the law of the brand's country wants an invoice first, and there is "
        "neither one nor a mandate to issue it."
    ),
    "closed": "Nothing was changed: this is over, or nobody carries it on at the moment.",
    "claimant": (
        "Nothing was changed: you asked for this money back, so somebody else says whether it is "
        "owed, has come, or is waived."
    ),
    "netting_changed": (
        "Nothing was released: what the creator owes has changed since you opened the page. "
        "Please look at the sums again."
    ),
    "account_changed": (
        "Nothing was released: the account changed since you looked. Open the page again, compare "
        "the account, and ask the creator by a way that you know whether they set it up."
    ),
    "first_for_another": (
        "Nothing was released: the first release was for another account. Put the payment on hold "
        "and ask the creator by a way that you know; when it goes on, it is released anew."
    ),
    "more_than_earned": (
        "Nothing was changed: that is more than this collaboration has earned the creator, less "
        "what was asked back before."
    ),
    "came_back": (
        "Nothing was changed: the creator has given back more than would be earned without this "
        "payment. Release it, and ask back what is too much."
    ),
    "more_than_open": "Nothing was changed: less than that is still open.",
    "not_confirmed": "Nothing was changed: it is not decided yet whether this is owed.",
    "proof_needed": "Please give your password again: money is about to be let go.",
    "proof_wrong": "Nothing was changed: the password is not right.",
    "already_released": "Nothing was changed: the payment has been released already.",
    "look_alone": "Nothing was changed: this payment has to be looked at by itself.",
    "mixed": (
        "Nothing was released: these payments are not one decision. They differ in their campaign, "
        "in how many people have to release them, or in whether the creators can be paid now."
    ),
    "none_chosen": "Please choose at least one payment.",
    "too_many": "Nothing was released: at most 50 payments go together.",
    "wrong_count": "Nothing was released: the number is not how many payments are listed here.",
    "already_on_hold": "Nothing was changed: the payment is on hold already.",
    "already_decided": "Nothing was changed: somebody has already decided this.",
    "bad_day": "Please give the day on which it was paid; it cannot be in the future.",
    "reference_needed": "Please say by which reference the payment is found at your bank.",
    "may_be_paid": "Nothing was changed: an attempt to pay it has no answer yet and may have paid.",
    "taken_along": (
        "Nothing was changed: it goes along with another payment, and that may have paid it."
    ),
    "reason_needed": "Please say why in a sentence: it is kept, and whom it concerns may read it.",
    "bad_amount": "Please write an amount like 450 or 450.00 EUR, in the campaign's currency.",
    "bad_choice": "Please choose one of the answers.",
    "not_found": "There is no such thing (any more).",
    "forged": "This form is no longer good. Please open the page again.",
    "too_often": "That was asked for too often. Please wait an hour and try again.",
    "link": (
        "This link does not work. Please open the newest mail from us and use the link in it."
    ),
    "unknown": "Nothing was changed: this decision is not known there.",
    "bad_wishes": "Nothing was changed: these changes cannot be had together.",
    "unknown_candidate": "Nothing was changed: somebody named is not a candidate.",
    "contradiction": "Nothing was changed: somebody is put in and struck at once.",
    "cannot_pin": "Nothing was changed: who is left out by a rule cannot be pinned.",
    "already_out": "Nothing was changed: somebody struck is left out already.",
    "no_wish": "Nothing was changed: there was nothing to take back (any more).",
    "too_many_pins": "Nothing was changed: more would be pinned than are wanted.",
    "pins_too_dear": "Nothing was changed: the pinned cost more than may be spent.",
    "nobody_left": "Nothing was changed: nobody would be left to choose from.",
    "unknown_content": "Nothing was changed: what you sent is not known any more.",
    "refused": "Nothing was changed: it was refused.",
    "bad_form": "Something in the form is missing.",
    "over_budget": "Nothing was changed: the budget does not have that much left.",
    "above_ceiling": "Nothing was changed: the amount is above the ceiling for one creator.",
}

OBSTACLES = {
    "requester": (
        "You had a part in this cost (the campaign, the shortlist, the fee, the draft, or that "
        "it is owed), so somebody else has to release it."
    ),
    "same_person": "You gave the first release; a second person has to give the other.",
    "not_named": "The campaign names who decides this, and you are not one of them (yet).",
    "first_for_another": (
        "The first release was for another account than the creator has now. Put the payment on "
        "hold and ask the creator by a way that you know; when it goes on, it is released anew."
    ),
    "tax_missing": "The creator has not said yet how they are taxed; their page asks for it.",
    "invoice_missing": (
        "The invoice is missing: the creator's page asks for it, or for the mandate to issue it."
    ),
    "overdue": "Finance releases it. You see it because it has been waiting for too long.",
    "claimant": (
        "You asked for this money back, so somebody else says whether it is owed, has come, or is "
        "waived."
    ),
    "left_lying": "Finance sees to it. You see it because it has been waiting for too long.",
    "undecided": "A manager decides it. You see it because it has been waiting for too long.",
}
"""Why a release is somebody else's."""
