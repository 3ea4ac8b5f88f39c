"""The crash matrix: payments under way together, killed each at its place, then looked at.

One kill hits many payments, each standing at another step, so that the whole matrix needs three
generations of workers. What comes after is not helped along: new workers, the same Stripe.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from domain.ids import attempt_key
from domain.lifecycle import PayoutStatus, StreamKind
from domain.messages import DecisionRef, MailResult, Queue
from domain.reconciliation import Booked, compare
from local.proof.doomed import Crew, Places
from local.proof.scene import Scene
from local.proof.steps import FAULTS, IN_THE_CALL, Case, Killed, Step, cases
from local.proof.stripe_process import KEY, StripeStandIn
from local.proof.verdict import Found, Proof
from store import ledger
from store.attempts import UNSETTLED
from store.engine import session
from store.payout_reads import payout_detail
from store.reconciliation import books_of
from store.streams import verify_stream

TRANSFERS = "/v1/transfers"
SLOW_SECONDS = 8.0
"""So long the stand-in keeps a call open in which something is to be killed."""
SOON = 45.0
"""Seconds in which everybody reaches their place."""
AT_LAST = 150.0
"""Seconds in which every payment ends, however often somebody was killed."""


@dataclass(frozen=True)
class Ground:
    """The servers that the proof runs on; only workers and stand-in are killed."""

    engine: AsyncEngine
    database_url: str
    client: Client
    standin: StripeStandIn
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the workers' process is told."""
        return {
            "TROUPE_DATABASE_URL": self.database_url,
            "TROUPE_SECRET_KEY": "of the proof, long enough to be one",
            "TROUPE_STRIPE_KEY": KEY,
            "TROUPE_STRIPE_API_BASE": self.standin.base,
            "TEMPORAL_ADDRESS": self.client.service_client.config.target_host,
        }


@activity.defn(name="send_mail")
async def accept_mail(outbox_id: str) -> MailResult:
    """Mail is not what is proved here."""
    return MailResult(status="accepted")


async def prove(ground: Ground, seed: int, say: Callable[[str], None] = lambda _: None) -> Proof:
    """Run the matrix; the same seed gives the same amounts, order and moments."""
    began = time.monotonic()
    dice = random.Random(seed)
    plan = cases(dice)
    scene = await Scene.begin(ground.engine, ground.client, ground.standin, plan)
    matrix = Matrix(ground, scene, plan, dice, say)
    async with _mail(ground.client), matrix.workers():
        for killed in Killed:
            await matrix.interrupt(killed)
        ended = await matrix.ends()
    found, faults = await matrix.look(ended)
    return Proof(seed, found, faults, time.monotonic() - began)


@contextlib.asynccontextmanager
async def _mail(client: Client) -> AsyncIterator[None]:
    async with Worker(client, task_queue=Queue.OUTREACH.value, activities=[accept_mail]):
        yield


class Matrix:
    """Kills, and sees what becomes of it."""

    def __init__(
        self, ground: Ground, scene: Scene, plan: Sequence[Case], dice: random.Random,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._ground, self._scene, self._plan = ground, scene, plan
        self._dice, self._say = dice, say
        self._crew = Crew(ground.environment, ground.folder)
        self._progress: dict[Case, int] = {}
        self._unanswered: list[tuple[Case, DecisionRef]] = []

    @contextlib.asynccontextmanager
    async def workers(self) -> AsyncIterator[None]:
        """Whoever works at the end does not outlive the proof."""
        try:
            yield
        finally:
            self._crew.kill()

    async def interrupt(self, killed: Killed) -> None:
        """Bring the payments of this part to their places, and kill."""
        mine = [case for case in self._plan if case.killed is killed]
        if killed is Killed.NOTHING:
            await self._bad_day(mine)
            return
        calls = [case for case in mine if case.step in IN_THE_CALL]
        loose = [case for case in mine if case.step in {Step.ANY_MOMENT, Step.AWAY}]
        standing = [case for case in mine if case not in calls and case not in loose]
        self._say(f"{len(mine)} payments; kill -9 for {killed.value}")
        places = self._crew.start({self._id(case): case.step for case in standing})
        await self._scene.start(mine)
        await self._reach(standing, calls, places)
        if killed is not Killed.STRIPE:
            await self._at_any_moment(loose)
        await self._note(mine)
        await self._kill(killed, loose)

    async def _bad_day(self, mine: Sequence[Case]) -> None:
        """Let the calls of each payment fail in their way; whoever works goes on working."""
        self._say(f"{len(mine)} payments; nobody is killed, Stripe fails in {len(mine)} ways")
        await self._scene.start(mine)
        for case in mine:
            kind, count = FAULTS[case.step]
            self._ground.standin.order_fault(
                kind, method="POST", key=attempt_key(self._id(case), 1), count=count
            )
        await self._scene.release(mine)

    async def _reach(
        self, standing: Sequence[Case], calls: Sequence[Case], places: Places
    ) -> None:  # fmt: skip
        """Let everybody go as far as they shall; the calls last, since they do not wait long."""
        await self._scene.release(standing)
        there = {self._id(case) for case in standing}
        await _until(lambda: there <= places.standing(), "every payment stands at its place")
        for case in calls:
            self._ground.standin.order_fault(
                IN_THE_CALL[case.step], method="POST", key=attempt_key(self._id(case), 1),
                seconds=SLOW_SECONDS,
            )  # fmt: skip
        await self._scene.release(calls)
        wanted = [attempt_key(self._id(case), 1) for case in calls]

        def called() -> bool:
            keys = [each["key"] for each in self._ground.standin.requests(TRANSFERS)]
            return all(any(key.startswith(mine) for key in keys) for mine in wanted)

        await _until(called, "every call is on its way")

    async def _at_any_moment(self, loose: Sequence[Case]) -> None:
        """Release some and do not look where they are."""
        made = await self._scene.decide(loose)
        telling = [(each, asyncio.create_task(self._scene.tell(*each))) for each in made]
        await asyncio.sleep(self._dice.uniform(0.0, 0.25))
        self._unanswered += [each for each, task in telling if not task.done()]
        for _, task in telling:
            task.cancel()

    async def _note(self, mine: Sequence[Case]) -> None:
        """How far each has come, read the moment before the kill."""
        booked = {each["transfer_group"] for each in self._ground.standin.transfers()}
        async with session(self._ground.engine) as db:
            rows = {b.payout_id: b for b in await books_of(db, [self._id(c) for c in mine])}
        for case in mine:
            row = rows[self._id(case)]
            self._progress[case] = sum(
                (
                    any(each.sent_minor for each in row.posted),
                    bool(row.attempts),
                    row.payout_id in booked,
                    any(each.transfer_id for each in row.attempts),
                    any(each.settled_minor for each in row.posted),
                )
            )

    async def _kill(self, killed: Killed, loose: Sequence[Case]) -> None:
        """Kill; workers that take over find the payments as they were left."""
        standin = self._ground.standin
        if killed is Killed.STRIPE:
            standin.stop(signal.SIGKILL)
            await self._scene.release(loose)
            await asyncio.sleep(self._dice.uniform(0.3, 1.5))
            standin.start()
            return
        self._crew.kill()
        if killed is Killed.BOTH:
            standin.kill_and_restart()

    async def ends(self) -> set[Case]:
        """Send what was not answered once more, as the sweep does, and wait for every payment."""
        for case, ref in self._unanswered:
            await self._scene.tell(case, ref)
        waiting = {case: self._scene.handle(case).result() for case in self._plan}
        done = await asyncio.gather(
            *(asyncio.wait_for(result, AT_LAST) for result in waiting.values()),
            return_exceptions=True,
        )
        return {
            case
            for case, result in zip(waiting, done, strict=True)
            if not isinstance(result, BaseException) and result.status is PayoutStatus.TRANSFERRED
        }

    async def look(self, ended: set[Case]) -> tuple[tuple[Found, ...], tuple[str, ...]]:
        """Lay the books beside Stripe's list, payment by payment and as a whole."""
        order = list(Killed), list(Step)
        plan = sorted(
            self._plan, key=lambda c: (order[0].index(c.killed), order[1].index(c.step), c.number)
        )
        async with session(self._ground.engine) as db:
            rows = {b.payout_id: b for b in await books_of(db, [self._id(c) for c in plan])}
        found = [await self._found(case, rows[self._id(case)], case in ended) for case in plan]
        return tuple(found), tuple(await self._faults())

    async def _found(self, case: Case, row: Booked, ended: bool) -> Found:
        rail = self._ground.standin.rail()
        listed = await rail.find_transfers(row.payout_id)
        await rail.close()
        async with session(self._ground.engine) as db:
            detail = await payout_detail(db, row.payout_id)
        attempts = detail.attempts if detail else ()
        return Found(
            case=case,
            status=row.status.value,
            ended=ended,
            attempts=len(attempts),
            in_doubt=sum(each.outcome in UNSETTLED for each in attempts),
            transfers=tuple(each.amount_minor for each in listed if each.counts),
            in_transit_minor=sum(each.in_transit_minor for each in row.posted),
            settled_minor=sum(each.settled_minor for each in row.posted),
            differences=tuple(each.code.value for each in compare([row], listed)),
            progress=self._progress.get(case),
        )

    async def _faults(self) -> list[str]:
        """The ledger as a whole, and every payment's chain of events."""
        paid = sum(case.amount_minor for case in self._plan)
        async with session(self._ground.engine) as db:
            faults = await ledger.check(db)
            money = await ledger.balances(db, self._scene.campaign_id)
            for identity in self._scene.payout_of.values():
                if not await verify_stream(db, StreamKind.PAYOUT, identity):
                    faults.append(f"the events of {identity} do not verify")
        if (money.paid, money.in_transit, money.payable) != (paid, 0, 0):
            faults.append(f"the ledger has paid {money.paid} of {paid}")
        return faults

    def _id(self, case: Case) -> str:
        return self._scene.payout_of[case]


async def _until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it did not happen within {SOON:.0f} seconds: {what}")
        await asyncio.sleep(0.03)
