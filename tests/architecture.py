"""The rules of the house, read from the source: each finding is a sentence with file and line."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]

MAY_IMPORT: Mapping[str, frozenset[str]] = {
    "domain": frozenset(),
    "store": frozenset({"domain"}),
    "integrations": frozenset({"domain"}),
    "rendering": frozenset({"domain"}),
    "activities": frozenset({"domain", "store", "integrations", "rendering"}),
    "workflows": frozenset({"domain", "activities"}),
    "web": frozenset({"domain", "store", "rendering", "integrations"}),
    "settings": frozenset({"domain"}),
}
"""Who may import whom; every package may import itself, and what ties things together is free."""
TIES = frozenset({"worker", "cli", "local", "bench", "docs", "tests"})
OURS = frozenset(MAY_IMPORT) | TIES
READS_SETTINGS = ("worker.py", "cli.py", "local/", "web/__main__.py", "bench/", "tests/")
STANDINS = ("local/social_standin/", "local/stripe_standin/", "local/mail_catcher/")
"""They play somebody else's machine, so they know nothing of ours."""


@dataclass(frozen=True)
class Source:
    """One file of the repository."""

    path: str
    text: str

    @property
    def package(self) -> str:
        """The top-level package or module that the file belongs to."""
        first = self.path.split("/")[0]
        return first.removesuffix(".py")

    @property
    def tree(self) -> ast.Module:
        """The file's syntax tree."""
        return _parse(self.text)

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in the syntax tree."""
        return _walked(self.text)

    def at(self, node: ast.AST | int, sentence: str) -> str:
        """A finding, with its place."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return f"{self.path}:{line}: {sentence}"


@cache
def _parse(text: str) -> ast.Module:
    # What is collected meanwhile may log an error with its traceback, for which Python parses too:
    # 3.11 takes one in the other for a mismatch.
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        gc.enable()


@cache
def _walked(text: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_parse(text)))


def files(*suffixes: str) -> list[Source]:
    """The repository's files: what git has or would take, so that outputs do not count."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    names = listed.stdout.split("\0") if listed.returncode == 0 else _walk()
    found = []
    for name in sorted(set(names)):
        path = ROOT / name
        if name and path.is_file() and (not suffixes or path.suffix in suffixes):
            try:
                found.append(Source(name, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue  # a picture or another binary file
    return found


def _walk() -> list[str]:
    inside = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
    return [str(path) for path in inside if not any(part.startswith(".") for part in path.parts)]


def imports(source: Source) -> Iterator[tuple[ast.stmt, str, str]]:
    """Every import: the statement, the module, and the name taken out of it (or empty)."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name, ""
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                yield node, node.module, alias.name


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for a chain of attributes, or empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


# --- who may import whom -------------------------------------------------------------------


def layering(source: Source) -> Iterator[str]:
    """A package imports only what the design lets it."""
    here = source.package
    for node, module, _ in imports(source):
        there = module.split(".")[0]
        if there not in OURS or there == here:
            continue
        if there == "settings":
            if not source.path.startswith(READS_SETTINGS):
                yield source.at(node, f"{here} reads settings; they are to be handed in")
        elif here in MAY_IMPORT and there not in MAY_IMPORT[here]:
            allowed = ", ".join(sorted(MAY_IMPORT[here])) or "nothing of ours"
            yield source.at(node, f"{here} imports {there}; it may import {allowed}")
        elif source.path.startswith(STANDINS) and there != "local":
            yield source.at(node, f"a stand-in imports {there}; it plays somebody else's machine")


def relative_imports(source: Source) -> Iterator[str]:
    """Imports are absolute, so that a reader sees the layer."""
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom) and node.level:
            yield source.at(node, "a relative import hides the layer; write the package's name")


_NO_STATEMENT = {"": frozenset({"AsyncEngine", "AsyncSession"})}
_NO_STATEMENT["local"] = _NO_STATEMENT[""] | {"create_engine"}
_SQL_CALLS = frozenset({"execute", "scalar", "scalars"})


def sql_outside_the_store(source: Source) -> Iterator[str]:
    """Statements stand in ``store``; elsewhere a session is only handed on and errors caught."""
    if source.package in {"store", "tests", "bench"}:
        return
    harmless = _NO_STATEMENT.get(source.package, _NO_STATEMENT[""])
    for node, module, name in imports(source):
        top = module.split(".")[0]
        if top == "sqlalchemy" and module != "sqlalchemy.exc" and name not in harmless:
            yield source.at(node, f"{module} is imported outside store; all SQL is in store")
        if top in {"psycopg", "alembic"} and source.package != "local":
            yield source.at(node, f"{top} is imported outside store and local")
    if source.package not in {"activities", "web", "rendering", "workflows", "domain"}:
        return
    for call in source.nodes:
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            if call.func.attr in _SQL_CALLS:
                yield source.at(call, f"{source.package} runs a statement; all SQL is in store")


# --- workflows -----------------------------------------------------------------------------

_ACTIVITY_CALL = re.compile(r"workflow\.(execute|start)_(local_)?activity(_method|_class)?$")
_CHILD_CALL = re.compile(r"workflow\.(execute|start)_child_workflow$")
_TIMEOUTS = frozenset({"start_to_close_timeout", "schedule_to_close_timeout"})


def named_options(timeouts: Source) -> dict[str, frozenset[str]]:
    """The keys of every set of call options that ``workflows/timeouts.py`` names."""
    found = {}
    for node in timeouts.tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
            keys = (key.value for key in node.value.keys if isinstance(key, ast.Constant))
            found[dotted(node.target)] = frozenset(str(key) for key in keys)
    return found


def calls_without_care(source: Source, options: Mapping[str, frozenset[str]]) -> Iterator[str]:
    """Every activity call has a timeout, a summary and a named retry policy."""
    for function in source.nodes:
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        handed_in = _parameters(function, "CallOptions")
        for call in _own_calls(function):
            name = dotted(call.func)
            if _ACTIVITY_CALL.search(name):
                given = _given(call, options, handed_in)
                if not given & _TIMEOUTS:
                    yield source.at(call, "an activity is called without a timeout")
                if "summary" not in given:
                    yield source.at(call, "an activity is called without a summary")
                if "retry_policy" not in given:
                    yield source.at(call, "an activity is called without a named retry policy")
            elif _CHILD_CALL.search(name):
                missing = {"id", "task_timeout", "parent_close_policy"} - _given(call, options, {})
                if missing:
                    what = ", ".join(sorted(missing))
                    yield source.at(call, f"a child workflow is started without {what}")


def _own_calls(function: ast.AST) -> Iterator[ast.Call]:
    """The calls in a function, without those of functions inside it."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _own_calls(child)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, kind: str) -> dict[str, bool]:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    return {each.arg: True for each in arguments if each.annotation and
            dotted(each.annotation) == kind}  # fmt: skip


def _given(
    call: ast.Call, options: Mapping[str, frozenset[str]], handed_in: Mapping[str, bool]
) -> frozenset[str]:
    given: set[str] = set()
    for keyword in call.keywords:
        if keyword.arg == "retry_policy" and not isinstance(keyword.value, ast.Name):
            continue  # a policy made on the spot has no name and no reason
        if keyword.arg is not None:
            given.add(keyword.arg)
        elif dotted(keyword.value) in handed_in:
            given |= {"start_to_close_timeout", "retry_policy"}
        else:
            given |= options.get(dotted(keyword.value), frozenset())
    return frozenset(given)


def careless_options(timeouts: Source) -> Iterator[str]:
    """Every named set of call options has a timeout and a retry policy."""
    for name, keys in named_options(timeouts).items():
        if not keys & _TIMEOUTS or "retry_policy" not in keys:
            yield timeouts.at(1, f"{name} lacks a timeout or a retry policy")


def updates_without_validator(source: Source) -> Iterator[str]:
    """Every update has a validator, so that nothing refused enters a history."""
    for owner in source.nodes:
        if not isinstance(owner, ast.ClassDef):
            continue
        methods = [
            node for node in owner.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        validated = {
            dotted(decorator).removesuffix(".validator")
            for method in methods
            for decorator in method.decorator_list
            if dotted(decorator).endswith(".validator")
        }
        for method in methods:
            if "workflow.update" in _decorators(method) and method.name not in validated:
                yield source.at(method, f"the update {owner.name}.{method.name} has no validator")


def _decorators(method: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {
        dotted(each.func) if isinstance(each, ast.Call) else dotted(each)
        for each in method.decorator_list
    }


WEDGES = frozenset({"CannotBeWritten"})
"""Meant to fail the task and not the workflow, which goes on when what it says is mended."""


def failures_that_are_not_temporal_s(workflows: list[Source]) -> Iterator[str]:
    """Only Temporal's failures leave a workflow; a private exception is caught in workflows."""
    caught = {name for source in workflows for name in _caught(source.tree)}
    returns = {name for source in workflows for name in _returns_failure(source)}
    for source in workflows:
        temporal = {
            name for _, module, name in imports(source) if module == "temporalio.exceptions"
        }
        for node in source.nodes:
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            raised = dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)
            if raised not in temporal | caught | returns | WEDGES and not raised.startswith(
                "workflow."
            ):
                yield source.at(
                    node, f"{raised or 'something'} is raised and never caught in workflows; "
                    "only Temporal's failures may leave a workflow"
                )  # fmt: skip


def _caught(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            yield from (dotted(each) for each in types)
            if node.name:
                yield node.name  # raised again under the name that it was caught under
        elif isinstance(node, ast.Call) and dotted(node.func) == "contextlib.suppress":
            yield from (dotted(each) for each in node.args)


def _returns_failure(source: Source) -> Iterator[str]:
    """Functions that make one of Temporal's failures: ``raise refuse("stale")``."""
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            if dotted(node.returns) == "ApplicationError":
                yield node.name


_NO_MODULES = frozenset(
    {"random", "uuid", "secrets", "time", "os", "socket", "subprocess", "threading", "pathlib"}
)
_NO_CALLS = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today)$|^(open|input|print)$")


def not_deterministic(source: Source) -> Iterator[str]:
    """A workflow has no clock, no dice and no outside of its own."""
    for node, module, _ in imports(source):
        if module.split(".")[0] in _NO_MODULES:
            yield source.at(node, f"a workflow imports {module}; use what temporalio gives")
    for call in source.nodes:
        if isinstance(call, ast.Call) and _NO_CALLS.search(dotted(call.func)):
            yield source.at(call, f"a workflow calls {dotted(call.func)}, which differs in replay")


def loose_activity_references(source: Source) -> Iterator[str]:
    """``activities`` stands in workflows only as ``Class.method``, never called or made."""
    taken = {name for _, module, name in imports(source) if module.startswith("activities")}
    named = {
        id(node.value)
        for node in source.nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id in taken and id(node) not in named:
            yield source.at(node, f"{node.id} is used as more than a typed reference")
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[0] in taken:
            yield source.at(node, f"{dotted(node.func)} is called inside a workflow")


def reloaded_imports(source: Source) -> Iterator[str]:
    """Our modules and pydantic are passed through the sandbox, not loaded once per workflow."""
    through = {
        id(statement)
        for block in source.nodes
        if isinstance(block, ast.With)
        and any("imports_passed_through" in ast.dump(item) for item in block.items)
        for statement in ast.walk(block)
    }
    for node, module, _ in imports(source):
        if module.split(".")[0] in {"domain", "activities", "pydantic"} and id(node) not in through:
            yield source.at(node, f"{module} is imported outside imports_passed_through()")


# --- packages ------------------------------------------------------------------------------

COMES_WITH = {"starlette": "fastapi", "google": "temporalio", "annotated_types": "pydantic"}
"""Imported by its own name, and documented as a part of the package that brings it."""


def required(name: str) -> set[str]:
    """The packages that a requirements file asks for, normalised, with those it includes."""
    found: set[str] = set()
    for line in (ROOT / name).read_text().splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("-r "):
            found |= required(line[3:].strip())
        elif line and not line.startswith("-"):
            found.add(normal(re.split(r"[\[<>=!~; ]", line)[0]))
    return found


def normal(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def undeclared_packages(source: Source, run: set[str], develop: set[str]) -> Iterator[str]:
    """Every package that is imported is asked for."""
    known = _distributions()
    allowed = run | develop if source.package in {"tests", "bench"} else run
    for node, module, _ in imports(source):
        top = module.split(".")[0]
        if top in OURS or top in sys.stdlib_module_names or top == "__future__":
            continue
        top = COMES_WITH.get(top, top)
        names = {normal(each) for each in known.get(top, [top])}
        if not names & allowed:
            yield source.at(node, f"{top} is imported but not asked for in requirements.in")


# --- text of every kind --------------------------------------------------------------------

_LEFTOVERS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
_HOLLOW = re.compile("NotImplemented" + "Error|" + r"pytest\.(mark\.)?(skip(?!if)|x" + "fail)")
_REGISTRIES = re.compile(
    "|".join(
        [
            r"\bpypi\." + "org", "python" + r"hosted\.org", r"registry\." + r"npmjs",
            r"(?<!no-emit-)(extra-)?index" + "-url", r"--find" + "-links", "--trusted" + "-host",
        ]
    )
)  # fmt: skip
_HOMES = re.compile(r"(?<![\w.])/(?:(?:home|Users)/[a-z]\w*|root)/")


def leftovers(source: Source) -> Iterator[str]:
    """Nothing is left for later."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := _LEFTOVERS.search(line):
            yield source.at(number, f"'{found[0]}' is left for later")
        if source.path.endswith(".py") and (found := _HOLLOW.search(line)):
            yield source.at(number, f"'{found[0]}': something is missing or not tested")


def machine_and_registry(source: Source) -> Iterator[str]:
    """No file knows the machine that it was written on, or where packages come from."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := _REGISTRIES.search(line):
            yield source.at(number, f"'{found[0]}' says where packages come from")
        if found := _HOMES.search(line):
            yield source.at(number, f"'{found[0]}' is a path of one machine")
        if str(ROOT) in line:
            yield source.at(number, "the path of this working copy is written down")


MAX_FILE, MAX_FUNCTION = 400, 60


def too_long(source: Source) -> Iterator[str]:
    """Files have at most 400 lines and functions 60; migrations are written by a machine."""
    if source.package in {"tests"} or source.path.startswith("store/migrations/versions/"):
        return
    lines = source.text.count("\n")
    if lines > MAX_FILE:
        yield source.at(1, f"{lines} lines; {MAX_FILE} are the most")
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield source.at(
                    node, f"{node.name} has {length} lines; {MAX_FUNCTION} are the most"
                )
