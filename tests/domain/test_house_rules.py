"""What an installation lets no campaign go beyond."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import ConfigurationError
from domain.house_rules import BeyondHouseRules, HouseRules, read_limits
from settings import Settings
from tests import builders

SECRETS = {"TROUPE_DATABASE_URL": "postgresql://x", "TROUPE_SECRET_KEY": "k" * 32}


def wrong(rules: HouseRules, **file: Any) -> list[str]:
    return [path for path, _, _ in rules.mistakes(builders.campaign_file(**file))]


def test_a_campaign_sets_its_own_limit_where_nobody_has_set_another() -> None:
    assert not wrong(HouseRules(), staffing="solo", release={"second_person_above": "9000 EUR"})


@pytest.mark.parametrize(
    ("limits", "asked", "refused"),
    [
        ("400 EUR", "400 EUR", False),
        ("400 EUR; 300 GBP", "400.01 EUR", True),
        ("300 GBP", "1 EUR", True),
        ("300 GBP", "0 EUR", False),
    ],
)
def test_a_campaign_goes_no_higher_than_the_installation(
    limits: str, asked: str, refused: bool
) -> None:
    rules = HouseRules(read_limits(limits))
    found = wrong(rules, release={"second_person_above": asked})
    assert found == (["release.second_person_above"] if refused else [])


def test_an_installation_may_have_nobody_release_alone() -> None:
    rules = Settings.from_environment(
        SECRETS | {"TROUPE_RELEASE_SOLO": "forbidden", "TROUPE_RELEASE_LIMITS": "200 EUR"}
    ).house_rules
    assert not wrong(rules, release={"second_person_above": "200 EUR"})
    with pytest.raises(BeyondHouseRules) as refused:
        rules.check(builders.campaign_file(staffing="solo"))
    assert "staffing: nobody releases alone" in refused.value.message
    assert "release.second_person_above: 400.00 EUR is more" in refused.value.message


@pytest.mark.parametrize("text", ["400", "-1 EUR", "400 EUR; 300 EUR", "400 EUR, 300 GBP"])
def test_limits_that_cannot_be_read_stop_the_start(text: str) -> None:
    with pytest.raises(ConfigurationError, match="TROUPE_RELEASE_LIMITS"):
        Settings.from_environment(SECRETS | {"TROUPE_RELEASE_LIMITS": text})
