"""YAML text as a tree that knows where everything stands; the reading half of campaign_yaml.

Scalars stay text until a field's type is known: ``on`` is a key, ``NO`` is Norway and ``9:30`` is
a time, whatever YAML 1.1 makes of them.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

import yaml
from pydantic import BaseModel, ConfigDict

MAX_BYTES = 256 * 1024
"""A campaign file is a page or two; anything larger is not one."""
MAX_DEPTH = 20
"""Levels of nesting; a campaign file has four."""

_SYNTAX = {
    "found character '\\t' that cannot start any token": (
        "a tab is used for indentation",
        "replace tabs with spaces",
    ),
    "mapping values are not allowed here": (
        "there is a ':' where no key can be",
        "put a text that contains ': ' in quotes, or check the indentation",
    ),
    "could not find expected ':'": ("a key without ':'", "write 'key: value'"),
    "expected <block end>, but found '-'": (
        "a list entry stands where a key was expected",
        "indent the list under its key",
    ),
    "expected <block end>, but found '<block mapping start>'": (
        "the indentation does not fit the lines above",
        "start keys of the same section in the same column",
    ),
    "expected <block end>, but found '<scalar>'": (
        "the text goes on after its closing quote",
        "write one quoted text, and double a quote inside it",
    ),
    "found unexpected end of stream": ("a quote or bracket is never closed", "close it"),
    "expected ',' or ']', but got": ("a '[' is never closed", "close it with ']'"),
    "expected ',' or '}', but got": ("a '{' is never closed", "close it with '}'"),
}


class Mistake(BaseModel):
    """One thing that is wrong in a campaign file, where it stands and what would be right."""

    model_config = ConfigDict(frozen=True)

    line: int
    """Counted from 1."""
    column: int
    """Counted from 1."""
    path: str
    """Like ``milestones[0].percent``; empty for the file as a whole."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        what = f"{self.path}: {self.message}" if self.path else self.message
        return f"line {self.line}, column {self.column}: {what}" + (
            f" ({self.hint})" if self.hint else ""
        )


@dataclass(frozen=True)
class Place:
    """A position, counted from 1."""

    line: int = 1
    column: int = 1


@dataclass
class Node:
    """A value with its place: text (None when empty), a list or a mapping."""

    place: Place
    text: str | None = None
    items: list[Node] | None = None
    entries: dict[str, Node] | None = None
    keys: dict[str, Place] = field(default_factory=dict)

    @property
    def shape(self) -> str:
        """What it is, in a person's words."""
        if self.entries is not None:
            return "a section with keys"
        if self.items is not None:
            return "a list"
        return "empty" if self.text is None else "a single value"

    def plain(self) -> object:
        """The value without places."""
        if self.entries is not None:
            return {key: node.plain() for key, node in self.entries.items()}
        if self.items is not None:
            return [node.plain() for node in self.items]
        return self.text


class Unreadable(Exception):
    """The text is not a YAML mapping; carries the one mistake."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


def read_tree(source: str | bytes) -> tuple[Node, list[Mistake]]:
    """Read YAML into a tree, with the mistakes that do not stop the reading (duplicate keys).

    Raises:
        Unreadable: not text, too large, not valid YAML, or not a mapping.
    """
    text = _as_text(source)
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_syntax_mistake(error)) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line = before.count("\n") + 1
        raise Unreadable(
            Mistake(
                line=line,
                column=error.position - (before.rfind("\n") + 1) + 1,
                path="",
                message=f"a character that cannot be used here (U+{ord(text[error.position]):04X})",
                hint="delete it; it usually comes from copying out of another program",
            )
        ) from None
    if root is None:
        raise Unreadable(_whole("the file is empty", "start from examples/campaign.yaml"))
    mistakes: list[Mistake] = []
    tree = _convert(root, "", mistakes)
    if tree.entries is None:
        raise Unreadable(
            _whole(f"the file is {tree.shape}", "write keys: 'name: …', 'goal: …', and so on")
        )
    return tree, mistakes


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses aliases (a few lines of them can fill the memory) and depth."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not used in campaign files", event.start_mark
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "nested too deeply for a campaign file", event.start_mark
            )
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def _as_text(source: str | bytes) -> str:
    size = len(source) if isinstance(source, bytes) else len(source.encode("utf-8", "replace"))
    if size > MAX_BYTES:
        raise Unreadable(
            _whole(
                f"the file has {size:,} bytes; a campaign file has {MAX_BYTES:,} at most",
                "is this the right file?",
            )
        )
    if isinstance(source, str):
        return source.removeprefix("\ufeff")
    try:
        if source.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return source.decode("utf-16")
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source[: error.start].count(b"\n") + 1
        raise Unreadable(
            Mistake(
                line=line,
                column=error.start - (source[: error.start].rfind(b"\n") + 1) + 1,
                path="",
                message="the file is not UTF-8 text",
                hint="save it again with the encoding UTF-8",
            )
        ) from None


def _whole(message: str, hint: str) -> Mistake:
    return Mistake(line=1, column=1, path="", message=message, hint=hint)


def _syntax_mistake(error: yaml.MarkedYAMLError) -> Mistake:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "cannot be read"
    message, hint = next(
        (said for known, said in _SYNTAX.items() if problem.startswith(known)), (problem, "")
    )
    if problem == "but found another document":
        message, hint = (
            "a second document begins here",
            "write one campaign per file, without '---'",
        )
    return Mistake(
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        path="",
        message=message,
        hint=hint,
    )


def _convert(node: yaml.Node, path: str, mistakes: list[Mistake]) -> Node:
    place = Place(node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        return _convert_mapping(node, place, path, mistakes)
    if isinstance(node, yaml.SequenceNode):
        items = [
            _convert(child, f"{path}[{index}]", mistakes) for index, child in enumerate(node.value)
        ]
        return Node(place, items=items)
    style = getattr(node, "style", None)  # only scalars have one; None is plain, without quotes
    empty = style is None and node.value in ("", "~", "null", "Null", "NULL")
    return Node(place, text=None if empty else str(node.value))


def _convert_mapping(
    node: yaml.MappingNode, place: Place, path: str, mistakes: list[Mistake]
) -> Node:
    result = Node(place, entries={})
    entries = result.entries
    assert entries is not None
    for key_node, value_node in node.value:
        key_place = Place(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        below = f"{path}.{key}" if path else key
        if key in entries:
            mistakes.append(
                Mistake(
                    line=key_place.line,
                    column=key_place.column,
                    path=below,
                    message=f"'{key}' stands here a second time, first in line "
                    f"{result.keys[key].line}",
                    hint="keep one of them",
                )
            )
            continue
        entries[key] = _convert(value_node, below, mistakes)
        result.keys[key] = key_place
    return result
