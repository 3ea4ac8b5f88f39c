"""What can be the matter with the brand's own account at the provider: money that is not as it was.

It belongs to no campaign and to no payment. Each matter says what it means and what a person does
about it, once, for everybody who shows it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class MatterCode(StrEnum):
    """What finance has to look at."""

    CONNECT_RESERVED = "connect_reserved"  # held back: creators' accounts are below zero
    RESERVE = "reserve"  # held back, or given free again, for other reasons
    COLLECTED = "collected"  # taken for good for an account below zero
    TOP_UP_BACK = "top_up_back"  # a top-up was taken back
    SWEPT = "swept"  # paid out to the brand's own bank by itself
    WAITING_FUNDS = "waiting_funds"  # payments wait for money at the provider
    PAUSED = "paused"  # the brand itself has paused creators' accounts
    BANK_SAID = "bank_said"  # lines of the bank that do not fit the payments they are about
    UNEXPLAINED = "unexplained"  # nobody here knows why the balance changed


class Matter(NamedTuple):
    """What is said of a matter."""

    title: str
    """As the inbox says it, verb first; an amount follows."""
    means: str
    to_do: str
    by_itself: bool = False
    """It is over when it is not so any more, and not because somebody says so."""


MATTERS: dict[MatterCode, Matter] = {
    MatterCode.CONNECT_RESERVED: Matter(
        "See to what Stripe holds back for creators' accounts below zero",
        "Accounts of creators are below zero, and the platform is liable for them. Stripe keeps as "
        "much of your balance back; it cannot be used, and Stripe takes it for good if an account "
        "stays below zero for 180 days.",
        "Find in Stripe's dashboard, under Connect, which accounts are below zero and why: mostly "
        "a transfer was reversed after the money had gone to the bank. The next payment to such an "
        "account fills it up by itself. If none comes, ask the creator to send the money back; if "
        "you give it up, top the account up in the dashboard. Keep as much more money at Stripe "
        "as is held back, or payments wait.",
    ),
    MatterCode.RESERVE: Matter(
        "See why Stripe changed its reserve on your balance",
        "Stripe holds a part of your balance back as a reserve, or lets a part of it go again. "
        "What is held back cannot be sent to creators.",
        "Read in Stripe's dashboard, under Balances, why and until when. Top up what the payments "
        "of the next days need, which the payments page shows, and ask Stripe if the reason is "
        "not there.",
    ),
    MatterCode.COLLECTED: Matter(
        "Book what Stripe took for a creator's account below zero",
        "A creator's account stayed below zero, and Stripe has taken the money from your balance "
        "for good: you are liable for these accounts.",
        "Find the account in Stripe's dashboard, by the line's id. Ask the creator for the money, "
        "or book it as a loss; Troupe's books do not have it as a payment.",
    ),
    MatterCode.TOP_UP_BACK: Matter(
        "See why a top-up of your balance was taken back",
        "Money that you had sent to Stripe was taken back, so it is missing for payments.",
        "Ask your bank why (a returned debit, mostly) and top up again, before payments wait for "
        "money.",
    ),
    MatterCode.SWEPT: Matter(
        "Stop Stripe from paying out what creators are to get",
        "Stripe has paid your balance out to your own bank by itself, and payments will wait for "
        "money.",
        "Set payouts to manual in Stripe's dashboard, under Settings, Payouts, and top the balance "
        "up with what the payments page says is missing.",
    ),
    MatterCode.WAITING_FUNDS: Matter(
        "Top up your balance at Stripe: payments wait for money",
        "Stripe has refused released payments, since the balance does not cover them. They are on "
        "hold, and each is tried again as soon as the money is there.",
        "Send at least this sum to your balance in Stripe's dashboard, under Balances, Top up. The "
        "payments page says what else is due within 30 days. If money should be there, see whether "
        "automatic payouts to your own bank are switched on, and switch them off.",
        by_itself=True,
    ),
    MatterCode.PAUSED: Matter(
        "Resume the accounts of creators that somebody paused at Stripe",
        "Somebody at the brand has paused accounts of creators in Stripe's dashboard. What is due "
        "to them is held and not lost: nothing more is sent, and payouts to their banks that were "
        "on the way are canceled by Stripe after ten days at most; that money is in their "
        "accounts. The creators can do nothing about it, and are asked for nothing.",
        "Find in Stripe's dashboard, under Connect, which accounts are paused, who did it and why. "
        "Resume them there, or put the payments on hold here if they are not to be made. The "
        "payments page names the creators. Do not pay them by other ways meanwhile.",
        by_itself=True,
    ),
    MatterCode.BANK_SAID: Matter(
        "Look up at your bank what does not fit your payments",
        "Lines of the bank's answers or statements bear references of payments and do not fit "
        "them: booked or returned a second time, another amount, the opposite of what was said "
        "before, a payment that was in no file, or a reference that nobody here knows. Nothing "
        "was changed by them.",
        "Look each line up in the account. If money went twice or to nobody you know, have it "
        "back by the bank, or ask the creator for it with a claim. If the bank was wrong, have it "
        "say so in another file. Do not pay any of these payments again before you know.",
    ),
    MatterCode.UNEXPLAINED: Matter(
        "Find out why your balance at Stripe changed",
        "The balance has changed in a way that is neither a payment of Troupe's, nor taken back "
        "from one, nor a top-up, nor a fee.",
        "Look the lines up in Stripe's dashboard by their ids. Ask Stripe's support if they say "
        "nothing there, and tell bookkeeping: these lines are in none of Troupe's files.",
    ),
}
"""Every code has its words; `tests/domain` makes sure of it."""
