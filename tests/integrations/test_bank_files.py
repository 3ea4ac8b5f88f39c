"""What is written for a bank and read from it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from xml.etree.ElementTree import fromstring

import pytest

from domain.bank_transfer import NewsKind, Transfer, masked
from domain.errors import ConfigurationError, UserMistake
from domain.iban import read_iban
from integrations.sepa_file import write_file
from integrations.sepa_news import read_confirmation
from tests.bank import BRAND, IBAN, debit, rejection, statement

NAMES = {"": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
OURS = "pay-0123456789abcdef0123-1"


def transfer(number: int, holder: str = "Zoë Łuczak") -> Transfer:
    return Transfer(
        end_to_end_id=f"pay-{number}-1", holder=holder, iban=IBAN, amount_minor=100 + number,
        purpose="Brand & Co: pay_1",
    )  # fmt: skip


def test_a_file_names_every_payment_by_itself_with_letters_that_banks_read() -> None:
    made = write_file(BRAND, [transfer(1), transfer(2, "<★ & @>")], "file-1", date(2026, 11, 30))
    root = fromstring(made)

    def texts(tag: str) -> list[str | None]:
        return [node.text for node in root.iterfind(f".//{tag}", NAMES)]

    assert texts("MsgId") == ["file-1"]
    assert texts("EndToEndId") == texts("PmtInfId") == ["pay-1-1", "pay-2-1"]
    assert texts("InstdAmt") == ["1.01", "1.02"]
    assert texts("GrpHdr/CtrlSum") == ["2.03"]
    assert texts("BtchBookg") == ["false", "false"]
    assert texts("Cdtr/Nm")[0] == "Zoe Luczak"
    assert texts("Ustrd") == ["Brand + Co: pay 1"] * 2
    assert texts("Dbtr/Nm") == ["Brand GmbH + Co"] * 2


def test_a_file_that_no_bank_would_take_is_not_made_and_the_error_names_nobody() -> None:
    wrong = transfer(1).model_copy(update={"iban": "not one"})
    with pytest.raises(ConfigurationError) as refused:
        write_file(BRAND, [wrong], "file-1", date(2026, 11, 30))
    assert "not one" not in str(refused.value)
    assert "uczak" not in str(refused.value)


@pytest.mark.parametrize("form", ["camt.053.001.02", "camt.053.001.08", "camt.054.001.08"])
def test_bookings_and_returns_are_read_and_the_rest_of_the_account_is_counted(form: str) -> None:
    found = read_confirmation(
        statement(
            debit(OURS, "1.50"), debit(OURS, "1.50", back=True), debit("NOTPROVIDED", "7.00"),
            debit(OURS, "1.50", status="PDNG"), form=form,
        ),
        BRAND.iban,
    )  # fmt: skip
    assert [(each.kind, each.amount_minor, each.code) for each in found.news] == [
        (NewsKind.BOOKED, 150, ""),
        (NewsKind.RETURNED, 150, "AC04"),
    ]
    assert found.others == 1


@pytest.mark.parametrize(
    ("account", "ours"),
    [
        ("<IBAN>DE89 3704 0044 0532 0130 00</IBAN>", True),
        ("<Othr><Id>0532013000</Id></Othr>", True),
        (f"<IBAN>{IBAN}</IBAN>", False),
        ("<Othr><Id>00013</Id></Othr>", False),
        ("<Othr><Id/></Othr>", False),
    ],
)
def test_a_statement_of_another_account_is_refused_and_none_is_named(
    account: str, ours: bool
) -> None:
    # A creator's own statement has our reference as well, as money that comes in.
    content = statement(debit(OURS, "1.50", back=True), account=account)
    if ours:
        assert len(read_confirmation(content, BRAND.iban).news) == 1
        return
    with pytest.raises(UserMistake, match="of another account") as refused:
        read_confirmation(content, BRAND.iban)
    assert IBAN not in refused.value.message + refused.value.hint
    assert "DE89 … 3000" in refused.value.hint


def test_of_several_accounts_in_a_file_only_the_one_that_pays_is_read() -> None:
    other = statement(debit(OURS, "1.50", back=True), account=f"<IBAN>{IBAN}</IBAN>")
    part = other[other.index(b"<Stmt>") : other.index(b"</BkToCstmrStmt>")]
    both = statement(debit(OURS, "1.50")).replace(b"</Stmt>", b"</Stmt>" + part)
    found = read_confirmation(both, BRAND.iban)
    assert ([each.kind for each in found.news], found.others) == ([NewsKind.BOOKED], 1)


def test_a_line_without_an_amount_is_believed_only_if_it_is_the_whole_booking() -> None:
    line = f"<TxDtls><Refs><EndToEndId>{OURS}</EndToEndId></Refs></TxDtls>"
    for lines, amount in ((1, 300), (2, -1)):
        entry = debit(OURS, "3.00", name="B1").replace(line, line * lines)
        news = read_confirmation(statement(entry), BRAND.iban).news
        assert [(each.amount_minor, each.bank_reference) for each in news] == [
            (amount, "B1")
        ] * lines


def test_a_file_is_for_the_day_where_the_account_is() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert BRAND.carried_out_on(late) == date(2026, 12, 1)
    assert BRAND.model_copy(update={"iban": "PT50"}).carried_out_on(late) == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("status", "kind"),
    [("RJCT", NewsKind.REJECTED), ("ACSC", NewsKind.BOOKED), ("ACCP", NewsKind.ACCEPTED)],
)
def test_an_answer_is_about_a_payment_or_about_a_whole_file(status: str, kind: NewsKind) -> None:
    single = read_confirmation(rejection(OURS, "AC04", status=status), BRAND.iban).news
    whole = read_confirmation(
        rejection("", "AC04", message="file-1", status=status), BRAND.iban
    ).news
    assert [(each.kind, each.end_to_end_id, each.message_id) for each in (*single, *whole)] == [
        (kind, OURS, ""),
        (kind, "", "file-1"),
    ]


@pytest.mark.parametrize("amount", ["1E+999999999", "9E+900000", "-1.50", "NaN", "1.505", "١.٥"])
def test_an_odd_amount_is_another_one_than_ours(amount: str) -> None:
    [news] = read_confirmation(statement(debit(OURS, amount)), BRAND.iban).news
    assert news.amount_minor == -1


def test_a_rejection_may_name_only_the_block_and_says_no_account_as_its_reason() -> None:
    answer = rejection(OURS, IBAN).replace(
        f"<OrgnlEndToEndId>{OURS}".encode(), b"<OrgnlEndToEndId>"
    )
    [news] = read_confirmation(answer, BRAND.iban).news
    assert (news.end_to_end_id, news.kind, news.code) == (OURS, NewsKind.REJECTED, "other")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "document type"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x/>', "document type"),
        (b"not XML", "not XML"),
        (b"", "not XML"),
        (b"<html/>", "neither pain.002"),
    ],
)
def test_what_is_no_confirmation_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(UserMistake, match=said):
        read_confirmation(content, BRAND.iban)


def test_an_iban_is_read_as_people_write_it_and_shown_shortened() -> None:
    assert read_iban(" fr14 2004 1010 0505 0001 3m02 606 ") == IBAN
    assert masked(IBAN) == "FR14 … 2606"
    for typed in ("FR1420041010050500013M02607", "", "BR1500000000000010932840814P2"):
        with pytest.raises(UserMistake) as refused:
            read_iban(typed)
        assert not typed or typed not in refused.value.message
