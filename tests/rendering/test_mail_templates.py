"""Every mail, in text and HTML, with much to say and with little."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from domain.campaign import DeliverableKind, MilestoneKind
from domain.correspondence import ClaimFigures, CreditFigures, NettedFigures, WantedPapers
from domain.lifecycle import EARLY_OUTCOMES
from domain.mails import STRANGER, Mail
from rendering.environment import make_environment
from rendering.links import Links
from rendering.mail_writer import MailWriter
from rendering.message import Rendered
from tests.fixtures.correspondence import campaign_file, correspondence, order

LINKS = Links("https://troupe.example", "a secret of more than thirty-two bytes")
WRITER = MailWriter(LINKS, "campaigns@lumen.example")
SPARSE = correspondence(
    name="", outcome="", due_at=None, comment="", approved_caption="", publication_url="",
    check_faults=(), check_reasons=(), payout=None, paid_minor=0, earned_minor=0, source="",
    timezone="", country="", audience_country="", language="",
)  # fmt: skip

ASKS_FOR_PAPERS = (
    Mail.BRIEF, Mail.DRAFT_APPROVED, Mail.PUBLICATION_VERIFIED, Mail.COMPLETED,
    Mail.PAYOUT_SETUP_REMINDER,
)  # fmt: skip

ALL = pytest.mark.parametrize("mail", list(Mail))


class _Reading(HTMLParser):
    """Collects links with their text, all text, and all tags."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.text = ""
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self._href = dict(attrs)["href"] or ""
            self.links.append((self._href, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = ""

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._href:
            href, text = self.links[-1]
            self.links[-1] = (href, text + data)


def read(rendered: Rendered) -> _Reading:
    reading = _Reading()
    reading.feed(rendered.html)
    return reading


def both(mail: Mail) -> list[Rendered]:
    return [WRITER.render(order(mail)), WRITER.render(order(mail, SPARSE))]


@ALL
def test_every_mail_has_a_subject_of_one_short_line_and_a_plain_text(mail: Mail) -> None:
    for rendered in both(mail):
        assert 8 < len(rendered.subject) <= 78
        assert "\n" not in rendered.subject
        assert len(rendered.text) > 200
        assert "\n\n\n" not in rendered.text
        assert "<" not in rendered.text.replace("<3", "")


@ALL
def test_no_mail_is_long_enough_to_be_cut_off_by_a_mail_program(mail: Mail) -> None:
    for rendered in both(mail):
        assert len(rendered.html.encode()) < 100_000


@ALL
def test_a_link_that_shows_an_address_leads_to_that_address(mail: Mail) -> None:
    for rendered in both(mail):
        for href, shown in read(rendered).links:
            assert href.startswith("https://")
            if "://" in shown:
                assert shown.strip() == href


@ALL
def test_every_mail_asks_for_one_thing_with_one_button(mail: Mail) -> None:
    for rendered in both(mail):
        assert rendered.html.count('class="button"') == 1
        assert LINKS.portal("col_1") in rendered.text
        assert LINKS.opt_out("col_1") in rendered.text
        assert LINKS.opt_out("col_1") in rendered.html


@ALL
def test_text_and_html_say_the_same(mail: Mail) -> None:
    for rendered in both(mail):
        seen = re.sub(r"[\s:“”\"]+", "", read(rendered).text)
        for line in rendered.text.splitlines():
            words = re.sub(r"[\s:“”\"]+", "", line.strip().removeprefix("- "))
            is_mark_or_list = words == "--" or (": " in line and "," in line and "(" not in line)
            assert is_mark_or_list or words in seen


@ALL
def test_no_code_of_ours_reaches_a_creator(mail: Mail) -> None:
    for rendered in both(mail):
        for text in (rendered.subject, rendered.text.split("\n-- \n")[0]):
            assert not re.search(r"\b[a-z]+_[a-z_]+\b", re.sub(r"https?://\S+|tr_123", "", text))
            assert "None" not in text


@ALL
def test_nothing_that_a_person_typed_becomes_markup(mail: Mail) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'&"
    about = correspondence(
        name=hostile, handle=hostile, source=hostile, comment=hostile,
        approved_caption=hostile, check_reasons=(hostile,),
    )  # fmt: skip
    hostile_page, usual_page = (
        read(WRITER.render(order(mail, a))) for a in (about, correspondence())
    )
    assert hostile_page.tags == usual_page.tags


def test_the_first_mail_says_who_writes_where_the_address_is_from_and_what_the_rights_are() -> None:
    rendered = WRITER.render(order(Mail.INVITATION))
    for part in (rendered.text, re.sub(r"\s+", " ", read(rendered).text)):
        assert "Lindenweg 4, 10117 Berlin" in part
        assert "her public profile, read on 2 November 2026" in part
        assert "legitimate interest" in part
        assert "object to its use" in re.sub(r"\s+", " ", part)


@pytest.mark.parametrize("mail", ASKS_FOR_PAPERS)
def test_the_papers_that_the_law_wants_are_asked_for_where_it_wants_them(mail: Mail) -> None:
    plain = WRITER.render(order(mail))
    for tax_data, mandate, said in (
        (True, True, "how you are taxed"), (True, False, "You hand it in there."),
        (False, True, "give us the mandate"), (False, False, "Please hand it in on your page"),
    ):  # fmt: skip
        wanted = correspondence(papers=WantedPapers(tax_data=tax_data, mandate=mandate))
        rendered = WRITER.render(order(mail, wanted))
        for part in (rendered.text, read(rendered).text):
            assert said in re.sub(r"\s+", " ", part)
        assert "\n\n\n" not in rendered.text
        assert "law of Germany" not in plain.text + plain.html


@pytest.mark.parametrize("mail", [Mail.DRAFT_APPROVED, Mail.PUBLICATION_VERIFIED])
@pytest.mark.parametrize("by_bank", [False, True])
def test_payment_details_that_are_missing_are_asked_for_before_money_waits(
    mail: Mail, by_bank: bool
) -> None:
    writer = MailWriter(LINKS, "campaigns@lumen.example", make_environment(by_bank=by_bank))
    said = "the account that your money shall go to" if by_bank else "our payment provider, where"
    asks, plain = (
        writer.render(order(mail, correspondence(payee_missing=missing)))
        for missing in (True, False)
    )
    for part in (asks.text, re.sub(r"\s+", " ", read(asks).text)):
        assert said in part
    assert "payment details" not in plain.text + plain.html
    assert "\n\n\n" not in asks.text


@pytest.mark.parametrize("by_bank", [False, True])
def test_who_is_told_of_another_account_reads_where_to_see_it(by_bank: bool) -> None:
    writer = MailWriter(LINKS, "campaigns@lumen.example", make_environment(by_bank=by_bank))
    mail = writer.render(order(Mail.ACCOUNT_CHANGED))
    for part in (mail.text, re.sub(r"\s+", " ", read(mail).text)):
        assert ("See the account on your page" in part) is by_bank
        assert ("To see it, sign in at https://connect.stripe.com/" in part) is not by_bank
    assert "\n\n\n" not in mail.text


def test_times_and_money_are_written_as_the_creator_writes_them() -> None:
    text = WRITER.render(order(Mail.INVITATION)).text
    assert "Friday, 4 December 2026, 17:00 (Berlin time)" in text
    assert "625,00 €" in text.replace("\xa0", " ")


def test_the_label_is_the_one_of_the_audience() -> None:
    abroad = correspondence(audience_country="FR", language="fr")
    assert "Publicité" in WRITER.render(order(Mail.BRIEF, abroad)).text


def test_what_the_workflow_said_takes_precedence_over_what_the_database_says_now() -> None:
    due = "2026-12-01T09:00:00+00:00"
    text = WRITER.render(order(Mail.TERMS, fee_minor=70_000, due=due)).text
    assert "700,00" in text
    assert "1 December 2026, 10:00" in text


def test_every_word_of_the_business_is_known_in_english() -> None:
    words = make_environment().get_template("email/en/words.txt").module
    assert set(MilestoneKind) <= set(words.milestones)  # type: ignore[attr-defined]
    assert set(MilestoneKind) <= set(words.milestones_when)  # type: ignore[attr-defined]
    assert set(DeliverableKind) <= set(words.deliverables_words)  # type: ignore[attr-defined]
    assert set(EARLY_OUTCOMES) <= set(words.endings)  # type: ignore[attr-defined]


def test_an_account_that_could_not_be_paid_into_is_explained_in_the_words_of_its_bank() -> None:
    def refused(code: str) -> str:
        return WRITER.render(order(Mail.ACCOUNT_REFUSED, reason=code)).text

    assert "it says that your account is closed." in refused("AC04")
    assert "name and the number" in refused("BE01")
    assert "there is no such account" in refused("AC01")


def test_who_cannot_be_paid_reads_why_what_waits_and_when_it_is_the_last_reminder() -> None:
    def asked(**facts: str | int) -> str:
        return WRITER.render(order(Mail.PAYOUT_SETUP_REMINDER, None, **facts)).text

    assert "cannot pay you with them any more" in asked(ask="lost")
    first = asked(ask="reminder", waiting_minor=70_000)
    assert "700,00" in first
    assert "last reminder" not in first
    assert "last reminder" in asked(ask="reminder", last=1)


def test_only_strangers_are_told_that_one_click_ends_it() -> None:
    for mail in Mail:
        text = WRITER.render(order(mail)).text
        assert ("never write to you again" in text) == (mail in STRANGER)


def test_an_ending_is_explained_by_its_reason_or_else_by_its_outcome() -> None:
    def ending(outcome: str, reason: str) -> str:
        return WRITER.render(order(Mail.ENDED, correspondence(outcome=outcome), reason=reason)).text

    assert "not received a draft" in ending("breached", "no_draft")
    assert "had to stop this campaign" in ending("cancelled", "campaign_stopped")
    assert "had to stop this campaign" not in ending("cancelled", "cancelled")
    assert "has ended" in ending("", "something new")


def test_who_was_stopped_reads_what_the_work_begun_is_paid_and_why() -> None:
    said = ("The product is not made any more.", "For the filming.")
    about = correspondence(outcome="cancelled", comment="Name the lamp.", end_words=said)
    text = WRITER.render(order(Mail.ENDED, about, percent=50)).text
    assert about.payout is not None
    assert "50 % of what was still open, by " in text
    assert (
        "A word from us:\n\n    The product is not made any more.\n\n    For the filming.\n" in text
    )
    assert "Name the lamp." not in text, "that was about a draft"
    unpaid = correspondence(outcome="cancelled", payout=None)
    assert "is not paid" in WRITER.render(order(Mail.ENDED, unpaid, percent=0)).text
    assert "is not paid" not in WRITER.render(order(Mail.ENDED, unpaid)).text


def test_what_is_not_paid_again_is_said_with_the_reason_that_was_given() -> None:
    about = correspondence()
    assert about.payout is not None
    figures = replace(about.payout, kind="repayment", reason="Paid twice.\nSorry!")
    text = WRITER.render(order(Mail.NOT_REPAID, correspondence(payout=figures))).text
    assert "In their words:\n\n    Paid twice.\n    Sorry!\n\nEverything else" in text
    for number, said in (("AV-1-0001", "the credit note AV-1-0001"), ("", "hand in a credit note")):
        credit = CreditFigures("AF-1-0001", number)
        text = WRITER.render(
            order(Mail.NOT_REPAID, correspondence(payout=figures, credit=credit))
        ).text
        assert said in text
        assert "Your invoice AF-1-0001" in text
    unsaid = replace(figures, reason="")
    text = WRITER.render(order(Mail.NOT_REPAID, correspondence(payout=unsaid))).text
    assert "In their words" not in text


def test_a_withheld_payment_names_what_was_wrong_and_the_part_that_was_not_earned() -> None:
    about = correspondence(payout=None, fee_minor=100_000, earned_minor=60_000)
    text = WRITER.render(order(Mail.PAYMENT_WITHHELD, about, reason="withheld")).text
    assert "400,00" in text
    assert "advertising label is missing" in text


@pytest.mark.parametrize(
    ("number", "said", "nothing"),
    [("AV-1-0001", "the credit note AV-1-0001", True), ("", "hand in the credit note", False)],
)
def test_a_settled_claim_names_the_credit_notes_or_asks_for_them(
    number: str, said: str, nothing: bool
) -> None:
    about = correspondence(claim_credits=(CreditFigures("AF-1-0001", number),))
    for text in (
        WRITER.render(order(Mail.CLAIM_SETTLED, about)).text,
        re.sub(r"\s+", " ", WRITER.render(order(Mail.CLAIM_SETTLED, about)).html),
    ):
        assert said in text
        assert ("Nothing is to be done" in text) == nothing
    assert "invoice" not in WRITER.render(order(Mail.CLAIM_SETTLED, correspondence())).text


@pytest.mark.parametrize(("kept", "left"), [(4_000, "272,50"), (31_250, "0,00")])
def test_a_remittance_says_what_was_kept_back_and_does_not_call_it_sent(
    kept: int, left: str
) -> None:
    whole = correspondence()
    assert whole.payout is not None
    netted = (NettedFigures(kept, "Half of it was <not> published."),)
    rendered = WRITER.render(
        order(Mail.REMITTANCE, correspondence(payout=replace(whole.payout, netted=netted)))
    )
    text = " ".join(rendered.text.split())
    assert f"Earned: 312,50 € Kept back: {kept // 100},{kept % 100:02} €" in text
    assert f"Half of it was <not> published. Sent: {left} €" in text
    assert ("Nothing is left to be sent" in text) == (kept == 31_250)
    assert ("was sent" in rendered.html) == (kept != 31_250)
    assert ("is on its way" in rendered.subject) == (kept != 31_250)
    assert f"Sent{left} €" in re.sub(r"\s+", " ", read(rendered).text)


@pytest.mark.parametrize("mail", [Mail.CLAIM, Mail.CLAIM_CONFIRMED, Mail.CLAIM_DROPPED])
def test_where_one_person_is_the_brand_nobody_is_called_the_second(mail: Mail) -> None:
    claim = ClaimFigures("Half of it was not published.", "Both were there.")
    solo = correspondence(file=campaign_file(staffing="solo"), claim=claim)
    for about, said in ((correspondence(claim=claim), True), (solo, False)):
        rendered = WRITER.render(order(mail, about, claim_id="clm_1", amount_minor=4_000))
        assert ("second person" in rendered.text) is said
        assert ("second person" in read(rendered).text) is said
