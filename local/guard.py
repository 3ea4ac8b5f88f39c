"""Becomes a server program that cannot outlive the supervisor, even when that is `kill -9`ed.

Run as ``python -I -S local/guard.py OPTIONS -- COMMAND …`` (standard library only, so that it is
quick). On Linux the kernel is asked for a signal at the parent's death; elsewhere a small watching
process stays behind that holds a pipe of the supervisor and ends the command when it closes. Then
the command replaces this process, so the process id that the supervisor knows is the server's own.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
LOOK_AGAIN = 1.0
"""Seconds between two looks of the watching process at whether its command still lives."""


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the options; what follows ``--`` is the command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True, help="the supervisor's process id")
    parser.add_argument("--pipe", type=int, required=True, help="closed when the supervisor ends")
    parser.add_argument("--death-signal", type=int, default=int(signal.SIGTERM))
    parser.add_argument("--grace", type=float, default=15.0, help="seconds until SIGKILL")
    parser.add_argument("--method", choices=["kernel", "pipe"], required=True)
    parser.add_argument("command", nargs="+")
    return parser.parse_args(arguments)


def watch(pipe: int, command_id: int, death_signal: int, grace: float) -> None:
    """Wait for the end of the supervisor or of the command; end the command in the first case.

    The command is this process' parent: as long as that is so, its id cannot have been reused.
    """
    while os.getppid() == command_id:
        readable, _, _ = select.select([pipe], [], [], LOOK_AGAIN)
        if readable:
            break
    if os.getppid() == command_id:
        os.kill(command_id, death_signal)
    until = time.monotonic() + grace
    while os.getppid() == command_id and time.monotonic() < until:
        time.sleep(0.1)
    if os.getppid() == command_id:
        os.kill(command_id, signal.SIGKILL)


def start_watching(options: argparse.Namespace) -> None:
    """Leave a watching process behind."""
    command_id = os.getpid()
    if os.fork() != 0:
        return
    os.setsid()
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)
    try:
        watch(options.pipe, command_id, options.death_signal, options.grace)
    finally:
        os._exit(0)


def main(arguments: list[str]) -> None:
    """Arrange to end with the supervisor, then become the command."""
    options = parse(arguments)
    if options.method == "kernel":
        library = ctypes.CDLL(None, use_errno=True)
        if library.prctl(PR_SET_PDEATHSIG, options.death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "the kernel refused the parent-death signal")
    else:
        start_watching(options)
    if os.getppid() != options.parent:
        return  # the supervisor died before its death could be noticed
    os.close(options.pipe)
    os.execvp(options.command[0], options.command)  # noqa: S606 - becoming it is the point


if __name__ == "__main__":
    main(sys.argv[1:])
