"""What each line of the balance at the provider is."""

from __future__ import annotations

import pytest

from domain.account_matters import MatterCode
from domain.balance_lines import BalanceLine, Explanation, KnownTransfer, fee_of, understand
from tests.builders import NOW

KNOWN = {"tr_1": KnownTransfer("pay_1", 15_000, "EUR")}
E, M = Explanation, MatterCode


def line(kind: str, amount: int, currency: str = "EUR", **more: object) -> BalanceLine:
    return BalanceLine.model_validate(
        {
            "id": "txn_1", "type": kind, "currency": currency, "amount_minor": amount,
            "created_at": NOW, **more,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("each", "meaning"),
    [
        (line("transfer", -15_000, transfer_id="tr_1"), E.PAYMENT),
        (line("transfer", -15_001, transfer_id="tr_1"), M.UNEXPLAINED),
        (line("transfer", -15_000, "USD", transfer_id="tr_1"), M.UNEXPLAINED),
        (line("transfer", -5, transfer_id="tr_9", transfer_group="pay_9"), E.PAYMENT),
        (line("transfer", -5, transfer_id="tr_9", transfer_group="rent"), E.OWN_BUSINESS),
        (line("transfer_refund", 500, transfer_id="tr_1"), E.TAKEN_BACK),
        (line("transfer_refund", 15_500, transfer_id="tr_1"), M.UNEXPLAINED),
        (line("topup", 500), E.TOP_UP),
        (line("topup_reversal", -500), M.TOP_UP_BACK),
        (line("payout", -500, by_itself=True), M.SWEPT),
        (line("payout", -500), E.OWN_BANK),
        (line("payout_failure", 500), E.OWN_BANK),
        (line("stripe_fee", -30), E.FEE),
        (line("charge", 900, fee_minor=30), E.OWN_BUSINESS),
        (line("reserve_hold", -900), M.RESERVE),
        (line("reserve_transaction", -900), M.RESERVE),
        (line("reserved_funds", -900), M.RESERVE),
        (line("connect_collection_transfer", -900), M.COLLECTED),
        (line("adjustment", -900), M.UNEXPLAINED),
        (line("invented_in_2031", 1), M.UNEXPLAINED),
    ],
)
def test_a_line_is_explained_or_somebody_looks_at_it(
    each: BalanceLine, meaning: Explanation | MatterCode
) -> None:
    assert understand(each, KNOWN).meaning is meaning


@pytest.mark.parametrize(
    ("each", "fee"),
    [
        (line("stripe_fee", -30), 30),
        (line("stripe_fee", 12), -12),
        (line("tax_fee", -30, fee_minor=6), 36),
        (line("topup", 500, fee_minor=5), 5),
        (line("charge", 900, fee_minor=30), 0),
        (line("transfer", -15_000, transfer_id="tr_1"), 0),
    ],
)
def test_what_the_provider_took_is_told_apart(each: BalanceLine, fee: int) -> None:
    assert fee_of(each, understand(each, KNOWN).meaning) == fee
