"""No key of another Stripe account is ever used: a payment in doubt would be made once more."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import worker
from activities.payouts import Payouts
from activities.reconciliation import Reconciliation
from domain.errors import RailStopped, Unavailable, UserMistake
from domain.messages import TransferOutcome
from domain.reconciliation import ReconcileTask
from integrations import stripe_keys
from integrations.rotating_rail import RotatingRail
from integrations.secret_source import SecretSource, mark_of
from local.doctor_stripe import check_stripe
from local.findings import Status
from local.stripe_standin.shapes import OWN_ACCOUNT
from settings import Settings
from store import attempts, rail_accounts, rail_stops
from store.engine import session
from store.rail_accounts import RailAccounts
from store.tables import RailAccount, RailStop
from tests import builders
from tests.activities.test_payouts import Scene
from tests.conftest import Database
from tests.fixtures.stripe import KEY, StripeStandIn

T = TransferOutcome
NEW = "sk_test_of_tomorrow"
OTHERS = "sk_test_of_others"
ANOTHER = "acct_of_others"
OF_ANOTHER = f"a key of the Stripe account {ANOTHER}, and payments are made from {OWN_ACCOUNT}"


class World:
    """A worker whose key is in a file, and two payments."""

    def __init__(self, database: Database, engine: AsyncEngine, standin: StripeStandIn) -> None:
        self.database, self.engine, self.standin = database, engine, standin
        self.file = Path()
        self.reader = Path()

    async def begin(self, folder: Path) -> World:
        self.file, self.reader = folder / "stripe_key", folder / "reader_key"
        self.file.write_text(KEY)
        self.reader.write_text(KEY)
        settings = Settings.from_environment(self.environment())
        self.tools = worker.Tools(settings, self.engine, cast("Client", None))
        self.rail = RotatingRail(
            SecretSource("TROUPE_STRIPE_KEY", file=self.file),
            api_base=self.standin.base,
            accounts=RailAccounts(self.engine),
            max_network_retries=0,
        )
        vars(self.tools)["rail"] = self.rail  # the worker's own, only less patient
        self.first, self.second = [await Scene(self.engine, self.standin).begin() for _ in range(2)]
        for scene in (self.first, self.second):
            scene.payouts = Payouts(
                self.engine, self.rail, "http://127.0.0.1:8000", clock=scene.clock
            )
        return self

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "TROUPE_DATABASE_URL": self.database.app_url,
            "TROUPE_SECRET_KEY": "a secret that is only used in this test",
            "TROUPE_STRIPE_KEY_FILE": str(self.file),
            "TROUPE_STRIPE_API_BASE": self.standin.base,
            **more,
        }

    def change(self, key: str, account: str = "") -> None:
        """Another key is made at Stripe, and written into the file."""
        self.standin.roll_key(key, account)
        self.file.write_text(key)

    def asked(self, path: str = "/v1/account") -> int:
        return len(self.standin.requests(path))

    async def accounts(self) -> list[tuple[str, int, str]]:
        async with session(self.engine) as db:
            rows = await db.scalars(select(RailAccount))
            return [(row.place, row.number, row.account_id) for row in rows]

    async def stop(self) -> RailStop | None:
        async with session(self.engine) as db:
            return await rail_stops.current(db)


@pytest.fixture
async def world(
    database: Database,
    engine: AsyncEngine,
    stripe_standin: StripeStandIn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    monkeypatch.setattr(stripe_keys, "_BETWEEN_LOOKS_SECONDS", 0.01)
    made = await World(database, engine, stripe_standin).begin(tmp_path)
    yield made
    await made.rail.close()
    stripe_standin.roll_key(KEY)


async def test_a_new_key_of_the_same_account_goes_on_and_is_asked_once_whose_it_is(
    world: World,
) -> None:
    before = world.asked()
    assert (await world.first.send()).outcome is T.TRANSFERRED
    assert await world.accounts() == [("stand-in", 1, OWN_ACCOUNT)]
    world.change(NEW)
    sent, _, _ = await asyncio.gather(world.second.send(), world.rail.balance(), world.rail.probe())
    assert sent.outcome is T.TRANSFERRED
    assert world.asked() == before + 2
    assert await world.accounts() == [("stand-in", 1, OWN_ACCOUNT)]


async def test_a_key_of_another_account_stops_payments_and_nothing_in_doubt_is_made_again(
    world: World,
) -> None:
    world.standin.order_fault("drop_after")
    assert (await world.second.send()).outcome is T.IN_DOUBT
    world.second.clock.pass_(seconds=91)
    world.change(OTHERS, ANOTHER)
    before = len(world.standin.requests("/v1/transfers"))
    with pytest.raises(RailStopped, match=OF_ANOTHER):
        await world.second.look_up()
    assert (await world.second.send(2)).outcome is T.IN_DOUBT
    for call in (world.first.send(), world.second.look_up()):
        with pytest.raises(RailStopped):
            await call
    with pytest.raises(RailStopped):
        await world.rail.ensure_recipient("cre_elsewhere", "DE", "", None)
    assert len(world.standin.requests("/v1/transfers")) == before
    stop = await world.stop()
    assert stop is not None
    assert stop.said == f"TROUPE_STRIPE_KEY_FILE ({world.file}): this is {OF_ANOTHER}"
    assert stop.key_mark == mark_of(OTHERS)

    world.change(KEY)
    assert (await world.second.look_up()).outcome is T.TRANSFERRED
    assert (await world.first.send()).outcome is T.TRANSFERRED
    assert await world.stop() is None
    assert (len(world.first.transfers()), len(world.second.transfers())) == (1, 1)


async def test_the_worker_looks_whose_its_keys_are_when_it_starts(world: World) -> None:
    over = asyncio.Event()
    over.set()
    await worker.try_new_keys(world.tools, over)
    assert await world.accounts() == [("stand-in", 1, OWN_ACCOUNT)]
    assert await world.stop() is None
    world.change(OTHERS, ANOTHER)
    await worker.try_new_keys(world.tools, over)
    stop = await world.stop()
    assert stop is not None
    assert OF_ANOTHER in stop.said


@pytest.mark.parametrize("fault", ["429", "500_before", "drop_before"])
async def test_nothing_is_sent_while_stripe_does_not_say_whose_the_key_is(
    world: World, fault: str
) -> None:
    world.standin.order_fault(fault, "/v1/account", count=2)
    with pytest.raises(Unavailable):
        await world.first.send()
    assert world.first.transfers() == []
    assert await world.stop() is None
    assert await world.rail.credited("acct_1", "tr_1") is None, "a paid payment does not wait"
    assert (await world.first.send()).outcome is T.TRANSFERRED


async def test_a_key_that_may_not_say_whose_it_is_stops_payments(world: World) -> None:
    world.standin.order_fault("403", "/v1/account")
    with pytest.raises(RailStopped, match="say of which account it is") as stopped:
        await world.first.send()
    assert "rak_accounts_kyc_basic_read" in stopped.value.hint
    assert world.first.transfers() == []
    assert await world.stop() is not None


async def test_the_key_that_looks_has_to_be_of_the_same_account(world: World) -> None:
    settings = world.environment(TROUPE_STRIPE_READER_KEY_FILE=str(world.reader))
    both = worker.Tools(Settings.from_environment(settings), world.engine, cast("Client", None))
    rail = cast("RotatingRail", both.rail)
    await rail.probe()
    world.standin.roll_key(OTHERS, ANOTHER)
    world.reader.write_text(OTHERS)
    with pytest.raises(RailStopped, match="TROUPE_STRIPE_READER_KEY_FILE .* " + OF_ANOTHER):
        await rail.find_transfers(world.first.payout_id)
    await rail.close()


class Dies(RailAccounts):
    """A worker that is killed between the answer and its row."""

    async def known(self, place: str, found: str) -> str:
        raise OperationalError("killed", None, ConnectionError())


async def test_who_dies_before_the_account_is_written_down_leaves_it_to_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(RailAccounts, "known", Dies.known)
        with pytest.raises(OperationalError):
            await world.first.send()
    assert await world.accounts() == []
    assert world.first.transfers() == []
    assert (await world.first.send()).outcome is T.TRANSFERRED
    assert await world.accounts() == [("stand-in", 1, OWN_ACCOUNT)]


async def test_of_workers_that_write_at_the_same_moment_one_is_believed_by_all(
    engine: AsyncEngine,
) -> None:
    found = await asyncio.gather(
        *(RailAccounts(engine).known("live", f"acct_{number}") for number in range(5))
    )
    assert len(set(found)) == 1
    assert await RailAccounts(engine).known("live", "acct_late") == found[0]
    assert await RailAccounts(engine).known("test", "acct_test") == "acct_test"


async def test_payments_are_made_from_another_account_when_somebody_says_so(world: World) -> None:
    async with session(world.engine) as db:
        noor = await builders.staff(db)
    before = await world.first.send()
    assert before.outcome is T.TRANSFERRED
    world.change(OTHERS, ANOTHER)
    for _ in range(2):  # the first to find it, and one that is stopped by that
        with pytest.raises(RailStopped):
            await world.second.send()
    async with session(world.engine) as db:
        assert await attempts.get_attempt(db, world.second.payout_id, 1) is None, "nothing is open"
    world.change(KEY)
    world.standin.order_fault("drop_before")
    assert (await world.second.send()).outcome is T.IN_DOUBT
    with pytest.raises(UserMistake, match="of 1 payment it is not known yet"):
        await move(world, noor.id, ANOTHER)
    world.second.clock.pass_(seconds=91)
    assert (await world.second.look_up()).outcome is T.TRANSFERRED
    world.second.clock.pass_(seconds=-80)
    with pytest.raises(UserMistake, match="of 1 payment it is not known yet"):
        await move(world, noor.id, ANOTHER)  # who sent it first may still be calling
    world.second.clock.pass_(seconds=80)
    with pytest.raises(UserMistake, match="already"):
        await move(world, noor.id, OWN_ACCOUNT)
    with pytest.raises(UserMistake, match="no live key"):
        await move(world, noor.id, ANOTHER, "live")

    third = await Scene(world.engine, world.standin).begin()
    world.standin.order_fault("401", "/v1/transfers")
    with pytest.raises(RailStopped):
        await third.send()  # open, and refused before anything could move
    await move(world, noor.id, ANOTHER)
    with pytest.raises(RailStopped, match=f"{OWN_ACCOUNT}, and payments are made from {ANOTHER}"):
        await world.rail.balance()
    world.change(OTHERS, ANOTHER)
    assert "EUR" in await world.rail.balance()
    assert await world.accounts() == [
        ("stand-in", 1, OWN_ACCOUNT), ("stand-in", 2, ANOTHER),
    ]  # fmt: skip
    compared = await Reconciliation(world.engine, world.rail).reconcile(ReconcileTask())
    # What is still to be sent; the new account's list says nothing of what was sent before.
    assert compared.payouts == 1

    world.second.clock.pass_(seconds=1)
    await move(world, noor.id, OWN_ACCOUNT)
    world.change(KEY)
    compared = await Reconciliation(world.engine, world.rail).reconcile(ReconcileTask())
    assert compared.payouts == 3, "back in the account that knows what it has sent"


async def test_a_call_whose_end_nobody_knows_counts_also_when_a_later_one_was_refused(
    world: World,
) -> None:
    async with session(world.engine) as db:
        noor = await builders.staff(db)
    world.standin.order_fault("429", "/v1/transfers")
    with pytest.raises(Unavailable):
        await world.first.send()
    world.standin.order_fault("401", "/v1/transfers")
    assert (await world.first.send()).outcome is T.IN_DOUBT
    world.second.clock.pass_(days=1)
    with pytest.raises(UserMistake, match="of 1 payment it is not known yet"):
        await move(world, noor.id, ANOTHER)


async def test_who_asks_while_the_account_is_changed_waits_for_the_new_one(
    engine: AsyncEngine,
) -> None:
    accounts = RailAccounts(engine)
    assert await accounts.known("live", "acct_first") == "acct_first"
    async with session(engine) as db:
        noor = await builders.staff(db)
    async with session(engine) as db:
        await rail_accounts.change(db, "live", "acct_second", noor.id, builders.NOW)
        asking = asyncio.create_task(accounts.known("live", "acct_first"))
        await asyncio.wait([asking], timeout=0.1)
        assert not asking.done()
    assert await asking == "acct_second"


async def move(world: World, by: str, account: str, place: str = "stand-in") -> None:
    async with session(world.engine) as db:
        await rail_accounts.change(db, place, account, by, world.second.clock())


async def test_the_doctor_says_that_a_key_is_of_another_account(world: World) -> None:
    status, message = await examined(world)
    assert status is Status.OK
    assert message.endswith(f"is a test key of {OWN_ACCOUNT}")
    assert await world.accounts() == [], "the doctor only looks"
    await world.rail.check_accounts()
    world.change(OTHERS, ANOTHER)
    status, message = await examined(world)
    assert status is Status.FAULT
    assert message.endswith(OF_ANOTHER)
    world.standin.order_fault("403", "/v1/account")
    status, message = await examined(world)
    assert (status, "does not say of which account" in message) == (Status.FAULT, True)


async def examined(world: World) -> tuple[Status, str]:
    finding = await check_stripe(world.environment())
    return finding.status, finding.message
