"""Payments: where they stand, what earned them, and why they wait or cannot be made."""

from __future__ import annotations

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

WAITS_AS_CREATORS_READ = {
    "not_onboarded": "It waits for your payment details, and is sent as soon as they are complete.",
    "waiting_funds": "The brand's money is not there yet. It is sent as soon as it is; you need do "
    "nothing.",
    "rail_stopped": "The brand's connection to our payment provider has to be mended first. It is "
    "sent after that; you need do nothing.",
    "refused": "It could not be sent. A person at the brand looks into it and decides how you are "
    "paid; you need do nothing.",
    "below_minimum": "It is too small for our payment provider to send it alone. It goes along "
    "with your next payment from the brand; you need do nothing.",
    "by_person": "A person at the brand has put it on hold. If you want to know why, write to the "
    "brand.",
    "suspended": "The brand has suspended your collaboration, and its payments with it.",
    "taken_back": "A person at the brand decides whether it is paid to you again; we write to you "
    "either way.",
    "platform_paused": "The brand has paused payments to your account. It is sent when they go on; "
    "you need do nothing.",
    "account_rejected": "Our payment provider does not pay into your account any more. Nothing is "
    "lost: a person at the brand looks for another way to pay you.",
    "account_gone": "Your account at our payment provider is closed, or does not let us pay into "
    "it. Please set up another one on this page; the brand then releases it for that one.",
    "payee_changed": "You have another account than before, so a person at the brand looks at it "
    "once more before it is sent there.",
}
"""Why a payment waits, and whether the creator has to do anything, by the reason of its hold."""

MILESTONES = {
    "contract_signed": "contract signed",
    "draft_approved": "draft approved",
    "publication_verified": "post verified live",
    "retention_passed": "post stayed up",
    "kill_fee": "kill fee",
    "repayment": "paid again after it was taken back",
    "bonus": "bonus",
}

CAME_BACK = {
    "netted": "kept back from a payment",
    "taken_back": "taken back from a payment",
    "repaid": "sent to the brand by you",
    "waived": "not asked for any more",
    "not_earned": "not owed any more, since that payment is not made",
}
"""By what a claim became smaller, as the creator reads it."""

HOLDS = {
    "not_onboarded": "the creator has not finished the payout set-up",
    "waiting_funds": "the balance at Stripe is too low",
    "rail_stopped": "the key for Stripe cannot be used; every payment waits",
    "refused": "this payment was refused",
    "below_minimum": "it is too small to be sent alone; the creator's next payment takes it along",
    "by_person": "a person put it on hold",
    "suspended": "the collaboration is suspended",
    "taken_back": "it was taken back; a person decides whether it is owed",
    "platform_paused": "somebody at the brand paused the creator's account at Stripe",
    "account_rejected": "Stripe has rejected the creator's account for good",
    "account_gone": "the creator's account at Stripe is closed, or took our access back",
    "payee_changed": "the creator's account is another one now",
}

CAUTIONS = {
    "bonus": "a bonus, which somebody granted by hand",
    "kept_back": "part of it is kept back for what the creator owes",
    "by_hand": "the account was sent money by hand that nobody has explained: perhaps it is paid",
    "new_account": "the account is younger than the creator's last payment: ask the creator by a "
    "way that you know whether it is theirs",
    "post": "the post was not fine at the last look",
    "anew": "it was released before, and is released anew",
}
"""What has to be looked at before a payment is released, which therefore goes in no batch."""

NOT_READY = {
    "not_begun": "has not begun the payout set-up",
    "pending": "has not finished the payout set-up",
    "paused": "somebody at the brand paused their account at Stripe",
    "restricted": "Stripe wants something more from them, or does not pay them",
    "tax_missing": "has not said how they are taxed",
    "invoice_missing": "has handed in no invoice for what waits, and given no mandate to issue it",
    "not_in_euro": "is to be paid in another currency, and bank transfers are in euros",
}
"""Why a creator cannot be paid yet."""

NOT_REACHED = {
    "bounced": "the last mail about it came back: their address takes no mail",
    "suppressed": "the last mail about it was not sent: nothing may be sent to their address",
    "expired": "the last mail about it was not sent: for a day no mail server took it",
    "in_doubt": "nobody knows whether the last mail about it arrived",
    "by_hand": "they have no mail address: the text to send by hand is on their page",
}
"""Why a creator may not know that they have to mend something."""

NOT_READY_BY_BANK = {
    "not_begun": "has given no bank account yet",
    "restricted": "the bank could not pay into their account; they were asked for another",
}
"""Where bank transfers are meant: other words for the same."""

PAYMENT_REFUSALS = {
    "account_rejected": "Stripe has rejected the creator's account for good. Nothing is tried "
    "by itself; the money stays earned and reserved. Ask Stripe why before you try again.",
    "currency_refused": "The creator's account at Stripe cannot take this currency. The creator "
    "has to add a bank account for it at Stripe; then try again.",
    "amount_too_small": "The amount is below Stripe's minimum for the creator's country. It goes "
    "along by itself with the creator's next payment from this brand in this currency, in one "
    "transfer. Trying again helps only if something else waits as well, or Stripe has changed it.",
    "foreign_transfer": "Somebody made a transfer by hand in this payment's group at Stripe, so "
    "nothing is sent. See whether it paid the creator. If it did, say that it is this payment; if "
    "not, reverse it at Stripe and try again.",
    "foreign_differs": "The transfer that was made by hand in this payment's group is of another "
    "amount, currency or account, so it cannot be this payment.",
    "foreign_transfers": "Several transfers were made by hand in this payment's group at Stripe. "
    "Reverse those that are too many, then say that the other one is this payment.",
    "foreign_gone": "The transfer that was made by hand is not there any more, or was taken back. "
    "Try again.",
    "never_arrives": "Several attempts, one after the other, came to nothing before Stripe was "
    "called, or Stripe knows of none of them. Nothing was sent. Have an operator look at the "
    "payout worker, then try again.",
    "not_in_euro": "Bank transfers are in euros, and this payment is not.",
    "other_rail": "An attempt was begun by the way of paying that was used before, and it is not "
    "known whether it has paid the creator. Set TROUPE_PAYOUT_RAIL back until that is settled.",
}
"""Why a payment was refused, and what to do, by the code of the refusal."""

EVENT_REFUSALS = {
    "rail_stopped": "Stripe refuses the key, or does not let it look at this, or it is "
    "another account's",
    "unavailable": "Stripe does not answer, or our books are not as far yet",
    "stripe_refused": "Stripe refused to show it",
    "content_conflict": "It does not fit our books",
    "stream_conflict": "It does not fit our books",
    "not_found": "It is about something that is not here",
    "": "No worker has taken it up, or it failed without saying why",
}
"""Why an event of the provider could not be applied, by the code on its row."""
