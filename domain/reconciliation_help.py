"""What each difference means and what a person does about it: one text for all who show it."""

from __future__ import annotations

from typing import NamedTuple

from domain.reconciliation import DifferenceCode as Code


class Advice(NamedTuple):
    """Two sentences about a difference."""

    means: str
    to_do: str


_ADVICE: dict[Code, Advice] = {
    Code.NOT_AT_PROVIDER: Advice(
        "Our books say that this payment was transferred; Stripe has no such transfer.",
        "Check that the payout worker's key belongs to the account and mode (live or test) that "
        "paid. If it does, ask Stripe with the transfer's id. Pay nothing by hand before that.",
    ),
    Code.NOT_IN_BOOKS: Advice(
        "Stripe has a transfer in this payment's name that no attempt of ours made.",
        "Find in Stripe's dashboard who made it. If the payment is not sent yet, nothing is sent "
        "for it beside this transfer: once it is released, finance is asked whether the transfer "
        "is the payment. Reverse it at Stripe if the creator is not to have it.",
    ),
    Code.UNNAMED: Advice(
        "A creator was sent money at Stripe in no payment's name.",
        "Find in Stripe's dashboard who sent it and what for. If it was for a payment of Troupe's, "
        "that payment must not be sent as well: put it on hold, or it is paid twice. Reverse the "
        "transfer at Stripe if the creator is not to have it. If it has nothing to do with a "
        "payment here, say below what it was.",
    ),
    Code.NOT_WRITTEN_DOWN: Advice(
        "An attempt went through at Stripe, and its row does not say so.",
        "A payment that is being sent or in doubt is looked up by itself within minutes: compare "
        "again. If this stays, see that the payout worker runs (./troupe doctor) and retry the "
        "payment's step in the inbox. Do not pay by hand.",
    ),
    Code.PAID_TWICE: Advice(
        "Stripe has more than one transfer for this payment.",
        "Reverse at Stripe the transfer that the payment's attempts do not name, and tell the "
        "creator.",
    ),
    Code.SENT_TOO_MUCH: Advice(
        "A transfer has turned up at Stripe, and a payment in it was paid otherwise meanwhile, or "
        "is not owed any more.",
        "Reverse at Stripe as much of the transfer as was too much, and tell the creator. What "
        "comes back counts to that first: the other payments in it stay paid.",
    ),
    Code.AMOUNT: Advice(
        "Stripe transferred another amount than the payment's.",
        "Compare the payment with the transfer in Stripe's dashboard: reverse there what is too "
        "much, or agree with the creator how the rest is paid.",
    ),
    Code.CURRENCY: Advice(
        "Stripe transferred in another currency than the payment's.",
        "Compare the payment with the transfer in Stripe's dashboard; reverse it there if the "
        "creator did not get what was agreed.",
    ),
    Code.ACCOUNT: Advice(
        "The money went to another account than the attempt says.",
        "Find in Stripe's dashboard whose account it is; reverse the transfer there if it is not "
        "this creator's.",
    ),
    Code.OTHER_PAYOUT: Advice(
        "The transfer that our attempt names is in the name of another payment.",
        "Look at both payments and at the transfer in Stripe's dashboard; one of them is not paid.",
    ),
    Code.REVERSED: Advice(
        "Another sum of this payment was taken back at Stripe than our books say.",
        "The event from Stripe brings it into the books, within an hour also if it was lost: "
        "compare again. If this stays, see that the payout worker runs (./troupe doctor), and "
        "find in Stripe's dashboard who reversed it and why.",
    ),
    Code.LEDGER_BEHIND: Advice(
        "A transfer is written down, and the ledger has not booked it as paid.",
        "The payment's workflow books it as soon as a worker runs: see ./troupe doctor, then "
        "compare again. If it stays, look at the payment's workflow in Temporal.",
    ),
    Code.LEDGER_AHEAD: Advice(
        "The ledger has booked more as paid than was transferred.",
        "Look at the payment's attempts and at Stripe's dashboard: was it paid? If not, the "
        "creator still waits for the money. This is a fault of ours: please report it.",
    ),
    Code.LEFT_IN_TRANSIT: Advice(
        "The ledger has money on its way, and nothing is being sent.",
        "Look at the payment's story on its collaboration's page. This is a fault of ours: please "
        "report it.",
    ),
    Code.STATUS: Advice(
        "The payment's row and the ledger disagree about whether it is paid.",
        "Trust neither: look the payment up in Stripe's dashboard. This is a fault of ours or a "
        "row changed by hand: please report it.",
    ),
}
"""Every code has its advice; `tests/domain` makes sure of it."""

_BY_BANK: dict[Code, Advice] = {
    Code.NOT_AT_PROVIDER: Advice(
        "Our books say that this payment was transferred; nothing that was imported from the bank "
        "says so.",
        "Look at the brand's account whether the money has left, and import the statement of that "
        "day. Pay nothing by hand before that.",
    ),
    Code.NOT_IN_BOOKS: Advice(
        "The bank has carried out a transfer in this payment's name that no attempt of ours made.",
        "Find it on the brand's account. Put the payment on hold if it is not paid yet. This is a "
        "fault of ours or a row changed by hand: please report it.",
    ),
    Code.NOT_WRITTEN_DOWN: Advice(
        "The bank has carried out an attempt, and its row does not say so.",
        "The payment goes on by itself within a quarter of a minute of the import: compare again. "
        "If this stays, see that the payout worker runs (./troupe doctor). Do not pay by hand.",
    ),
    Code.PAID_TWICE: Advice(
        "The bank has carried out more than one transfer for this payment.",
        "Look at them on the brand's account. Ask your bank to call back the one that the "
        "payment's attempts do not name, or ask the creator to return it.",
    ),
    Code.SENT_TOO_MUCH: Advice(
        "The bank has carried out a transfer of what was paid otherwise meanwhile, or is not owed "
        "any more.",
        "Ask your bank to call it back, or ask the creator to return it.",
    ),
    Code.AMOUNT: Advice(
        "The bank transferred another amount than the payment's.",
        "Compare the payment with the brand's account: ask the creator to return what is too much, "
        "or agree how the rest is paid.",
    ),
    Code.CURRENCY: Advice(
        "The bank transferred in another currency than the payment's.",
        "Compare the payment with the brand's account, and ask your bank what it did.",
    ),
    Code.ACCOUNT: Advice(
        "The money went to another account than the attempt says.",
        "Look in the bank file whose account it is; ask your bank at once to call the transfer "
        "back if it is not this creator's.",
    ),
    Code.OTHER_PAYOUT: Advice(
        "The transfer that our attempt names is in the name of another payment.",
        "Look at both payments and at the brand's account; one of them is not paid.",
    ),
    Code.UNNAMED: Advice(
        "A creator was sent money in no payment's name.",
        "Find on the brand's account who sent it and what for. If it was for a payment of "
        "Troupe's, that payment must not be sent as well: put it on hold, or it is paid twice. If "
        "it has nothing to do with a payment here, say below what it was.",
    ),
    Code.REVERSED: Advice(
        "Another sum of this payment came back to the brand's account than our books say.",
        "What was imported is in the books within a quarter of a minute: compare again. If this "
        "stays, see that the payout worker runs (./troupe doctor), and look at the brand's "
        "account.",
    ),
    Code.LEDGER_AHEAD: Advice(
        "The ledger has booked more as paid than was transferred.",
        "Look at the payment's attempts and at the brand's account: was it paid? If not, the "
        "creator still waits for the money. This is a fault of ours: please report it.",
    ),
    Code.STATUS: Advice(
        "The payment's row and the ledger disagree about whether it is paid.",
        "Trust neither: look the payment up on the brand's account. This is a fault of ours or a "
        "row changed by hand: please report it.",
    ),
}
"""Where a bank takes the payment provider's place, and there is no dashboard to look at."""


def advice(code: Code, *, by_bank: bool) -> Advice:
    """What a difference means and what to do, as the brand pays now."""
    return (_BY_BANK.get(code) if by_bank else None) or _ADVICE[code]
