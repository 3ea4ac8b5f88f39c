"""A program for the tests: a supervisor with two sleepers, `first` and then `second`."""

import asyncio
import signal
import sys
from pathlib import Path

from local.child import ChildSpec
from local.supervisor import Supervisor

SLEEPER = (
    "import signal,sys,time\n"
    "def end(*_):\n"
    "    print(f'{sys.argv[1]} ends', flush=True)\n"
    "    open(sys.argv[2], 'a').write(sys.argv[1] + '\\n')\n"
    "    sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('up', flush=True)\n"
    "time.sleep(600)\n"
)


def sleeper(name: str, folder: Path) -> ChildSpec:
    """A child that writes its name into a file when it is asked to end."""

    async def ready() -> bool:
        log = folder / "logs" / f"{name}.log"
        return log.exists() and "up" in log.read_text()

    return ChildSpec(
        name, (sys.executable, "-c", SLEEPER, name, str(folder / "ended")), ready=ready
    )


def say(text: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(folder: Path) -> None:
    """Start both, say so, stay until told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Supervisor(folder, say) as supervisor:
        await supervisor.start(sleeper("first", folder))
        await supervisor.start(sleeper("second", folder))
        say("ready")
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
