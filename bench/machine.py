"""Where something was measured, as far as it matters for the figures."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client

from bench.result import Machine
from store.engine import session


async def describe(engine: AsyncEngine, client: Client) -> Machine:
    """This machine, and the versions that run on it."""
    async with session(engine) as db:
        database = await db.scalar(text("SHOW server_version"))
    system = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    return Machine(
        cores=_cores(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        temporal_server=system.server_version,
        temporal_sdk=version("temporalio"),
        postgresql=str(database),
        durability="demo: a power cut may lose the last moments",
    )


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
