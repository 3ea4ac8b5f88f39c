"""`troupe quote`: what a creator's work should cost, in lines; needs no services."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.markup import escape
from rich.table import Table

from domain.campaign import Deliverable, DeliverableKind
from domain.campaign_base import Platform
from domain.errors import UserMistake
from domain.figures import parse_count, parse_percent
from domain.money import Money
from domain.places import country_code
from domain.quote import CreatorFacts, Quote, quote
from local.cli_support import AsJson, out, print_json
from settings import load_rate_card

MAX_FOLLOWERS = 1_000_000_000
MAX_DAYS = 3_650


def show_quote(
    platform: Annotated[str, typer.Option(help="instagram, tiktok or youtube.")],
    followers: Annotated[str, typer.Option(help="12000, 12.5k, 1.2M.")],
    category: Annotated[str, typer.Option(help="The product's category.")],
    country: Annotated[str, typer.Option(help="Where the community is: DE, Germany…")],
    deliverable: Annotated[
        list[DeliverableKind], typer.Option(help="What is made; may be given several times.")
    ],
    engagement: Annotated[
        str | None, typer.Option(help="Percent of the followers: 3.2 or 3.2%.")
    ] = None,
    currency: Annotated[str, typer.Option(help="The currency of the quote.")] = "EUR",
    rights: Annotated[
        int, typer.Option(min=0, max=MAX_DAYS, help="Days of usage rights, for each piece.")
    ] = 0,
    exclusivity: Annotated[
        int, typer.Option(min=0, max=MAX_DAYS, help="Days without a competitor, for each piece.")
    ] = 0,
    sharing: Annotated[
        bool, typer.Option("--sharing", help="The brand makes it, the creator publishes it.")
    ] = False,
    rate_card: Annotated[
        Path | None, typer.Option(envvar="TROUPE_RATE_CARD", help="The brand's own rate card.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Quote a fee: each criterion with its factor and reason, and the range that is fair."""
    place = country_code(country)
    if place is None:
        raise UserMistake(f"‘{country}’ is no country", hint="write a code or a name: DE, Germany")
    facts = CreatorFacts(
        platform=_platform(platform), followers=_followers(followers),
        engagement_ppm=None if engagement is None else _ppm(engagement), country=place,
    )  # fmt: skip
    items = [
        Deliverable(
            kind=kind, scope="sharing" if sharing else "creation",
            usage_rights=timedelta(days=rights), exclusivity=timedelta(days=exclusivity),
        )
        for kind in deliverable
    ]  # fmt: skip
    card = load_rate_card(rate_card)
    made = quote(facts, items, category, (place,), currency.strip().upper(), card)
    _print(made, as_json)


def _platform(given: str) -> str:
    known = get_args(Platform)
    if given.strip().lower() not in known:
        raise UserMistake(f"‘{given}’ is no platform", hint=f"known are {', '.join(known)}")
    return given.strip().lower()


def _followers(given: str) -> int:
    try:
        count = parse_count(given)
    except ValueError as error:
        raise UserMistake(
            f"--followers {given} is not a number", hint="write 12000 or 12.5k"
        ) from error
    if not 0 < count <= MAX_FOLLOWERS:
        raise UserMistake(f"nobody has {count:,} followers", hint="write 12000 or 12.5k")
    return count


def _ppm(given: str) -> int:
    try:
        rate, _ = parse_percent(given)
    except ValueError as error:
        raise UserMistake(
            f"--engagement {given} is not a number", hint="write percent: 3.2 or 3.2%"
        ) from error
    if not 0 <= rate <= 100:
        raise UserMistake(
            f"an engagement of {given} is impossible", hint="percent of the followers, 0 to 100"
        )
    return int(Decimal(rate) * 10_000)


def _print(made: Quote, as_json: bool) -> None:
    amounts = {"total": made.total, "low": made.low, "high": made.high}
    if as_json:
        print_json(
            {
                **{
                    name: {"amount": minor, "currency": made.currency}
                    for name, minor in amounts.items()
                },
                "lines": [line.model_dump(mode="json") for line in made.lines],
                "guesses": list(made.guesses),
                "rate_card": made.rate_card,
            }
        )
        return
    money = {name: Money(minor=minor, currency=made.currency) for name, minor in amounts.items()}
    out.print(f"[bold]{money['total']}[/], fair from {money['low']} to {money['high']}")
    table = Table("criterion", "factor", "why")
    for line in made.lines:
        factor = f"{line.factor:,.2f}" if line.is_base else f"× {line.factor:.2f}"
        table.add_row(line.criterion.value.replace("_", " "), factor, escape(line.reason))
    out.print(table)
    out.print(
        f"rate card {escape(made.rate_card)}; several pieces are added up, the rest multiplies"
    )
