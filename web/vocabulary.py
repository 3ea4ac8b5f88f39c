"""Codes and the words for them; the sentences are made in `web.words`."""

from __future__ import annotations

KIND_TITLES = {
    "shortlist": "Shortlists to sign off",
    "contact": "Creators to write to by hand",
    "screening": "Creators to look at",
    "scandal": "Something new about a creator",
    "counter": "Counter-offers",
    "draft": "Drafts to review",
    "publication": "Posts to look at",
    "hearing": "Hearings",
    "kill_fee": "Kill fees to decide",
    "release": "Payments to release",
    "unpaid": "Payments that cannot be sent",
    "claim": "Money to be given back",
    "in_doubt": "Payments that nobody knows the end of yet",
    "on_hold": "Payments on hold",
    "bank_failed": "Sent back by a bank",
    "difference": "Books and payments that differ",
    "events": "News from Stripe that could not be read",
    "bank_file": "Bank files to make",
    "bank_answer": "Bank files without an answer",
    "account": "Your account at Stripe",
    "attention": "Steps that failed",
}

PLATFORMS = {"instagram": "Instagram", "tiktok": "TikTok", "youtube": "YouTube"}

PAYOUT_STATUS = {
    "requested": "Waits for release",
    "released": "Released, cooling",
    "sending": "Being sent",
    "held": "On hold",
    "in_doubt": "Being looked up",
    "transferred": "Paid",
    "netted": "Settled, nothing sent",
    "elsewhere": "Paid another way",
    "cancelled": "Cancelled",
}

PAYOUT_STATUS_FOR_CREATORS = {
    "requested": "earned; the brand checks it",
    "released": "released; on its way soon",
    "sending": "on its way",
    "held": "waiting",
    "in_doubt": "on its way; we are confirming it",
    "transferred": "paid",
    "netted": "settled: it was kept back for what you owed",
    "elsewhere": "paid another way",
    "cancelled": "will not be paid",
}

WAITING = {
    "engine": "Troupe",
    "creator": "the creator",
    "reviewer": "a reviewer",
    "manager": "a manager",
    "finance": "finance",
    "nobody": "nobody",
}

MILESTONES = {
    "contract_signed": "contract signed",
    "draft_approved": "draft approved",
    "publication_verified": "post verified live",
    "retention_passed": "post stayed up",
    "kill_fee": "kill fee",
    "repayment": "paid again after it was taken back",
    "bonus": "bonus",
}

VERDICTS = {
    "clear": "Clear",
    "review": "Needs a look",
    "blocked": "Blocked",
    "unknown": "Too little to read",
}

FAULTS = {
    "no_disclosure": "The disclosure label is missing.",
    "weak_disclosure": "The disclosure label is not clear enough.",
    "wrong_account": "The post is on another account.",
    "changed_text": "The text differs from what was approved.",
    "no_mention": "The brand is not mentioned.",
    "no_link": "The personal link is missing.",
    "gone": "The post can't be found.",
    "reviewer": "A reviewer found that something is not as agreed.",
}

CHECK_STATES = {
    "ok": "Live and as approved",
    "faulty": "Live, something is to be mended",
    "gone": "Not there any more",
    "unsure": "A person has to look",
    "unknown": "Could not be checked",
}

EVIDENCE = {
    "E4": "read with the creator's consent",
    "E3": "read through the platform's interface",
    "E2": "read in public",
    "E1": "as the creator handed it in",
    "E0": "no evidence",
}

DECIDED = {
    "release_payout": "released the payment",
    "hold_payout": "put the payment on hold",
    "resume_payout": "let the payment go on",
    "cancel_payout": "said that it is not to be paid",
    "retry_payout": "had it tried again",
    "settle_payout": "said that it was paid another way",
    "retry_step": "tried the step again",
    "grant_bonus": "granted it",
    "claim_back": "asked for it back",
    "decide_claim": "decided it",
    "waive_claim": "waived the rest",
    "book_repayment": "booked a repayment",
    "object": "wrote to you",
}

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
        "Nothing was changed: you had a part in this cost (the shortlist, the fee, the draft, "
        "or that it is owed), so somebody else has to release it."
    ),
    "not_named": (
        "Nothing was changed: the campaign names who decides this, and you are not one of them."
    ),
    "tax_missing": "Nothing was released: the creator has not said yet how they are taxed.",
    "invoice_missing": (
        "Nothing was released: the law of the brand's country wants an invoice first, and there is "
        "neither one nor a mandate to issue it."
    ),
    "closed": "Nothing was changed: this is over.",
    "claimant": "Nothing was changed: you asked for this money back, so somebody else decides.",
    "netting_changed": (
        "Nothing was released: what the creator owes has changed since you opened the page. "
        "Please look at the sums again."
    ),
    "more_than_earned": (
        "Nothing was changed: that is more than this collaboration has earned the creator, less "
        "what was asked back before."
    ),
    "more_than_open": "Nothing was changed: less than that is still open.",
    "not_confirmed": "Nothing was changed: it is not decided yet whether this is owed.",
    "proof_needed": "Please give your password again: money is about to be released.",
    "proof_wrong": "Nothing was released: the password is not right.",
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
        "You had a part in this cost (the shortlist, the fee, the draft, or that it is owed), "
        "so somebody else has to release it."
    ),
    "same_person": "You gave the first release; a second person has to give the other.",
    "not_named": "The campaign names who decides this, and you are not one of them (yet).",
    "tax_missing": "The creator has not said yet how they are taxed; their page asks for it.",
    "invoice_missing": (
        "The invoice is missing: the creator's page asks for it, or for the mandate to issue it."
    ),
    "overdue": "Finance releases it. You see it because it has been waiting for too long.",
    "claimant": "You asked for this money back, so somebody else decides whether it is owed.",
    "left_lying": "Finance sees to it. You see it because it has been waiting for too long.",
    "undecided": "A manager decides it. You see it because it has been waiting for too long.",
}
"""Why a release is somebody else's."""

RULES = {
    "excluded": "excluded by name",
    "platform": "another platform",
    "too_few_followers": "too few followers",
    "too_many_followers": "too many followers",
    "outside_markets": "outside the markets",
    "low_engagement": "engagement too low",
    "brand_safety": "not brand-safe",
    "bad_fit": "does not fit the product",
    "above_ceiling": "above the ceiling for one creator",
    "opted_out": "asked not to be contacted",
    "struck": "struck by a manager",
}

EVENTS = {
    # campaign
    "started": "The campaign started; the roster is being read",
    "running": "The campaign is running",
    "shortlisted": "The shortlist is ready",
    "sign_off_asked": "The shortlist waits for sign-off",
    "sign_off_shortlist": "The shortlist was signed off",
    "resolve_shortlist": "A manager changed the shortlist",
    "solved_again": "The shortlist was solved again with the changes",
    "pause_campaign": "The campaign was paused",
    "resume_campaign": "The campaign goes on",
    "stop_campaign": "The campaign was stopped",
    "reported": "The report was written",
    # collaboration
    "scandal_found": "Brand safety found something new; the manager was asked",
    "screening_asked": "A reviewer was asked to look at the creator",
    "contact_asked": "A message by hand was asked for",
    "confirm_contact": "The message was sent by hand",
    "offered": "The offer was sent",
    "countered": "A counter-offer waits for the manager",
    "terms_agreed": "Terms agreed, money reserved",
    "terms_offered": "The terms were sent to be signed",
    "signed": "The agreement is signed",
    "draft_asked": "The brief was sent, a draft was asked for",
    "submit_draft": "A draft was handed in",
    "review_asked": "The draft waits for review",
    "nobody_reviewed": "Nobody reviewed in time; approved as the campaign says",
    "draft_approved": "The draft is approved",
    "publication_asked": "The creator was asked to publish",
    "report_publication": "The creator said where the post is",
    "publication_unsure": "The check could not tell; a person was asked",
    "cure_asked": "The creator was asked to mend the post",
    "publication_verified": "The post is verified live",
    "retention_began": "The post stays live from here on",
    "retention_passed": "The post stayed live to the end",
    "post_changed": "The post was changed",
    "post_missing": "The post was not found",
    "hearing_opened": "The creator was asked before money is withheld",
    "hearing_to_decide": "The hearing waits for the manager",
    "object": "The creator made a statement",
    "withdraw": "The creator withdrew",
    "opt_out": "The creator wants no more mail",
    "opted_out": "The creator wants no more mail",
    "suspend_collaboration": "Suspended by the manager",
    "suspended": "Suspended",
    "resume_collaboration": "The manager let it go on",
    "resumed": "Goes on",
    "cancel_collaboration": "Cancelled by the manager",
    "kill_fee_asked": "A kill fee is to be decided",
    "kill_fee_earned": "A kill fee was granted",
    "campaign_stopped": "The campaign was stopped",
    "reminded": "The creator was reminded",
    "staff_reminded": "The brand was reminded",
    "escalated": "Escalated to the manager",
    "handed_over": "Handed to the substitute",
    "not_answered": "Time ran out without an answer",
    "step_failed": "A step failed and waits for an operator",
    "retry_step": "The step is tried again",
    "ended": "Ended",
    # payout
    "release_asked": "A payment waits for release",
    "release_payout": "A person released the payment",
    "hold_payout": "A person put the payment on hold",
    "resume_payout": "A person let the payment go on; it is released anew",
    "stopped": "The payment stands still",
    "account_gone": "The creator's account is gone; another one was asked for",
    "released": "The payment is released",
    "sending": "The payment is being sent",
    "held": "The payment is on hold",
    "in_doubt": "The answer was not clear; it is looked up at Stripe",
    "unanswered": "There is no answer since a quarter of an hour; finance was told",
    "under_way": "Ordered by bank transfer; waits for the bank's answer",
    "rail_stopped": "Cannot be looked up: Stripe refuses our key",
    "looked_up_again": "Looked up again",
    "never_happened": "Looked up: it had not been sent; it is tried again",
    "transferred": "Paid",
    "paid_out": "Stripe sent it to the creator's bank",
    "bank_failed": "The creator's bank sent it back",
    "bank_paused": "The payout to the bank was canceled: somebody at the brand paused the account",
    "taken_back": "Money of it was taken back",
    "cancel_payout": "A person said that it is not to be paid",
    "netted": "Settled without sending: the creator owed as much",
    "unpaid": "It cannot be sent; finance was asked what to do",
    "retry_payout": "A person had it tried again",
    "settle_payout": "A person said that it was paid another way",
    "paid_elsewhere": "Paid another way",
    "not_owed": "It is not paid; the budget has it back",
    "grant_bonus": "A person granted a bonus",
    # claim
    "claim_back": "A person asked for money back",
    "claim_to_decide": "A second person was asked whether it is owed",
    "claim_confirmed": "It is owed; releases keep it back from now on",
    "dropped": "It is not owed; the creator was told",
    "settled": "Nothing of it is open any more",
    "waive_claim": "What was open was waived",
    "book_repayment": "A repayment was booked",
    "withdrawn": "The bonus was withdrawn; the budget has it back",
}

ANSWERS = {
    "judge_screening": {"clear": "A reviewer cleared the creator", "block": "A reviewer said no"},
    "judge_scandal": {
        "keep": "The manager read what was found, and keeps the creator",
        "suspend": "The manager suspends because of what was found",
        "cancel": "The manager ends it because of what was found",
    },
    "answer_offer": {
        "interested": "The creator is interested",
        "no": "The creator said no",
        "counter": "The creator asked for another fee",
    },
    "answer_counter": {
        "accept": "The counter-offer was accepted",
        "refuse": "The counter-offer was refused",
        "offer": "The brand made another offer",
    },
    "decide_claim": {
        "confirm": "A second person says that it is owed",
        "drop": "A second person says that it is not owed",
    },
    "sign_terms": {"sign": "The creator signed", "decline": "The creator declined the terms"},
    "review_draft": {
        "approve": "A reviewer approved the draft",
        "changes": "A reviewer asked for changes",
        "reject": "A reviewer rejected the draft",
    },
    "judge_publication": {
        "verified": "A reviewer accepted the post",
        "faulty": "A reviewer found the post faulty",
    },
    "decide_hearing": {"withhold": "The payment is withheld", "pay": "The creator is paid"},
}
"""Events that are decisions with several answers."""

STEPS = (
    ("offer", "Offer"),
    ("terms", "Terms"),
    ("draft", "Draft"),
    ("publish", "Publish"),
    ("live", "Stay live"),
    ("done", "Done"),
)
"""What a creator sees of the stages."""

STEP_OF = {
    "screening": 0, "inviting": 0, "negotiating": 0, "contracting": 1,
    "drafting": 2, "reviewing": 2, "publishing": 3, "retaining": 4, "closed": 5,
}  # fmt: skip
