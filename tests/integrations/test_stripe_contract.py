"""What the adapter sends and the stand-in answers, against Stripe's own specification."""

from __future__ import annotations

import contextlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from domain.errors import KeyMayNot, TroupeError
from domain.messages import TransferOutcome
from domain.payments import Credited
from integrations.stripe_rail import API_VERSION, StripeRail
from local.stripe_standin import shapes
from tests.fixtures.stripe import KEY, StripeStandIn
from tests.stripe_spec import (
    Contract,
    faults,
    operation,
    specification,
    typed,
    unflattened,
    without_nulls,
)

SPECIFICATION = "2026-05-27.dahlia"

DIFFERENCES = (
    # The specification still wants it; the library's version has no such field.
    ("POST /v2/core/account_links", "use_case/account_onboarding", '"configurations" is a req'),
)
"""What differs between the specification's version and the library's, where Troupe touches it.

Besides: v2 answers null for what is not there, and `requirements.alternatives` is new.
"""

USED = {
    "POST /v2/core/accounts", "GET /v2/core/accounts/{id}", "POST /v2/core/account_links",
    "POST /v1/transfers", "GET /v1/transfers", "GET /v1/transfers/{transfer}", "GET /v1/balance",
    "GET /v1/events", "GET /v1/accounts/{account}", "GET /v1/payouts/{payout}",
    "GET /v1/balance_transactions", "GET /v1/charges/{charge}", "GET /v1/account",
}  # fmt: skip


def known(fault: str) -> bool:
    return any(all(part in fault for part in difference) for difference in DIFFERENCES)


@pytest.fixture
def contract() -> Contract:
    return Contract()


@pytest.fixture
def rail(stripe_standin: StripeStandIn, contract: Contract) -> StripeRail:
    rail = stripe_standin.rail(max_network_retries=0)
    contract.watch(rail._http)
    return rail


def test_the_versions_that_are_compared_are_these() -> None:
    """If one of them moves, look through `DIFFERENCES` again."""
    assert specification()["info"]["version"] == SPECIFICATION
    assert stripe.api_version == API_VERSION == shapes.API_VERSION == "2026-10-28.endive"


async def _everything(rail: StripeRail, standin: StripeStandIn) -> None:
    """Every call of the adapter, answered well and refused."""
    assert await rail.own_account() == shapes.OWN_ACCOUNT
    standin.order_fault("403", "/v1/account")
    with pytest.raises(KeyMayNot):
        await rail.own_account()
    made = await rail.ensure_recipient("cre_contract", "DE", "a@b.example", None)
    account = made.account_id
    await rail.onboarding_link(account, "https://a.example/back", "https://a.example/again")
    await _refused(rail.transfer(account, 5, "EUR", "early", "pay_contract", {}))
    standin.onboard(account)
    assert (await rail.recipient_state(account)).status == "active"
    sent = await rail.transfer(
        account,
        1_200,
        "EUR",
        secrets.token_hex(4),
        "pay_contract",
        {"payout": "pay_contract", "attempt": "1"},
    )
    assert sent.outcome is TransferOutcome.TRANSFERRED
    await rail.read_transfer(sent.transfer_id)
    await rail.read_transfer("tr_nobody")
    assert await rail.credited(account, sent.transfer_id) == Credited(
        amount_minor=1_200, currency="EUR"
    )
    assert await rail.credited("acct_nobody", sent.transfer_id) is None
    await rail.find_transfers("pay_contract")
    now = datetime.now(UTC)
    await rail.transfers_between(now - timedelta(days=1), now + timedelta(days=1))
    await rail.transfers_between(None, None)
    standin.set_balance("eur", -700, "acct_below_zero")
    assert (await rail.balance())["EUR"].reserved == 700
    standin.add_line("stripe_fee", -35)
    standin.add_line("payout", -100)
    standin.top_up("eur", 500)
    standin.reverse(sent.transfer_id, 200)
    types = {
        line.type async for page in rail.balance_lines(now - timedelta(days=1)) for line in page
    }
    assert types >= {"stripe_fee", "payout", "topup", "transfer", "transfer_refund"}
    standin.set_balance("eur", 0, "acct_below_zero")
    assert await rail.events_since(now - timedelta(days=1))
    first = standin.pay_out(account)
    standin.fail_payout(first)
    paid_out = await rail.bank_payout(account, standin.pay_out(account))
    assert paid_out is not None
    assert (paid_out.transfers, paid_out.earlier) == ((sent.transfer_id,), (first,))
    assert await rail.bank_payout(account, "po_nobody") is None
    await rail.recipient_state("acct_nobody")
    await _refused(rail.onboarding_link("acct_nobody", "https://a.example", "https://a.example"))
    await _refused(rail.transfer(account, 10**11, "EUR", "too much", "pay_contract", {}))
    for kind in ("429", "lock_timeout", "409", "500_before", "401", "403"):
        standin.order_fault(kind)
        await _refused(rail.transfer(account, 5, "EUR", f"fault {kind}", "pay_contract", {}))
    standin.set_payouts(account, "paused")
    assert (await rail.recipient_state(account)).status == "paused"
    standin.set_payouts(account, "active")
    standin.restrict(account)
    assert (await rail.recipient_state(account)).status == "restricted"


async def _refused(call: Any) -> None:
    with contextlib.suppress(TroupeError):
        assert (await call).outcome is not TransferOutcome.TRANSFERRED


async def test_every_request_and_every_answer_is_as_stripe_specifies_it(
    rail: StripeRail, stripe_standin: StripeStandIn, contract: Contract
) -> None:
    await _everything(rail, stripe_standin)
    assert contract.seen == USED
    assert [fault for fault in contract.faults if not known(fault)] == []


async def test_every_known_difference_is_still_one(
    rail: StripeRail, stripe_standin: StripeStandIn, contract: Contract
) -> None:
    await _everything(rail, stripe_standin)
    for difference in DIFFERENCES:
        assert any(all(part in each for part in difference) for each in contract.faults)


def test_v2_answers_null_where_the_specification_says_nothing() -> None:
    account = shapes.account({"metadata": {}}, 0)
    found = operation("GET", "/v2/core/accounts/acct_1")
    assert found is not None
    schema = found[1]["responses"]["200"]["content"]["application/json"]["schema"]
    shown = shapes.shown(account, ["configuration.recipient", "requirements"])
    assert any("null is not of type" in fault for fault in faults(schema, shown))
    assert faults(schema, without_nulls(shown)) == []
    shown["requirements"]["alternatives"] = []
    assert any("alternatives" in fault for fault in faults(schema, without_nulls(shown)))
    assert "alternatives" in stripe.v2.core.Account.Requirements.__annotations__


def test_every_event_of_the_stand_in_is_as_stripe_specifies_it(
    stripe_standin: StripeStandIn,
) -> None:
    stripe_standin.top_up("eur", 5)
    headers = {"Authorization": f"Bearer {KEY}", "Stripe-Version": API_VERSION}
    contract, kinds = Contract(), set()
    for each in stripe_standin.events():
        version = "v2/core" if each["type"].startswith("v2.") else "v1"
        url = f"/{version}/events/{each['id']}"
        answer = stripe_standin.http.get(url, headers=headers)
        contract.look("GET", url, None, answer.status_code, answer.content)
        kinds.add(each["type"])
    assert contract.faults == []
    assert "balance.available" in kinds


# --- the check notices what it is there for ------------------------------------------------

TRANSFER = "amount=5&currency=eur&destination=acct_1&metadata[payout]=pay_1"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (TRANSFER, ""),
        (f"{TRANSFER}&gold=1", "gold"),
        ("amount=5&currency=eur", "destination"),
        (TRANSFER.replace("=5", "=five"), "amount"),
        (TRANSFER.replace("=5", "=5.5"), "amount"),
        (f"{TRANSFER}&source_type=gold", "source_type"),
        (f"{TRANSFER}&metadata[a][b]=c", "metadata"),
    ],
)
def test_an_unknown_missing_or_mistyped_field_is_noticed(form: str, said: str) -> None:
    contract = Contract()
    contract.look("POST", "https://api.example/v1/transfers", form, 401, _error())
    assert bool(contract.faults) == bool(said)
    assert all(said in fault for fault in contract.faults)


def test_an_unknown_operation_query_or_field_of_an_answer_is_noticed() -> None:
    contract = Contract()
    contract.look("POST", "https://api.example/v1/transferz", "", 200, b"{}")
    contract.look("GET", "https://api.example/v1/balance?gold=1", None, 401, _error())
    answer = b'{"object": "balance", "gold": 1, "livemode": false, "available": [], "pending": []}'
    contract.look("GET", "https://api.example/v1/balance", None, 200, answer)
    wrong, query, field = contract.faults
    assert "no such operation" in wrong
    assert "gold" in query
    assert "gold" in field


def test_a_form_gets_the_types_of_its_schema() -> None:
    found = operation("GET", "/v1/transfers")
    assert found is not None
    created = next(each for each in found[1]["parameters"] if each["name"] == "created")["schema"]
    value = typed(created, unflattened("created[gte]=5")["created"])
    assert (value, faults(created, value)) == ({"gte": 5}, [])


def _error() -> bytes:
    return json.dumps({"error": {"type": "invalid_request_error", "message": "no"}}).encode()
