"""The worker runs everything that there is to run."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, cast

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import activities
import worker
import workflows
from settings import Settings
from workflows.registry import WORKFLOWS


def members(package: Any) -> Iterator[Any]:
    """What the modules of a package define, and the methods of their classes."""
    for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for _, thing in inspect.getmembers(importlib.import_module(each.name)):
            yield thing
            if inspect.isclass(thing):
                yield from vars(thing).values()


def name_of(thing: Callable[..., Any]) -> str | None:
    """The name under which it is known as an activity."""
    definition = getattr(thing, "__temporal_activity_definition", None)
    return definition.name if definition else None


async def test_every_activity_is_run_by_the_workers_of_one_queue(engine: AsyncEngine) -> None:
    given = {
        "TROUPE_DATABASE_URL": "postgresql+asyncpg://nobody@127.0.0.1:1/none",
        "TROUPE_SECRET_KEY": "a secret that is only used in this test",
        "TROUPE_STRIPE_KEY": "sk_test_of_nobody",
        "TROUPE_STRIPE_API_BASE": "http://127.0.0.1:1",
    }
    tools = worker.Tools(Settings.from_environment(given), engine, cast("Client", None))
    run = Counter(
        name_of(each)
        for activities_of in worker.ACTIVITIES.values()
        for each in activities_of(tools)
    )
    defined = {name for each in members(activities) if (name := name_of(each))}
    assert set(run) == defined
    assert {name for name, times in run.items() if times > 1} == set()


def test_every_workflow_is_run() -> None:
    defined = {
        thing for thing in members(workflows)
        if inspect.isclass(thing) and "__temporal_workflow_definition" in vars(thing)
    }  # fmt: skip
    assert set(WORKFLOWS) == defined
