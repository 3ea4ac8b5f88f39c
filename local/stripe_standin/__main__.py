"""Start the stand-in: ``python -m local.stripe_standin --port 12111 --folder DIR …``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from local.stripe_standin.app import DroppableProtocol, make_app
from local.stripe_standin.deliveries import Deliveries
from local.stripe_standin.faults import Faults
from local.stripe_standin.operations import Operations
from local.stripe_standin.pipeline import Pipeline
from local.stripe_standin.state import State

HOST = "127.0.0.1"
TEST_KEY = "sk_test_standin"


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped."""
    options = _parser().parse_args(arguments)
    secret = os.environ.get(options.webhook_secret_env, "")
    if not secret:
        print(  # noqa: T201
            f"the variable {options.webhook_secret_env} must hold the secret that signs webhooks",
            file=sys.stderr,
        )
        return 2
    key = options.key or os.environ.get(options.key_env) or TEST_KEY
    if "_live_" in key:
        print("a live Stripe key has no place in the stand-in", file=sys.stderr)  # noqa: T201
        return 2
    state = State(options.folder, options.balance_minor)
    url = f"http://{HOST}:{options.port}"
    deliveries = Deliveries(state, options.webhook_url, secret)
    pipeline = Pipeline(
        Operations(state, url, options.link_seconds),
        Faults(),
        key,
        options.key_hours * 3600,
        deliveries.wake,
    )
    uvicorn.run(
        make_app(pipeline, deliveries),
        host=HOST,
        port=options.port,
        http=DroppableProtocol,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.stripe_standin",
        description="Stands in for Stripe on this machine. No money moves.",
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the state is kept")
    parser.add_argument("--webhook-url", required=True, help="where events are posted")
    parser.add_argument(
        "--webhook-secret-env",
        default="TROUPE_STRIPE_WEBHOOK_SECRET",
        help="variable that holds the signing secret",
    )
    parser.add_argument("--key", default="", help="the API key that is accepted")
    parser.add_argument(
        "--key-env",
        default="TROUPE_STRIPE_KEY",
        help="variable that holds the key, if --key is not given",
    )
    parser.add_argument(
        "--balance-minor", type=int, default=100_000_000,
        help="the platform's balance per currency at first, in the smallest unit",
    )  # fmt: skip
    parser.add_argument(
        "--key-hours", type=float, default=24, help="how long idempotency keys are remembered"
    )
    parser.add_argument(
        "--link-seconds", type=float, default=300, help="how long an onboarding link is valid"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
