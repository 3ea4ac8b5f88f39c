"""The campaign file from YAML: every mistake at once, each with its place and what would be right.

`check_campaign` walks the models of `domain.campaign` beside the YAML tree, value by value, so
that one bad value hides no other; `domain.campaign_checks` then looks across the values.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import MinLen
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from domain.campaign import CampaignFile
from domain.campaign_approvers import ADDRESS, ADDRESS_OR_NOTHING
from domain.campaign_base import Section
from domain.campaign_checks import check_values
from domain.campaign_nodes import Mistake, Node, Place, Unreadable, read_tree
from domain.errors import UserMistake
from domain.money import Money

__all__ = ["CampaignCheck", "CampaignMistakes", "Mistake", "check_campaign", "read_campaign"]

_WHOLE = "a whole number such as 12"
_NUMBER = "a number such as 1.5"
_EXAMPLES: Mapping[type, str] = MappingProxyType(
    {
        int: _WHOLE,
        float: _NUMBER,
        bool: "true or false",
        time: "a time of day such as 09:00",
        timedelta: "a duration such as '3 days' or '90 seconds'",
        Money: "an amount such as '900 EUR'",
        str: "a text",
    }
)
_PATTERNS = {
    r"^[A-Z]{2}$": "two capital letters (ISO 3166-1), like DE",
    r"^([A-Z]{2}|any)$": "two capital letters (ISO 3166-1), like DE",
    r"^[A-Z]{3}$": "three letters (ISO 4217), like EUR",
    r"^@[\w.]{1,40}$": "an account name with @, like @lumenandleaf",
    ADDRESS: "a mail address, like noor@brand.example",
    ADDRESS_OR_NOTHING: "a mail address, like noor@brand.example",
    r"^https?://": "an address that begins with https://",
}


class CampaignMistakes(UserMistake):
    """The campaign file has mistakes: all of them."""

    code = "campaign_mistakes"

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        count = len(mistakes)
        super().__init__(
            f"The campaign file has {count} mistake{'' if count == 1 else 's'}:\n"
            + "\n".join(str(mistake) for mistake in mistakes),
            hint="docs/campaign-file.md explains every key",
        )
        self.mistakes = mistakes


class CampaignCheck(BaseModel):
    """What checking a campaign file found; ``file`` is None if there is a mistake."""

    model_config = ConfigDict(frozen=True)

    file: CampaignFile | None
    mistakes: tuple[Mistake, ...] = ()
    warnings: tuple[Mistake, ...] = ()


def read_campaign(source: str | bytes) -> CampaignFile:
    """Read a campaign file.

    Raises:
        CampaignMistakes: all mistakes at once.
    """
    result = check_campaign(source)
    if result.file is None:
        raise CampaignMistakes(result.mistakes)
    return result.file


def check_campaign(source: str | bytes) -> CampaignCheck:
    """Read a campaign file and say everything that is wrong or doubtful about it."""
    try:
        tree, mistakes = read_tree(source)
    except Unreadable as unreadable:
        return CampaignCheck(file=None, mistakes=(unreadable.mistake,))
    walk = _Walk(mistakes)
    walk.section(CampaignFile, tree, "")
    wrong, doubtful = check_values(walk.values)
    mistakes += [walk.at(path, message, hint) for path, message, hint in wrong]
    warnings = tuple(
        sorted((walk.at(*remark) for remark in doubtful), key=lambda m: (m.line, m.column))
    )
    file = None
    if not mistakes:
        try:
            file = CampaignFile.model_validate(walk.document)
        except ValidationError as error:  # a rule of the models that the walk does not know
            mistakes += [_model_rule(walk, problem) for problem in error.errors()]
    ordered = tuple(sorted(mistakes, key=lambda m: (m.line, m.column, m.path)))
    return CampaignCheck(file=file, mistakes=ordered, warnings=warnings)


def _model_rule(walk: _Walk, problem: Any) -> Mistake:
    path = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]
    ).lstrip(".")
    said = problem.get("ctx", {}).get("error")
    return walk.at(path, str(said) if said else "cannot be used like this", "")


@dataclass
class _Walk:
    """Goes through models and tree together; collects values, places and mistakes."""

    mistakes: list[Mistake]
    values: dict[str, Any] = field(default_factory=dict)
    """Valid values and defaults by path; lists of sections have their length under their path."""
    places: dict[str, Place] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    """What the models are built from in the end: typed values, nested."""

    def at(self, path: str, message: str, hint: str) -> Mistake:
        """A mistake at a path, or at the nearest section above it that is written down."""
        place, above = self.places.get(path), path
        while place is None and above:
            above = re.sub(r"(\.?[^.\[]+|\[\d+\])$", "", above)
            place = self.places.get(above)
        place = place or Place()
        return Mistake(line=place.line, column=place.column, path=path, message=message, hint=hint)

    def fail(self, path: str, message: str, hint: str = "") -> None:
        self.mistakes.append(self.at(path, message, hint))

    def section(self, model: type[Section], node: Node, path: str) -> dict[str, Any] | None:
        """Walk a section: unknown keys, missing keys, and each known key's value."""
        self.places.setdefault(path, node.place)
        if node.entries is None:
            keys = ", ".join(list(model.model_fields)[:3])
            hint = f"write keys under it, indented: {keys}…"
            if node.shape == "empty" and not any(
                info.is_required() for info in model.model_fields.values()
            ):
                hint = "leave the key out to take the defaults"
            self.fail(path, f"must be a section with keys, is {node.shape}", hint)
            return None
        for key in node.entries:
            below = f"{path}.{key}" if path else key
            self.places[below] = node.keys[key]
            if key not in model.model_fields:
                self.fail(below, f"'{key}' is not a key here", _meant(key, model))
        result: dict[str, Any] = {}
        for name, info in model.model_fields.items():
            below = f"{path}.{name}" if path else name
            child = node.entries.get(name)
            if child is not None:
                self._value(info, child, below, result, name)
            elif info.is_required():
                self.fail(below, "is missing", f"write '{name}: …', {_right(info.annotation)}")
            else:
                self._default(below, info.default)
        if not path:
            self.document = result
        return result

    def _value(
        self, info: FieldInfo, node: Node, path: str, result: dict[str, Any], name: str
    ) -> None:
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, Section):
            section = self.section(annotation, node, path)
            if section is not None:
                result[name] = section
        elif get_origin(annotation) is tuple:
            items = self._items(get_args(annotation)[0], node, path)
            if items is not None:
                result[name] = items
                if not items and any(isinstance(rule, MinLen) for rule in info.metadata):
                    self.fail(path, "the list is empty", "write at least one entry")
        else:
            typed = Annotated[(annotation, *info.metadata)] if info.metadata else annotation
            value = self._scalar(typed, node, path)
            if value is not None:
                result[name] = value

    def _items(self, item: Any, node: Node, path: str) -> list[Any] | None:
        if node.items is None:
            example = f"write [{node.text}]" if node.text else "write [] for none"
            self.fail(path, f"must be a list, is {node.shape}", f"{example}, or lines with '- '")
            return None
        items: list[Any] = []
        for index, child in enumerate(node.items):
            below = f"{path}[{index}]"
            self.places[below] = child.place
            if isinstance(item, type) and issubclass(item, Section):
                items.append(self.section(item, child, below))
            else:
                items.append(self._scalar(item, child, below))
        self.values[path] = items
        return items

    def _scalar(self, annotation: Any, node: Node, path: str) -> Any:
        if node.text is None:
            self.fail(
                path, f"must be a single value, is {node.shape}", f"write {_right(annotation)}"
            )
            return None
        text = node.text.strip()
        if _base(annotation) is time:
            if not re.fullmatch(r"\d{1,2}:\d{2}", text):
                self.fail(path, f"'{_short(text)}' is not a time of day", "write it like 09:00")
                return None
            text = text.zfill(5)
        try:
            value = _adapter(annotation).validate_python(text)
        except ValidationError as error:
            message, hint = _explain(error.errors()[0], text, annotation)
            self.fail(path, message, hint)
            return None
        self.values[path] = value
        return value

    def _default(self, path: str, value: Any) -> None:
        if isinstance(value, Section):
            for name in type(value).model_fields:
                self._default(f"{path}.{name}", getattr(value, name))
            return
        if isinstance(value, tuple):
            for index, item in enumerate(value):
                self._default(f"{path}[{index}]", item)
        self.values[path] = value


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _base(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _allowed(annotation: Any) -> list[str]:
    base = _base(annotation)
    if get_origin(base) is Literal:
        return [str(value) for value in get_args(base)]
    if isinstance(base, type) and issubclass(base, Enum):
        return [str(member.value) for member in base]
    return []


def _right(annotation: Any) -> str:
    """What would be right for a type, in words."""
    base = _base(annotation)
    if allowed := _allowed(base):
        return "one of " + ", ".join(allowed)
    if get_origin(base) is tuple:
        return "a list"
    if isinstance(base, type) and issubclass(base, Section):
        return "with keys under it: " + ", ".join(base.model_fields)
    return _EXAMPLES.get(base, "a value")


def _meant(key: str, model: type[Section]) -> str:
    if close := difflib.get_close_matches(key.lower(), list(model.model_fields), 1, 0.6):
        return f"did you mean '{close[0]}'?"
    homes = [path for path in _all_keys() if path.rsplit(".", 1)[-1] == key]
    if homes:
        return "it belongs at " + " or ".join(homes)
    return "keys here: " + ", ".join(model.model_fields)


@cache
def _all_keys() -> tuple[str, ...]:
    paths: list[str] = []
    for name, info in CampaignFile.model_fields.items():
        paths.append(name)
        item = get_args(info.annotation)[0] if get_origin(info.annotation) is tuple else None
        model = item or info.annotation
        if isinstance(model, type) and issubclass(model, Section):
            paths += [f"{name}{'[]' if item else ''}.{key}" for key in model.model_fields]
    return tuple(paths)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _explain(problem: Any, text: str, annotation: Any) -> tuple[str, str]:
    """Our sentence for a rule that a value breaks, and what would be right."""
    kind, context, shown = problem["type"], problem.get("ctx", {}), _short(text)
    if allowed := _allowed(annotation):
        close = difflib.get_close_matches(text.lower(), allowed, 1, 0.6)
        meant = f"did you mean '{close[0]}'? " if close else ""
        return f"'{shown}' is not possible here", f"{meant}allowed: {', '.join(allowed)}"
    if kind == "value_error":
        return str(context["error"]), ""
    if kind == "string_pattern_mismatch":
        right = _PATTERNS.get(context["pattern"], f"a text of the form {context['pattern']}")
        return f"'{shown}' does not fit here", f"write {right}"
    bounds = {
        "greater_than": ("gt", "above"),
        "greater_than_equal": ("ge", "at least"),
        "less_than": ("lt", "below"),
        "less_than_equal": ("le", "at most"),
    }
    if kind in bounds:
        name, word = bounds[kind]
        limit = context[name]
        if _base(annotation) is Money:
            return f"'{shown}' is more than an amount can be", "is this the right number?"
        return f"must be {word} {limit:,}, is {shown}", ""
    if kind == "string_too_short":
        return f"is too short: '{shown}'", f"write at least {context['min_length']} characters"
    if kind == "string_too_long":
        return (
            f"is too long: {len(text):,} characters",
            f"write {context['max_length']:,} characters at most",
        )
    return f"'{shown}' is not {_right(annotation).split(' such as')[0]}", (
        f"write {_right(annotation)}"
    )
