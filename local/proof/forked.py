"""Processes that are there to be killed, started without loading everything each time.

A server loads the worker's modules once and forks from then on: what took seconds of processor
time takes next to none. A process that is killed is a process of its own all the same.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any


def forked(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a process; target and arguments are importable and plain, as for any other."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["worker"])
    process = context.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process
