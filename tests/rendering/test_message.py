"""Whatever people are called and write, a message has its headers and its one recipient."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.addresses import address_hash, usable_address
from domain.errors import UnsafeMessage
from rendering.message import Heading, Rendered, build_message, message_id, one_line

HEADING = Heading(
    sender_name="Anna Weber (Lumen)",
    sender="campaigns@lumen.example",
    recipient="mara@example.org",
    message_id=message_id("out_1", "campaigns@lumen.example"),
    date=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    opt_out_url="https://troupe.example/opt-out/" + "t" * 90,
    feedback_id="cmp_1:invitation:creators:troupe",
    earlier=tuple(message_id(f"out_{n}", "campaigns@lumen.example") for n in range(2, 30)),
)
MEANT = {
    "from", "reply-to", "to", "subject", "date", "message-id", "list-unsubscribe",
    "list-unsubscribe-post", "feedback-id", "in-reply-to", "references", "auto-submitted",
    "mime-version", "content-type",
}  # fmt: skip
SMUGGLED = "=?utf-8?q?hi=0D=0ABcc:_x@evil.example?="


@example(name=SMUGGLED, subject=SMUGGLED, body=".\r\n.\n\r.\r\nMAIL FROM:<x@evil.example>")
@example(name="A\r\nBcc: x@evil.example", subject="B\nX-Evil: 1", body="\u2028\x0b\x85")
@example(name='"x" <x@evil.example>,', subject="=?utf-8?b?DQpCY2M6IHhAZXZpbA==?=", body="")
@given(name=st.text(), subject=st.text(), body=st.text(alphabet=st.characters(codec="utf-8")))
def test_nothing_that_people_write_adds_a_header_or_a_recipient(
    name: str, subject: str, body: str
) -> None:
    raw = build_message(
        Rendered(subject, body, f"<p>{body}</p>"), replace(HEADING, sender_name=name)
    )
    seen = BytesParser(policy=policy.default).parsebytes(raw)
    assert {header.lower() for header in seen.keys()} == MEANT
    assert len(seen.keys()) == len(MEANT)
    assert [a.addr_spec for a in seen["To"].addresses] == ["mara@example.org"]
    assert [a.addr_spec for a in seen["From"].addresses] == ["campaigns@lumen.example"]
    assert "evil" not in str(seen["Reply-To"].addresses[0].domain)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@given(subject=st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_a_subject_arrives_as_it_was_written(subject: str) -> None:
    raw = build_message(Rendered(subject, "text", "<p>text</p>"), HEADING)
    seen = BytesParser(policy=policy.default).parsebytes(raw)["Subject"]
    assert "".join(str(seen).split()) == "".join(one_line(subject).split())


def test_a_mail_program_finds_the_opt_out_link_in_one_piece() -> None:
    raw = build_message(Rendered("s", "t", "<p>t</p>"), HEADING)
    assert f"List-Unsubscribe: <{HEADING.opt_out_url}>\r\n".encode() in raw


@pytest.mark.parametrize(
    "recipient", ["a@evil.example,mara@example.org", "a@x\r\nBcc: b@evil.example", "nobody", ""]
)
def test_a_recipient_that_is_not_one_address_is_refused(recipient: str) -> None:
    with pytest.raises(UnsafeMessage):
        build_message(Rendered("s", "t", "<p>t</p>"), replace(HEADING, recipient=recipient))


def test_the_message_id_is_the_same_each_time_and_says_nothing() -> None:
    assert message_id("out_1", "a@lumen.example") == message_id("out_1", "b@lumen.example")
    assert message_id("out_1", "a@lumen.example") != message_id("out_2", "a@lumen.example")
    assert "out_1" not in message_id("out_1", "a@lumen.example")


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("Mara.Klein@Example.org", "Mara.Klein@example.org"),
        (" mara@example.org ", "mara@example.org"),
        ("mara@müller.example", "mara@xn--mller-kva.example"),
        ("mära@example.org", None),
        ("mara@localhost", None),
        ("a@b@example.org", None),
        ('"a b"@example.org', None),
        ("mara@example.org\nBcc: x@evil.example", None),
        ("=?utf-8?q?a?=@example.org,b@example.org", None),
        ("", None),
    ],
)
def test_only_one_plain_address_is_written_to(written: str, used: str | None) -> None:
    assert usable_address(written) == used


@given(st.text())
def test_any_text_has_a_fingerprint_and_at_most_one_address(text: str) -> None:
    assert len(address_hash(text)) == 64
    used = usable_address(text)
    assert used is None or (used.isascii() and used.count("@") == 1 and " " not in used)


def test_spellings_of_one_mailbox_have_one_fingerprint() -> None:
    spellings = ["mara.klein@gmail.com", "MaraKlein+news@googlemail.com", " marak.lein@Gmail.com"]
    assert len({address_hash(spelling) for spelling in spellings}) == 1
    assert address_hash("mara.klein@example.org") != address_hash("maraklein@example.org")
