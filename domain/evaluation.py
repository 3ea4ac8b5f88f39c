"""How well an engine's marks agree with the labels that people gave."""

from __future__ import annotations

from collections.abc import Sequence

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
