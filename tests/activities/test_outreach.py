"""Each mail goes out once, to whom it may go, and the row says what became of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from activities.outreach import Outreach
from domain.errors import MailRefused, Unavailable
from domain.mails import Mail
from domain.messages import Posting, PostingKind
from integrations.smtp import Envelope, SmtpMailer
from store import ledger, outbox
from store.engine import session
from store.tables import Campaign, Collaboration, Creator
from tests import books
from tests.fixtures.mail import SENDER, MailCatcher, MailDesk


async def send(outreach: Outreach, outbox_id: str) -> str:
    return (await outreach.send_mail(outbox_id)).status


@dataclass
class KeepingMailer:
    """The real thing, which also keeps what it was given."""

    inner: SmtpMailer
    given: list[Envelope] = field(default_factory=list)

    async def send(self, envelope: Envelope) -> None:
        self.given.append(envelope)
        await self.inner.send(envelope)


class DyingMailer:
    """The real thing, and the worker dies right after the message has been given."""

    def __init__(self, inner: SmtpMailer, *, before: bool = False) -> None:
        self.inner, self.before = inner, before

    async def send(self, envelope: Envelope) -> None:
        if not self.before:
            await self.inner.send(envelope)
        raise asyncio.CancelledError


async def test_a_planned_mail_is_sent_and_the_row_says_so(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "accepted"
    (message,) = mail_catcher.messages(to=mail_desk.address)
    row = await mail_desk.row(outbox_id)
    assert row.status == "accepted"
    assert row.settled_at
    assert row.message_id == message["message_id"]
    assert row.subject == message["subject"]
    headers = dict(message["headers"])
    assert headers["From"] == f'"Anna Weber (Lumen & Daughters)" <{SENDER}>'
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Unsubscribe"].startswith("<https://troupe.example/opt-out/")
    assert "Auto-Submitted" not in headers


async def test_the_mail_about_a_payment_brings_its_statement(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    async with session(mail_desk.engine) as work:
        of = await work.get_one(Collaboration, "col_1")
        budget = Posting(kind=PostingKind.FUND, key="cmp_1:fund", amount_minor=2_000_000)
        await ledger.post(work, "cmp_1", None, None, None, budget, "EUR", datetime.now(UTC))
        payout = await books.paid(work, of)
    facts = {"payout_id": payout.id, "amount_minor": payout.amount_minor}
    outbox_id = await mail_desk.plan(Mail.REMITTANCE, facts=facts)
    kept = KeepingMailer(mail_catcher.mailer())
    assert await send(mail_desk.outreach(kept), outbox_id) == "accepted"
    message = message_from_bytes(kept.given[0].message, policy=policy.default)
    assert isinstance(message, EmailMessage)
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == f"{payout.id}.pdf"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content().startswith(b"%PDF-1.7")
    text = message.get_body(("plain",))
    assert text is not None
    assert "the statement for your books is attached" in text.get_content()
    (caught,) = mail_catcher.messages(to=mail_desk.address)
    assert "the statement for your books is attached" in caught["text"], "as a program reads it"


async def test_no_statement_is_promised_before_there_is_one(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.REMITTANCE, facts={"payout_id": "pay_nobody"})
    kept = KeepingMailer(mail_catcher.mailer())
    await send(mail_desk.outreach(kept), outbox_id)
    assert b"application/pdf" not in kept.given[0].message
    assert "a statement for your books is on" in (await mail_desk.row(outbox_id)).text_body


async def test_what_the_staff_can_read_does_not_let_them_act_as_the_creator(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.TERMS)
    await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id)
    (message,) = mail_catcher.messages(to=mail_desk.address)
    portal = next(link for link in message["links"] if "/c/" in link)
    assert portal not in (await mail_desk.row(outbox_id)).text_body


async def test_sending_again_is_still_one_mail(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    outreach = mail_desk.outreach(mail_catcher.mailer())
    assert {await send(outreach, outbox_id) for _ in range(3)} == {"accepted"}
    assert len(mail_catcher.messages(to=mail_desk.address)) == 1


async def test_attempts_at_the_same_time_make_one_mail(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    outreach = mail_desk.outreach(mail_catcher.mailer())
    await asyncio.gather(*(send(outreach, outbox_id) for _ in range(5)))
    assert len(mail_catcher.messages(to=mail_desk.address)) == 1


async def test_an_opt_out_between_planning_and_sending_counts(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    async with session(mail_desk.engine) as work:
        other_spelling = mail_desk.address.replace("@", "+news@").upper()
        await outbox.suppress(work, other_spelling, "opt_out", datetime.now(UTC))
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "suppressed"
    assert mail_catcher.messages(to=mail_desk.address) == []


async def test_who_wants_no_more_offers_still_hears_of_a_running_contract(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    brief = await mail_desk.plan(Mail.BRIEF)
    async with session(mail_desk.engine) as work:
        await outbox.suppress(work, mail_desk.address, "opt_out", datetime.now(UTC))
    assert await send(mail_desk.outreach(mail_catcher.mailer()), brief) == "accepted"


async def test_an_address_that_bounced_gets_nothing_at_all(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    brief = await mail_desk.plan(Mail.BRIEF)
    async with session(mail_desk.engine) as work:
        await outbox.suppress(work, mail_desk.address, "bounced", datetime.now(UTC))
    assert await send(mail_desk.outreach(mail_catcher.mailer()), brief) == "suppressed"


async def test_a_mail_whose_time_is_over_is_dropped(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    late = datetime.now(UTC) - timedelta(seconds=1)
    outbox_id = await mail_desk.plan(Mail.INVITATION, not_after=late)
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "expired"


async def test_whoever_has_answered_is_not_reminded(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION_REMINDER)
    await mail_desk.change(Collaboration, "col_1", stage="contracting")
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "expired"


async def test_a_stopped_campaign_invites_nobody(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    await mail_desk.change(Campaign, "cmp_1", status="stopping")
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "expired"


@pytest.mark.parametrize("address", ["", "not an address", "a@evil.example, b@evil.example"])
async def test_without_a_usable_address_the_mail_is_written_to_be_sent_by_hand(
    mail_desk: MailDesk, mail_catcher: MailCatcher, address: str
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    await mail_desk.change(Creator, "cre_1", email=address)
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "by_hand"
    row = await mail_desk.row(outbox_id)
    assert "https://troupe.example/c/" in row.text_body
    assert row.subject


async def test_an_address_that_does_not_exist_is_never_written_to_again(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    mail_catcher.order_fault("reject", mail_desk.address)
    outreach = mail_desk.outreach(mail_catcher.mailer())
    first = await mail_desk.plan(Mail.INVITATION)
    assert await send(outreach, first) == "bounced"
    assert (await mail_desk.row(first)).code == "5.1.1"
    second = await mail_desk.plan(Mail.INVITATION_REMINDER)
    assert await send(outreach, second) == "suppressed"


async def test_a_full_mailbox_bounces_and_may_be_written_to_another_time(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    mail_catcher.order_fault("full", mail_desk.address)
    outreach = mail_desk.outreach(mail_catcher.mailer())
    assert await send(outreach, await mail_desk.plan(Mail.INVITATION)) == "bounced"
    later = await mail_desk.plan(Mail.INVITATION_REMINDER)
    assert await send(outreach, later) == "accepted"


async def test_a_busy_server_is_tried_again_later(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    mail_catcher.order_fault("defer", mail_desk.address)
    outreach = mail_desk.outreach(mail_catcher.mailer())
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(Unavailable):
        await send(outreach, outbox_id)
    assert (await mail_desk.row(outbox_id)).status == "planned"
    assert await send(outreach, outbox_id) == "accepted"


async def test_a_server_that_is_down_is_tried_again_later(
    mail_desk: MailDesk, own_mail_catcher: MailCatcher
) -> None:
    own_mail_catcher.stop()
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(Unavailable):
        await send(mail_desk.outreach(own_mail_catcher.mailer()), outbox_id)
    assert (await mail_desk.row(outbox_id)).status == "planned"


async def test_a_server_that_refuses_us_asks_for_a_person_and_blames_no_address(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    mail_catcher.order_fault("spam", mail_desk.address)
    outreach = mail_desk.outreach(mail_catcher.mailer())
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(MailRefused):
        await send(outreach, outbox_id)
    assert await send(outreach, outbox_id) == "accepted"


async def test_a_server_without_encryption_gets_nothing_if_encryption_is_asked_for(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    strict = SmtpMailer("127.0.0.1", mail_catcher.smtp_port, tls="starttls")
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(MailRefused):
        await send(mail_desk.outreach(strict), outbox_id)
    assert mail_catcher.messages(to=mail_desk.address) == []


async def test_a_stranger_is_not_written_to_twice_when_a_worker_dies_after_sending(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(asyncio.CancelledError):
        await send(mail_desk.outreach(DyingMailer(mail_catcher.mailer())), outbox_id)
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "in_doubt"
    assert len(mail_catcher.messages(to=mail_desk.address)) == 1


async def test_where_the_server_can_be_asked_a_dead_workers_mail_is_found(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(asyncio.CancelledError):
        await send(mail_desk.outreach(DyingMailer(mail_catcher.mailer())), outbox_id)
    asking = mail_desk.outreach(mail_catcher.mailer(), mail_catcher.lookup())
    assert await send(asking, outbox_id) == "accepted"
    assert len(mail_catcher.messages(to=mail_desk.address)) == 1


async def test_where_the_server_can_be_asked_a_mail_that_never_arrived_is_sent(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(asyncio.CancelledError):
        await send(mail_desk.outreach(DyingMailer(mail_catcher.mailer(), before=True)), outbox_id)
    asking = mail_desk.outreach(mail_catcher.mailer(), mail_catcher.lookup())
    assert await send(asking, outbox_id) == "accepted"
    assert len(mail_catcher.messages(to=mail_desk.address)) == 1


async def test_a_partners_mail_is_repeated_once_under_the_same_id_and_not_more_often(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outbox_id = await mail_desk.plan(Mail.TERMS)
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await send(mail_desk.outreach(DyingMailer(mail_catcher.mailer())), outbox_id)
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "in_doubt"
    caught = mail_catcher.messages(to=mail_desk.address)
    assert len(caught) == 2
    assert len({message["message_id"] for message in caught}) == 1


async def test_a_lost_answer_leaves_a_strangers_mail_in_doubt(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    mail_catcher.order_fault("lose_answer", mail_desk.address)
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    assert await send(mail_desk.outreach(mail_catcher.mailer()), outbox_id) == "in_doubt"


@pytest.mark.parametrize("loss", ["lose_answer", "lose_message"])
async def test_a_lost_answer_is_asked_for_where_that_is_possible(
    mail_desk: MailDesk, mail_catcher: MailCatcher, loss: str
) -> None:
    mail_catcher.order_fault(loss, mail_desk.address)
    outreach = mail_desk.outreach(mail_catcher.mailer(), mail_catcher.lookup())
    outbox_id = await mail_desk.plan(Mail.INVITATION)
    with pytest.raises(Unavailable):
        await send(outreach, outbox_id)
    assert await send(outreach, outbox_id) == "accepted"
    assert len(mail_catcher.messages(to=mail_desk.address)) == 1


async def test_the_mails_of_a_collaboration_are_one_conversation(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    outreach = mail_desk.outreach(mail_catcher.mailer())
    for mail in (Mail.INVITATION, Mail.TERMS, Mail.BRIEF):
        await send(outreach, await mail_desk.plan(mail))
    first, second, third = mail_catcher.messages(to=mail_desk.address)
    headers = dict(third["headers"])
    assert headers["In-Reply-To"] == second["message_id"]
    assert headers["References"].split() == [first["message_id"], second["message_id"]]
    assert headers["Auto-Submitted"] == "auto-generated"
    async with session(mail_desk.engine) as work:
        listed = await outbox.of_collaboration(work, "col_1")
    assert [row.mail for row in listed] == ["invitation", "terms", "brief"]


async def test_mails_that_should_be_out_and_are_not_are_found_by_the_sweep(
    mail_desk: MailDesk, mail_catcher: MailCatcher
) -> None:
    stuck = await mail_desk.plan(Mail.TERMS)
    later = datetime.now(UTC) + timedelta(days=2)
    await mail_desk.plan(Mail.BRIEF, not_before=later)
    done = await mail_desk.plan(Mail.INVITATION)
    await send(mail_desk.outreach(mail_catcher.mailer()), done)
    async with session(mail_desk.engine) as work:
        now = datetime.now(UTC) + timedelta(hours=1)
        found = await outbox.stuck(work, now, timedelta(minutes=10), 100)
    assert [row.id for row in found] == [stuck]
