"""The JSON Schema of the campaign file for editors, and its reference for people.

Both are made from the models; ``python -m docs.generate`` writes them into the repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from annotated_types import MinLen
from pydantic.fields import FieldInfo

from domain.campaign import CampaignFile
from domain.campaign_base import Section
from domain.campaign_help import HELP
from domain.durations import say_duration
from domain.money import Money

_DURATION = {
    "type": "string",
    "pattern": r"^\s*\d+(\.\d+)?\s*[A-Za-z]+(,?\s*\d+(\.\d+)?\s*[A-Za-z]+)*\s*$",
    "examples": ["3 days", "36 hours", "90 seconds"],
}
_MONEY = {
    "type": "string",
    "pattern": r"^\s*-?[0-9][0-9, _']*(\.[0-9]+)?\s*[A-Za-z]{3}\s*$",
    "examples": ["900 EUR", "1,250.50 GBP"],
}
_TIME = {"type": "string", "pattern": r"^\d{1,2}:\d{2}$", "examples": ["09:00"]}
_TEXTS = {"type": ["string", "number"]}
"""YAML reads an unquoted number as a number; Troupe takes it as the text that it is."""


@dataclass(frozen=True)
class Key:
    """One key of the campaign file."""

    path: str
    info: FieldInfo
    section: type[Section] | None
    is_list: bool

    @property
    def help(self) -> str:
        """What it means, in a sentence."""
        return HELP.get(self.path) or self.info.description or ""


def keys(model: type[Section] = CampaignFile, path: str = "") -> Iterator[Key]:
    """Every key of the file, sections before their parts."""
    for name, info in model.model_fields.items():
        below = f"{path}.{name}" if path else name
        item = get_args(info.annotation)[0] if get_origin(info.annotation) is tuple else None
        inner = item or info.annotation
        section = inner if isinstance(inner, type) and issubclass(inner, Section) else None
        yield Key(below, info, section, item is not None)
        if section:
            yield from keys(section, f"{below}[]" if item else below)


def campaign_schema() -> dict[str, Any]:
    """The JSON Schema of a campaign file, as people write it."""
    described = {key.path: key for key in keys()}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Troupe campaign file",
        "description": "A whole influencer campaign; docs/campaign-file.md explains every key.",
        **_section(CampaignFile, "", described),
    }


def _section(model: type[Section], path: str, described: dict[str, Key]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        below = f"{path}.{name}" if path else name
        key = described[below]
        if key.section and key.is_list:
            body: dict[str, Any] = {
                "type": "array",
                **({"minItems": 1} if _needs_an_entry(info) else {}),
                "items": _section(key.section, f"{below}[]", described),
            }
        elif key.section:
            body = _section(key.section, below, described)
        else:
            body = _value(model, name, info)
        body = {"description": key.help, **body}
        if not info.is_required() and not key.section:
            body["default"] = _default(info.default)
        properties[name] = body
    required = [name for name, info in model.model_fields.items() if info.is_required()]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": required} if required else {}),
    }


def _needs_an_entry(info: FieldInfo) -> bool:
    return any(isinstance(rule, MinLen) for rule in info.metadata)


def _value(model: type[Section], name: str, info: FieldInfo) -> dict[str, Any]:
    """A plain value: pydantic's word for it, except where people write otherwise."""
    made = model.model_json_schema()["properties"][name]
    body = {k: v for k, v in made.items() if k not in ("title", "default", "description", "$ref")}
    base = info.annotation
    if get_origin(base) is tuple:
        item = get_args(base)[0]
        inner = get_args(item)[0] if get_args(item) and get_origin(item) is not Literal else item
        if inner is timedelta:
            body["items"] = dict(_DURATION)
        elif inner is str and "pattern" not in body.get("items", {}):
            body["items"] = dict(_TEXTS)
        return body
    if base is timedelta:
        return dict(_DURATION)
    if base is Money:
        return dict(_MONEY)
    if base is time:
        return dict(_TIME)
    if isinstance(base, type) and issubclass(base, Enum):
        return {"type": "string", "enum": [str(member.value) for member in base]}
    return body


def _default(value: Any) -> Any:
    if isinstance(value, timedelta):
        return say_duration(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, tuple):
        return [_default(item) for item in value]
    return value.value if isinstance(value, Enum) else value


def reference() -> str:
    """The reference as Markdown: a table for each section, every key with default and meaning."""
    rows: dict[str, list[Key]] = {}
    for key in keys():
        rows.setdefault(key.path.rpartition(".")[0], []).append(key)
    parts: list[str] = []
    for section, inside in rows.items():
        title = "The file" if not section else f"`{section.removesuffix('[]')}`"
        parts.append(f"### {title}\n")
        if section:
            text = HELP.get(section.removesuffix("[]"), "")
            entry = " A list; each entry has these keys." if section.endswith("[]") else ""
            parts.append(f"{text}{entry}\n")
        parts.append("| key | what to write | default | meaning |\n|---|---|---|---|")
        parts += [_reference_row(key) for key in inside]
        parts.append("")
    return "\n".join(parts)


def _reference_row(key: Key) -> str:
    name = key.path.rpartition(".")[2]
    if key.info.is_required():
        default = "**required**"
    elif key.section:
        default = "see there" if not key.is_list else "half and half, see the example"
        if key.info.default == ():
            default = "`[]`"
    else:
        default = f"`{_in_yaml(_default(key.info.default))}`"
    return f"| `{name}` | {_kind(key)} | {default} | {key.help} |"


def _in_yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(str(item) for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(key: Key) -> str:
    if key.section:
        return "a list of sections" if key.is_list else "a section"
    base = key.info.annotation
    if get_origin(base) is tuple:
        item = get_args(base)[0]
        return "a list: " + _plain_kind(item)
    return _plain_kind(base)


def _plain_kind(base: Any) -> str:
    if get_origin(base) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(base))
    inner = get_args(base)[0] if get_args(base) else base
    if isinstance(inner, type) and issubclass(inner, Enum):
        return ", ".join(f"`{member.value}`" for member in inner)
    return {
        int: "a whole number",
        float: "a number",
        bool: "`true` or `false`",
        timedelta: "a duration",
        time: "a time of day",
        Money: "an amount",
    }.get(inner, "a text")
