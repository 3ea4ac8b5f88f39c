"""`troupe check-disclosure`: does a text show that it is advertising?"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from domain.disclosure import check_disclosure
from local.cli_support import AsJson, out, print_json


def disclosure(
    country: Annotated[str, typer.Option(help="Where the audience is: DE, GB, US…")],
    brand: Annotated[str, typer.Option(help="The brand's name, or its @account.")],
    text: Annotated[str, typer.Option(help="The caption.")],
    as_json: AsJson = False,
) -> None:
    """Judge whether a text shows that it is advertising: pass, review or fail, with reasons."""
    found = check_disclosure(text, country, brand)
    if as_json:
        print_json({"country": country.upper(), "brand": brand, **found.model_dump(mode="json")})
        return
    color = {"pass": "green", "review": "yellow", "fail": "red"}[found.verdict]
    out.print(f"[{color}]{found.verdict}[/] ({escape(found.rule_version)})")
    for reason in found.reasons:
        out.print(f"  {escape(reason)}")
