"""The house keeps its own rules; each finding is a sentence that says where and what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import pytest

from tests import architecture as house
from tests.architecture import ROOT, Source

Rule = Callable[[Source], Iterator[str]]
PYTHON = house.files(".py")
WORKFLOWS = [source for source in PYTHON if source.package == "workflows"]
TIMEOUTS = next(source for source in WORKFLOWS if source.path == "workflows/timeouts.py")


def sentences(findings: Iterable[str]) -> None:
    found = list(findings)
    assert not found, f"{len(found)} findings:\n" + "\n".join(found)


def test_packages_import_only_what_the_design_lets_them() -> None:
    sentences(f for source in PYTHON for f in house.layering(source))
    sentences(f for source in PYTHON for f in house.relative_imports(source))


def test_all_sql_is_in_the_store() -> None:
    sentences(f for source in PYTHON for f in house.sql_outside_the_store(source))


def test_every_lock_of_the_database_has_a_number_of_its_own() -> None:
    code = "\n".join(source.text for source in PYTHON if source.path.startswith("store/"))
    numbers = re.findall(r"^_\w+ = (7_[\d_]+)$", code, re.MULTILINE)
    assert len(set(numbers)) == len(numbers) > 8, sorted(numbers)


def test_every_activity_call_has_a_timeout_a_summary_and_a_named_retry_policy() -> None:
    sentences(house.careless_options(TIMEOUTS))
    options = house.named_options(TIMEOUTS)
    sentences(f for source in WORKFLOWS for f in house.calls_without_care(source, options))


def test_every_update_has_a_validator() -> None:
    sentences(f for source in WORKFLOWS for f in house.updates_without_validator(source))


def test_only_temporal_s_failures_leave_a_workflow() -> None:
    sentences(house.failures_that_are_not_temporal_s(WORKFLOWS))


def test_workflows_have_no_clock_no_dice_and_no_outside() -> None:
    sentences(f for source in WORKFLOWS for f in house.not_deterministic(source))


def test_workflows_name_activities_and_never_call_them() -> None:
    sentences(f for source in WORKFLOWS for f in house.loose_activity_references(source))


def test_workflows_load_our_modules_once() -> None:
    sentences(f for source in WORKFLOWS for f in house.reloaded_imports(source))


def test_every_imported_package_is_asked_for() -> None:
    run, develop = house.required("requirements.in"), house.required("requirements-dev.in")
    develop |= house.required("requirements-training.in")
    sentences(f for source in PYTHON for f in house.undeclared_packages(source, run, develop))


def test_every_package_is_explained() -> None:
    explained = {
        house.normal(line.split("`")[1].partition("[")[0])
        for line in (ROOT / "docs/dependencies.md").read_text().splitlines()
        if line.startswith("| `")
    }
    files = ("requirements-dev.in", "requirements-assets.in", "requirements-spec.in",
             "requirements-training.in")  # fmt: skip
    asked_for = {package for name in files for package in house.required(name)}
    assert sorted(explained) == sorted(asked_for)


def test_nothing_is_left_for_later() -> None:
    sentences(f for source in house.files() for f in house.leftovers(source))


def test_no_file_knows_the_machine_or_where_packages_come_from() -> None:
    sentences(f for source in house.files() for f in house.machine_and_registry(source))


def test_files_and_functions_are_short_enough_to_be_understood() -> None:
    sentences(f for source in PYTHON for f in house.too_long(source))


# --- the rules notice what they are there for ----------------------------------------------


def _calls(source: Source) -> Iterator[str]:
    options = {"QUICK": frozenset({"start_to_close_timeout", "retry_policy"})}
    return house.calls_without_care(source, options)


def _failures(source: Source) -> Iterator[str]:
    return house.failures_that_are_not_temporal_s([source])


def _packages(source: Source) -> Iterator[str]:
    return house.undeclared_packages(source, {"pydantic"}, {"pytest"})


def _in_call(arguments: str) -> str:
    return (
        f"async def run(self):\n    await workflow.execute_activity_method(A.b, 1, {arguments})\n"
    )


BREAKS: list[tuple[Rule, str, str]] = [
    (house.layering, "domain/x.py", "import store.engine"),
    (house.layering, "store/x.py", "from activities.records import Records"),
    (house.layering, "web/x.py", "from workflows.campaign import CampaignWorkflow"),
    (house.layering, "activities/x.py", "def f():\n    from web import pages"),
    (house.layering, "activities/x.py", "from settings import Settings"),
    (house.layering, "workflows/x.py", "from store import tables"),
    (house.layering, "local/stripe_standin/x.py", "from store import ledger"),
    (house.relative_imports, "domain/x.py", "from . import money"),
    (house.sql_outside_the_store, "web/x.py", "from sqlalchemy import select"),
    (house.sql_outside_the_store, "activities/x.py", "import psycopg"),
    (house.sql_outside_the_store, "web/x.py", "async def f(s):\n    await s.execute('x')"),
    (_calls, "workflows/x.py", _in_call("summary='x'")),
    (_calls, "workflows/x.py", _in_call("**QUICK")),
    (_calls, "workflows/x.py", _in_call("summary='x', **UNHEARD_OF")),
    (
        _calls,
        "workflows/x.py",
        _in_call("summary='x', start_to_close_timeout=T, retry_policy=RetryPolicy()"),
    ),
    (_calls, "workflows/x.py", "async def f():\n    await workflow.start_child_workflow('X', 1)"),
    (
        house.updates_without_validator,
        "workflows/x.py",
        "class X:\n    @workflow.update(name='x')\n    async def decide(self): ...",
    ),
    (_failures, "workflows/x.py", "raise ValueError('x')"),
    (_failures, "workflows/x.py", "class Own(Exception): ...\nraise Own()"),
    (house.not_deterministic, "workflows/x.py", "import random"),
    (house.not_deterministic, "workflows/x.py", "now = datetime.now(UTC)"),
    (house.not_deterministic, "workflows/x.py", "from uuid import uuid4"),
    (
        house.loose_activity_references,
        "workflows/x.py",
        "from activities.records import Records\nrecords = Records(1)",
    ),
    (
        house.loose_activity_references,
        "workflows/x.py",
        "from activities.records import Records\nx = Records.append(1)",
    ),
    (house.reloaded_imports, "workflows/x.py", "from domain.messages import Append"),
    (_packages, "web/x.py", "import requests"),
    (_packages, "web/x.py", "import pytest"),
    (house.leftovers, "docs/x.md", "TO" + "DO: write this"),
    (house.leftovers, "store/x.py", "raise NotImplemented" + "Error"),
    (house.machine_and_registry, "requirements.lock", "--index" + "-url https://example"),
    (house.machine_and_registry, "docs/x.md", "see /ho" + "me/ann/troupe/README.md"),
    (house.machine_and_registry, "docs/x.md", f"see {ROOT}/README.md"),
    (house.machine_and_registry, "Dockerfile", "COPY x /ro" + "ot/x"),
    (house.too_long, "web/x.py", "x = 1\n" * 401),
    (house.too_long, "web/x.py", "def f():\n" + "    x = 1\n" * 61),
]


@pytest.mark.parametrize(("rule", "path", "text"), BREAKS)
def test_a_broken_rule_is_noticed_with_its_place(rule: Rule, path: str, text: str) -> None:
    found = list(rule(Source(path, text)))
    assert found
    assert found[0].startswith(f"{path}:")


KEEPS: list[tuple[Rule, str, str]] = [
    (house.layering, "activities/x.py", "from store import engine\nfrom domain import money"),
    (house.layering, "local/x.py", "from settings import Settings\nfrom web import pages"),
    (house.sql_outside_the_store, "web/x.py", "from sqlalchemy.ext.asyncio import AsyncSession"),
    (_calls, "workflows/x.py", _in_call("summary='x', **QUICK")),
    (
        _calls,
        "workflows/x.py",
        "async def f(o: CallOptions):\n    await workflow.execute_activity(a, summary='x', **o)",
    ),
    (_failures, "workflows/x.py", "try:\n    raise Own()\nexcept Own: ..."),
    (
        _failures,
        "workflows/x.py",
        "from temporalio.exceptions import ApplicationError\nraise ApplicationError('x')",
    ),
    (
        house.reloaded_imports,
        "workflows/x.py",
        "with workflow.unsafe.imports_passed_through():\n    from domain.messages import Append",
    ),
    (_packages, "tests/x.py", "import pytest\nimport json\nfrom domain import money"),
]


@pytest.mark.parametrize(("rule", "path", "text"), KEEPS)
def test_what_keeps_the_rules_is_left_alone(rule: Rule, path: str, text: str) -> None:
    assert not list(rule(Source(path, text)))
