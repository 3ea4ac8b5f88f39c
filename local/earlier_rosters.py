"""Lists of earlier days beside a roster: who grew how fast, without a database that kept them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from domain.columns import parse_map
from domain.errors import UserMistake
from domain.growth import Figures
from domain.roster import CreatorRecord, read_roster
from domain.tabular import read_table
from local.cli_imports import read_bytes

Key = tuple[str, str]
"""Platform and handle, as `CreatorRecord.key`."""


def figures_by_day(
    records: Sequence[CreatorRecord], earlier: Sequence[Path], mapping: Sequence[str], today: date
) -> Mapping[Key, tuple[Figures, ...]]:
    """The figures of each creator, of the roster itself and of the lists before it.

    Args:
        records: The roster; where it names no day, it is of today.
        earlier: Older lists, in any order, each with the day that its figures are of.
        mapping: Fields and columns, as for the roster.
        today: The day of figures without one.

    Raises:
        UserMistake: an older list has a creator without a day; says which file.
    """
    days: defaultdict[Key, dict[date, Figures]] = defaultdict(dict)
    for file in earlier:
        for record in read_roster(read_table(read_bytes(file)), parse_map(mapping)).records:
            if record.seen_on is None:
                raise UserMistake(
                    f"{file} does not say of which day {record.handle}'s figures are",
                    hint="give it a column seen_on, or name yours: --map seen_on=COLUMN",
                )
            days[record.key][record.seen_on] = _figures(record, record.seen_on)
    for record in records:
        day = record.seen_on or today
        days[record.key][day] = _figures(record, day)
    return {key: tuple(found.values()) for key, found in days.items()}


def _figures(record: CreatorRecord, day: date) -> Figures:
    return Figures(day, record.followers, record.engagement_ppm)
