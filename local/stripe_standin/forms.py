"""Reading parameters as Stripe sends and checks them: nested forms for v1, JSON for v2."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from local.stripe_standin.errors import ApiError, unknown_param

_PART = re.compile(r"[^\[\]]+")


def parse_form(text: str) -> dict[str, Any]:
    """Unfold ``metadata[a]=1&include[0]=x`` into ``{"metadata": {"a": "1"}, "include": ["x"]}``."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        parts = _PART.findall(name)
        here = found
        for part in parts[:-1]:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                raise ApiError(400, f"Invalid parameter: {name}", param=name)
        here[parts[-1] if parts else name] = value
    return {name: _listed(value) for name, value in found.items()}


def parse_json(body: bytes) -> dict[str, Any]:
    """Read a v2 body."""
    try:
        found = json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError(400, "The body is not valid JSON.", code="invalid_json") from error
    if not isinstance(found, dict):
        raise ApiError(400, "The body must be a JSON object.", code="invalid_json")
    return found


def only(params: dict[str, Any], allowed: frozenset[str]) -> None:
    """Refuse parameters that the endpoint does not have."""
    for name in params:
        if name not in allowed:
            raise unknown_param(name)


def whole_number(params: dict[str, Any], name: str, default: int | None = None) -> int | None:
    """Read an integer parameter."""
    text = params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,15}", str(text)):
        raise ApiError(
            400, f"Invalid integer: {text}", code="parameter_invalid_integer", param=name
        )
    return int(text)


def metadata(params: dict[str, Any]) -> dict[str, str]:
    """Read ``metadata`` within Stripe's limits: 50 keys, names up to 40, values up to 500."""
    given = params.get("metadata") or {}
    if not isinstance(given, dict) or len(given) > 50:
        raise ApiError(400, "Metadata must be up to 50 keys and values.", param="metadata")
    for name, value in given.items():
        if len(name) > 40 or len(str(value)) > 500:
            raise ApiError(400, f"Metadata '{name}' is too long.", param="metadata")
    return {name: str(value) for name, value in given.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(item) for key, item in value.items()}
