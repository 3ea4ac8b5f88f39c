"""Every timeout and retry policy of an activity call, by kind of work. Nowhere else.

Errors arrive as codes (see `activities/guard.py`); the codes listed as not retryable are the ones
that no repetition can mend.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

from temporalio.common import RetryPolicy

HOPELESS = [
    "stream_conflict", "content_conflict", "not_found", "configuration", "user_mistake",
    "not_allowed",
]  # fmt: skip
"""Error codes that are not retried: the same call can only fail again."""


class LocalOptions(TypedDict, total=False):
    """Options of a local activity call, which knows no heartbeat."""

    start_to_close_timeout: timedelta
    retry_policy: RetryPolicy
    local_retry_threshold: timedelta


class CallOptions(TypedDict, total=False):
    """Options of an activity call."""

    start_to_close_timeout: timedelta
    schedule_to_close_timeout: timedelta
    schedule_to_start_timeout: timedelta
    heartbeat_timeout: timedelta
    retry_policy: RetryPolicy


RECORD_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    maximum_interval=timedelta(minutes=1),
    # Four hours, and 1,500 events of the 51,200 that a history may have. No time limit: the SDK
    # counts that from the first try, also after the last one, so that none would ever follow.
    maximum_attempts=250,
    non_retryable_error_types=HOPELESS,
)
"""Writing our own database: an outage passes; after it the task fails, and goes on from there."""

RULES_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    maximum_interval=timedelta(minutes=1),
    non_retryable_error_types=HOPELESS,
)
"""Vetting, shortlist and report: our own code on our own data."""

MAIL_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=15),
    non_retryable_error_types=HOPELESS,
)
"""Mail servers ask for patience (greylisting); a day of it, then a person looks."""

WATCH_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=5),
    non_retryable_error_types=HOPELESS,
)
"""A watch is retried when its next look is due, for weeks; it says itself when it is over."""

MONEY_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(minutes=5),
    non_retryable_error_types=[*HOPELESS, "rail_stopped"],
)
"""The payment provider: the same key is safe for 24 hours; we stop well before."""

COMPARE_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=5,
    non_retryable_error_types=[*HOPELESS, "rail_stopped"],
)
"""Comparing with the provider's list: a reader waits, and may ask again."""

RECORD: LocalOptions = {
    "start_to_close_timeout": timedelta(seconds=5),
    "retry_policy": RECORD_RETRY,
    # Longer pauses are timers: a task that is held open through them fills its history every four
    # seconds, and Temporal terminates a workflow when that is full, here after eight hours.
    "local_retry_threshold": timedelta(milliseconds=500),
}
RULES: CallOptions = {
    "start_to_close_timeout": timedelta(minutes=5),
    "retry_policy": RULES_RETRY,
}
RULE_QUICK: CallOptions = {
    "start_to_close_timeout": timedelta(seconds=30),
    "retry_policy": RULES_RETRY,
}
MAIL: CallOptions = {
    # The heartbeat tells soon that a worker was killed; a slow mail server may take its time.
    "start_to_close_timeout": timedelta(seconds=120),
    "heartbeat_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(hours=24),
    "retry_policy": MAIL_RETRY,
}
WATCH: CallOptions = {
    # One look with its patience; the time between two looks is not part of it. The heartbeat tells
    # within seconds that a worker was killed while it looked.
    "start_to_close_timeout": timedelta(seconds=90),
    "heartbeat_timeout": timedelta(seconds=5),
    "retry_policy": WATCH_RETRY,
}
MONEY: CallOptions = {
    # The heartbeat tells within seconds that a payout worker was killed in the middle of a call.
    # A look-up reads the list, may send once more (45 seconds at most) and reads again.
    "start_to_close_timeout": timedelta(seconds=150),
    "heartbeat_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(hours=22),
    "retry_policy": MONEY_RETRY,
}
LONG_WITHOUT_ANSWER = timedelta(minutes=15)
"""A payment that is sent answers in seconds; after this long finance is to know that it did not."""

MONEY_TASK: CallOptions = {
    "start_to_close_timeout": timedelta(seconds=60),
    "schedule_to_close_timeout": timedelta(hours=22),
    "retry_policy": MONEY_RETRY,
}
NEWS: CallOptions = {
    # So long the provider itself keeps its events; a key that is refused may take days to replace.
    "start_to_close_timeout": timedelta(seconds=60),
    "heartbeat_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(days=30),
    "retry_policy": MONEY_RETRY,
}
COMPARE: CallOptions = {
    # Somebody waits for the answer: without a payout worker it says so soon.
    "schedule_to_start_timeout": timedelta(seconds=30),
    "start_to_close_timeout": timedelta(minutes=10),
    "heartbeat_timeout": timedelta(seconds=10),
    "schedule_to_close_timeout": timedelta(minutes=20),
    "retry_policy": COMPARE_RETRY,
}
COMPARE_PATIENTLY: CallOptions = {
    "start_to_close_timeout": timedelta(minutes=30),
    "heartbeat_timeout": timedelta(seconds=10),
    "schedule_to_close_timeout": timedelta(hours=20),
    "retry_policy": MONEY_RETRY,
}
"""By night: the next comparison comes in 24 hours."""
LOOK: CallOptions = {
    "start_to_close_timeout": timedelta(seconds=60),
    "schedule_to_close_timeout": timedelta(minutes=10),
    "retry_policy": COMPARE_RETRY,
}
"""A look that the next one replaces in a quarter of an hour."""
HOLD_LOOK: CallOptions = {
    # The heartbeat tells within seconds that a worker was killed: no payment waits for that.
    "start_to_close_timeout": timedelta(seconds=60),
    "heartbeat_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(minutes=10),
    "retry_policy": COMPARE_RETRY,
}
SWEEP: CallOptions = {
    "start_to_close_timeout": timedelta(seconds=60),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}
"""A sweep that failed is done again by the next one."""
MAIL_SOON: CallOptions = {
    # What was not sent is taken up by the next run.
    "start_to_close_timeout": timedelta(seconds=120),
    "heartbeat_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(minutes=3),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=2),
        maximum_attempts=3,
        non_retryable_error_types=HOPELESS,
    ),
}
TELL: CallOptions = {
    # Less than a dead claim needs to be given up: no two attempts speak about the same mail.
    "start_to_close_timeout": timedelta(minutes=4),
    "heartbeat_timeout": timedelta(seconds=10),
    "schedule_to_close_timeout": timedelta(minutes=10),
    "retry_policy": RetryPolicy(maximum_attempts=1),
}
"""Mails to staff; what was not sent is sent by the next one."""

TASK_TIMEOUT = timedelta(seconds=5)
"""A workflow task of ours takes milliseconds; a killed worker's task is given away after this."""

Facts = dict[str, str | int]
Data = dict[str, str | int | bool | None]
