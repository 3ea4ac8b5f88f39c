"""Editors and readers are told about every key, and what they are told is up to date."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from docs.generate import REFERENCE, SCHEMA, reference_text, schema_text
from domain.campaign_help import HELP
from domain.campaign_schema import campaign_schema, keys
from domain.categories import CATEGORIES

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_committed_schema_is_the_models() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run: python -m docs.generate"


def test_the_committed_reference_is_the_models() -> None:
    current = REFERENCE.read_text(encoding="utf-8")
    assert current == reference_text(current), "run: python -m docs.generate"


def test_every_key_is_explained_and_nothing_else_is() -> None:
    paths = {key.path for key in keys()}
    assert paths == set(HELP)


def test_the_reference_names_every_category() -> None:
    text = REFERENCE.read_text(encoding="utf-8")
    assert all(category in text for category in CATEGORIES)


@pytest.mark.parametrize("name", ["campaign.yaml", "campaign-demo.yaml"])
def test_the_schema_accepts_the_examples(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=../docs/schemas/campaign.schema.json")
    # Editors read YAML 1.2, where `on` is a text.
    document = yaml.safe_load(text.replace("- on:", '- "on":'))
    assert list(_faults(document, campaign_schema(), "")) == []


def test_the_schema_refuses_unknown_keys_and_bare_numbers() -> None:
    schema = campaign_schema()
    assert _faults({"nam": "x"}, schema, "")
    period = schema["properties"]["retention"]["properties"]["period"]
    assert _faults(30, period, "period")
    assert _faults("soon", period, "period")
    assert not _faults("1 h 30 min", period, "period")
    assert json.dumps(schema)


def _faults(value: Any, schema: dict[str, Any], path: str) -> list[str]:
    """The part of JSON Schema that ours uses."""
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{path}: {value}"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if kinds == ["object"]:
        found = [f"{path}.{key}: unknown" for key in value if key not in schema["properties"]]
        found += [
            f"{path}.{key}: missing" for key in schema.get("required", []) if key not in value
        ]
        for key, inner in schema["properties"].items():
            found += _faults(value[key], inner, f"{path}.{key}") if key in value else []
        return found
    if kinds == ["array"]:
        return [
            f
            for i, item in enumerate(value)
            for f in _faults(item, schema["items"], f"{path}[{i}]")
        ]
    types: dict[str, tuple[type, ...]] = {
        "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
    }  # fmt: skip
    if not isinstance(value, tuple(t for kind in kinds for t in types[kind])):
        return [f"{path}: {value!r} is not {kinds}"]
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        return [f"{path}: {value!r} does not match"]
    return []
