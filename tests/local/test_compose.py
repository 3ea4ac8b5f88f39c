"""The production shape: the compose file reads well, and each of our services really starts."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from temporalio.testing import WorkflowEnvironment

from domain import search_attributes
from local.child import CHECKOUT, ChildFailed, ChildSpec
from local.ports import any_free
from local.probes import Probe, answers, at_once, listens
from local.supervisor import Supervisor
from local.temporal import attribute_option
from tests.conftest import Database

FILE = CHECKOUT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"] == "troupe:local")
GIVEN = {
    "TROUPE_SECRET_KEY": "a secret that is only used in this test",
    "TROUPE_STRIPE_KEY": "rk_test_only_in_this_test",
    "TROUPE_STRIPE_WEBHOOK_SECRET": "whsec_only_in_this_test",
}


def interpolate(text: str, given: dict[str, str]) -> str:
    """What compose makes of ``${NAME:-default}``, ``${NAME-default}`` and ``${NAME:+instead}``."""

    def value(match: re.Match[str]) -> str:
        name, colon, default = match["name"], match["colon"], match["default"] or ""
        found = given.get(name)
        if match["sign"] == "+":
            return default if found else ""
        return default if found is None or (colon and not found) else found

    return re.sub(
        r"\$\{(?P<name>\w+)(?:(?P<colon>:)?(?P<sign>[-+])(?P<default>[^}]*))?\}", value, text
    )


def environment_of(service: str, replaced: dict[str, str]) -> dict[str, str]:
    """A service's declared environment, with the servers that run here."""
    made = {}
    for name, text in SERVICES[service].get("environment", {}).items():
        value = interpolate(str(text), GIVEN)
        for old, new in replaced.items():
            value = value.replace(old, new)
        made[name] = value
    return made


def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    tools = (["docker", "compose"], ["docker-compose"])
    usable = [
        tool
        for tool in tools
        if shutil.which(tool[0])
        and subprocess.run([*tool, "version"], capture_output=True, check=False).returncode == 0
    ]
    for tool in usable:
        done = subprocess.run(
            [*tool, "-f", str(FILE), "config"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    assert set(SERVICES) >= {"postgres", "temporal", "temporal-ui", "migrate", "web"}


def test_only_the_payout_worker_is_given_the_stripe_key() -> None:
    holders = [
        name for name in SERVICES if "${TROUPE_STRIPE_KEY" in str(SERVICES[name].get("environment"))
    ]
    assert holders == ["worker-payouts"]


def test_each_secret_in_a_file_is_mounted_where_its_setting_says_and_nowhere_else() -> None:
    given = {f"TROUPE_{name.upper()}_FILE": f"./own/{name}" for name in COMPOSE["secrets"]}
    mounted = {}
    for name, service in SERVICES.items():
        for secret in service.get("secrets", []):
            variable = f"TROUPE_{secret.upper()}_FILE"
            text = service["environment"][variable]
            assert interpolate(text, given) == f"/run/secrets/{secret}"
            assert interpolate(text, {}) == ""
            file = COMPOSE["secrets"][secret]["file"]
            assert (interpolate(file, given), interpolate(file, {})) == (
                given[variable],
                "/dev/null",
            )
            mounted[secret] = name
    assert mounted == {
        "stripe_key": "worker-payouts", "stripe_reader_key": "worker-payouts",
        "stripe_webhook_secret": "web",
    }  # fmt: skip


def test_every_queue_has_a_worker() -> None:
    queues = [
        service["command"][-1] for name, service in SERVICES.items() if name.startswith("worker-")
    ]
    assert sorted(queues) == ["outreach", "payouts", "publication", "vetting", "workflows"]


def test_nothing_is_reachable_from_other_machines() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_temporals_pages_only_show() -> None:
    assert SERVICES["temporal-ui"]["environment"]["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


def test_the_namespace_has_our_search_attributes() -> None:
    script = (CHECKOUT / "docker" / "temporal-namespace.sh").read_text()
    declared = dict(re.findall(r"--name (\w+) --type (\w+)", script))
    ours = dict(attribute_option(key).split("=") for key in search_attributes.ALL)
    assert declared == ours


def test_every_variable_of_the_file_is_in_the_example_without_a_secret() -> None:
    example = (CHECKOUT / ".env.example").read_text()
    named = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    assert not any(named.values())
    used = set(re.findall(r"\$\{(\w+)", FILE.read_text()))
    tuning = {
        name for name in used if name.endswith("_VERSION") or name == "TROUPE_MAIL_CATCHER_URL"
    } | {"TROUPE_TEMPORAL_UI_URL"}
    assert used - tuning == set(named)


def _local(service: str, port: int) -> tuple[str, ...]:
    """The declared command, on a port and an interpreter of this machine."""
    words = [sys.executable if word == "python" else word for word in SERVICES[service]["command"]]
    return tuple(str(port) if word in {"8000", "8025"} else word for word in words)


@pytest.mark.slow
async def test_each_of_our_services_starts_with_its_declared_environment(
    tmp_path: Path, own_database: Database, temporal_for_a_stack: WorkflowEnvironment
) -> None:
    smtp = any_free()
    address = temporal_for_a_stack.client.service_client.config.target_host
    replaced = {
        "postgresql+psycopg://troupe_app:@postgres:5432/troupe": own_database.app_url,
        "postgresql+psycopg://troupe_owner:@postgres:5432/troupe": own_database.owner_url,
        "temporal:7233": address,
        "http://mail:": "http://127.0.0.1:",
    }
    taken: set[int] = {smtp}

    def spec(service: str) -> ChildSpec:
        port = any_free(taken)
        taken.add(port)
        environment = environment_of(service, replaced)
        command = _local(service, port)
        ready: Probe = at_once
        if service == "mail":
            folder = str(tmp_path / "mail")
            fitted = {"0.0.0.0": "127.0.0.1", "1025": str(smtp), "/data/mail": folder}
            command = tuple(fitted.get(word, word) for word in command)
            ready = listens(port)
        elif service == "web":
            command = tuple("127.0.0.1" if word == "0.0.0.0" else word for word in command)
            ready = answers(f"http://127.0.0.1:{port}/healthz")
        elif service.startswith("worker-"):
            environment["TROUPE_WORKER_HEALTH_PORT"] = str(port)
            ready = answers(f"http://127.0.0.1:{port}/healthz")
        return ChildSpec(service, command, environment, ready, ready_within=60.0)

    said: list[str] = []
    async with Supervisor(tmp_path, said.append) as supervisor:
        migrate = spec("migrate")
        done = await asyncio.create_subprocess_exec(
            *migrate.command, env={"PATH": "/usr/bin:/bin", **migrate.environment}, cwd=CHECKOUT
        )
        assert await done.wait() == 0
        running = [name for name in OURS if name != "migrate"]
        await supervisor.start(*(spec(name) for name in running))
        assert all(child.ready for child in supervisor.status())
        assert said == []


async def test_the_web_refuses_to_start_without_its_secret(tmp_path: Path) -> None:
    environment = {**environment_of("web", {}), "TROUPE_SECRET_KEY": ""}
    port = any_free()
    broken = ChildSpec("web", _local("web", port), environment, listens(port))
    with pytest.raises(ChildFailed, match="TROUPE_SECRET_KEY"):
        async with Supervisor(tmp_path, print) as supervisor:
            await supervisor.start(broken)
