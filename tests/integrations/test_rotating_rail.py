"""Keys of Stripe that are exchanged while payments go on, with the real client and the stand-in."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ConfigurationError, RailStopped
from domain.messages import TransferOutcome
from integrations import stripe_keys
from integrations.rotating_rail import RotatingRail
from integrations.secret_source import SecretSource, mark_of
from local.doctor_stripe import check_stripe
from local.findings import Status
from local.stripe_standin.shapes import OWN_ACCOUNT
from tests.fixtures.stripe import KEY, StripeStandIn, eventually

ANOTHER = "rk_test_of_tomorrow"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_keys, "_BETWEEN_LOOKS_SECONDS", 0.01)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stripe_key"


def over(file: Path, standin: StripeStandIn | None = None, **more: Any) -> RotatingRail:
    return RotatingRail(
        SecretSource("TROUPE_STRIPE_KEY", file=file),
        api_base=standin.base if standin else "",
        max_network_retries=0,
        **more,
    )


def write(file: Path, content: str | bytes) -> None:
    file.write_bytes(content.encode() if isinstance(content, str) else content)


async def test_calls_with_the_old_key_end_with_it_while_others_use_the_new_one(
    file: Path, stripe_standin: StripeStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    write(file, f"{KEY}\n")
    rail = over(file, stripe_standin)
    account = (await rail.ensure_recipient("cre_rotating", "DE", "", None)).account_id
    stripe_standin.onboard(account)
    stripe_standin.order_fault("slow", seconds=0.4)
    before = len(stripe_standin.requests("/v1/transfers"))
    sending = asyncio.create_task(
        rail.transfer(account, 100, "EUR", "key-rotating", "pay_rotating", {"attempt": "1"})
    )
    await eventually(lambda: len(stripe_standin.requests("/v1/transfers")) > before)
    try:
        stripe_standin.roll_key(ANOTHER)
        write(file, ANOTHER)
        assert "EUR" in await rail.balance()
        [old] = rail._writer._old
        assert not sending.done()
        assert (await sending).outcome is TransferOutcome.TRANSFERRED
        assert rail._writer._old == []
        assert old.rail._http._client_async.is_closed
        assert "EUR" in await rail.balance()
    finally:
        stripe_standin.roll_key(KEY)
        await rail.close()
    assert KEY not in caplog.text
    assert ANOTHER not in caplog.text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "is not there"),
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"sk_te", "is no Stripe key"),
        (b"key=sk_test_abc", "is no Stripe key"),
        (b"\xff\xfe", "is not text"),
        (b"sk_test_" + b"x" * 5000, "too long"),
    ],
)
async def test_a_file_without_a_key_stops_calls_until_it_holds_one(
    file: Path, stripe_standin: StripeStandIn, content: bytes | None, why: str
) -> None:
    if content is not None:
        write(file, content)
    rail = over(file, stripe_standin)
    with pytest.raises(RailStopped, match=why) as stopped:
        await rail.balance()
    assert (stopped.value.key_mark,) == rail.key_marks
    assert await rail.credited("acct_1", "tr_1") is None, "a paid payment does not wait for it"
    write(file, KEY)
    assert "EUR" in await rail.balance()
    assert rail.key_marks == (mark_of(KEY),)
    await rail.close()


async def test_a_key_that_is_being_written_is_waited_for(
    file: Path, stripe_standin: StripeStandIn
) -> None:
    write(file, KEY[:12])
    rail = over(file, stripe_standin)
    reading = asyncio.create_task(rail.balance())
    await asyncio.sleep(0)
    write(file, KEY)
    assert "EUR" in await reading
    await rail.close()


async def test_no_key_of_the_other_mode_is_ever_used(
    file: Path, stripe_standin: StripeStandIn
) -> None:
    """A test key would find no creator's account, and each would be taken for gone."""
    write(file, "rk_live_1")
    with pytest.raises(ConfigurationError, match="stand-in"):
        over(file, stripe_standin)
    with pytest.raises(ConfigurationError, match="this is a live key"):
        over(file, mode="test")
    rail = over(file)
    assert rail.live
    write(file, "sk_test_1")
    with pytest.raises(RailStopped, match="this is a test key, and payments are made in live"):
        await rail.balance()
    write(file, KEY)
    beside = over(file, stripe_standin)
    assert not beside.live
    write(file, "sk_live_1")
    with pytest.raises(RailStopped, match="a live Stripe key must not be sent to a stand-in"):
        await beside.balance()
    unknown = over(file.with_name("none"))
    with pytest.raises(RailStopped, match="is not there"):
        _ = unknown.live


async def test_one_key_may_look_and_another_one_pay(
    file: Path, stripe_standin: StripeStandIn
) -> None:
    reader = file.with_name("reader")
    write(reader, "rk_test_reader")
    write(file, KEY)
    rail = RotatingRail(
        SecretSource("TROUPE_STRIPE_KEY", file=file),
        SecretSource("TROUPE_STRIPE_READER_KEY", file=reader),
        api_base=stripe_standin.base,
        max_network_retries=0,
    )
    made = await rail.ensure_recipient("cre_two_keys", "DE", "", None)
    with pytest.raises(RailStopped) as refused:
        await rail.recipient_state(made.account_id)
    assert refused.value.key_mark == mark_of("rk_test_reader") == rail.key_marks[1]
    write(reader, KEY)
    assert (await rail.recipient_state(made.account_id)).account_id == made.account_id
    write(file, "rk_test_writer")
    with pytest.raises(RailStopped) as refused:
        await rail.probe()
    assert refused.value.key_mark == mark_of("rk_test_writer") == rail.key_marks[0]
    await rail.close()


def test_a_secret_is_not_shown_with_its_source(file: Path) -> None:
    write(file, KEY)
    assert KEY not in repr(SecretSource("TROUPE_STRIPE_KEY", KEY))
    assert KEY not in repr(over(file).__dict__)


async def test_the_doctor_says_where_the_stripe_key_is_and_what_is_wrong_with_it(
    stripe_standin: StripeStandIn, file: Path
) -> None:
    environment = {
        "TROUPE_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none",
        "TROUPE_SECRET_KEY": "a secret that is only used in this test",
        "TROUPE_STRIPE_API_BASE": stripe_standin.base,
        "TROUPE_STRIPE_KEY_FILE": str(file),
    }

    async def found(key: str | None = None) -> tuple[Status, str]:
        if key is not None:
            write(file, key)
        finding = await check_stripe(environment)
        assert not key or key not in finding.message
        return finding.status, finding.message

    where = f"TROUPE_STRIPE_KEY_FILE ({file})"
    assert await found() == (Status.FAULT, f"{where}: the file is not there")
    assert await found("sk_live_1") == (
        Status.FAULT, f"{where}: a live Stripe key must not be sent to a stand-in"
    )  # fmt: skip
    assert await found("sk_test_1") == (Status.FAULT, f"Stripe refuses the key in {where}")
    status, message = await found(stripe_standin.key)
    assert (status, message.endswith(f"; the key in {where} is a test key of {OWN_ACCOUNT}")) == (
        Status.OK,
        True,
    )
