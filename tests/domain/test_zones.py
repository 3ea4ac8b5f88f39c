"""Creators are written to in their own hours."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from domain.zones import _OF_COUNTRY, zone_of


def test_every_country_s_zone_exists() -> None:
    for zone in _OF_COUNTRY.values():
        ZoneInfo(zone)


def test_the_named_zone_goes_before_the_country_and_nonsense_before_nothing() -> None:
    assert zone_of("Europe/Lisbon", "DE") == "Europe/Lisbon"
    assert zone_of("Atlantis/Center", "DE") == "Europe/Berlin"
    assert zone_of("", "ZZ") == "UTC"
