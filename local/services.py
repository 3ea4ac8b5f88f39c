"""How each server of the embedded stack is run: its command, settings, and when it is ready."""

from __future__ import annotations

import asyncio
import sys

from domain.errors import Unavailable
from domain.search_attributes import ALL as SEARCH_ATTRIBUTES
from local import postgres, temporal
from local.child import ChildSpec
from local.plan import WORKERS, Mode, Plan
from local.probes import Probe, answers, listens

DEMO_DAY_SECONDS = "2"
"""How long a day of growing views lasts on the social stand-in when time is short."""
WORKER_STOP_WITHIN = 50.0
"""Seconds; more than a worker gives its activities to finish."""


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *arguments)


def database_server(plan: Plan, credentials: postgres.Credentials) -> ChildSpec:
    """PostgreSQL, on the files in the data folder."""
    port = plan.port("postgres")

    async def ready() -> bool:
        try:
            await asyncio.to_thread(postgres.wait_ready, credentials, port, within=1.0)
        except Unavailable:
            return False
        return True

    return ChildSpec(
        "postgres",
        _python(
            "local.postgres", str(plan.folder / "postgres"), "--port", str(port),
            "--die-with-parent",
        ),
        ready=ready,
        stop_signal=postgres.STOP_SIGNAL,
    )  # fmt: skip


def temporal_servers(plan: Plan) -> list[ChildSpec]:
    """Temporal with its files in the data folder, and its UI to look at."""
    inner = plan.port("temporal-ui-inner")
    server = temporal.command(
        plan.folder / "temporal.db",
        port=plan.port("temporal"),
        ui_port=inner,
        http_port=plan.port("temporal-http"),
        metrics_port=plan.port("temporal-metrics"),
        attributes=SEARCH_ATTRIBUTES,
        synchronous="full" if plan.durable else "normal",
    )
    pages = _python(
        "local.temporal_ui", "--port", str(plan.port("temporal-ui")),
        "--upstream", f"http://127.0.0.1:{inner}",
    )  # fmt: skip
    return [
        ChildSpec("temporal", server, ready=temporal.serves(plan.port("temporal"))),
        ChildSpec("temporal-ui", pages, ready=listens(plan.port("temporal-ui"))),
    ]


def stand_ins(plan: Plan) -> list[ChildSpec]:
    """What answers in the place of mail servers, Stripe and platforms that are not set."""
    found = []
    if not plan.real_mail:
        found.append(_mail_catcher(plan))
    if not plan.real_stripe:
        found.append(_stripe(plan))
    if not plan.real_social:
        found.append(_social(plan))
    return found


def _mail_catcher(plan: Plan) -> ChildSpec:
    command = _python(
        "local.mail_catcher", "--smtp-port", str(plan.port("smtp")),
        "--port", str(plan.port("mail")), "--folder", str(plan.folder / "mail"),
    )  # fmt: skip
    return ChildSpec("mail", command, ready=_both(listens(plan.port("smtp")), plan.port("mail")))


def _stripe(plan: Plan) -> ChildSpec:
    variable = "TROUPE_STRIPE_WEBHOOK_SECRET"
    command = _python(
        "local.stripe_standin", "--port", str(plan.port("stripe")),
        "--folder", str(plan.folder / "stripe"),
        "--webhook-url", f"{plan.url('desk')}/webhooks/stripe",
        "--webhook-secret-env", variable, "--key", plan.secrets.stripe_key,
    )  # fmt: skip
    environment = {variable: plan.secrets.webhook_secret}
    return ChildSpec("stripe", command, environment, listens(plan.port("stripe")))


def _social(plan: Plan) -> ChildSpec:
    command = _python(
        "local.social_standin", "--port", str(plan.port("social")),
        "--folder", str(plan.folder / "social"),
    )  # fmt: skip
    if plan.mode is not Mode.UP:
        command += ("--day-seconds", DEMO_DAY_SECONDS)
    return ChildSpec("social", command, ready=listens(plan.port("social")))


def _both(first: Probe, port: int) -> Probe:
    second = listens(port)

    async def ready() -> bool:
        return await first() and await second()

    return ready


def web(plan: Plan, database_url: str) -> ChildSpec:
    """Desk, portal, API and webhooks."""
    return ChildSpec(
        "web",
        _python("web", "--port", str(plan.port("desk"))),
        {**plan.shared_settings(database_url), **plan.web_settings()},
        answers(f"{plan.url('desk')}/healthz"),
    )


def workers(plan: Plan, database_url: str) -> list[ChildSpec]:
    """The worker processes, by queue."""
    return [
        ChildSpec(
            name,
            (
                sys.executable,
                "worker.py",
                *(part for queue in queues for part in ("--queue", queue)),
            ),
            {**plan.shared_settings(database_url), **plan.worker_settings(name)},
            answers(f"{plan.url(name)}/healthz"),
            stop_within=WORKER_STOP_WITHIN,
        )
        for name, queues in WORKERS.items()
    ]
