"""Members of staff hear by mail what waits for them: once, together, and only what is theirs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from activities.staff_mail import StaffMails
from domain.inbox import ItemKind
from domain.lifecycle import Role
from domain.staff_mail import DIGEST_GAP, URGENT_GAP, Wish
from integrations.smtp import DeliveryUnknown, Envelope, MailNotTaken, RecipientRefused
from store import staff_mail
from store.engine import session
from store.tables import Creator, InboxItem, Staff, StaffMail
from tests import builders
from tests.builders import NOW
from tests.fixtures.mail import SENDER, MailCatcher
from tests.web.rows import wait_for

URL = "https://troupe.example"
LATER = timedelta(seconds=1)
RULES = {"approvers": ["noor@brand.example"], "substitute": "sam@brand.example"}


@dataclass
class Post:
    """A mail server that keeps what it takes, and a clock that is moved."""

    engine: AsyncEngine
    now: datetime = NOW
    trouble: list[BaseException] = field(default_factory=list)
    taken: list[Envelope] = field(default_factory=list)

    async def send(self, envelope: Envelope) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.taken.append(envelope)

    def activity(self, mailer: Any = None) -> StaffMails:
        return StaffMails(
            self.engine, mailer or self, URL, mail_from=SENDER, clock=lambda: self.now
        )

    async def sweep(self, later: timedelta = timedelta(0)) -> list[str]:
        """The subjects of the mails of one sweep, with their recipients."""
        self.now += later
        before = len(self.taken)
        await self.activity().tell_staff()
        return [f"{each.recipient}: {read(each)['Subject']}" for each in self.taken[before:]]

    async def statuses(self) -> list[str]:
        async with session(self.engine) as db:
            rows = await db.scalars(select(StaffMail.status).order_by(StaffMail.planned_at))
            return list(rows)


def read(envelope: Envelope) -> EmailMessage:
    message = message_from_bytes(envelope.message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def post(engine: AsyncEngine) -> Post:
    return Post(engine)


async def hire(engine: AsyncEngine, name: str, *roles: Role, **row: Any) -> Staff:
    async with session(engine) as db:
        return await builders.staff(
            db, email=f"{name}@brand.example", name=name, roles=list(roles), **row
        )


async def ask(engine: AsyncEngine, kind: ItemKind = ItemKind.DRAFT, **row: Any) -> InboxItem:
    """Something about a creator waits in a campaign that names an approver and a substitute."""
    async with session(engine) as db:
        campaign = await builders.campaign(db, builders.campaign_file(review=RULES))
        of = await builders.collaboration(db, campaign, stage="reviewing")
        item = await wait_for(db, kind, of, campaign.id)
        for name, value in row.items():
            setattr(item, name, value)
        return item


async def change(engine: AsyncEngine, item: InboxItem, **values: Any) -> None:
    async with session(engine) as db:
        row = await db.get_one(InboxItem, item.id)
        for name, value in values.items():
            setattr(row, name, value)


async def test_what_is_new_is_told_once_and_at_most_once_an_hour(post: Post) -> None:
    await hire(post.engine, "noor", Role.REVIEWER)
    await ask(post.engine)
    assert await post.sweep() == ["noor@brand.example: A draft to review"]
    await ask(post.engine)
    await ask(post.engine, ItemKind.SCREENING)
    assert await post.sweep(DIGEST_GAP - LATER) == []
    assert await post.sweep(LATER) == ["noor@brand.example: 2 things wait for you"]
    assert await post.sweep(10 * DIGEST_GAP) == []


async def test_the_mail_leads_to_the_item_and_says_nothing_about_the_creator(post: Post) -> None:
    await hire(post.engine, "noor", Role.REVIEWER, timezone="Europe/Berlin")
    item = await ask(post.engine, due_at=NOW + timedelta(days=2))
    await post.sweep()
    message = read(post.taken[0])
    assert message["From"] == f"Troupe <{SENDER}>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    for part in message.walk():
        if part.get_content_maintype() == "text":
            text = part.get_content()
            assert f"{URL}/items/{item.id}" in text
            assert f"{URL}/me" in text
            assert "Berlin time" in text
            async with session(post.engine) as db:
                for who in await db.scalars(select(Creator)):
                    assert who.handle not in text
                    assert who.name not in text


async def test_a_substitute_hears_at_once_that_it_is_their_turn(post: Post) -> None:
    for name in ("noor", "sam", "kim"):
        await hire(post.engine, name, Role.REVIEWER)
    item = await ask(post.engine)
    assert await post.sweep() == ["noor@brand.example: A draft to review"]
    await change(post.engine, item, handed_over=True)
    assert await post.sweep(LATER) == [
        "sam@brand.example: A draft to review, handed to you as substitute"
    ]
    assert await post.sweep(DIGEST_GAP) == []


async def test_a_reminder_and_an_escalation_do_not_wait_for_the_hour(post: Post) -> None:
    await hire(post.engine, "noor", Role.REVIEWER)
    await hire(post.engine, "mia", Role.MANAGER)
    item = await ask(post.engine)
    await post.sweep()
    await change(post.engine, item, reminded=1)
    assert await post.sweep(URGENT_GAP - LATER) == [], "a whole campaign may be late at once"
    assert await post.sweep(LATER) == ["noor@brand.example: A draft to review, still waits"]
    await change(post.engine, item, reminded=2, escalated=True)
    assert sorted(await post.sweep(URGENT_GAP)) == [
        "mia@brand.example: A draft to review, nobody has answered",
        "noor@brand.example: A draft to review, still waits",
    ]
    assert await post.sweep(DIGEST_GAP) == []


async def test_a_manager_hears_of_a_late_release_and_finance_of_what_they_may_give(
    post: Post,
) -> None:
    await hire(post.engine, "mia", Role.MANAGER)
    async with session(post.engine) as db:
        payout = await builders.payout(db, await builders.collaboration(db))
        item = await wait_for(
            db, ItemKind.RELEASE, payout, payout.campaign_id, seen="15000EUR", code="1/1"
        )
    assert await post.sweep() == []
    await change(post.engine, item, escalated=True)
    assert await post.sweep() == ["mia@brand.example: A payment to release, nobody has answered"]


@pytest.mark.parametrize(
    "row", [{"mails": Wish.OFF.value}, {"mails": Wish.BOUNCED.value}, {"active": False}]
)
async def test_who_wants_none_or_has_left_gets_none(post: Post, row: dict[str, Any]) -> None:
    await hire(post.engine, "noor", Role.REVIEWER, **row)
    await ask(post.engine)
    assert await post.sweep() == []
    assert await post.statuses() == []


async def test_while_the_server_is_away_news_gather_in_one_mail(post: Post) -> None:
    await hire(post.engine, "noor", Role.REVIEWER)
    first = await ask(post.engine)
    for _ in range(3):
        post.trouble = [MailNotTaken("not now")]
        with pytest.raises(MailNotTaken):
            await post.sweep(DIGEST_GAP)
        await ask(post.engine)
    await change(post.engine, first, closed_at=NOW)
    assert await post.sweep(LATER) == ["noor@brand.example: 3 things wait for you"]
    assert await post.statuses() == ["accepted"]


async def test_a_mail_about_what_was_decided_meanwhile_is_not_sent(post: Post) -> None:
    await hire(post.engine, "noor", Role.REVIEWER)
    item = await ask(post.engine)
    await staff_mail.plan(post.engine, NOW)
    await change(post.engine, item, closed_at=NOW)
    assert await post.sweep() == []
    assert await post.statuses() == ["expired"]


async def test_nobody_gets_a_mail_twice_after_a_crash(post: Post) -> None:
    await hire(post.engine, "noor", Role.REVIEWER)
    await ask(post.engine)
    post.trouble = [asyncio.CancelledError()]  # the worker dies
    with pytest.raises(asyncio.CancelledError):
        await post.sweep()
    assert await post.sweep(timedelta(minutes=2)) == []
    assert await post.sweep(timedelta(minutes=4)) == []
    assert await post.statuses() == ["in_doubt"]
    post.trouble = [DeliveryUnknown("lost")]
    await ask(post.engine)
    assert await post.sweep(DIGEST_GAP) == []
    assert await post.statuses() == ["in_doubt", "in_doubt"]


async def test_a_mailbox_that_is_not_there_is_not_written_to_again(post: Post) -> None:
    me = await hire(post.engine, "noor", Role.REVIEWER)
    await ask(post.engine)
    post.trouble = [RecipientRefused("5.1.1", lasting=True)]
    assert await post.sweep() == []
    await ask(post.engine)
    assert await post.sweep(DIGEST_GAP) == []
    assert await post.statuses() == ["bounced"]
    async with session(post.engine) as db:
        assert (await db.get_one(Staff, me.id)).mails == "bounced"


async def test_a_real_server_takes_it(post: Post, mail_catcher: MailCatcher) -> None:
    await hire(post.engine, "noor", Role.REVIEWER)
    item = await ask(post.engine)
    before = mail_catcher.last_id()
    assert await post.activity(mail_catcher.mailer()).tell_staff() == 1
    (message,) = mail_catcher.messages(to="noor@brand.example", after=before)
    assert f"{URL}/items/{item.id}" in message["links"]
