"""Statements as PDF: the words of the page, for keeping."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import typst

from domain.correspondence import NettedFigures
from rendering import paper as papers
from rendering.documents import Document, account_statement, remittance_html
from rendering.environment import make_environment
from rendering.paper import paper
from tests.fixtures.correspondence import correspondence

ENVIRONMENT = make_environment()
AT = datetime(2026, 12, 4, 23, 30, tzinfo=UTC)
INJECTED = '#panic() *bold* $x$ [a] "q" \\ #import "/etc/passwd"'


def statement(name: str, country: str = "DE", **about: Any) -> Document:
    article = remittance_html(
        ENVIRONMENT,
        correspondence(**about),
        sent_at=AT,
        number="pay_1",
        signed_name=name,
        signed_address="Hauptstr. 1",
        signed_at=AT,
    )
    return Document("Statement of payment pay_1", "pay_1", article, AT, country)


def handed_over(monkeypatch: pytest.MonkeyPatch, document: Document) -> list[dict[str, Any]]:
    """What the compiler got, for each of its runs."""
    seen: list[dict[str, Any]] = []
    compiled = typst.compile

    def note(*given: Any, **named: Any) -> Any:
        seen.append(json.loads(named["sys_inputs"]["data"]))
        return compiled(*given, **named)

    monkeypatch.setattr(typst, "compile", note)
    assert paper(document).startswith(b"%PDF-1.7")
    return seen


def text(block: Any) -> str:
    if isinstance(block, dict):
        return block.get("text", "") or " ".join(text(each) for each in block.values())
    return " ".join(text(each) for each in block) if isinstance(block, list) else ""


def test_the_same_statement_is_the_same_file() -> None:
    first = paper(statement("Mara Klein"))
    assert first == paper(statement("Mara Klein"))
    assert first != paper(statement("Mara Kleine"))
    for mark in (b"<pdfaid:part>2</pdfaid:part>", b"<pdfuaid:part>1</pdfuaid:part>", b"2026-12-04"):
        assert mark in first


@pytest.mark.parametrize(
    "name",
    ["Zoë Łukasiewicz Ştefănescu Nguyễn Văn Đức", "Ελένη Παπαδοπούλου", "Анна Ґалаґан",
     "מרים לוי", "ليلى حداد", "Հայկ", "ქეთი", "अमित"],
)  # fmt: skip
def test_names_in_these_scripts_have_all_their_letters(name: str) -> None:
    assert b"pdfaid" in paper(statement(name)), "the standard refuses a missing letter"


@pytest.mark.parametrize("name", ["田中 さくら", "김민지", "สมชาย", "Mara 😀", "a\ufeffb\ue000"])
def test_a_missing_letter_is_a_box_and_the_file_says_so(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = handed_over(monkeypatch, statement(name))
    assert [run["complete"] for run in runs] == [True, False]


def test_what_people_write_is_never_typst(monkeypatch: pytest.MonkeyPatch) -> None:
    (data,) = handed_over(monkeypatch, statement(INJECTED))
    assert f"{INJECTED}, Hauptstr. 1" in text(data["blocks"])


def test_the_paper_has_the_page_s_words_and_sets_amounts_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (data,) = handed_over(monkeypatch, statement("Mara Klein"))
    head, title, facts, table, *legal = data["blocks"]
    assert (head["kind"], title["kind"], facts["kind"]) == ("from", "h1", "facts")
    assert [run["style"] for run in head["runs"]][:2] == ["strong", "break"]
    assert [text(name) for name, _ in facts["rows"]] == [
        "Number", "Sent", "To", "Reference of the payment", "Reference of the agreement",
    ]  # fmt: skip
    assert (table["right"], text(table["foot"])) == ([False, True], "Paid 312,50\xa0€")
    assert "Post published and verified" in text(table["rows"])
    assert text(legal[0]["runs"]).startswith(
        "The amount is part of an agreed fee of 625,00\xa0€. Taxes,"
    )


def test_the_paper_is_the_one_in_the_reader_s_printer(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [
        handed_over(monkeypatch, statement("Mara", country))[0]["size"]
        for country in ("US", "DE", "")
    ]
    assert sizes == ["us-letter", "a4", "a4"]


def test_an_account_without_money_is_a_document_too() -> None:
    class Who:
        id, name, handle, platform = "crt_1", "Mara", "mara", "instagram"
        country, language, timezone = "JP", "en", "Asia/Tokyo"

    assert b"pdfaid" in paper(account_statement(ENVIRONMENT, Who(), [], AT))


def test_the_compiler_is_loaded_when_it_is_needed() -> None:
    assert "typst" not in vars(papers)


def test_a_payment_that_kept_something_back_says_so_on_paper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = correspondence().payout
    assert whole is not None
    kept = (NettedFigures(4_000, f"Half of it: {INJECTED}"),)
    netted = statement("Mara Klein", payout=replace(whole, netted=kept))
    (table,) = [each for each in handed_over(monkeypatch, netted)[0]["blocks"]
                if each["kind"] == "table"]  # fmt: skip
    said = [text(row) for row in table["foot"]]
    assert [row.split(" ")[0] for row in said] == ["Earned", "Kept", "Sent"]
    assert INJECTED in said[1]
