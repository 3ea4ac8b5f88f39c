"""The documents lead somewhere: every link, command and test that they name is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from local.commands import Commands

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MAKE = re.compile(r"\bmake ([a-z-]+)\b")
_TROUPE = re.compile(r"\./troupe((?: [a-z-]+)+)")
_MACHINE = re.compile(r"(?<![\w.~])/(?:home|Users|root|work|tmp)/\w")


def anchor(heading: str) -> str:
    """The name by which a page's heading is linked to."""
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower()
    return plain.replace(" ", "-")


def code_blocks(text: str) -> Iterator[str]:
    """Indented blocks, in the order of the page."""
    yield from re.findall(r"(?:^(?: {4}.*)\n)+", text, re.MULTILINE)


def code(text: str) -> str:
    """All that a page shows as typed: indented blocks and words in backticks."""
    return "\n".join([*code_blocks(text), *re.findall(r"`([^`\n]+)`", text)])


def commands() -> set[str]:
    """Every command of the command line, groups with their commands."""
    whole = Commands(name="troupe")
    context = typer.Context(whole)
    found = set()
    for name in whole.list_commands(context):
        each = whole.get_command(context, name)
        assert each is not None
        inner = each.list_commands(context) if isinstance(each, TyperGroup) else []
        found |= {name, *(f"{name} {one}" for one in inner)}
    return found


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_and_picture_is_there(page: Path) -> None:
    lost = []
    for target in _LINK.findall(page.read_text()):
        if target.startswith(("https://", "mailto:")):
            continue
        path, _, part = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists():
            lost.append(target)
        elif part and part not in map(anchor, _HEADING.findall(there.read_text())):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_target_is_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(_MAKE.findall(code(page.read_text()))) <= targets


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_troupe_command_is_there(page: Path) -> None:
    known = commands()
    said = {tuple(words.split()) for words in _TROUPE.findall(code(page.read_text()))}
    unknown = [each for each in said if not known & {each[0], " ".join(each[:2])}]
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_no_page_knows_a_machine(page: Path) -> None:
    assert _MACHINE.findall(page.read_text()) == []


def test_the_readme_begins_with_the_two_commands() -> None:
    first = next(code_blocks(README))
    assert "make demo" in first
    assert "make test" in first
    assert README.index(first) < 200


def test_every_test_that_the_readme_names_is_there() -> None:
    named = re.findall(r"\[[^\]]*\]\((tests/[^)\s]+) \"(test_\w+)\"\)", README)
    assert len(named) >= 5
    missing = [name for path, name in named if f"def {name}(" not in (ROOT / path).read_text()]
    assert missing == []


def test_every_case_of_stripe_names_code_and_a_test_that_are_there() -> None:
    page = (ROOT / "docs" / "stripe-failures.md").read_text()
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 26
    for case, _, code_, tests in rows:
        named = re.findall(r"\[[^\]]*\]\(\.\./(tests/[^)\s]+) \"(test_\w+)\"\)", tests)
        assert named, case
        for path, name in named:
            assert f"def {name}(" in (ROOT / path).read_text(), name
        for path in re.findall(r"`([\w/]+\.py)`", code_):
            assert (ROOT / path).exists(), path


def test_every_decision_record_says_what_such_a_record_says() -> None:
    for number, page in enumerate(sorted((ROOT / "docs" / "adr").glob("*.md")), start=1):
        text = page.read_text()
        assert text.startswith(f"# {number}. "), page.name
        for part in ("Status: ", "**Context.**", "**Decision.**", "**Consequences.**"):
            assert part in text, f"{page.name} has no {part}"


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [page.name for page in (ROOT / "docs").glob("*.md") if page.name != "README.md"]
    assert [name for name in pages if f"({name})" not in index] == []
