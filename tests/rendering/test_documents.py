"""What a creator signs, and what they keep for their records."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.correspondence import Correspondence, NettedFigures, OtherFigures
from domain.creator_account import CreatorLine
from domain.invoicing import TaxSplit
from domain.messages import PostingKind
from rendering.documents import account_statement, remittance_html, terms_html
from rendering.environment import Reader, make_environment
from tests.fixtures.correspondence import campaign_file, correspondence

ENVIRONMENT = make_environment()


class Who:
    """A creator in Ireland."""

    id, name, handle, platform = "crt_1", "Mara", "mara", "instagram"
    country, language, timezone = "IE", "en", "Europe/Dublin"


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\xa0", " ")


def test_the_terms_name_the_parties_the_work_the_money_and_the_rights() -> None:
    text = words(terms_html(ENVIRONMENT, correspondence(), 62_500))
    for said in (
        "Lindenweg 4, 10117 Berlin",
        "Mara Klein, Instagram account @mara.reads",
        "1 reel published by you 90 days 14 days",
        "2 stories published by you no reuse no limit on you",
        "your post is live and verified 50 % 312,50 € 14 days",
        "carries the label Anzeige , word for word",
        "public and unchanged for 30 days",
        "2 days to mend it",
        "5 days to object",
    ):
        assert said in text


def test_nobody_is_bound_to_exclusivity_that_was_not_ordered() -> None:
    about = correspondence(file=campaign_file(deliverables=[{"kind": "post"}]))
    assert "You may work with whomever you like" in words(terms_html(ENVIRONMENT, about, 100))


def test_names_are_words_and_not_markup() -> None:
    html = terms_html(ENVIRONMENT, correspondence(name="<script>x</script>"), 100)
    assert "<script>" not in html


def test_the_statement_says_what_was_paid_to_whom_and_for_what() -> None:
    html = remittance_html(
        ENVIRONMENT,
        correspondence(),
        sent_at=datetime(2026, 12, 4, 23, 30, tzinfo=UTC),
        signed_name="Mara Klein",
        signed_address="Hauptstr. 1, Berlin",
    )
    text = words(html)
    assert "312,50 €" in text
    assert "tr_123" in text
    assert "Mara Klein, Hauptstr. 1, Berlin" in text
    assert "5 December 2026" in text, "the day is the recipient's"


def test_the_statement_tells_net_and_tax_by_the_invoice_or_says_that_there_is_none() -> None:
    sent = datetime(2026, 12, 4, tzinfo=UTC)
    invoice = TaxSplit("AF-1-0001", sent.date(), 26_042, 5_208)
    text = words(remittance_html(ENVIRONMENT, correspondence(), sent_at=sent, tax=invoice))
    for said in ("AF-1-0001 of", "Net 260,42 €", "Value added tax 52,08 €", "Paid 312,50 €"):
        assert said in text
    text = words(remittance_html(ENVIRONMENT, correspondence(), sent_at=sent, tax=TaxSplit()))
    assert "none: the amount is gross" in text
    assert "Net" not in text
    text = words(remittance_html(ENVIRONMENT, correspondence(), sent_at=sent))
    assert "Invoice" not in text, "where the law is not known nobody asks"


def test_the_account_tells_net_and_tax_of_what_was_paid_and_sums_to_it() -> None:
    about = ("cmp_1", "Spring", "col_1", "pay_1", "bonus")
    sent = datetime(2026, 12, 4, tzinfo=UTC)
    lines = [
        CreatorLine(sent, PostingKind.SETTLE, 15_000, "EUR", *about, "AF-1", 2_500, True),
        CreatorLine(sent, PostingKind.TAKE_BACK, 6_000, "EUR", *about, "AF-1", 1_000, True),
        CreatorLine(sent, PostingKind.SETTLE, 400, "EUR", *about, "", 0, True),
    ]
    text = words(account_statement(ENVIRONMENT, Who(), lines, sent).article)
    assert "invoice AF-1: €125.00 net, €25.00 VAT" in text
    assert "no invoice: the amount is gross" in text
    assert "what was paid is €75.00 net and €15.00 value added tax, and €4.00 without" in text
    assert "Paid until then: €94.00" in text
    assert "another way" not in text
    elsewhere = [CreatorLine(sent, PostingKind.ELSEWHERE, 400, "EUR", *about)]
    text = words(account_statement(ENVIRONMENT, Who(), elsewhere, sent).article)
    assert "invoice" not in text
    for said in (": paid another way", "on the day on which we wrote that down"):
        assert said in text


def netted(amount: int, **changes: Any) -> Correspondence:
    whole = correspondence()
    assert whole.payout is not None
    kept = (NettedFigures(amount, "Half of it was <not> published."),)
    return correspondence(payout=replace(whole.payout, netted=kept, **changes))


def test_the_statement_says_what_was_earned_kept_back_and_sent() -> None:
    sent = datetime(2026, 12, 4, tzinfo=UTC)
    invoice = TaxSplit("AF-1-0001", sent.date(), 26_042, 5_208)
    text = words(remittance_html(ENVIRONMENT, netted(4_000), sent_at=sent, tax=invoice))
    for said in (
        "Value added tax 52,08 €", "Earned 312,50 €",
        "Kept back for what was owed: Half of it was &lt;not&gt; published. -40,00 €",
        "Sent 272,50 €", "What was earned, and its invoice, is not less by it.",
    ):  # fmt: skip
        assert said in text
    assert "Paid" not in text
    about = netted(31_250, transfer_id="", status="netted")
    text = words(remittance_html(ENVIRONMENT, about, sent_at=sent))
    for said in ("Settled 4 December 2026", "none: nothing was sent", "Sent 0,00 €"):
        assert said in text
    about = netted(4_000, transfer_id="", other=OtherFigures(sent, "Wise 88", ""))
    text = words(remittance_html(ENVIRONMENT, about, sent_at=sent))
    for said in ("Paid 4 December 2026", "Wise 88 (paid another way", "Paid 272,50 €"):
        assert said in text
    assert "Sent" not in text


def test_the_account_says_what_was_asked_back_and_kept_back_and_who_owes_what() -> None:
    first = ("cmp_1", "Spring", "col_1", "pay_1", "draft_approved")
    claim, later = (*first[:3], "", ""), (*first[:3], "pay_2", "bonus")
    sent = datetime(2026, 12, 4, tzinfo=UTC)
    lines = [
        CreatorLine(sent, kind, amount, "EUR", *about)
        for kind, amount, about in (
            (PostingKind.EARN, 15_000, first),
            (PostingKind.SETTLE, 15_000, first),
            (PostingKind.CLAIM, 9_000, claim),
            (PostingKind.RECOVER, 2_000, claim),
            (PostingKind.EARN, 5_000, later),
            (PostingKind.SETTLE, 1_000, later),
            (PostingKind.NET, 4_000, later),
            (PostingKind.DISCHARGE, 4_000, first),
            (PostingKind.RECOVER, 4_000, first),
            (PostingKind.LIFT, 1_000, claim),
        )
    ]
    text = words(account_statement(ENVIRONMENT, Who(), lines, sent).article)
    for said in (
        "Paid too much, and asked back Spring -€90.00 -€90.00",
        "Sent back by the recipient Spring -€20.00 -€70.00",
        "Bonus: €40.00 kept back for what was asked back Spring, pay_2",
        "Not asked back any more Spring €10.00 -€20.00",
        "Paid until then: €140.00 . Still owed: €0.00 . Owed by the recipient: €20.00 , which is",
    ):
        assert said in text
    before = words(account_statement(ENVIRONMENT, Who(), lines[:2], sent).article)
    assert "recipient:" not in before


def test_a_statement_without_a_payment_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="payout"):
        remittance_html(ENVIRONMENT, correspondence(payout=None), sent_at=None)


@pytest.mark.parametrize(
    ("locale", "day", "said"),
    [
        ("fr_FR", 1, "1er novembre 2026"),
        ("fr_FR", 11, "11 novembre 2026"),
        ("fr_CA", 1, "1er novembre 2026"),
        ("en_FR", 1, "1 November 2026"),
        ("de_DE", 1, "1. November 2026"),
    ],
)
def test_the_first_of_a_month_is_an_ordinal_in_french(locale: str, day: int, said: str) -> None:
    at = datetime(2026, 11, day, 12, tzinfo=UTC)
    texts = [
        ENVIRONMENT.from_string("{{ at | " + name + " }}").render(at=at, reader=Reader(locale))
        for name in ("day", "when")
    ]
    assert texts[0] == said
    assert said.rpartition(" ")[0] in texts[1]
