"""A document as PDF: the same words as its HTML, laid out for paper.

The HTML article is taken apart into blocks of plain text, which Typst gets as data. Nothing that a
person wrote becomes part of the source, so a name with a hash sign is a name with a hash sign.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from rendering.documents import FALLBACK_LANGUAGE, Document
from rendering.environment import TEMPLATES

if TYPE_CHECKING:
    from typst import Fonts, PDFStandard

TEMPLATE = TEMPLATES / "documents" / "paper.typ"
OWN_FONTS = TEMPLATES / "documents" / "fonts"
"""Fonts for more scripts than the compiler brings; the folder may be missing."""

STANDARDS: list[PDFStandard] = ["a-2a", "ua-1"]
"""PDF/A-2a, to be kept for ten years, and PDF/UA-1, to be read aloud. Both refuse a letter that no
font has."""

_LETTER = frozenset("US CA MX BZ CL CO CR GT NI PA PH PR SV VE".split())
"""Countries with US Letter in the printer. Source: CLDR 46, supplemental data, paperSize."""

_STYLES = {"strong": "strong", "b": "strong", "small": "small"}
_SPACE = re.compile(r"[ \t\r\n\f]+")  # as HTML folds it: a no-break space stays

Block = dict[str, Any]
Run = dict[str, str]


def paper(document: Document) -> bytes:
    """A document as PDF. It takes some milliseconds of one core, so do it in a thread.

    The same document gives the same bytes: its moment is the file's date. Letters that no font has
    are boxes, and the file then says so; it is not PDF/A in that case.
    """
    import typst  # noqa: PLC0415  what few processes ever do, none should load at its start

    article = _article(document.article)
    data = {
        "title": document.title,
        "language": article.attributes.get("lang") or FALLBACK_LANGUAGE,
        "size": "us-letter" if document.country.upper() in _LETTER else "a4",
        "blocks": list(_blocks(article)),
    }

    def compiled(standards: list[PDFStandard]) -> bytes:
        return typst.compile(
            str(TEMPLATE),
            root=str(TEMPLATE.parent),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"data": json.dumps(data | {"complete": bool(standards)})},
            pdf_standards=standards,
            timestamp=int(document.at.timestamp()),
        )

    try:
        return compiled(STANDARDS)
    except typst.TypstError:
        return compiled([])


@cache
def _fonts() -> Fonts:
    """The fonts inside the compiler and ours; never the machine's, so that bytes do not depend."""
    import typst  # noqa: PLC0415

    own = [str(OWN_FONTS)] if OWN_FONTS.is_dir() else []
    return typst.Fonts(include_system_fonts=False, font_paths=own)


def _article(html: str) -> LexborNode:
    article = LexborHTMLParser(html).css_first("article")
    if article is None:
        raise ValueError("a document is an article")
    return article


def _blocks(node: LexborNode) -> Iterator[Block]:
    for child in node.iter():
        tag = child.tag or ""
        if tag == "dl":
            yield _facts(child)
        elif tag == "table":
            yield _table(child)
        elif tag not in ("article", "section", "div", "ul", "ol"):
            style = (child.attributes.get("class") or "").split()
            yield {"kind": "from" if "from" in style else tag, "runs": _runs(child)}
        else:
            yield from _blocks(child)


def _facts(node: LexborNode) -> Block:
    rows: list[list[list[Run]]] = []
    for child in node.iter():
        if child.tag == "dt":
            rows.append([_runs(child)])
        elif rows:
            rows[-1].append(_runs(child))
    return {"kind": "facts", "rows": rows}


def _table(node: LexborNode) -> Block:
    """The parts of a table; a column is set right if its heading is a number's."""
    parts: dict[str, list[list[list[Run]]]] = {"thead": [], "tbody": [], "tfoot": []}
    right: list[bool] = []
    for part in node.iter():
        for row in part.iter():
            cells = list(row.iter())
            right = right or ["num" in (cell.attributes.get("class") or "") for cell in cells]
            parts.setdefault(part.tag or "", []).append([_runs(cell) for cell in cells])
    return {
        "kind": "table",
        "right": right,
        "head": parts["thead"],
        "rows": parts["tbody"],
        "foot": parts["tfoot"],
    }


def _runs(node: LexborNode, style: str = "") -> list[Run]:
    """The words of a paragraph in pieces of one style, spaces folded as a browser folds them."""
    found: list[Run] = []
    for text, how in _pieces(node, style):
        folded = _SPACE.sub(" ", text) if how != "break" else ""
        if not found or found[-1]["style"] == "break" or found[-1]["text"].endswith(" "):
            folded = folded.removeprefix(" ")
        if folded or how == "break":
            found.append({"text": folded, "style": how})
    if found:
        found[-1]["text"] = found[-1]["text"].removesuffix(" ")
    return found


def _pieces(node: LexborNode, style: str) -> Iterator[tuple[str, str]]:
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            yield child.text_content or "", style
        elif child.tag == "br":
            yield "", "break"
        else:
            yield from _pieces(child, _STYLES.get(child.tag or "", style))
