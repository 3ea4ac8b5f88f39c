"""A workflow worker in which stories stand still after a commit, until the process is killed.

Run as a process of its own by `local.proof.forked`. What nothing is said about goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client

from activities.claims import Claims
from activities.records import Records
from domain.messages import (
    Append,
    Appended,
    AppliedDecision,
    ApplyDecision,
    Begin,
    Claimed,
)
from integrations.temporal import connect
from store.engine import make_engine
from tests.workflows.world import workflow_worker


@dataclass(frozen=True)
class Places:
    """After which commit which claim or payment stands still, and the file that says who does."""

    after: Mapping[str, str]
    told: Path

    async def stand(self, entity: str, event: str) -> None:
        """Say so and wait for the end, if this is the place."""
        if self.after.get(entity) == event:
            with self.told.open("a") as file:
                file.write(f"{entity}\n")
            await asyncio.Event().wait()

    def standing(self) -> set[str]:
        """Who stands at their place."""
        return set(self.told.read_text().split()) if self.told.exists() else set()


class _Records(Records):
    def __init__(self, engine: AsyncEngine, places: Places) -> None:
        super().__init__(engine)
        self._places = places

    @activity.defn(name="append")
    async def append(self, command: Append) -> Appended:
        done = await super().append(command)
        await self._places.stand(command.head.entity_id, command.event)
        return done

    @activity.defn(name="apply_decision")
    async def apply_decision(self, command: ApplyDecision) -> AppliedDecision:
        done = await super().apply_decision(command)
        await self._places.stand(command.head.entity_id, command.ref.kind.value)
        return done


class _Claims(Claims):
    def __init__(self, engine: AsyncEngine, client: Client, places: Places) -> None:
        super().__init__(engine, client)
        self._places = places

    @activity.defn(name="claim_back")
    async def claim_back(self, command: Begin) -> Claimed:
        made = await super().claim_back(command)
        if made.claim is not None:
            await self._places.stand(made.claim.claim_id, "claim_back")
        return made


async def work(places: Places, database_url: str, temporal: str) -> None:
    """Work until the end comes."""
    engine = make_engine(database_url)
    client = await connect(environment={"TEMPORAL_ADDRESS": temporal})
    records, claims = _Records(engine, places), _Claims(engine, client, places)
    await workflow_worker(client, engine, records, claims).run()


def main(places: Places, database_url: str, temporal: str) -> None:
    """What the process does."""
    asyncio.run(work(places, database_url, temporal))
