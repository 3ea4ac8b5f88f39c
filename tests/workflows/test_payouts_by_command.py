"""`troupe payouts` against a running payment: what the terminal says is what the money does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.inbox import ItemKind
from domain.lifecycle import HoldReason, PayoutStatus, Role
from local.cli_proof import PASSWORD_VARIABLE
from store import staff
from store.engine import session
from store.tables import Decision
from tests.builders import NOW
from tests.local.test_cli import Answer, Terminal, connected, troupe
from tests.workflows.payment import payment
from tests.workflows.people import SILENCE

__all__ = ["connected", "troupe"]

PASSWORD = "a long enough password"
NOBODY_ELSE = {ItemKind.RELEASE: SILENCE, ItemKind.ON_HOLD: SILENCE}
ABOVE_LIMIT = 45_000

YES = ("--yes", "--amount", "150")
Command = Callable[..., Awaitable[Answer]]


@pytest.fixture
def command(
    connected: Terminal, temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """The command line beside the test's own Temporal."""
    host = temporal.client.service_client.config.target_host
    monkeypatch.setenv("TEMPORAL_ADDRESS", host)
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)

    async def run(*words: str) -> Answer:
        return await asyncio.to_thread(connected, "payouts", *words, "--json")

    return run


async def hire(engine: AsyncEngine, email: str) -> None:
    async with session(engine) as db:
        await staff.create_staff(
            db, email=email, name="Noor", roles=[Role.FINANCE], password=PASSWORD, at=NOW
        )


async def test_a_payment_is_held_let_go_on_and_released(
    temporal: WorkflowEnvironment, engine: AsyncEngine, command: Command
) -> None:
    await hire(engine, "fin@brand.example")
    who = ("--as", "fin@brand.example")
    async with payment(temporal, engine, plan=NOBODY_ELSE) as pay:
        await pay.waits_for_release()
        held = await command("hold", pay.payout_id, *who, "--comment", "The invoice is missing.")
        assert held.json["decisions"][0]["status"] == "applied", held.out
        row = await pay.rests()
        assert (row.status, row.hold_reason) == (PayoutStatus.HELD, HoldReason.BY_PERSON)
        early = await command("release", pay.payout_id, *who)
        assert (early.code, early.json["decisions"][0]["code"]) == (2, "already_on_hold")
        goes_on = await command("resume", pay.payout_id, *who)
        assert goes_on.json["decisions"][0]["status"] == "applied", goes_on.out
        await pay.waits_for_release()
        released = await command("release", pay.payout_id[:12], *who, *YES)
        assert (released.code, released.json["decisions"][0]["payout"]) == (0, pay.payout_id)
        assert (await pay.ends()).status == PayoutStatus.TRANSFERRED
        late = await command("hold", pay.payout_id, *who, "--comment", "Too late, surely.")
        assert late.code == 2
        assert late.json["decisions"][0]["status"] == "refused"
    async with session(engine) as db:
        decisions = list(await db.scalars(select(Decision).order_by(Decision.created_at)))
    assert decisions[0].comment == "The invoice is missing."
    assert {row.status for row in decisions} == {"applied", "refused"}


async def test_one_person_is_not_two_at_the_terminal_either(
    temporal: WorkflowEnvironment, engine: AsyncEngine, command: Command
) -> None:
    for email in ("one@brand.example", "two@brand.example"):
        await hire(engine, email)
    async with payment(temporal, engine, ABOVE_LIMIT, plan=NOBODY_ELSE) as pay:
        await pay.waits_for_release()
        yes = ("--yes", "--amount", str(ABOVE_LIMIT / 100))
        first = await command("release", pay.payout_id, "--as", "one@brand.example", *yes)
        assert first.json["decisions"][0]["status"] == "applied", first.out
        assert first.json["decisions"][0]["became"] == "second"
        assert (first.json["released"], first.json["first_of_two"]) == (0, 1)
        await pay.waits_for_release()
        again = await command("release", pay.payout_id, "--as", "one@brand.example")
        assert again.code == 2
        assert (await pay.rests()).releases == 1
        second = await command("release", pay.payout_id, "--as", "two@brand.example", *yes)
        assert second.json["decisions"][0]["status"] == "applied", second.out
        assert second.json["released"] == 1
        row = await pay.ends()
        assert (row.status, row.releases) == (PayoutStatus.TRANSFERRED, 2)


async def test_several_payments_need_two_people_for_each_of_them(
    temporal: WorkflowEnvironment, engine: AsyncEngine, command: Command
) -> None:
    for email in ("one@brand.example", "two@brand.example"):
        await hire(engine, email)
    async with payment(temporal, engine, ABOVE_LIMIT, plan=NOBODY_ELSE) as pay:
        other = await pay.beside(ABOVE_LIMIT)
        both = [pay.payout_id, other.payout_id]

        async def release(email: str) -> set[tuple[str, str]]:
            for each in (pay, other):
                await each.rests()
            answer = await command("release", *both, "--as", email, "--count", "2")
            return {(one["status"], one["code"]) for one in answer.json["decisions"]}

        assert await release("one@brand.example") == {("applied", "applied")}
        assert await release("one@brand.example") == {("refused", "same_person")}
        assert await release("two@brand.example") == {("applied", "applied")}
        assert await release("two@brand.example") == {("refused", "already_released")}
        assert [(await each.row()).releases for each in (pay, other)] == [2, 2]
