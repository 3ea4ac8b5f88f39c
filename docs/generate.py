"""Writes the generated parts of the documentation: ``python -m docs.generate``."""

from __future__ import annotations

import json
from pathlib import Path

from domain.campaign_schema import campaign_schema, reference

DOCS = Path(__file__).parent
SCHEMA = DOCS / "schemas" / "campaign.schema.json"
REFERENCE = DOCS / "campaign-file.md"
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"


def schema_text() -> str:
    """The schema file's content."""
    return json.dumps(campaign_schema(), indent=2, ensure_ascii=False) + "\n"


def reference_text(current: str) -> str:
    """The reference with its generated part made anew."""
    before, _, rest = current.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{reference()}\n{END}{after}"


if __name__ == "__main__":
    SCHEMA.parent.mkdir(exist_ok=True)
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    REFERENCE.write_text(reference_text(REFERENCE.read_text(encoding="utf-8")), encoding="utf-8")
