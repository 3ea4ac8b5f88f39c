"""Documents for creators: the terms to sign, the statements of a payment and of an account.

They are fragments (an ``<article>`` without style), so that the page around them decides how they
look on a screen and on paper (`rendering.paper`), and so that what is signed is only the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from jinja2 import Environment

from domain.correspondence import Correspondence
from domain.creator_account import CreatorLine, accounts
from domain.invoicing import TaxSplit
from domain.ledger_causes import Cause
from domain.messages import PostingKind
from domain.payments import Credited
from rendering.environment import TEMPLATES, Reader
from rendering.mail_context import agreement_context, reader_of

FALLBACK_LANGUAGE = "en"

_DAYS_OF_INVOICE = ("served_on", "pay_by", "mandate_of")


class AccountHolder(Protocol):
    """A creator, as far as a statement of account speaks of one."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def handle(self) -> str: ...  # noqa: D102
    @property
    def platform(self) -> str: ...  # noqa: D102
    @property
    def country(self) -> str: ...  # noqa: D102
    @property
    def language(self) -> str: ...  # noqa: D102
    @property
    def timezone(self) -> str: ...  # noqa: D102


class PaidPayment(Protocol):
    """A payment that was sent, as far as its statement speaks of it."""

    @property
    def payout_id(self) -> str: ...  # noqa: D102
    @property
    def about(self) -> Correspondence: ...  # noqa: D102
    @property
    def sent_at(self) -> datetime: ...  # noqa: D102
    @property
    def signature(self) -> Signed | None: ...  # noqa: D102
    @property
    def tax(self) -> TaxSplit | None: ...  # noqa: D102
    @property
    def credited(self) -> Credited | None: ...  # noqa: D102


class IssuedInvoice(Protocol):
    """An invoice or a credit note that the brand issued for a creator."""

    @property
    def number(self) -> str: ...  # noqa: D102
    @property
    def created_at(self) -> datetime: ...  # noqa: D102
    @property
    def facts(self) -> dict[str, Any]: ...  # noqa: D102


class Signed(Protocol):
    """Who signed the agreement, and when."""

    @property
    def typed_name(self) -> str: ...  # noqa: D102
    @property
    def address(self) -> str: ...  # noqa: D102
    @property
    def created_at(self) -> datetime: ...  # noqa: D102


class Spender(Protocol):
    """A campaign, as far as its statement speaks of it."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def file(self) -> dict[str, Any]: ...  # noqa: D102


class Moved(Protocol):
    """A movement of a campaign's money."""

    @property
    def at(self) -> datetime: ...  # noqa: D102
    @property
    def kind(self) -> PostingKind: ...  # noqa: D102
    @property
    def amount_minor(self) -> int: ...  # noqa: D102
    @property
    def collaboration_id(self) -> str | None: ...  # noqa: D102
    @property
    def payout_id(self) -> str | None: ...  # noqa: D102
    @property
    def cause(self) -> Cause: ...  # noqa: D102


@dataclass(frozen=True)
class Document:
    """A whole document to keep: its words, and what a file of it needs to know."""

    title: str
    file_name: str
    """Without its ending."""
    article: str
    at: datetime
    """The moment that it speaks of."""
    country: str
    """The reader's; decides on the size of paper."""


def _template(document: str, language: str) -> tuple[str, str]:
    """``terms.de.html`` if there is one, else ``terms.html``, which is English."""
    wanted = language.partition("-")[0].lower()
    translated = f"documents/{document}.{wanted}.html"
    if wanted.isalpha() and (TEMPLATES / translated).is_file():
        return translated, wanted
    return f"documents/{document}.html", FALLBACK_LANGUAGE


def terms_html(environment: Environment, about: Correspondence, fee_minor: int) -> str:
    """The terms for a fee. Nothing in them depends on when they are written."""
    template, language = _template("terms", about.language)
    return environment.get_template(template).render(
        **agreement_context(about, fee_minor),
        reader=reader_of(about, language),
        language=language,
        reference=about.collaboration_id,
    )


def remittance_html(
    environment: Environment,
    about: Correspondence,
    *,
    sent_at: datetime | None,
    number: str = "",
    signed_name: str = "",
    signed_address: str = "",
    signed_at: datetime | None = None,
    tax: TaxSplit | None = None,
    credited: Credited | None = None,
) -> str:
    """The statement of ``about.payout``, for the creator's records. It never changes once sent.

    Raises:
        ValueError: ``about`` was read without a payout.
    """
    if about.payout is None:
        raise ValueError("a statement needs a payout")
    template, language = _template("remittance", about.language)
    return environment.get_template(template).render(
        **agreement_context(about, about.fee_minor),
        reader=reader_of(about, language),
        language=language,
        reference=about.collaboration_id,
        payout=about.payout,
        sent_at=sent_at,
        number=number,
        signed_name=signed_name,
        signed_address=signed_address,
        signed_at=signed_at,
        tax=tax,
        credited=credited,
    )


def account_html(
    environment: Environment,
    who: AccountHolder,
    lines: Iterable[CreatorLine],
    at: datetime,
) -> str:
    """What a creator earned and was paid until a moment, and what is still owed."""
    template, language = _template("account", who.language)
    lines = tuple(lines)
    return environment.get_template(template).render(
        name=who.name,
        handle=f"@{who.handle.removeprefix('@')}",
        platform=who.platform,
        number=who.id,
        at=at,
        accounts=accounts(lines),
        another_way=any(line.kind is PostingKind.ELSEWHERE for line in lines),
        language=language,
        reader=Reader.of(language, who.country, who.timezone),
    )


def payment_statement(environment: Environment, paid: PaidPayment) -> Document:
    """The statement of a payment, for its creator and for the brand's books."""
    signature = paid.signature
    article = remittance_html(
        environment,
        paid.about,
        sent_at=paid.sent_at,
        number=paid.payout_id,
        signed_name=signature.typed_name if signature else "",
        signed_address=signature.address if signature else "",
        signed_at=signature.created_at if signature else None,
        tax=paid.tax,
        credited=paid.credited,
    )
    title = f"Statement of payment {paid.payout_id}"
    return Document(title, paid.payout_id, article, paid.sent_at, paid.about.country)


def account_statement(
    environment: Environment, who: AccountHolder, lines: Iterable[CreatorLine], at: datetime
) -> Document:
    """A creator's statement of account until a moment."""
    article = account_html(environment, who, lines, at)
    title = f"Statement of account {who.id}"
    return Document(title, f"account-{who.id}", article, at, who.country)


def campaign_statement(
    environment: Environment, campaign: Spender, lines: Sequence[Moved], balances: object,
    at: datetime,
) -> Document:  # fmt: skip
    """What a campaign's money did until a moment, and who let it: for the brand alone."""
    brand = campaign.file["brand"]
    article = environment.get_template("documents/ledger.html").render(
        brand=brand["name"],
        name=campaign.name,
        number=campaign.id,
        currency=campaign.currency,
        at=at,
        lines=lines,
        balances=balances,
        reader=Reader.of("en", brand["country"]),
    )
    title = f"Statement of the campaign {campaign.id}"
    return Document(title, f"campaign-{campaign.id}", article, at, brand["country"])


def self_billed(environment: Environment, invoice: IssuedInvoice) -> Document:
    """An invoice that the brand issued for a creator; it says what was written down then."""
    article = environment.get_template("documents/invoice.html").render(
        invoice=invoice,
        facts=invoice.facts,
        **{day: date.fromisoformat(invoice.facts[day]) for day in _DAYS_OF_INVOICE},
        reader=Reader.of("fr", "FR"),
        language="fr",
    )
    name = f"invoice-{invoice.number}"
    country = str(invoice.facts["supplier_country"])
    return Document(f"Facture {invoice.number}", name, article, invoice.created_at, country)


def credit_note(environment: Environment, note: IssuedInvoice) -> Document:
    """A credit note that the brand issued for a creator; it says what was written down then."""
    days = {day: date.fromisoformat(note.facts[day]) for day in ("invoice_of", "mandate_of")}
    article = environment.get_template("documents/credit_note.html").render(
        note=note, facts=note.facts, **days, reader=Reader.of("fr", "FR"), language="fr"
    )
    name = f"credit-note-{note.number}"
    country = str(note.facts["supplier_country"])
    return Document(f"Avoir {note.number}", name, article, note.created_at, country)


def document_page(environment: Environment, document: Document, language: str = "en") -> str:
    """A document as one file with its own style: it loads nothing and prints well."""
    return environment.get_template("documents/page.html").render(
        title=document.title, body=document.article, language=language
    )
