"""Reading our pages as a person does: which forms are there, and what is written beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from selectolax.lexbor import LexborHTMLParser, LexborNode


@dataclass(frozen=True)
class Form:
    """A form on a page, with what is already in its fields."""

    name: str
    """What it is for: its ``data-action``."""
    target: str
    fields: Mapping[str, str]
    buttons: Mapping[str, str] = field(default_factory=dict)
    """The words on each button, by the answer that it gives."""
    around: str = ""
    """The text of the card that it stands in."""

    @property
    def seen(self) -> str:
        """What the form answers to; changes with what is asked."""
        return self.fields.get("seen", "")

    def filled(self, **values: str) -> dict[str, str]:
        """The fields to send, with some of them written anew."""
        return {**self.fields, **values}


class Page:
    """One of our pages."""

    def __init__(self, html: str) -> None:
        self._tree = LexborHTMLParser(html)

    def forms(self) -> dict[str, Form]:
        """All forms that say what they are for."""
        found = {}
        for node in self._tree.css("form[data-action]"):
            name = node.attributes.get("data-action") or ""
            found[name] = _form(node, name)
        return found

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that a selector finds."""
        return [_text(node) for node in self._tree.css(selector)]

    def text(self, selector: str) -> str:
        """The text of the first one; empty if there is none."""
        return next(iter(self.texts(selector)), "")

    def written(self, selector: str) -> str:
        """Like `text`, with line ends and spaces as they are written: captions."""
        node = self._tree.css_first(selector)
        return node.text(deep=True).strip() if node else ""

    def facts(self) -> dict[str, str]:
        """The lists of terms and their values: label, mention, hashtags, link."""
        found = {}
        for term in self._tree.css("dl.facts > dt"):
            value = term.next
            while value is not None and value.tag != "dd":
                value = value.next
            if value is not None:
                paste = value.css_first(".paste")
                found[_text(term)] = _text(paste or value)
        return found

    def list_after(self, heading: str) -> list[str]:
        """The entries of the list under a heading."""
        for node in self._tree.css("h3"):
            if _text(node) != heading:
                continue
            following = node.next
            while following is not None and following.tag != "ul":
                following = following.next
            if following is not None:
                return [_text(item) for item in following.css("li")]
        return []


def _form(node: LexborNode, name: str) -> Form:
    fields: dict[str, str] = {}
    for control in node.css("input[name], textarea[name]"):
        key = control.attributes.get("name") or ""
        if control.tag == "textarea":
            fields[key] = control.text(deep=True)
        elif control.attributes.get("type") not in {"checkbox", "radio"}:
            fields[key] = control.attributes.get("value") or ""
    buttons = {
        button.attributes.get("value") or "": _text(button)
        for button in node.css('button[name="answer"]')
    }
    card = node
    while card.parent is not None and "card" not in (card.attributes.get("class") or "").split():
        card = card.parent
    return Form(name, node.attributes.get("action") or "", fields, buttons, _text(card))


def _text(node: LexborNode) -> str:
    return " ".join(node.text(deep=True, separator=" ").split())


_AMOUNT = re.compile(r"\d[\d.,'’\s\u00a0\u202f]*")


def read_money(text: str) -> Decimal | None:
    """The first amount in a text, written in whatever country's way."""
    found = _AMOUNT.search(text)
    if found is None:
        return None
    digits = re.sub(r"[\s'’\u00a0\u202f]", "", found[0]).rstrip(".,")
    decimals = re.fullmatch(r"(.*)[.,](\d{2})", digits)
    whole, cents = (decimals[1], decimals[2]) if decimals else (digits, "00")
    try:
        return Decimal(f"{re.sub(r'[.,]', '', whole)}.{cents}")
    except InvalidOperation:
        return None
