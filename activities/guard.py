"""What leaves an activity is a code, never a text.

Messages of Stripe, SMTP servers and SQLAlchemy carry addresses and captions; a workflow's history
is kept for long and cannot be erased piece by piece. So every exception becomes a Temporal failure
with a stable code; the text goes to the worker's log, under the activity's id, with anything that
looks like an address taken out.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

from domain.errors import TroupeError

logger = logging.getLogger("troupe.activities")
_ADDRESS = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")
_URL = re.compile(r"https?://\S+")
MAX_LOGGED = 500


def redact(text: str) -> str:
    """Take addresses and links out of a text and cut it: fit for a log."""
    return _URL.sub("<link>", _ADDRESS.sub("<address>", text))[:MAX_LOGGED]


def as_failure(error: Exception) -> ApplicationError:
    """The failure that may stand in a history."""
    if isinstance(error, TroupeError):
        return ApplicationError(error.code, type=error.code, non_retryable=not error.retryable)
    code = f"unexpected_{type(error).__name__}"
    return ApplicationError(code, type=code)


class _Guard(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        try:
            return await super().execute_activity(input)
        except (CancelledError, ApplicationError):
            raise
        except Exception as error:
            info = activity.info()
            logger.warning(
                "%s failed: %s (%s/%s, attempt %d): %s",
                info.activity_type,
                type(error).__name__,
                info.workflow_id,
                info.activity_id,
                info.attempt,
                redact(str(error)),
            )
            raise as_failure(error) from None


class CodesOnly(Interceptor):
    """Worker interceptor: exceptions of activities become codes."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap an activity's execution."""
        return _Guard(next)
