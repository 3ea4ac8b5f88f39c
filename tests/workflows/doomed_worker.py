"""A workflow worker that is killed right after it has committed one event.

Run as a process of its own by `local.proof.forked`.
"""

from __future__ import annotations

import asyncio
import os
import signal

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from activities.records import Records
from domain.messages import Append, Appended, AppliedDecision, ApplyDecision
from integrations.temporal import connect
from store.engine import make_engine
from tests.workflows.world import workflow_worker


class DoomedRecords(Records):
    """Commits like the real one; after one event there is nobody left to say so."""

    def __init__(self, engine: AsyncEngine, last: str) -> None:
        super().__init__(engine)
        self._last = last

    @activity.defn(name="append")
    async def append(self, command: Append) -> Appended:
        """Commit an event, and perhaps die."""
        done = await super().append(command)
        self._die_after(command.event)
        return done

    @activity.defn(name="apply_decision")
    async def apply_decision(self, command: ApplyDecision) -> AppliedDecision:
        """Commit a decision, and perhaps die."""
        done = await super().apply_decision(command)
        self._die_after(command.ref.kind.value)
        return done

    def _die_after(self, event: str) -> None:
        if event == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


async def work(last: str, database_url: str, temporal: str) -> None:
    """Work until the end comes."""
    engine = make_engine(database_url)
    client = await connect(environment={"TEMPORAL_ADDRESS": temporal})
    await workflow_worker(client, engine, DoomedRecords(engine, last)).run()


def main(last: str, database_url: str, temporal: str) -> None:
    """What the process does."""
    asyncio.run(work(last, database_url, temporal))
