"""Countries, languages and time zones as people write them: ``United States``, ``uk``, ``🇩🇪``."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache

from babel import Locale
from babel.core import get_global

_READ_IN = ("en", "de", "fr", "es", "it", "nl", "pt")
"""Languages in which the names of countries and languages are understood."""

_ALSO = {
    "uk": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB", "usa": "US", "u.s.": "US", "u.s.a.": "US",
    "united states of america": "US", "america": "US", "holland": "NL", "korea": "KR",
    "republic of korea": "KR", "russian federation": "RU", "turkey": "TR", "czech republic": "CZ",
    "uae": "AE", "viet nam": "VN", "ivory coast": "CI", "macedonia": "MK", "burma": "MM",
}  # fmt: skip
_MAIN_ZONE = {
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon",
    "CN": "Asia/Shanghai",
    "NZ": "Pacific/Auckland",
}
"""Countries with several zones of which nearly everybody lives in one."""


@cache
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in reversed(_READ_IN):
        for code, name in Locale(language).territories.items():
            if re.fullmatch("[A-Z]{2}", code) and code not in {"EU", "UN", "EZ", "ZZ", "XA", "XB"}:
                names[name.casefold()] = code
                names[code.casefold()] = code
    return names | _ALSO


@cache
def _languages() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in reversed(_READ_IN):
        for code, name in Locale(language).languages.items():
            if re.fullmatch("[a-z]{2,3}", code):
                names[name.casefold()] = code
                names[code] = code
    return names


def country_code(text: str) -> str | None:
    """The ISO 3166-1 code of a country's name, code or flag; None if there is no such country."""
    letters = [ord(char) - 0x1F1E6 for char in text.strip()]
    if len(letters) == 2 and all(0 <= letter < 26 for letter in letters):
        text = "".join(chr(ord("A") + letter) for letter in letters)
    return _countries().get(" ".join(text.split()).casefold())


def language_code(text: str) -> str | None:
    """The ISO 639 code of a language: ``German``, ``de``, ``de-AT``; None if there is none."""
    folded = " ".join(text.split()).casefold()
    return _languages().get(folded) or _languages().get(re.split("[-_]", folded)[0])


def zone_name(text: str) -> str | None:
    """An IANA time zone, or None."""
    wanted = text.strip().replace(" ", "_").casefold()
    return _zones().get(wanted)


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in zoneinfo.available_timezones()}


def usual_zone(country: str) -> str:
    """The zone of a country that has just one, or nearly; empty where it cannot be told."""
    if country in _MAIN_ZONE:
        return _MAIN_ZONE[country]
    zones = get_global("territory_zones").get(country, [])
    return str(zones[0]) if len(zones) == 1 else ""
