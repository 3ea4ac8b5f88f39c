"""When a stranger may be written to: in their own working hours."""

from __future__ import annotations

import hashlib
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.campaign import Outreach


def next_moment(now: datetime, zone: str, outreach: Outreach, seed: str) -> datetime:
    """The first moment from ``now`` on that lies in the creator's sending hours.

    A jitter that depends only on ``seed`` spreads a campaign's mails, so that asking again gives
    the same answer.

    Args:
        now: an aware time.
        zone: the creator's IANA zone; an unknown one counts as UTC.
        outreach: the campaign's sending hours.
        seed: what the jitter is drawn from, such as the collaboration's id.
    """
    moment = now + _jitter(outreach.jitter, seed)
    if outreach.any_time:
        return moment
    local = moment.astimezone(_zone(zone))
    for _ in range(14):
        opens = _at(local, outreach.sending_from)
        closes = _at(local, outreach.sending_until)
        working_day = local.weekday() < 5 or not outreach.weekdays_only
        if working_day and local < closes:
            return max(local, opens).astimezone(now.tzinfo)
        local = _at(local + timedelta(days=1), time(0))
    return moment


def _jitter(most: timedelta, seed: str) -> timedelta:
    share = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") / 2**32
    return most * share


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _at(day: datetime, clock: time) -> datetime:
    return day.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
