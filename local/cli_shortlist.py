"""`troupe shortlist`: who would be chosen from a file, and why; needs no services."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from domain.campaign import CampaignFile
from domain.campaign_yaml import read_campaign
from domain.categories import category_of
from domain.columns import parse_map
from domain.comments import count
from domain.errors import UserMistake
from domain.expectation import goal_words
from domain.explaining import Changes, worth_sentences
from domain.growth import Figures
from domain.money import Money
from domain.posts import PostRecord, read_posts
from domain.quotas import Limit, Traits, limits_of
from domain.quote import CreatorFacts
from domain.rate_card import RateCard
from domain.roster import CreatorRecord, read_roster
from domain.shortlist import Option, Shortlist, Way, solve
from domain.shortlist_words import proof_sentence, unmet_sentence, way_sentence
from domain.tabular import read_table
from domain.vetting import Person, Vetted, place_sentence, vet
from domain.ways import ways_out
from integrations.classifier import fast_engine
from integrations.highs import HIGHS
from local.cli_imports import read_bytes
from local.cli_support import AsJson, now, out, print_json
from local.earlier_rosters import figures_by_day
from settings import load_rate_card

WAITING_SHOWN = 10
CHOSEN = "chosen"


def show_shortlist(
    campaign: Annotated[Path, typer.Argument(help="A campaign file (YAML).")],
    roster: Annotated[Path, typer.Option(help="The creators: CSV or JSON lines.")],
    posts: Annotated[
        Path | None, typer.Option(help="What they have posted; without it safety is unknown.")
    ] = None,
    earlier: Annotated[
        list[Path] | None,
        typer.Option(help="The roster as it was, with seen_on; tells jumps. Several times."),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="Field and column of the roster; see docs/roster.md."),
    ] = None,
    rate_card: Annotated[
        Path | None, typer.Option(envvar="TROUPE_RATE_CARD", help="The brand's own rate card.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say for everybody why, and what would change it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Choose the best set from a roster: choice, waitlist, reasons and proof."""
    file = read_campaign(read_bytes(campaign))
    read = read_roster(read_table(read_bytes(roster)), parse_map(mapping or ""))
    if not read.records:
        raise UserMistake(f"{roster} has no creator that can be used", hint="see docs/roster.md")
    days = figures_by_day(read.records, earlier or [], mapping or [], now().date())
    of_creators, notes = _posts(posts, read.records, now() - file.brand_safety.within)
    if read.quarantined:
        notes.insert(0, f"{len(read.quarantined)} rows of the roster cannot be used")
    people = [
        _person(each, of_creators.get(_id(each), []), days[each.key]) for each in read.records
    ]
    found = _choose(file, read.records, people, load_rate_card(rate_card), notes)
    if as_json:
        print_json(_content(found, explain))
    else:
        _show(found, explain)


@dataclass
class _Found:
    file: CampaignFile
    records: dict[str, CreatorRecord]
    vetted: dict[str, Vetted]
    made: Shortlist
    ways: tuple[Way, ...]
    limits: tuple[Limit, ...]
    seconds: dict[str, float]
    notes: list[str]

    @cached_property
    def changes(self) -> Changes:
        return Changes(self.made, self.file)

    @property
    def left_out(self) -> list[Vetted]:
        return [each for each in self.vetted.values() if not each.suitable]

    def reasons(self, number: int, option: Option) -> list[str]:
        """Why a suitable candidate has a place (counted from 1), and what would change it."""
        return [
            place_sentence(option, number, self.made, self.file),
            self.changes.sentence(option),
            *self.vetted[option.creator_id].reasons,
        ]


def _id(record: CreatorRecord) -> str:
    return f"{record.platform}/{record.handle_key}"


def _posts(
    posts: Path | None, records: Sequence[CreatorRecord], since: datetime
) -> tuple[Mapping[str, list[PostRecord]], list[str]]:
    """The posts of each creator, newest first, and what is to be said about them."""
    found: defaultdict[str, list[PostRecord]] = defaultdict(list)
    if posts is None:
        return found, ["no posts were given: brand safety is unknown, fit is what the roster says"]
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        homes[record.handle_key].append(record.platform)
    strangers = 0
    read = read_posts(read_table(read_bytes(posts)), {})
    recent = [each for each in read.records if not each.posted_at or each.posted_at >= since]
    for post in sorted(recent, key=_newest_first):
        places = [post.platform] if post.platform else homes[post.handle_key]
        if len(places) == 1 and places[0] in homes[post.handle_key]:
            found[f"{places[0]}/{post.handle_key}"].append(post)
        else:
            strangers += 1
    notes = [f"{len(read.quarantined)} posts cannot be used"] if read.quarantined else []
    if strangers:
        notes.append(f"{strangers} posts belong to nobody in the roster")
    return found, notes


def _newest_first(post: PostRecord) -> float:
    return -post.posted_at.timestamp() if post.posted_at else 0.0


def _choose(
    file: CampaignFile,
    records: Sequence[CreatorRecord],
    people: Sequence[Person],
    card: RateCard,
    notes: list[str],
) -> _Found:
    begun = time.perf_counter()
    vetted = [vet(each, file, card, fast_engine()) for each in people]
    chosen_from = [
        Option(each.creator_id, each.fee_minor, each.expected, _traits(record))
        for each, record in zip(vetted, records, strict=True)
        if each.suitable
    ]
    middle = time.perf_counter()
    limits = limits_of(file.shortlist)
    asked = (chosen_from, file.creators.wanted, file.budget.total.minor, HIGHS, limits)
    made = solve(*asked, file.shortlist.overlap_percent)
    ways = ways_out(*asked) if made.unmet else ()
    ended = time.perf_counter()
    if any(limit.quota and limit.quota.experience != "any" for limit in limits):
        notes.append("a file does not say who has worked with the brand: all count as new")
    return _Found(
        file=file, records={_id(each): each for each in records},
        vetted={each.creator_id: each for each in vetted}, made=made, ways=ways, limits=limits,
        seconds={"vetting": round(middle - begun, 3), "choosing": round(ended - middle, 3)},
        notes=notes,
    )  # fmt: skip


def _person(
    record: CreatorRecord, posts: Sequence[PostRecord], history: Sequence[Figures]
) -> Person:
    facts = {name: getattr(record, name) for name in CreatorFacts.model_fields}
    return Person(
        creator_id=_id(record), handle=record.handle, category=record.category,
        language=record.language, facts=CreatorFacts(**facts),
        captions=[post.caption for post in posts], history=history,
        comments=count(mark for post in posts for mark in post.comment_marks or ()),
    )  # fmt: skip


def _traits(record: CreatorRecord) -> Traits:
    return Traits(
        handle=record.handle, platform=record.platform,
        country=record.audience_country or record.country,
        category=category_of(record.category), followers=record.followers,
    )  # fmt: skip


def _content(found: _Found, explain: bool) -> dict[str, Any]:
    made, file = found.made, found.file
    numbered = list(enumerate((*made.chosen, *made.waitlist), start=1))

    def entry(number: int, option: Option) -> dict[str, Any]:
        record = found.records[option.creator_id]
        return {
            "handle": record.handle,
            "platform": record.platform,
            "fee": option.fee_minor,
            "expected": option.expected,
            **({"reasons": found.reasons(number, option)} if explain else {}),
        }

    return {
        "campaign": file.name,
        "metric": file.goal.metric,
        "target": file.goal.target,
        "wanted": file.creators.wanted,
        "currency": file.currency,
        "creators": len(found.records),
        "suitable": len(numbered),
        "expected": made.expected,
        "overlap": made.overlap,
        "cost": made.cost_minor,
        "spendable": made.spendable_minor,
        "proof": asdict(made.proof),
        "seconds": found.seconds,
        "unmet": [asdict(each) for each in made.unmet],
        "ways": [asdict(each) for each in found.ways],
        "worth": list(worth_sentences(made, found.limits, file)),
        "notes": found.notes,
        "chosen": [entry(*each) for each in numbered[: len(made.chosen)]],
        "waitlist": [entry(*each) for each in numbered[len(made.chosen) :]],
        "out": [
            {
                "handle": found.records[each.creator_id].handle,
                "platform": found.records[each.creator_id].platform,
                "fee": each.fee_minor,
                "expected": each.expected,
                "rule": each.out_rule,
                **({"reasons": each.reasons} if explain else {}),
            }
            for each in found.left_out
        ],
    }


def _show(found: _Found, explain: bool) -> None:
    made, file = found.made, found.file
    words = goal_words(file.goal)
    cost = Money(minor=made.cost_minor, currency=file.currency)
    out.print(
        f"[bold]{len(made.chosen)} of {file.creators.wanted} wanted[/] for {cost} of "
        f"{file.budget.total}, expected to bring {made.expected:,} {words} "
        f"(goal {file.goal.target:,})"
    )
    if made.overlap:
        out.print(f"{made.overlap:,} more are of people whom others reach too, and count once")
    out.print(proof_sentence(made.proof))
    out.print(
        f"{len(found.records):,} creators, {len(found.vetted) - len(found.left_out):,} suitable; "
        f"vetted in {found.seconds['vetting']:.2f} s, chosen in {found.seconds['choosing']:.2f} s"
    )
    for unmet in made.unmet:
        out.print(f"[red]not kept[/] {escape(unmet_sentence(unmet))}")
    for way in found.ways:
        out.print(f"  enough: {escape(way_sentence(way, file.currency))}")
    if made.unmet and not found.ways:
        out.print("  no single change is enough; several have to give way")
    for line in (*worth_sentences(made, found.limits, file), *(f"note: {n}" for n in found.notes)):
        out.print(escape(line))
    numbered = list(enumerate((*made.chosen, *made.waitlist), start=1))
    _table(found, CHOSEN, numbered[: len(made.chosen)], explain)
    waiting = numbered[len(made.chosen) :]
    shown = waiting if explain else list(islice(waiting, WAITING_SHOWN))
    _table(found, f"waitlist, {len(shown)} of {len(waiting)}", shown, explain)
    if explain:
        _table_out(found)


def _table(
    found: _Found, title: str, numbered: Sequence[tuple[int, Option]], explain: bool
) -> None:
    table = Table("", "creator", "fee", "expected", title=title)
    if explain:
        table.add_column("why, and what would change it")
    waits = title != CHOSEN
    for number, option in numbered:
        record = found.records[option.creator_id]
        why = [escape(" ".join(found.reasons(number, option)))] if explain else []
        table.add_row(
            str(number - (len(found.made.chosen) if waits else 0)),
            escape(f"@{record.handle} on {record.platform}"),
            str(Money(minor=option.fee_minor, currency=found.file.currency)),
            f"{option.expected:,}", *why,
        )  # fmt: skip
    out.print(table)


def _table_out(found: _Found) -> None:
    table = Table("creator", "why", title=f"left out by a rule, {len(found.left_out)}")
    for each in found.left_out:
        record = found.records[each.creator_id]
        table.add_row(
            escape(f"@{record.handle} on {record.platform}"), escape(" ".join(each.reasons))
        )
    out.print(table)
