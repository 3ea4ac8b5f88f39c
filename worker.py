"""Starts the Temporal workers: all queues, or the ones named.

    python worker.py --queue workflows --queue outreach

One process may serve several queues; the payout queue wants a process of its own, since it alone
holds the Stripe key.
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    # Until everything is imported: to look for garbage among what stays takes a sixth of the start.
    gc.disable()

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.balances import Balances
from activities.bank_rail import BankRail
from activities.book_check import BookCheck
from activities.campaigns import Campaigns
from activities.claims import Claims
from activities.creator_watch import CreatorWatch
from activities.documents import Documents
from activities.follow_ups import FollowUps
from activities.guard import CodesOnly
from activities.holds import Holds
from activities.lost_events import LostEvents
from activities.maintenance import Maintenance
from activities.outreach import Outreach
from activities.payouts import Payouts
from activities.publication import Publications
from activities.rail_gate import RailGate
from activities.reconciliation import Reconciliation
from activities.records import Records
from activities.staff_mail import StaffMails
from activities.standstills import Standstills
from activities.vetting import Vetting
from domain.errors import ConfigurationError, TroupeError
from domain.messages import Queue
from integrations import schedules, temporal
from integrations.classifier import fast_engine
from integrations.fine import CLOSER_LOOK
from integrations.llm_reviewer import with_reviewer
from integrations.mail_lookup import CatcherLookup
from integrations.rotating_rail import RotatingRail
from integrations.secret_source import SecretSource
from integrations.smtp import SmtpMailer
from integrations.social import Access, make_sources
from rendering.links import Links
from settings import Settings, load_rate_card
from store import rails
from store.engine import make_engine, session
from store.rail_accounts import RailAccounts
from workflows.registry import WORKFLOWS

logger = logging.getLogger("troupe.worker")

GRACE = timedelta(seconds=45)
"""On SIGTERM, activities have this long to finish; longer than any call to a foreign system."""

KEY_LOOK_SECONDS = 5.0
"""How often a payout worker looks whether payments stand still and its keys are others by now."""

NAMES = {queue.value.removeprefix("troupe-"): queue for queue in Queue}
RATE_PER_SECOND = {Queue.OUTREACH: 25.0, Queue.PUBLICATION: 25.0, Queue.PAYOUTS: 20.0}
"""Activities per second over all workers of a queue; below what the outside party allows
(Stripe: 25 requests a second on one endpoint)."""


@dataclass(frozen=True)
class Tools:
    """What activities are made from."""

    settings: Settings
    engine: AsyncEngine
    client: Client

    @property
    def by_bank(self) -> bool:
        """True if creators are paid by bank transfer, which papers and mails say."""
        return self.settings.by_bank

    @cached_property
    def rail(self) -> RotatingRail | BankRail:
        """How creators are paid; one for all, so that Stripe is asked once whose a key is."""
        return _rail(self)

    @property
    def links(self) -> Links:
        """Signs the links in mails."""
        return Links(self.settings.public_url, self.settings.secret_key.get_secret_value())


def _workflows(tools: Tools) -> list[Any]:
    records = Records(tools.engine)
    claims = Claims(tools.engine, tools.client)
    campaigns = Campaigns(tools.engine, tools.client)
    return [
        records.append,
        records.apply_decision,
        records.grant_bonus,
        claims.claim_back,
        claims.left_of_claim,
        claims.tell_claims,
        campaigns.standing,
        campaigns.tell_campaign,
        Documents(tools.engine, by_bank=tools.by_bank).render_terms,
    ]


def _vetting(tools: Tools) -> list[Any]:
    settings = tools.settings
    card = load_rate_card(settings.rate_card)
    closer = with_reviewer(
        CLOSER_LOOK, settings.safety_llm_url, settings.safety_llm_model, settings.safety_llm_key
    )
    vetting = Vetting(tools.engine, rate_card=card, safety=fast_engine(), closer=closer)
    return [
        vetting.vet_roster,
        vetting.solve_shortlist,
        vetting.resolve_shortlist,
        vetting.plan_starts,
        vetting.recheck_creator,
        vetting.write_report,
        Campaigns(tools.engine, tools.client).tell_collaborations,
        Maintenance(tools.engine, tools.client).sweep,
        BookCheck(tools.engine).look_over_books,
        Standstills(tools.engine, tools.client).look_who_carries_on,
        # Without the language model: a sweep over many creators has a minute.
        CreatorWatch(tools.engine, tools.client, safety=CLOSER_LOOK).watch_creators,
    ]


def _outreach(tools: Tools) -> list[Any]:
    settings = tools.settings
    mailer = SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
        settings.smtp_tls,
    )
    catcher = settings.mail_catcher_url
    tell = StaffMails(
        tools.engine, mailer, settings.public_url, mail_from=settings.mail_from
    ).tell_staff
    outreach = Outreach(
        tools.engine,
        mailer,
        tools.links,
        mail_from=settings.mail_from,
        by_bank=tools.by_bank,
        lookup=CatcherLookup(catcher) if catcher else None,
    )
    follow_ups = FollowUps(
        tools.engine, by_bank=tools.by_bank, answer_days=settings.sepa_answer_days
    )
    return [
        outreach.send_mail, tell, follow_ups.follow_up_payout_setup, follow_ups.look_at_bank_files,
    ]  # fmt: skip


def _publication(tools: Tools) -> list[Any]:
    settings = tools.settings
    access = Access(
        instagram_token=settings.instagram_token.get_secret_value(),
        instagram_business_id=settings.instagram_business_id,
        youtube_key=settings.youtube_key.get_secret_value(),
        social_base=settings.social_base,
    )
    return [Publications(tools.engine, make_sources(access)).watch_publication]


def _rail(tools: Tools) -> RotatingRail | BankRail:
    settings = tools.settings
    if settings.by_bank:
        return BankRail(tools.engine)
    return RotatingRail(
        SecretSource(*settings.secret_at("stripe_key")),
        SecretSource(*settings.secret_at("stripe_reader_key")),
        api_base=settings.stripe_api_base,
        mode=settings.stripe_mode or "",
        accounts=RailAccounts(tools.engine),
    )


async def _use_rail(tools: Tools) -> None:
    """Only accounts at the rail that is in use count; the payout worker knows which it is."""
    async with session(tools.engine) as db:
        await rails.use(db, by_bank=tools.by_bank)


async def try_another_key(tools: Tools) -> None:
    """If payments stand still and we have a key that was not refused, they go on by themselves."""
    gate = RailGate(tools.engine, tools.rail, lambda: datetime.now(UTC))
    try:
        await gate.check()
    except TroupeError as error:
        logger.warning("no payment can be sent: %s", error.message)


async def try_new_keys(tools: Tools, stop: asyncio.Event) -> None:
    """Look whose the keys are; then, until ``stop``, try new ones while payments stand still."""
    gate = RailGate(tools.engine, tools.rail, lambda: datetime.now(UTC))
    await _looked(_check_accounts(tools.rail, gate))
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), KEY_LOOK_SECONDS)
        await _looked(gate.try_new_keys())


async def _check_accounts(rail: RotatingRail | BankRail, gate: RailGate) -> None:
    """A key of another account is told when the worker starts, not when a payment is due."""
    if isinstance(rail, RotatingRail):
        async with gate.passage():
            await rail.check_accounts()


async def _looked(looking: Awaitable[None]) -> None:
    """Whatever comes of it, the worker goes on: each payment is looked at by itself."""
    try:
        await looking
    except TroupeError as error:
        logger.warning("no payment can be sent: %s", error.message)
    except SQLAlchemyError as error:
        logger.warning("whether payments go on is unknown: %s", type(error).__name__)


def _payouts(tools: Tools) -> list[Any]:
    rail = tools.rail
    payouts = Payouts(tools.engine, rail, tools.settings.public_url)
    return [
        payouts.send_transfer,
        payouts.look_up_transfer,
        payouts.adopt_transfer,
        Holds(tools.engine, rail, tools.settings.public_url).still_held,
        payouts.prepare_onboarding,
        payouts.apply_stripe_event,
        Reconciliation(tools.engine, rail).reconcile,
        LostEvents(tools.engine, rail).find_lost_events,
        Balances(tools.engine, rail).read_balance,
    ]


ACTIVITIES: dict[Queue, Callable[[Tools], list[Any]]] = {
    Queue.WORKFLOWS: _workflows,
    Queue.VETTING: _vetting,
    Queue.OUTREACH: _outreach,
    Queue.PUBLICATION: _publication,
    Queue.PAYOUTS: _payouts,
}


def workflow_runner() -> SandboxedWorkflowRunner:
    """The sandbox, with our pure packages passed through: reloading them costs 60 ms a workflow."""
    passed = SandboxRestrictions.default.with_passthrough_modules("domain", "pydantic")
    return SandboxedWorkflowRunner(restrictions=passed)


def make_worker(tools: Tools, queue: Queue, *, max_cached_workflows: int = 1000) -> Worker:
    """The worker of one queue."""
    workflows = WORKFLOWS if queue is Queue.WORKFLOWS else []
    options: dict[str, Any] = {}
    if queue in RATE_PER_SECOND:
        options["max_task_queue_activities_per_second"] = RATE_PER_SECOND[queue]
    if workflows:
        options["workflow_task_poller_behavior"] = PollerBehaviorAutoscaling(initial=2, maximum=10)
    else:
        options["activity_task_poller_behavior"] = PollerBehaviorAutoscaling(initial=2, maximum=10)
    return Worker(
        tools.client,
        task_queue=queue.value,
        workflows=workflows,
        activities=ACTIVITIES[queue](tools),
        workflow_runner=workflow_runner(),
        interceptors=[CodesOnly()],
        max_cached_workflows=max_cached_workflows,
        # Eager activities would go round the rate limit of their queue.
        disable_eager_activity_execution=True,
        # A killed worker's sticky queue is given up quickly.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=GRACE,
        no_remote_activities=queue is Queue.WORKFLOWS,
        **options,
    )


@contextlib.asynccontextmanager
async def health(port: int) -> AsyncIterator[None]:
    """Answer ``GET /healthz`` while the workers poll; nothing if the port is 0."""
    if not port:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(5):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n"
                )
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        yield


async def serve(settings: Settings, queues: list[Queue], stop: asyncio.Event) -> None:
    """Run the workers of some queues until ``stop`` is set, then let their work finish."""
    names = "+".join(queue.value.removeprefix("troupe-") for queue in queues)
    client = await temporal.connect(identity=f"{names}@{os.getpid()}")
    engine = make_engine(settings.database_url.get_secret_value())
    tools = Tools(settings, engine, client)
    try:
        if Queue.WORKFLOWS in queues:
            await schedules.ensure_sweep(client, timedelta(seconds=settings.sweep_seconds))
            await schedules.ensure_nightly(client)
            await schedules.ensure_lost_events(client)
            await schedules.ensure_balance(client)
            await schedules.ensure_staff_mail(client)
            await schedules.ensure_follow_up(client)
        if Queue.PAYOUTS in queues:
            await _use_rail(tools)
            await try_another_key(tools)
        async with contextlib.AsyncExitStack() as running:
            if Queue.PAYOUTS in queues:
                running.push_async_callback(tools.rail.close)
            for queue in queues:
                await running.enter_async_context(make_worker(tools, queue))
            await running.enter_async_context(health(settings.worker_health_port))
            logger.info("polling %s", names)
            if Queue.PAYOUTS in queues:
                await try_new_keys(tools, stop)
            await stop.wait()
            logger.info("stopping %s", names)
    finally:
        await engine.dispose()


async def main(queues: list[Queue]) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(Settings.from_environment(), queues, stop)


def read_queues(arguments: list[str] | None = None) -> list[Queue]:
    """The queues named on the command line."""
    parser = argparse.ArgumentParser(description="Run Troupe's workers.")
    parser.add_argument(
        "--queue", action="append", choices=[*NAMES, "all"], help="may be given several times"
    )
    names = parser.parse_args(arguments).queue or ["all"]
    return list(Queue) if "all" in names else [NAMES[name] for name in dict.fromkeys(names)]


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        asyncio.run(main(read_queues()))
    except ConfigurationError as mistake:
        sys.stderr.write(f"{mistake.message}\n{mistake.hint}\n")
        sys.exit(2)
    temporal.leave(0)
