"""The page about disclosure says what the rules say."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.disclosure import RULE_VERSION, RULES

PAGE = (Path(__file__).parents[2] / "docs" / "disclosure.md").read_text(encoding="utf-8")


def test_the_page_names_the_version_of_the_rules() -> None:
    assert f"`{RULE_VERSION}`" in PAGE


@pytest.mark.parametrize("country", RULES)
def test_the_page_lists_every_label_and_source_of_a_country(country: str) -> None:
    rule = RULES[country]
    part = PAGE.split(f"### {rule.name} ({country})")[1].split("\n### ")[0].split("\n## ")[0]
    for label in (*rule.accepted, *rule.weak, *rule.rejected, *rule.paste.values()):
        assert f"`{label}`" in part, label
    assert rule.source in part
    assert all(note in part for note in rule.notes)
