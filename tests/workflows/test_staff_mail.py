"""The schedule that tells staff what waits: through Temporal, to the worker that has the mail."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.messages import Queue
from integrations import schedules
from settings import Settings
from store.engine import session
from store.tables import Creator, PayoutStanding
from tests import builders
from tests.conftest import Database
from tests.fixtures.mail import MailCatcher
from tests.web.rows import wait_for
from worker import Tools, make_worker


def tools_for(
    engine: AsyncEngine, temporal: WorkflowEnvironment, database: Database,
    mail_catcher: MailCatcher,
) -> Tools:  # fmt: skip
    """What workers are made from that send to this mail server."""
    given = {
        "TROUPE_DATABASE_URL": database.app_url,
        "TROUPE_SECRET_KEY": "of the tests, long enough to be one",
        "TROUPE_SMTP_PORT": str(mail_catcher.smtp_port),
        "TROUPE_SMTP_TLS": "none",
    }
    return Tools(Settings.from_environment(given), engine, temporal.client)


async def test_a_creator_who_cannot_be_paid_any_more_hears_of_it_by_a_schedule(
    engine: AsyncEngine, temporal: WorkflowEnvironment, database: Database,
    mail_catcher: MailCatcher,
) -> None:  # fmt: skip
    tools = tools_for(engine, temporal, database, mail_catcher)
    async with session(engine) as db:
        first, of = [await builders.collaboration(db, stage="drafting") for _ in range(2)]
        deferred = await db.get_one(Creator, first.creator_id)
        them = await db.get_one(Creator, of.creator_id)
        before = datetime.now(UTC) - timedelta(days=2)
        for each in (deferred, them):
            db.add(PayoutStanding(creator_id=each.id, ready=True, since=before, reminded=0))
    mail_catcher.order_fault("defer", to=deferred.email, times=99)
    schedule = temporal.client.get_schedule_handle(schedules.FOLLOW_UP_SCHEDULE)
    with contextlib.suppress(RPCError):
        await schedule.delete()  # a worker of another test may have made it
    await schedules.ensure_follow_up(temporal.client)
    async with make_worker(tools, Queue.WORKFLOWS), make_worker(tools, Queue.OUTREACH):
        await schedule.trigger()
        caught = await asyncio.to_thread(mail_catcher.messages, to=them.email, wait="20")
        assert mail_catcher.messages(to=deferred.email) == []
        mail_catcher.clear_faults()
        # An address that is refused for now holds nobody else's mail up, and is tried again.
        caught += await asyncio.to_thread(mail_catcher.messages, to=deferred.email, wait="20")
    await schedule.delete()
    assert [message["subject"] for message in caught] == ["We cannot pay you at the moment"] * 2


async def test_staff_hear_of_what_waits_by_a_schedule(
    engine: AsyncEngine, temporal: WorkflowEnvironment, database: Database,
    mail_catcher: MailCatcher,
) -> None:  # fmt: skip
    tools = tools_for(engine, temporal, database, mail_catcher)
    async with session(engine) as db:
        me = await builders.staff(db, [Role.REVIEWER])
        of = await builders.collaboration(db, stage="reviewing")
        await wait_for(db, ItemKind.DRAFT, of, of.campaign_id)
    schedule = temporal.client.get_schedule_handle(schedules.STAFF_MAIL_SCHEDULE)
    with contextlib.suppress(RPCError):
        await schedule.delete()  # a worker of another test may have made it
    await schedules.ensure_staff_mail(temporal.client)
    await schedules.ensure_staff_mail(temporal.client)
    async with make_worker(tools, Queue.WORKFLOWS), make_worker(tools, Queue.OUTREACH):
        await schedule.trigger()
        caught = await asyncio.to_thread(mail_catcher.messages, to=me.email, wait="20")
    await schedule.delete()
    assert [message["subject"] for message in caught] == ["A draft to review"]
