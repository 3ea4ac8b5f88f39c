"""How well an engine's marks agree with the labels that people gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

_YES = frozenset({"1", "true", "yes", "y"})
_NO = frozenset({"0", "false", "no", "n"})


class Agreement(BaseModel):
    """Figures of a two-way judgement; a figure that the labels cannot give is ``None``."""

    model_config = ConfigDict(frozen=True)

    texts: int
    labelled: int
    """Texts that the labels call unsafe."""
    flagged: int
    """Texts that the engine flags."""
    precision: float | None
    recall: float | None
    f1: float | None
    auc: float | None
    """Chance that an unsafe text gets a higher mark than a safe one; ties count half."""
    flag_rate: float
    """Share of all texts that are flagged."""
    false_alarm_rate: float | None
    """Share of the safe texts that are flagged."""


def read_label(cell: str) -> bool | None:
    """A label as people write it: true or false, or a number (not 0: true); else ``None``."""
    plain = cell.strip().casefold()
    if plain in _YES or plain in _NO:
        return plain in _YES
    try:
        number = float(plain)
    except ValueError:
        return None
    return number != 0 if number == number else None


def agreement(labels: Sequence[bool], marks: Sequence[float], flag_from: float) -> Agreement:
    """Compare marks with labels.

    Args:
        labels: True for a text that people call unsafe.
        marks: The engine's mark of each text; higher is less safe.
        flag_from: The least mark that counts as flagged.

    Raises:
        ValueError: no texts, or not as many marks as labels.
    """
    if not labels or len(labels) != len(marks):
        raise ValueError("as many marks as labels are needed, and at least one")
    flags = [mark >= flag_from for mark in marks]
    labelled, flagged = sum(labels), sum(flags)
    right = sum(flag and label for flag, label in zip(flags, labels, strict=True))
    safe = len(labels) - labelled
    return Agreement(
        texts=len(labels),
        labelled=labelled,
        flagged=flagged,
        precision=_share(right, flagged),
        recall=_share(right, labelled),
        f1=_share(2 * right, flagged + labelled),
        auc=_auc(labels, marks),
        flag_rate=flagged / len(labels),
        false_alarm_rate=_share(flagged - right, safe),
    )


class Ranking(BaseModel):
    """How well shares of categories agree with one labelled category each."""

    model_config = ConfigDict(frozen=True)

    labelled: int
    accuracy: float
    """Share whose label is the largest share; a tie counts as its fair part."""
    top_two: float
    """Share whose label is among the two largest shares."""
    auc: dict[str, float | None]
    """By labelled category: chance that one of it has a larger share of it than one of another."""
    mean_auc: float | None


def ranking(labels: Sequence[str], shares: Sequence[Mapping[str, float]]) -> Ranking:
    """Compare shares with labels.

    Args:
        labels: The category that people gave; empty for none of them.
        shares: The engine's share of each category; a missing one is 0.

    Raises:
        ValueError: no category among the labels, or not as many shares as labels.
    """
    if not any(labels) or len(labels) != len(shares):
        raise ValueError("as many shares as labels are needed, and at least one category")
    auc = {
        category: _auc(
            [label == category for label in labels], [each.get(category, 0.0) for each in shares]
        )
        for category in sorted(set(labels) - {""})
    }
    known = [value for value in auc.values() if value is not None]
    pairs = [(label, each) for label, each in zip(labels, shares, strict=True) if label]
    return Ranking(
        labelled=len(pairs),
        accuracy=sum(_among(label, each, 1) for label, each in pairs) / len(pairs),
        top_two=sum(_among(label, each, 2) for label, each in pairs) / len(pairs),
        auc=auc,
        mean_auc=sum(known) / len(known) if known else None,
    )


def _among(label: str, shares: Mapping[str, float], places: int) -> float:
    """How sure the label is among the first places, when ties are drawn by lot."""
    own = shares.get(label, 0.0)
    if own <= 0:
        return 0.0
    above = sum(value > own for value in shares.values())
    equal = sum(value == own for value in shares.values())
    return min(max(places - above, 0) / equal, 1.0)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _auc(labels: Sequence[bool], marks: Sequence[float]) -> float | None:
    """From ranks; equal marks share the middle of their ranks (Mann and Whitney 1947)."""
    positive = sum(labels)
    negative = len(labels) - positive
    if not positive or not negative:
        return None
    ordered = sorted(zip(marks, labels, strict=True))
    ranks, begin = 0.0, 0
    while begin < len(ordered):
        end = begin
        while end < len(ordered) and ordered[end][0] == ordered[begin][0]:
            end += 1
        ranks += sum(label for _, label in ordered[begin:end]) * (begin + 1 + end) / 2
        begin = end
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)
