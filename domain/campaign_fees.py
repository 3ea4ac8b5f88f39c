"""What milestones earn of a fee: shares that add up, and amounts that can be paid out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domain.money import Money, check_payable, payable_unit, split_by_percent

Remark = tuple[str, str, str]
"""Path, what is wrong, what would be right."""
Values = Mapping[str, Any]

CEILING = "budget.per_collaboration"


def check_fees(values: Values) -> Iterator[Remark]:
    """Mistakes in the milestones, and fees that could not be divided among them."""
    yield from _milestones(values)
    ceiling: Money | None = values.get(CEILING)
    if ceiling is None or ceiling.minor <= 0:
        return
    try:
        check_payable(ceiling)
    except ValueError as error:
        whole = Money(minor=payable_unit(ceiling.currency), currency=ceiling.currency)
        yield CEILING, str(error), f"write a multiple of {whole}"
        return
    yield from _too_small(values, ceiling)


def _too_small(values: Values, ceiling: Money) -> Iterator[Remark]:
    """Milestones that would earn nothing even of the highest fee."""
    milestones = values.get("milestones") or []
    percents = [_of(values, milestones, i, "percent") for i in range(len(milestones))]
    if not percents or any(not isinstance(p, int) or p <= 0 for p in percents):
        return
    if sum(percents) != 100:
        return
    least = Money(minor=payable_unit(ceiling.currency), currency=ceiling.currency)
    for i, amount in enumerate(split_by_percent(ceiling.minor, percents, ceiling.currency)):
        if not amount:
            yield (
                f"milestones[{i}].percent",
                f"{percents[i]} % of {ceiling} is less than {least}, the least that can be paid",
                f"raise {CEILING}, or give this milestone more",
            )


def _milestones(values: Values) -> Iterator[Remark]:
    milestones = values.get("milestones")
    if not milestones:
        return
    count = range(len(milestones))
    percents = [_of(values, milestones, i, "percent") for i in count]
    if all(isinstance(p, int) for p in percents) and sum(percents) != 100:
        yield (
            "milestones",
            f"the percents add up to {sum(percents)}",
            "they must add up to 100",
        )
    seen: set[Any] = set()
    for i in count:
        event = _of(values, milestones, i, "on")
        if event is not None and event in seen:
            yield (
                f"milestones[{i}].on",
                f"'{event}' earns money a second time",
                "each event may stand here once; add the percents up",
            )
        seen.add(event)


def _of(values: Values, items: Any, index: int, name: str) -> Any:
    written = values.get(f"milestones[{index}].{name}")
    return written if written is not None else getattr(items[index], name, None)
