"""Steps in our own database: how a workflow has them done, and what if one cannot be done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from workflows.timeouts import RECORD


class CannotBeWritten(Exception):
    """What a workflow has to write is refused, or has failed for hours: somebody has to mend it.

    No failure of Temporal's, so it does not end the workflow: its task fails, is seen to fail, and
    is tried again, each time with the last try of the write, until that succeeds. Nothing is lost
    meanwhile.
    """


async def record(step: Callable[..., Any], argument: object, summary: str) -> Any:
    """Do a step in our own database, for as long as it takes.

    Raises:
        CannotBeWritten: no repetition can mend it, or many have not.
    """
    try:
        return await workflow.execute_local_activity_method(
            step, argument, summary=summary, **RECORD
        )
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        raise CannotBeWritten(f"{summary}: {error_code(error)}") from error


async def beside_the_story(part: Awaitable[None]) -> None:
    """Do what nobody waits for; what cannot be written in it fails the workflow's task as well."""
    try:
        await part
    except CannotBeWritten as error:
        said = str(error)

        def fails() -> NoReturn:
            raise CannotBeWritten(said)

        # Nobody hears what a task beside the story raises, but conditions are asked by the worker.
        await workflow.wait_condition(fails)


def error_code(error: FailureError) -> str:
    """The code behind a failed activity; texts never enter a history."""
    # A local activity's own failure comes as it is, that of any other as a cause.
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, ApplicationError) and cause.type:
        return cause.type
    return type(cause).__name__.removesuffix("Error").lower() if cause else "unknown"
