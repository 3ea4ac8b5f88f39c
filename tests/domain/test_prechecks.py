"""What a draft is told before it is handed in."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.campaign_yaml import read_campaign
from domain.prechecks import can_be_submitted, precheck_draft

EXAMPLE = Path(__file__).parents[2] / "examples" / "campaign.yaml"
FILE = read_campaign(EXAMPLE.read_text(encoding="utf-8"))
GOOD = (
    "Anzeige | Meine Morgenroutine mit @lumenandleaf: drei Tropfen, Tageslicht, fertig."
    f" {FILE.brief.link} " + " ".join(FILE.brief.hashtags)
)


def status(caption: str, check: str, *, language: str = "de", code: str = "") -> str:
    checks = precheck_draft(caption, FILE, "DE", language=language, code=code)
    return next(each.status for each in checks if each.code == check)


def test_a_good_draft_is_all_right_and_every_check_speaks_a_sentence() -> None:
    checks = precheck_draft(GOOD, FILE, "DE")
    assert {c.status for c in checks} == {"ok"}
    assert all(c.sentence.endswith(".") for c in checks)
    assert can_be_submitted(checks)


@pytest.mark.parametrize(
    ("caption", "check", "expected"),
    [
        (GOOD.replace("Anzeige | ", ""), "disclosure", "fail"),
        (GOOD.replace("Anzeige", "Bezahlte Partnerschaft"), "disclosure", "warn"),
        (GOOD.replace("@lumenandleaf", "Lumen"), "mention", "fail"),
        (GOOD.replace("@lumenandleaf", "lumenandleaf"), "mention", "fail"),
        (GOOD.replace(FILE.brief.hashtags[0], ""), "hashtags", "fail"),
        (GOOD.replace(FILE.brief.link, ""), "link", "warn"),
        (GOOD + " a true miracle", "forbidden_words", "fail"),
        (GOOD + " better than Petal Theory", "competitors", "fail"),
        (GOOD + " Scheiße!", "safety", "warn"),
    ],
)
def test_what_is_missing_or_wrong_is_named(caption: str, check: str, expected: str) -> None:
    assert status(caption, check) == expected


def test_a_code_may_stand_in_for_the_link() -> None:
    caption = GOOD.replace(FILE.brief.link, "mit GLOW10")
    assert status(caption, "link", code="GLOW10") == "ok"


def test_a_draft_without_a_label_cannot_be_handed_in() -> None:
    assert not can_be_submitted(precheck_draft("Schöne Tropfen", FILE, "DE"))
