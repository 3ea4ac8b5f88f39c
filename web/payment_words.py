"""What is said of payments that cannot be made."""

from __future__ import annotations

PAYMENT_REFUSALS = {
    "account_rejected": "Stripe has rejected the creator's account for good. Nothing is tried "
    "by itself; the money stays earned and reserved. Ask Stripe why before you try again.",
    "currency_refused": "The creator's account at Stripe cannot take this currency. The creator "
    "has to add a bank account for it at Stripe; then try again.",
    "amount_too_small": "The amount is below Stripe's minimum for the creator's country. Trying "
    "again helps only after Stripe has changed it.",
    "foreign_transfer": "Somebody made a transfer by hand in this payment's group at Stripe. "
    "See whether it paid the creator before anything is sent.",
    "not_in_euro": "Bank transfers are in euros, and this payment is not.",
    "other_rail": "An attempt was begun by the way of paying that was used before, and it is not "
    "known whether it has paid the creator. Set TROUPE_PAYOUT_RAIL back until that is settled.",
}
"""Why a payment was refused, and what to do, by the code of the refusal."""

EVENT_REFUSALS = {
    "rail_stopped": "Stripe refuses the key, or does not let it look at this",
    "unavailable": "Stripe does not answer, or our books are not as far yet",
    "stripe_refused": "Stripe refused to show it",
    "content_conflict": "It does not fit our books",
    "stream_conflict": "It does not fit our books",
    "not_found": "It is about something that is not here",
    "": "No worker has taken it up, or it failed without saying why",
}
"""Why an event of the provider could not be applied, by the code on its row."""
