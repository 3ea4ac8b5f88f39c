"""On which days banks move euros: the days on which TARGET, the system between them, is open.

It is closed on Saturdays, Sundays and six days a year, the same everywhere, from 2002 on
(European Central Bank, "TARGET: long-term calendar for closing days", 14 December 2000,
https://www.ecb.europa.eu/press/pr/date/2000/html/pr001214_4.en.html, read on 2026-11-30).
Holidays of a country or a region do not close it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

_FIXED = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
"""Months and days: New Year's Day, Labour Day, Christmas Day and the day after it."""

_DAY = timedelta(days=1)
_SATURDAY = 5


def is_bank_day(day: date) -> bool:
    """True if banks move euros on that day."""
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _FIXED:
        return False
    # Good Friday and Easter Monday.
    return day - easter(day.year) not in {timedelta(days=-2), _DAY}


def on_or_after(day: date) -> date:
    """The day itself, or the next on which banks move euros."""
    while not is_bank_day(day):
        day += _DAY
    return day


def in_time(moment: datetime) -> datetime:
    """Until when money has to be on its way for a moment: earlier by the days without banks."""
    while not is_bank_day(moment.date()):
        moment -= _DAY
    return moment


def after(moment: datetime, days: int) -> datetime:
    """The same time so many bank days later."""
    while days:
        moment += _DAY
        days -= is_bank_day(moment.date())
    return moment


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar.

    The "anonymous" algorithm (Nature, 20 April 1876; Meeus, Astronomical Algorithms, chapter 8).
    """
    golden, (century, rest) = year % 19, divmod(year, 100)
    correction = (8 * century + 13) // 25
    moon = (19 * golden + century - century // 4 - correction + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    month = (golden + 11 * moon + 22 * week) // 451
    months, days = divmod(moon + week - 7 * month + 114, 31)
    return date(year, months, days + 1)
