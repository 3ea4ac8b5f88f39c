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


class Matter(NamedTuple):
    """What is said of a matter."""

    title: str
    """As the inbox says it, verb first; an amount follows."""
    means: str
    to_do: str


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
}
"""Every code has its words; `tests/domain` makes sure of it."""
