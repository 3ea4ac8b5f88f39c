"""The mail catcher keeps what it has taken and shows it safely."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from integrations.smtp import Envelope
from rendering.message import Attachment, Heading, Rendered, build_message, message_id
from tests.fixtures.mail import SENDER, MailCatcher

HTML = '<p>Hello <a href="https://troupe.example/c/1">page</a><script>alert(1)</script></p>'


async def post(
    catcher: MailCatcher, to: str, subject: str = "Hello, Zoë", html: str = HTML,
    attachment: Attachment | None = None,
) -> dict[str, Any]:  # fmt: skip
    heading = Heading(
        sender_name="Anna",
        sender=SENDER,
        recipient=to,
        message_id=message_id(f"{to}{subject}", SENDER),
        date=datetime.now(UTC),
        opt_out_url="https://troupe.example/opt-out/1",
        feedback_id="a:b:c:d",
    )
    text = "Hello https://troupe.example/c/1\n.\n..end\n"
    raw = build_message(Rendered(subject, text, html), heading, attachment)
    await catcher.mailer().send(Envelope(SENDER, to, raw))
    message: dict[str, Any] = catcher.messages(to=to)[-1]
    return message


async def test_a_message_can_be_read_by_its_recipient_over_the_network(
    mail_catcher: MailCatcher,
) -> None:
    message = await post(mail_catcher, "reader@example.org")
    assert message["subject"] == "Hello, Zoë"
    assert message["links"] == ["https://troupe.example/c/1"]
    assert "\n.\n..end" in message["text"]
    assert mail_catcher.messages(to="reader@example.org", after=message["id"]) == []


async def test_waiting_for_mail_ends_when_it_comes(mail_catcher: MailCatcher) -> None:
    message = await post(mail_catcher, "patient@example.org")
    async with httpx.AsyncClient(base_url=mail_catcher.base, trust_env=False) as client:
        query = {"to": "patient@example.org", "wait": "20"}
        found = await client.get("/api/messages", params=query)
        assert found.json()["messages"][0]["id"] == message["id"]
        nothing = await client.get("/api/messages", params={"to": "nobody", "wait": "0.01"})
        assert nothing.json() == {"messages": []}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_mail_survives_the_end_of_the_catcher(
    own_mail_catcher: MailCatcher, end: signal.Signals
) -> None:
    before = await post(own_mail_catcher, "keeper@example.org")
    own_mail_catcher.stop(end)
    own_mail_catcher.start()
    assert own_mail_catcher.messages(to="keeper@example.org") == [before]
    later = await post(own_mail_catcher, "keeper@example.org", "second")
    assert later["id"] > before["id"]


async def test_the_page_shows_a_message_and_runs_nothing_of_it(mail_catcher: MailCatcher) -> None:
    message = await post(mail_catcher, "page@example.org", "<script>alert(2)</script>")
    page = mail_catcher.http.get(f"/messages/{message['id']}")
    assert "nothing leaves this machine" in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    frame = mail_catcher.http.get(f"/messages/{message['id']}/html")
    assert (
        "sandbox allow-top-navigation-by-user-activation"
        in (frame.headers["content-security-policy"])
    )
    assert "default-src 'none'" in frame.headers["content-security-policy"]


async def test_what_is_attached_can_be_saved_and_is_not_shown(mail_catcher: MailCatcher) -> None:
    attached = Attachment("Zoë's statement.pdf", b"%PDF-1.7 of the test")
    message = await post(mail_catcher, "papers@example.org", attachment=attached)
    assert message["attachments"] == ["Zoë's statement.pdf"]
    path = f"/messages/{message['id']}"
    assert f'href="{path}/attachments/0"' in mail_catcher.http.get(path).text
    saved = mail_catcher.http.get(f"{path}/attachments/0")
    assert saved.content == attached.content
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Zo%C3%AB")
    assert mail_catcher.http.get(f"{path}/attachments/1").status_code == 404
    assert (await post(mail_catcher, "papers@example.org"))["attachments"] == []


async def test_messages_are_found_by_recipient(mail_catcher: MailCatcher) -> None:
    await post(mail_catcher, "needle@example.org", "In the haystack")
    page = mail_catcher.http.get("/", params={"q": "NEEDLE"}).text
    assert "In the haystack" in page
    assert "Nothing matches" in mail_catcher.http.get("/", params={"q": "no such"}).text


async def test_text_and_headers_have_a_view_each(mail_catcher: MailCatcher) -> None:
    message = await post(mail_catcher, "views@example.org")
    path = f"/messages/{message['id']}"
    assert 'href="https://troupe.example/c/1"' in mail_catcher.http.get(f"{path}?view=text").text
    assert "Feedback-ID" in mail_catcher.http.get(f"{path}?view=headers").text
    assert mail_catcher.http.get(f"{path}/raw").text.startswith("From: Anna")
    assert mail_catcher.http.get("/messages/0").status_code == 404


def test_a_foreign_name_for_this_machine_is_not_answered(mail_catcher: MailCatcher) -> None:
    answer = mail_catcher.http.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_trouble_cannot_be_ordered_by_the_form_of_a_foreign_page(mail_catcher: MailCatcher) -> None:
    answer = mail_catcher.http.post("/_catcher/faults", data={"kind": "reject"})
    assert answer.status_code == 415
    assert mail_catcher.http.get("/_catcher/faults").json() == {"faults": []}


def test_unknown_trouble_is_refused(mail_catcher: MailCatcher) -> None:
    assert mail_catcher.http.post("/_catcher/faults", json={"kind": "fire"}).status_code == 422
