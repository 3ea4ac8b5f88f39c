"""The workers of production in a process that is killed: payments stand still where they are told.

The hooks are here and nowhere else: each is a subclass that waits before or after what the real
one does. A payment that nothing is said about goes through as in production.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from temporalio import activity

import worker
from activities.payouts import Payouts
from activities.records import Records
from domain.messages import Append, Appended, Queue, TransferRequest, TransferResult
from integrations import temporal
from integrations.payout_rail import Permit
from integrations.stripe_rail import StripeRail
from local.proof.forked import forked
from local.proof.steps import PATIENCE_SECONDS, Step
from settings import Settings
from store.engine import make_engine

QUIET = timedelta(seconds=1)
"""The stand-in's list is complete at once; in production, 90 seconds pass before it is believed."""


@dataclass(frozen=True)
class Places:
    """Who stands where, and the file in which they say that they do."""

    step_of: Mapping[str, Step]
    told: Path

    async def stand(self, step: Step, payout_id: str) -> None:
        """Say so and wait for the end, if this is the payment's place."""
        if self.step_of.get(payout_id) is step:
            with self.told.open("a") as file:
                file.write(f"{payout_id}\n")
            await asyncio.Event().wait()

    def standing(self) -> set[str]:
        """Who stands at their place."""
        return set(self.told.read_text().split()) if self.told.exists() else set()


class StandingRecords(Records):
    """Stands still around the postings: money is in transit, money is paid, or settled without."""

    _AROUND = {  # noqa: RUF012
        "sending": (Step.NOT_BEGUN, Step.IN_TRANSIT),
        "transferred": (Step.NOT_POSTED, Step.POSTED),
        "netted": (Step.NOT_POSTED, Step.POSTED),
        "paid_elsewhere": (Step.NOT_POSTED, Step.POSTED),
    }
    places: Places

    @activity.defn(name="append")
    async def append(self, command: Append) -> Appended:
        """Commit an event, and stand still before or after."""
        around = self._AROUND.get(command.event)
        if around:
            await self.places.stand(around[0], command.head.entity_id)
        done = await super().append(command)
        if around:
            await self.places.stand(around[1], command.head.entity_id)
        return done


class StandingPayouts(Payouts):
    """Stands still around the whole attempt."""

    places: Places

    @activity.defn(name="send_transfer")
    async def send_transfer(self, request: TransferRequest) -> TransferResult:
        """Try to pay, and stand still before or after."""
        await self.places.stand(Step.NO_ROW, request.payout_id)
        result = await super().send_transfer(request)
        await self.places.stand(Step.WRITTEN, request.payout_id)
        return result

    @activity.defn(name="adopt_transfer")
    async def adopt_transfer(self, request: TransferRequest) -> TransferResult:
        """Ask the books whether another payment's transfer has paid it, and stand still before."""
        await self.places.stand(Step.ASKS, request.payout_id)
        return await super().adopt_transfer(request)


class StandingRail(StripeRail):
    """Stands still around the call."""

    places: Places

    async def transfer(
        self, account: str, amount: int, currency: str, key: str, transfer_group: str,
        metadata: dict[str, str], permit: Permit | None = None,
    ) -> TransferResult:  # fmt: skip
        """Call Stripe, and stand still before or after."""
        await self.places.stand(Step.ROW, transfer_group)
        result = await super().transfer(
            account, amount, currency, key, transfer_group, metadata, permit
        )
        await self.places.stand(Step.ANSWERED, transfer_group)
        return result


async def work(environment: Mapping[str, str], places: Places) -> None:
    """Serve the queues of workflows and payouts until the end comes."""
    settings = Settings.from_environment(environment)
    engine = make_engine(settings.database_url.get_secret_value())
    client = await temporal.connect(environment=environment, identity=f"doomed@{os.getpid()}")
    tools = worker.Tools(settings, engine, client)

    def records_first(tools: worker.Tools) -> list[object]:
        records = StandingRecords(tools.engine)
        records.places = places
        return [records.append, *PLAIN[Queue.WORKFLOWS](tools)[1:]]

    def payouts_first(tools: worker.Tools) -> list[object]:
        rail = StandingRail(
            settings.stripe_key.get_secret_value(), api_base=settings.stripe_api_base,
            timeout_seconds=PATIENCE_SECONDS,
        )  # fmt: skip
        payouts = StandingPayouts(tools.engine, rail, settings.public_url, quiet=QUIET)
        rail.places = payouts.places = places
        return [
            # Whatever else the worker does stays as it is.
            getattr(payouts, each.__name__) if isinstance(each.__self__, Payouts) else each
            for each in PLAIN[Queue.PAYOUTS](tools)
        ]

    worker.ACTIVITIES[Queue.WORKFLOWS] = records_first
    worker.ACTIVITIES[Queue.PAYOUTS] = payouts_first
    await worker.try_another_key(tools)
    async with worker.make_worker(tools, Queue.WORKFLOWS), worker.make_worker(tools, Queue.PAYOUTS):
        await asyncio.Event().wait()


PLAIN = dict(worker.ACTIVITIES)


def _main(environment: Mapping[str, str], places: Places) -> None:
    # What fails on the way is what the proof makes fail.
    logging.disable(logging.ERROR)
    asyncio.run(work(environment, places))


@dataclass
class Crew:
    """Starts such processes, one after the other."""

    folder: Path
    places: Places = field(init=False)
    _process: BaseProcess | None = None
    _number: int = 0

    def start(self, step_of: Mapping[str, Step], environment: Mapping[str, str]) -> Places:
        """Begin with new workers; gives what tells who stands still.

        Args:
            step_of: where payments stand still.
            environment: what the workers are told, the provider's key among it.
        """
        self._number += 1
        self.places = Places(step_of, self.folder / f"standing-{self._number}")
        self._process = forked(_main, environment, self.places)
        return self.places

    def kill(self) -> None:
        """`kill -9`, and be sure that it is dead."""
        if self._process is not None and self._process.pid is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.join(20)
            self._process = None
