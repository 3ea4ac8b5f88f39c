"""One round of bare workflows: started together, answered at once, timed like Troupe's."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from temporalio.client import Client, WorkflowHandle

from bench import histories
from bench.bare import DECIDE, QUEUE, WORKFLOW, BareDecision, BareInput
from bench.people import AT_ONCE
from bench.result import Round
from local.child import CHECKOUT

AT_MOST = 600.0
"""Seconds for a round; after that something is wrong."""


async def run(client: Client, environment: dict[str, str], life: BareInput, count: int) -> Round:
    """Let ``count`` bare workflows live from start to end."""
    prefix = f"bare-{secrets.token_hex(4)}"
    names = [f"{prefix}-{number}" for number in range(count)]
    times: list[float] = []
    async with _worker(environment) as asked, asyncio.timeout(AT_MOST):
        answering = asyncio.create_task(_answer(client, asked, times))
        try:
            starting = asyncio.Semaphore(AT_ONCE)
            handles = await asyncio.gather(
                *(_start(client, each, life, starting) for each in names)
            )
            await asyncio.gather(*(handle.result() for handle in handles))
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
    costs = [await histories.read(client, each) for each in names]
    return Round.of(count, histories.seconds_of(costs), times, costs)


async def _start(
    client: Client, name: str, life: BareInput, at_once: asyncio.Semaphore
) -> WorkflowHandle[Any, Any]:
    async with at_once:
        return await client.start_workflow(
            WORKFLOW, life, id=name, task_queue=QUEUE, task_timeout=timedelta(seconds=5)
        )


async def _answer(client: Client, asked: asyncio.StreamReader, times: list[float]) -> None:
    at_once = asyncio.Semaphore(AT_ONCE)

    async def decide(name: str, number: int) -> None:
        decision = BareDecision(decision_id=f"dec_{secrets.token_hex(10)}", number=number)
        async with at_once:
            began = time.perf_counter()
            await client.get_workflow_handle(name).execute_update(
                DECIDE, decision, id=decision.decision_id, result_type=bool
            )
            times.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as tasks:
        while line := (await asked.readline()).decode().split():
            tasks.create_task(decide(line[0], int(line[1])))


@contextlib.asynccontextmanager
async def _worker(environment: dict[str, str]) -> AsyncIterator[asyncio.StreamReader]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare",
        cwd=CHECKOUT, env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with asyncio.timeout(60):
            if not await process.stdout.readline():
                raise RuntimeError("the worker of the bare workflows did not start")
        yield process.stdout
    finally:
        process.stdin.close()
        await process.wait()
