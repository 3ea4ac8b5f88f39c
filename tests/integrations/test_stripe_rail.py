"""The unmodified Stripe client and our adapter against the stand-in, fault by fault."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import stripe

from domain.errors import ConfigurationError, ContentConflict, RailStopped, Unavailable
from domain.messages import TransferOutcome
from integrations.stripe_errors import transfer_result
from integrations.stripe_rail import API_VERSION, StripeRail
from integrations.stripe_webhooks import verify_webhook
from tests.fixtures.stripe import WEBHOOK_SECRET, Mailbox, StripeStandIn, eventually

T = TransferOutcome


def payout_id() -> str:
    return f"pay_{secrets.token_hex(8)}"


async def onboarded(standin: StripeStandIn, rail: StripeRail) -> str:
    creator = f"cre_{secrets.token_hex(8)}"
    made = await rail.ensure_recipient(creator, "DE", "someone@creators.example", None)
    standin.onboard(made.account_id)
    return made.account_id


async def send(
    rail: StripeRail, account: str, payout: str, attempt: int = 1, amount: int = 12_300
) -> tuple[TransferOutcome, str]:
    result = await rail.transfer(
        account, amount, "EUR", f"payout:{payout}:transfer:{attempt}", payout,
        {"payout": payout, "attempt": str(attempt)},
    )  # fmt: skip
    return result.outcome, result.code or result.transfer_id


def made(standin: StripeStandIn, payout: str) -> list[str]:
    return [each["id"] for each in standin.transfers() if each["transfer_group"] == payout]


async def test_a_new_recipient_cannot_be_paid_before_onboarding(
    stripe_standin: StripeStandIn,
) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    recipient = await rail.ensure_recipient(f"cre_{payout}", "FR", "a@creators.example", None)
    assert recipient.status == "pending"
    assert recipient.requirements
    assert await send(rail, recipient.account_id, payout) == (
        T.NOT_ONBOARDED, "insufficient_capabilities_for_transfer",
    )  # fmt: skip
    stripe_standin.onboard(recipient.account_id)
    assert (await rail.recipient_state(recipient.account_id)).status == "active"
    assert (await send(rail, recipient.account_id, payout, attempt=2))[0] is T.TRANSFERRED


async def test_asking_twice_makes_one_account(stripe_standin: StripeStandIn) -> None:
    rail, creator = stripe_standin.rail(), f"cre_{payout_id()}"
    first = await rail.ensure_recipient(creator, "DE", "b@creators.example", None)
    again = await rail.ensure_recipient(creator, "DE", "b@creators.example", None)
    known = await rail.ensure_recipient(creator, "DE", "new@creators.example", first.account_id)
    assert first.account_id == again.account_id == known.account_id


async def test_a_closed_account_is_replaced_and_a_restricted_one_is_not(
    stripe_standin: StripeStandIn,
) -> None:
    rail = stripe_standin.rail()
    account = await onboarded(stripe_standin, rail)
    stripe_standin.restrict(account)
    assert (await rail.recipient_state(account)).status == "restricted"
    assert (await rail.ensure_recipient("cre_x", "DE", "", account)).account_id == account
    stripe_standin.close_account(account)
    assert (await rail.recipient_state(account)).requirements == ("account_gone",)
    replaced = await rail.ensure_recipient("cre_x", "DE", "", account)
    assert replaced.account_id != account


async def test_a_creator_finishes_onboarding_in_the_browser_once(
    stripe_standin: StripeStandIn,
) -> None:
    rail = stripe_standin.rail()
    recipient = await rail.ensure_recipient(f"cre_{payout_id()}", "DE", "", None)
    link = await rail.onboarding_link(
        recipient.account_id, "http://127.0.0.1:1/back", "http://127.0.0.1:1/again"
    )
    assert link.expires_at > datetime.now(UTC)
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(link.url)
        assert "simulated – not Stripe" in page.text
        session = page.text.split('name="session" value="')[1].split('"')[0]
        form = {"session": session, "choice": "finish"}
        again = await browser.get(link.url)
        assert again.headers["location"].endswith("/again")
        guessed = await browser.post(link.url, data=form | {"session": "guessed"})
        assert guessed.status_code == 403
        finished = await browser.post(link.url, data=form)
        assert finished.headers["location"].endswith("/back")
        assert (await browser.post(link.url, data=form)).status_code == 404
    assert (await rail.recipient_state(recipient.account_id)).status == "active"


async def test_leaving_the_onboarding_page_leaves_the_account_pending(
    stripe_standin: StripeStandIn,
) -> None:
    rail = stripe_standin.rail()
    recipient = await rail.ensure_recipient(f"cre_{payout_id()}", "DE", "", None)
    link = await rail.onboarding_link(recipient.account_id, "http://a.example", "http://b.example")
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(link.url)
        session = page.text.split('name="session" value="')[1].split('"')[0]
        await browser.post(link.url, data={"session": session, "choice": "leave"})
    assert (await rail.recipient_state(recipient.account_id)).status == "pending"


async def test_a_transfer_moves_the_money_and_can_be_found(stripe_standin: StripeStandIn) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    account = await onboarded(stripe_standin, rail)
    before = (await rail.balance())["EUR"].available
    outcome, transfer_id = await send(rail, account, payout)
    assert outcome is T.TRANSFERRED
    assert (await rail.balance())["EUR"].available == before - 12_300
    (found,) = await rail.find_transfers(payout)
    assert (found.id, found.account_id, found.attempt) == (transfer_id, account, "1")
    assert (found.amount_minor, found.currency) == (12_300, "EUR")
    assert await rail.read_transfer(transfer_id) == found
    assert await rail.read_transfer("tr_unknown") is None
    assert found in await rail.transfers_between(datetime.now(UTC) - timedelta(minutes=1), None)


async def test_long_lists_are_read_to_their_end(stripe_standin: StripeStandIn) -> None:
    rail, since = stripe_standin.rail(), datetime.now(UTC) - timedelta(seconds=1)
    account = await onboarded(stripe_standin, rail)
    payouts = [payout_id() for _ in range(120)]
    for payout in payouts:
        await send(rail, account, payout)
    listed = {each.transfer_group for each in await rail.transfers_between(since, None)}
    assert set(payouts) <= listed


async def test_the_same_key_moves_the_money_once(stripe_standin: StripeStandIn) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    account = await onboarded(stripe_standin, rail)
    assert await send(rail, account, payout) == await send(rail, account, payout)
    assert len(made(stripe_standin, payout)) == 1


async def test_the_same_key_with_another_amount_is_our_fault(stripe_standin: StripeStandIn) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    account = await onboarded(stripe_standin, rail)
    await send(rail, account, payout)
    with pytest.raises(ContentConflict):
        await send(rail, account, payout, amount=1)
    assert len(made(stripe_standin, payout)) == 1


async def test_missing_funds_are_remembered_under_the_key(stripe_standin: StripeStandIn) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    account = await onboarded(stripe_standin, rail)
    stripe_standin.set_balance("eur", 100)
    refused = (T.WAITING_FUNDS, "balance_insufficient")
    assert await send(rail, account, payout) == refused
    stripe_standin.top_up("eur", 1_000_000)
    assert await send(rail, account, payout) == refused
    assert (await send(rail, account, payout, attempt=2))[0] is T.TRANSFERRED


async def test_an_account_that_is_gone_is_asked_for_anew(stripe_standin: StripeStandIn) -> None:
    rail = stripe_standin.rail()
    refused = (T.NOT_ONBOARDED, "account_gone")
    assert await send(rail, "acct_nobody", payout_id()) == refused


@pytest.mark.parametrize("fault", ["429", "409", "lock_timeout"])
async def test_busy_answers_mean_the_same_key_again(
    stripe_standin: StripeStandIn, fault: str
) -> None:
    rail, payout = stripe_standin.rail(max_network_retries=0), payout_id()
    account = await onboarded(stripe_standin, rail)
    stripe_standin.order_fault(fault)
    with pytest.raises(Unavailable):
        await send(rail, account, payout)
    assert (await send(rail, account, payout))[0] is T.TRANSFERRED
    assert len(made(stripe_standin, payout)) == 1


@pytest.mark.parametrize("fault", ["409", "lock_timeout", "drop_before", "drop_after"])
async def test_the_client_itself_retries_with_the_same_key(
    stripe_standin: StripeStandIn, fault: str
) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    account = await onboarded(stripe_standin, rail)
    stripe_standin.order_fault(fault)
    assert (await send(rail, account, payout))[0] is T.TRANSFERRED
    assert len(made(stripe_standin, payout)) == 1


@pytest.mark.parametrize("fault", ["401", "403"])
async def test_a_refused_key_stops_the_rail(stripe_standin: StripeStandIn, fault: str) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    account = await onboarded(stripe_standin, rail)
    stripe_standin.order_fault(fault)
    with pytest.raises(RailStopped):
        await send(rail, account, payout)
    assert made(stripe_standin, payout) == []


async def test_a_wrong_key_stops_the_rail(stripe_standin: StripeStandIn) -> None:
    rail = StripeRail("sk_test_wrong", api_base=stripe_standin.base)
    with pytest.raises(RailStopped):
        await rail.balance()


@pytest.mark.parametrize(
    ("fault", "exists"),
    [
        ("500_before", 0), ("500_after", 1), ("drop_before", 0), ("drop_after", 1),
        ("slow_after", 1),
    ],
)  # fmt: skip
async def test_an_unclear_answer_is_in_doubt_and_can_be_looked_up(
    stripe_standin: StripeStandIn, fault: str, exists: int
) -> None:
    rail = stripe_standin.rail(max_network_retries=0, timeout_seconds=0.5)
    payout = payout_id()
    account = await onboarded(stripe_standin, rail)
    stripe_standin.order_fault(fault, seconds=1.0)
    assert (await send(rail, account, payout))[0] is T.IN_DOUBT
    assert len(await rail.find_transfers(payout)) == exists


async def test_an_internal_error_is_replayed_although_the_transfer_exists(
    stripe_standin: StripeStandIn,
) -> None:
    rail, payout = stripe_standin.rail(), payout_id()
    account = await onboarded(stripe_standin, rail)
    stripe_standin.order_fault("500_after")
    assert (await send(rail, account, payout))[0] is T.IN_DOUBT
    assert (await send(rail, account, payout))[0] is T.IN_DOUBT
    assert len(made(stripe_standin, payout)) == 1


async def test_nothing_but_json_from_stripe_is_believed_as_a_refusal() -> None:
    error = stripe.APIError("unreadable", http_body="<html>", http_status=200)
    assert transfer_result(error).outcome is T.IN_DOUBT
    proxy = stripe.APIError("unreadable", http_body="<html>", http_status=400)
    assert transfer_result(proxy).outcome is T.IN_DOUBT


async def test_reading_is_tried_again_later(stripe_standin: StripeStandIn) -> None:
    rail = stripe_standin.rail(max_network_retries=0)
    for fault in ("500_before", "drop_before", "429"):
        stripe_standin.order_fault(fault, path="/v1/balance")
        with pytest.raises(Unavailable):
            await rail.balance()
    assert await rail.balance()


async def test_the_client_is_pinned_and_reports_nothing(stripe_standin: StripeStandIn) -> None:
    stripe_standin.rail()
    assert stripe.enable_telemetry is False
    assert stripe.api_version == API_VERSION, "the library's version moved: read its changelog"


async def test_a_live_key_is_never_sent_to_a_stand_in() -> None:
    with pytest.raises(ConfigurationError):
        StripeRail("sk_live_abc", api_base="http://127.0.0.1:1")
    with pytest.raises(ConfigurationError):
        StripeRail("")
    assert StripeRail("rk_live_abc").live


async def test_a_killed_stand_in_remembers_transfers_and_keys(
    own_stripe_standin: StripeStandIn,
) -> None:
    rail, payout = own_stripe_standin.rail(), payout_id()
    account = await onboarded(own_stripe_standin, rail)
    first = await send(rail, account, payout)
    own_stripe_standin.kill_and_restart()
    assert await send(rail, account, payout) == first
    assert made(own_stripe_standin, payout) == [first[1]]


async def test_a_stand_in_forgets_everything_once_all_is_answered(
    own_stripe_standin: StripeStandIn,
) -> None:
    rail, url = own_stripe_standin.rail(), own_stripe_standin.webhook_url
    account = await onboarded(own_stripe_standin, rail)
    own_stripe_standin.order_fault("slow_after", seconds=0.4)
    under_way = asyncio.create_task(send(rail, account, payout_id()))
    await eventually(lambda: own_stripe_standin.transfers() != [])
    assert not own_stripe_standin.forget(url)
    await under_way
    own_stripe_standin.roll_key("sk_test_another", "acct_another")
    assert own_stripe_standin.forget(url)
    assert (own_stripe_standin.transfers(), own_stripe_standin.accounts()) == ([], [])
    assert own_stripe_standin.events() == []
    assert (await own_stripe_standin.rail().own_account()) != "acct_another"


async def test_keys_expire(
    own_stripe_standin: StripeStandIn,
) -> None:
    own_stripe_standin.stop()
    own_stripe_standin.more_options = ("--key-hours", "0.0001")
    own_stripe_standin.start()
    rail, payout = own_stripe_standin.rail(), payout_id()
    account = await onboarded(own_stripe_standin, rail)
    first = await send(rail, account, payout)
    ended = time.time() + 0.5
    await eventually(lambda: time.time() > ended)
    assert await send(rail, account, payout) != first
    assert len(made(own_stripe_standin, payout)) == 2


async def test_webhooks_are_signed_and_come_again_until_they_are_accepted(
    own_stripe_standin: StripeStandIn, webhook_mailbox: Mailbox
) -> None:
    webhook_mailbox.status = 503
    rail, payout = own_stripe_standin.rail(), payout_id()
    account = await onboarded(own_stripe_standin, rail)
    _, transfer_id = await send(rail, account, payout)
    await eventually(lambda: all(event["tries"] for event in own_stripe_standin.events()))
    own_stripe_standin.kill_and_restart()
    webhook_mailbox.status = 200
    await eventually(lambda: all(each["delivered_at"] for each in own_stripe_standin.events()))
    events = [
        verify_webhook(body, header, [WEBHOOK_SECRET]) for body, header in webhook_mailbox.received
    ]
    kinds = {event.type: event for event in events}
    assert kinds["transfer.created"].object_id == transfer_id
    assert kinds["transfer.created"].transfer_group == payout
    updated = kinds["v2.core.account[configuration.recipient].capability_status_updated"]
    assert updated.thin
    assert updated.account == account


async def test_the_library_reads_our_events_too(
    own_stripe_standin: StripeStandIn, webhook_mailbox: Mailbox
) -> None:
    rail = own_stripe_standin.rail()
    account = await onboarded(own_stripe_standin, rail)
    await send(rail, account, payout_id())
    await eventually(lambda: len(webhook_mailbox.received) == 3)
    client = stripe.StripeClient("sk_test_of_the_tests")
    types = set()
    for body, header in webhook_mailbox.received:
        if b'"v2.core.event"' in body:
            notice = client.parse_event_notification(body, header, WEBHOOK_SECRET)
            types.add(type(notice).__name__)
        else:
            types.add(type(client.construct_event(body, header, WEBHOOK_SECRET)).__name__)
    assert types == {
        "Event",
        "V2CoreAccountIncludingRequirementsUpdatedEventNotification",
        "V2CoreAccountIncludingConfigurationRecipientCapabilityStatusUpdatedEventNotification",
    }


async def test_the_overview_says_that_it_is_not_stripe(stripe_standin: StripeStandIn) -> None:
    await onboarded(stripe_standin, stripe_standin.rail())
    page = stripe_standin.http.get("/").text
    assert "simulated – not Stripe" in page
    assert "acct_" in page
