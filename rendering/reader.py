"""Who reads: the language, the customs of the country and the time zone."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError


@dataclass(frozen=True)
class Reader:
    """How a person writes numbers and tells the time."""

    locale: str = "en"
    """Like ``en`` or ``en_DE``: English words, with the separators used in Germany."""
    zone: str = "UTC"
    """An IANA time zone."""

    @classmethod
    def of(cls, language: str = "en", country: str = "", zone: str = "") -> Reader:
        """The nearest reader that can be served; unknown parts fall back, nothing raises."""
        for name in (f"{language}_{country}", language):
            try:
                Locale.parse(name)
            except (UnknownLocaleError, ValueError):
                continue
            return cls(locale=name, zone=_known_zone(zone))
        return cls(zone=_known_zone(zone))

    @property
    def tzinfo(self) -> ZoneInfo:
        """The zone as the standard library wants it."""
        return ZoneInfo(self.zone)

    @property
    def zone_name(self) -> str:
        """The zone in people's words: ``Berlin time``."""
        if "/" not in self.zone:
            return self.zone
        return f"{self.zone.rsplit('/', 1)[1].replace('_', ' ')} time"


def _known_zone(zone: str) -> str:
    try:
        return ZoneInfo(zone).key if zone else "UTC"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "UTC"
