"""What a bank says about our payments: pain.002, camt.053 and camt.054, of any version.

Read by ``defusedxml``: a document type, an entity or an address in the file is refused, never
followed. Other lines of the brand's account are counted and otherwise left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from domain.bank_transfer import BankNews, NewsKind, is_ours, masked
from domain.errors import UserMistake

MOST = 20 * 1024 * 1024
"""Bytes of a confirmation; statements of a whole year are smaller."""

_KINDS = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:(pain\.002|camt\.053|camt\.054)\.")
_FINAL = {
    "ACSC": NewsKind.BOOKED,
    "ACCC": NewsKind.BOOKED,
    "RJCT": NewsKind.REJECTED,
}
"""External status codes of ISO 20022: settled for the debtor, for the creditor, rejected."""
_SO_FAR = frozenset({"ACCP", "ACSP", "ACTC", "ACWC", "ACWP", "PDNG", "RCVD"})
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{0,5})?")
"""As ISO 20022 writes amounts: no sign and no exponent, which could take all the memory."""
_UNSAID = Element("Amt")
"""One line of a sum that was booked at once says no amount: it is not believed."""
_CODE = re.compile(r"[A-Za-z0-9]{1,8}")
"""Codes go into histories, so a bank's own reason in words, or with an account, must not."""
OTHER_CODE = "other"

SHORTEST = 6
"""Digits of an account's number without the zeros before it; fewer could be in any IBAN."""


class Confirmation(NamedTuple):
    """What a file says."""

    news: tuple[BankNews, ...]
    others: int
    """Lines that are not about payments of ours."""


def read_confirmation(content: bytes, iban: str) -> Confirmation:
    """Read a bank's file.

    Args:
        content: the file.
        iban: the account that pays. Statements of other accounts in the same file are left alone:
            a creator's own has our references as well.

    Raises:
        UserMistake: not such a file, one of another account, or one that could do harm.
    """
    if len(content) > MOST:
        raise UserMistake("the file is larger than any bank's", hint="send a shorter period")
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException:
        raise UserMistake(
            "the file has a document type or entities, which no bank's file has",
            hint="get it from the bank again",
        ) from None
    except (ParseError, ValueError, LookupError):
        raise UserMistake("the file is not XML", hint="export it as pain.002 or camt") from None
    kind = next((found[1] for node in root if (found := _KINDS.match(node.tag))), "") or next(
        (found[1] for found in [_KINDS.match(root.tag)] if found), ""
    )
    if not kind:
        raise UserMistake(
            "the file is neither pain.002 nor camt.053 nor camt.054",
            hint="export the bank's answer or statement in one of these forms",
        )
    if kind == "pain.002":
        return _confirmation(list(_statuses(root)))
    mine, foreign = _by_account(root, iban)
    if foreign and not mine:
        raise UserMistake(
            "the file is of another account than the one that pays",
            hint=f"export what the bank says of {masked(iban)}",
        )
    others = sum(1 for part in foreign for _ in _entries(part))
    return _confirmation([each for part in mine for each in _entries(part)], others)


def _confirmation(lines: list[BankNews], others: int = 0) -> Confirmation:
    ours = tuple(each for each in lines if each.message_id or is_ours(each.end_to_end_id))
    return Confirmation(ours, others + len(lines) - len(ours))


def _by_account(root: Element, iban: str) -> tuple[list[Element], list[Element]]:
    """The statements or notifications of an account, and those of others."""
    parts = [*_all(root, "Stmt"), *_all(root, "Ntfctn")]
    mine = [each for each in parts if _is_of(each, iban)]
    return mine, [each for each in parts if each not in mine]


def _is_of(part: Element, iban: str) -> bool:
    """By its IBAN, or by the bank's own number, which is a part of that."""
    if stated := _text(part, "Acct", "Id", "IBAN"):
        return "".join(stated.split()).upper() == iban
    number = _text(part, "Acct", "Id", "Othr", "Id").replace(" ", "").lstrip("0")
    return len(number) >= SHORTEST and number in iban


def _statuses(root: Element) -> Iterator[BankNews]:
    """Rejections and acceptances; of a block or of the whole file if no payment is named."""
    named = False
    for block in _all(root, "OrgnlPmtInfAndSts"):
        single = list(_all(block, "TxInfAndSts"))
        for each in single:
            named = True
            # A block is one payment and has its name, if a bank repeats nothing else.
            name = _text(each, "OrgnlEndToEndId") or _text(block, "OrgnlPmtInfId")
            yield from _status(each, "TxSts", name)
        if not single and _text(block, "PmtInfSts"):
            named = True
            yield from _status(block, "PmtInfSts", _text(block, "OrgnlPmtInfId"))
    if named:
        return
    for group in _all(root, "OrgnlGrpInfAndSts"):
        yield from _status(group, "GrpSts", "", _text(group, "OrgnlMsgId"))


def _status(node: Element, tag: str, reference: str, message: str = "") -> Iterator[BankNews]:
    status = _text(node, tag)
    kind = _FINAL.get(status) or (NewsKind.ACCEPTED if status in _SO_FAR else None)
    if kind is None or not (reference or message):
        return
    code = _text(node, "StsRsnInf", "Rsn", "Cd") or _text(node, "StsRsnInf", "Rsn", "Prtry")
    amount = _first(node, "OrgnlTxRef", "Amt", "InstdAmt")
    yield _news(kind, reference, code, amount, message)


def _entries(part: Element) -> Iterator[BankNews]:
    """What has gone from the account, or come back to it; what is only expected is left out."""
    for entry in _all(part, "Ntry"):
        status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
        if status != "BOOK":
            continue
        single = list(_all(entry, "TxDtls"))
        for each in single:
            amount = (
                _first(each, "Amt")
                if _first(each, "Amt") is not None
                else _first(each, "AmtDtls", "TxAmt", "Amt")
            )
            if amount is None and len(single) == 1:
                amount = _first(entry, "Amt")
            back = (_text(each, "CdtDbtInd") or _text(entry, "CdtDbtInd")) == "CRDT"
            yield _news(
                NewsKind.RETURNED if back else NewsKind.BOOKED,
                _text(each, "Refs", "EndToEndId"),
                _text(each, "RtrInf", "Rsn", "Cd") if back else "",
                _UNSAID if amount is None else amount,
                # Of the entry first: advices and statements have that one in common.
                bank_reference=_text(entry, "AcctSvcrRef") or _text(each, "Refs", "AcctSvcrRef"),
            )


def _news(
    kind: NewsKind, reference: str, code: str, amount: Element | None, message: str = "",
    bank_reference: str = "",
) -> BankNews:  # fmt: skip
    return BankNews(
        kind=kind,
        end_to_end_id=reference[:35],
        message_id=message[:35],
        bank_reference=bank_reference[:35],
        code=code if not code or _CODE.fullmatch(code) else OTHER_CODE,
        amount_minor=_minor(amount),
        currency=(amount.get("Ccy") or "")[:3] if amount is not None else "",
    )


def _minor(amount: Element | None) -> int | None:
    if amount is None:
        return None
    text = (amount.text or "").strip()
    if not _AMOUNT.fullmatch(text):
        return -1
    cents = Decimal(text) * 100
    # Another amount than ours in any case, if it is none in whole cents.
    return int(cents) if cents == int(cents) else -1


def _all(node: Element, name: str) -> Iterator[Element]:
    return (each for each in node.iter() if _local(each) == name)


def _first(node: Element, *path: str) -> Element | None:
    for name in path:
        found = next((each for each in node if _local(each) == name), None)
        if found is None:
            return None
        node = found
    return node


def _text(node: Element, *path: str) -> str:
    found = _first(node, *path)
    return (found.text or "").strip() if found is not None else ""


def _local(node: Element) -> str:
    return node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""
