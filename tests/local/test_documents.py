"""The documents of operation name what there is: every setting, command and check."""

from __future__ import annotations

import re

import pytest

from local.child import CHECKOUT
from local.plan import WANTED_PORTS
from settings import Settings

CONFIGURATION = (CHECKOUT / "docs" / "configuration.md").read_text()
COMMANDS = (CHECKOUT / "docs" / "cli.md").read_text()
OPERATIONS = (CHECKOUT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_explained(name: str) -> None:
    assert f"| `TROUPE_{name.upper()}` |" in CONFIGURATION


def test_no_setting_is_explained_that_does_not_exist() -> None:
    explained = set(re.findall(r"^\| `TROUPE_(\w+)` \|", CONFIGURATION, re.MULTILINE))
    known = {name.upper() for name in Settings.model_fields} | {"DATA"}
    assert explained <= known


@pytest.mark.parametrize(
    "command",
    ["up", "doctor", "roster import", "posts import", "campaign validate", "campaign start",
     "campaign status", "campaign report", "inbox", "check-disclosure", "staff add", "worker",
     "version"],
)  # fmt: skip
def test_every_command_is_explained(command: str) -> None:
    assert f"| `{command}" in COMMANDS


def test_the_usual_ports_are_named() -> None:
    for service in ("desk", "mail", "smtp", "temporal", "temporal-ui", "postgres", "stripe"):
        assert str(WANTED_PORTS[service]) in OPERATIONS
