"""A campaign file with mistakes is answered with all of them: where, what, and what is right."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.campaign import CampaignFile
from domain.campaign_yaml import CampaignMistakes, Mistake, check_campaign, read_campaign

EXAMPLES = Path(__file__).parents[2] / "examples"
GOOD = (EXAMPLES / "campaign.yaml").read_text(encoding="utf-8")
PYDANTIC_WORDS = ("Input should", "validation error", "Value error", "Field required", "pydantic")


def mistakes_of(text: str) -> dict[str, Mistake]:
    result = check_campaign(text)
    assert result.file is None
    for mistake in result.mistakes:
        assert not any(word in str(mistake) for word in PYDANTIC_WORDS)
    return {mistake.path: mistake for mistake in result.mistakes}


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


@pytest.mark.parametrize("name", ["campaign.yaml", "campaign-demo.yaml"])
def test_the_examples_are_right(name: str) -> None:
    result = check_campaign((EXAMPLES / name).read_bytes())
    assert result.mistakes == ()
    assert result.file is not None
    stored = CampaignFile.model_validate(result.file.model_dump(mode="json"))
    assert stored == result.file


def test_all_mistakes_come_at_once_in_the_order_of_the_lines() -> None:
    text = (
        GOOD.replace("metric: engagements ", "metric: likes ")
        .replace("country: DE", "country: Germany")
        .replace("wanted: 14", "wanted: many")
        .replace("total: 7,000 EUR", "total: 7,000")
        .replace("reply_within: 7 days", "reply_within: soon")
        .replace("percent: 50", "percent: 60", 1)
        .replace("summary: >-", "sumary: >-")
    )
    result = check_campaign(text)
    paths = [mistake.path for mistake in result.mistakes]
    assert set(paths) == {
        "goal.metric",
        "brand.country",
        "creators.wanted",
        "budget.total",
        "outreach.reply_within",
        "milestones",
        "brief.sumary",
        "brief.summary",
    }
    lines = [mistake.line for mistake in result.mistakes]
    assert lines == sorted(lines)


def test_a_mistake_says_where_and_what_would_be_right() -> None:
    mistake = mistakes_of(changed("metric: engagements ", "metric: engagement "))["goal.metric"]
    line = GOOD.splitlines().index("goal:") + 2
    assert (mistake.line, mistake.column) == (line, 3)
    assert "did you mean 'engagements'?" in mistake.hint
    assert "reach" in mistake.hint


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        ("  wanted: 14", "  wnated: 14", "creators.wnated", "did you mean 'wanted'?"),
        ("  wanted: 14", "  followers: 3", "creators.wanted", "is missing"),
        ("  wanted: 14", "  reply_within: 3 days", "creators.reply_within", "outreach.reply_with"),
        ("  wanted: 14", "  wanted: 14\n  wanted: 15", "creators.wanted", "a second time"),
        ("  wanted: 14", "  wanted:", "creators.wanted", "is empty"),
        ("  wanted: 14", "  wanted: [14]", "creators.wanted", "is a list"),
        ("  wanted: 14", "  wanted: 0", "creators.wanted", "must be above 0"),
        ("[instagram, tiktok, youtube]", "instagram", "creators.platforms", "must be a list"),
        ("[instagram, tiktok, youtube]", "[instgram]", "creators.platforms[0]", "'instagram'"),
        ("markets: [DE, GB, FR, NL]", "markets: []", "markets", "the list is empty"),
        ("markets: [DE, GB, FR, NL]", "markets: [DE, XX]", "markets[1]", "not a country"),
        ("markets: [DE, GB, FR, NL]", "markets: [DE, DE]", "markets[1]", "twice"),
        ("currency: EUR", "currency: XYQ", "currency", "not a currency"),
        ("currency: EUR", "currency: GBP", "budget.total", "is in EUR"),
        ("total: 7,000 EUR", "total: 12 EUR", "budget.total", "cannot pay 14"),
        ("total: 7,000 EUR", "total: 7.005 EUR", "budget.total", "more decimals"),
        ("total: 7,000 EUR", "total: 800 EUR", "budget.per_collaboration", "above the whole"),
        ("total: 7,000 EUR", "total: -5 EUR", "budget.total", "negative"),
        ("followers_min: 2000", "followers_min: 60000", "creators.followers_min", "above foll"),
        ("category: beauty", "category: beuty", "brand.category", "did you mean 'beauty'?"),
        ("Europe/Berlin", "Berlin", "brand.timezone", "did you mean 'Europe/Berlin'?"),
        ("handle: \"@lumenandleaf\"", "handle: lumen", "brand.handle", "with @"),
        ("website: https://", "website: ", "brand.website", "https://"),
        ("on: retention_passed", "on: publication_verified", "milestones[1].on", "second time"),
        ("\"09:00\"", "morning", "outreach.sending_from", "write it like 09:00"),
        ("\"09:00\"", "19:00", "outreach.sending_from", "not before"),
        ("[3 days, 5 days]", "[3 days, 8 days]", "outreach.remind_after[1]", "is over"),
        ("[3 days, 5 days]", "[156 hours]", "outreach.reply_within", "no reminder goes out"),
        ("[3 days, 5 days]", "[]", "outreach.reply_within", "no reminder goes out"),
        ("hearing_within: 5 days", "hearing_within: 5 hours", "retention.hearing_within", "short"),
        ("14 days]", "40 days]", "retention.checks[2]", "later than the period"),
        ("period: 30 days", "period: 30000 days", "retention.period", "five years"),
        ("period: 30 days", "period: 0 days", "retention.period", "no time at all"),
        ("period: 30 days", "period: 99999999999 days", "retention.period", "longer than any"),
        ("weekdays_only: true", "weekdays_only: maybe", "outreach.weekdays_only", "true or false"),
        ("staffing: team ", "staffing: alone ", "staffing", "allowed: team, solo"),
        ("name: Lumen & Leaf spring launch", "name: Lu", "name", "at least 3 characters"),
    ],
)  # fmt: skip
def test_every_kind_of_mistake_has_its_own_sentence(
    old: str, new: str, path: str, said: str
) -> None:
    found = mistakes_of(changed(old, new))
    assert path in found, found
    assert said in str(found[path])


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("", "the file is empty", 1),
        ("- a\n- b\n", "the file is a list", 1),
        ("name: a\n\tgoal: b\n", "tab", 2),
        ("name: a: b\n", "':'", 1),
        ("name: 'a\n", "never closed", 2),
        ("name: [a\ngoal: 1\n", "never closed", 2),
        ("a: &x [1]\nb: *x\n", "aliases", 2),
        ("a: " + "[" * 50, "nested too deeply", 1),
        ("name: a\n---\nname: b\n", "second document", 2),
        ("name: \x07\n", "U+0007", 1),
        ("x" * 300_000, "262,144 at most", 1),
    ],
)
def test_a_text_that_is_not_yaml_is_refused_with_its_line(text: str, said: str, line: int) -> None:
    (mistake,) = check_campaign(text).mistakes
    assert said in mistake.message
    assert mistake.line == line


def test_a_file_in_another_encoding_is_refused_with_its_line() -> None:
    (mistake,) = check_campaign("name: a\nbrand: Café\n".encode("latin-1")).mistakes
    assert (mistake.line, mistake.message) == (2, "the file is not UTF-8 text")


def test_yaml_does_not_guess_types_behind_peoples_backs() -> None:
    file = read_campaign(
        changed("markets: [DE, GB, FR, NL]", "markets: [NO, SE]")
        .replace('"09:00"', "9:00")
        .replace("name: Lumen & Leaf spring launch", "name: 2027")
    )
    assert file.markets == ("NO", "SE")
    assert file.outreach.sending_from == time(9, 0)
    assert file.name == "2027"
    assert file.retention.period == timedelta(days=30)


def test_what_is_doubtful_is_a_warning_and_not_a_mistake() -> None:
    result = check_campaign(
        changed("markets: [DE, GB, FR, NL]", "markets: [DE, JP]")
        .replace("link: https://lumenandleaf.example/glow", "link: https://shop.other.example/")
        .replace("total: 7,000 EUR", "total: 250 EUR")
        .replace("900 EUR  ", "200 EUR  ")
        .replace("on_silence: wait", "on_silence: approve")
    )
    assert result.file is not None
    assert [warning.path for warning in result.warnings] == [
        "markets[1]",
        "budget.total",
        "brief.link",
        "review.on_silence",
    ]


def test_reading_raises_all_mistakes_in_one_error() -> None:
    with pytest.raises(CampaignMistakes) as caught:
        read_campaign("name: A campaign\n")
    assert {"goal", "brand", "budget"} <= {mistake.path for mistake in caught.value.mistakes}
    assert "line 1" in caught.value.message


lines = GOOD.splitlines(keepends=True)


@given(
    number=st.integers(0, len(lines) - 1),
    replacement=st.text(max_size=30) | st.sampled_from(["", "a: 1\n", "  - x\n", "[", "~\n"]),
)
def test_no_damage_to_the_file_leads_to_another_error(number: int, replacement: str) -> None:
    damaged = "".join([*lines[:number], replacement, *lines[number + 1 :]])
    result = check_campaign(damaged)
    assert (result.file is None) == bool(result.mistakes)
    for mistake in result.mistakes:
        assert mistake.line >= 1
        assert not any(word in str(mistake) for word in PYDANTIC_WORDS)


leaves: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=10) | st.just([]) | st.just({})
)


@given(key=st.sampled_from(sorted(CampaignFile.model_fields)), value=leaves | st.lists(leaves))
def test_no_value_of_a_key_leads_to_another_error(key: str, value: object) -> None:
    document = yaml.safe_load(GOOD.replace("- on:", '- "on":'))
    document[key] = value
    result = check_campaign(yaml.safe_dump(document, allow_unicode=True))
    assert (result.file is None) == bool(result.mistakes)
