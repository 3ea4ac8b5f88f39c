"""What must fit together across a campaign file, and what a brand would want to be told.

Works on values by path, so that it can look at a file of which other parts are wrong.
"""

from __future__ import annotations

import difflib
import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from babel import Locale

from domain.campaign_approvers import check_approvers
from domain.campaign_fees import check_fees
from domain.campaign_numbers import check_numbers
from domain.campaign_safety import check_brand_safety
from domain.campaign_shortlist import check_shortlist
from domain.categories import CATEGORIES, category_of
from domain.disclosure import RULES
from domain.durations import say_duration
from domain.money import Money, exponent

Remark = tuple[str, str, str]
"""Path, what is wrong, what would be right."""
Values = Mapping[str, Any]

_LONGEST = timedelta(days=5 * 366)
_MAY_BE_ZERO = frozenset(
    "usage_rights exclusivity jitter cooling pay_within min_notice confirm_gone_after "
    "final_check_after".split()
)
_SMALL_FEE = 20
"""Major units; the smallest fee that market figures know for a post is about 20 USD."""


def check_values(values: Values) -> tuple[list[Remark], list[Remark]]:
    """Mistakes and warnings across the values of a campaign file."""
    wrong = [
        *_money(values),
        *check_fees(values),
        *_creators(values),
        *_names(values),
        *_durations(values),
        *_deadlines(values),
        *_checks_fit(values),
        *check_approvers(values),
        *check_brand_safety(values),
        *check_numbers(values),
        *check_shortlist(values),
    ]
    return wrong, list(_doubts(values))


def _money(values: Values) -> Iterator[Remark]:
    currency = values.get("currency")
    if currency is not None and currency not in Locale("en").currencies:
        yield "currency", f"'{currency}' is not a currency", "write a code like EUR, GBP or USD"
    paths = ("budget.total", "budget.per_collaboration", "release.second_person_above")
    for path in paths:
        money: Money | None = values.get(path)
        if money is None:
            continue
        if currency and money.currency != currency:
            yield (
                path,
                f"is in {money.currency}, the campaign is in {currency}",
                f"write it in {currency}",
            )
        if money.minor < 0:
            yield path, f"is negative: {money}", "write an amount above 0"
        elif money.minor == 0 and path != paths[2]:
            yield path, "is 0: nobody could be paid", "write an amount above 0"
    total, each = values.get(paths[0]), values.get(paths[1])
    if not total or not each or total.currency != each.currency:
        return
    if each.minor > total.minor:
        yield paths[1], f"{each} is above the whole budget of {total}", f"write {total} at most"
    wanted = values.get("creators.wanted")
    if wanted and 0 < total.minor < wanted * 10 ** exponent(total.currency):
        share = Money(minor=total.minor // wanted, currency=total.currency)
        yield (
            "budget.total",
            f"{total} cannot pay {wanted} creators: that is {share} each",
            "raise the budget or lower creators.wanted",
        )


def _creators(values: Values) -> Iterator[Remark]:
    low, high = values.get("creators.followers_min"), values.get("creators.followers_max")
    if low is not None and high is not None and low > high:
        yield (
            "creators.followers_min",
            f"{low:,} is above followers_max, {high:,}",
            "the range is from followers_min to followers_max",
        )
    if values.get("creators.platforms") == []:
        yield "creators.platforms", "the list is empty", "name a platform, or leave the key out"


def _names(values: Values) -> Iterator[Remark]:
    territories = Locale("en").territories
    markets = values.get("markets") or []
    codes = [("brand.country", values.get("brand.country"))]
    codes += [(f"markets[{i}]", values.get(f"markets[{i}]")) for i in range(len(markets))]
    for path, code in codes:
        if code is not None and (code not in territories or code in ("EU", "UN", "EZ", "ZZ")):
            yield path, f"'{code}' is not a country", "write its code, like DE (GB for the UK)"
    for i, code in enumerate(markets):
        if code is not None and code in markets[:i]:
            yield f"markets[{i}]", f"'{code}' stands in the list twice", "keep one of them"
    zone = values.get("brand.timezone")
    if zone is not None and zone not in zoneinfo.available_timezones():
        yield "brand.timezone", f"'{zone}' is not a time zone", _near_zone(zone)
    category = values.get("brand.category")
    if category is not None and not category_of(category):
        close = difflib.get_close_matches(category.lower(), sorted(CATEGORIES), 1, 0.6)
        meant = f"did you mean '{close[0]}'? " if close else ""
        yield (
            "brand.category",
            f"'{category}' is not a category that Troupe knows",
            f"{meant}known: {', '.join(sorted(CATEGORIES))}",
        )


def _near_zone(zone: str) -> str:
    by_city = {name.rsplit("/", 1)[-1].lower(): name for name in zoneinfo.available_timezones()}
    words = zone.lower().replace(" ", "_").rsplit("/", 1)[-1]
    close = difflib.get_close_matches(words, list(by_city), 1, 0.6)
    return f"did you mean '{by_city[close[0]]}'?" if close else "write it like Europe/Berlin"


def _durations(values: Values) -> Iterator[Remark]:
    for path, value in values.items():
        if not isinstance(value, timedelta):
            continue
        name = path.rsplit(".", 1)[-1]
        if value < timedelta(0):
            yield path, "is negative", "write a duration such as '3 days'"
        elif value > _LONGEST:
            yield path, f"{say_duration(value)} is longer than five years", "is the unit right?"
        elif not value and name not in _MAY_BE_ZERO:
            yield path, "is 0: there would be no time at all", "write a duration such as '3 days'"


def _deadlines(values: Values) -> Iterator[Remark]:
    """Nobody is timed out without a delivered reminder ``min_notice`` before."""
    notice = values.get("min_notice")
    for section, deadline in (
        ("outreach", "reply_within"),
        ("contract", "sign_within"),
        ("drafting", "submit_within"),
        ("publication", "publish_within"),
    ):
        path, due = f"{section}.{deadline}", values.get(f"{section}.{deadline}")
        reminders = values.get(f"{section}.remind_after")
        if due is None or reminders is None or any(r is None for r in reminders):
            continue
        for i, reminder in enumerate(reminders):
            if reminder >= due:
                yield (
                    f"{section}.remind_after[{i}]",
                    f"a reminder after {say_duration(reminder)} comes when {deadline} "
                    f"({say_duration(due)}) is over",
                    f"remind earlier than {say_duration(due)}",
                )
        if notice is None or due <= timedelta(0):
            continue
        in_time = [r for r in reminders if r + notice <= due]
        if not in_time:
            latest = due - notice
            yield (
                path,
                f"no reminder goes out {say_duration(notice)} (min_notice) before the deadline "
                f"of {say_duration(due)}",
                f"remind after {say_duration(latest)} or earlier"
                if latest > timedelta(0)
                else f"give more than {say_duration(notice)}, or lower min_notice",
            )
    for path in (
        "negotiation.answer_within",
        "publication.cure_within",
        "retention.cure_within",
        "retention.hearing_within",
    ):
        time_left = values.get(path)
        if time_left is not None and notice is not None and timedelta(0) < time_left < notice:
            yield (
                path,
                f"{say_duration(time_left)} is shorter than min_notice, {say_duration(notice)}",
                f"give at least {say_duration(notice)}, or lower min_notice",
            )


def _checks_fit(values: Values) -> Iterator[Remark]:
    period, checks = values.get("retention.period"), values.get("retention.checks") or ()
    for i, check in enumerate(checks):
        if period is not None and check is not None and check > period:
            yield (
                f"retention.checks[{i}]",
                f"a check after {say_duration(check)} is later than the period, "
                f"{say_duration(period)}",
                "the check after the period is final_check_after",
            )
    every, cure = values.get("publication.recheck_every"), values.get("publication.cure_within")
    if every and cure and every > cure:
        yield (
            "publication.recheck_every",
            f"looks every {say_duration(every)}, but mending may take {say_duration(cure)} only",
            f"look at least every {say_duration(cure)}",
        )
    start, end = values.get("outreach.sending_from"), values.get("outreach.sending_until")
    if start and end and start >= end:
        yield "outreach.sending_from", f"{start:%H:%M} is not before sending_until, {end:%H:%M}", ""
    if values.get("staffing") == "solo" and values.get("release.cooling") == timedelta(0):
        yield (
            "release.cooling",
            "is 0, and one person alone releases payments (staffing: solo)",
            "give yourself time to take a release back, such as '10 minutes'",
        )
    silence, remind = values.get("review.approve_after"), values.get("review.remind_after")
    if values.get("review.on_silence") == "approve" and silence and remind and silence <= remind:
        yield (
            "review.approve_after",
            f"content would be approved after {say_duration(silence)}, before the reviewer is "
            f"reminded ({say_duration(remind)})",
            f"approve later than {say_duration(remind)}",
        )


def _doubts(values: Values) -> Iterator[Remark]:
    for i, code in enumerate(values.get("markets") or []):
        if code in Locale("en").territories and code not in RULES:
            yield (
                f"markets[{i}]",
                f"Troupe has no disclosure rules for {code}; every draft for it goes to a person",
                f"rules exist for {', '.join(sorted(RULES))}",
            )
    site, link = (_domain(values.get(path)) for path in ("brand.website", "brief.link"))
    if site and link and not (link == site or link.endswith(f".{site}")):
        yield "brief.link", f"leads to {link}, the brand's website is {site}", "is this intended?"
    total, wanted = values.get("budget.total"), values.get("creators.wanted")
    if total and wanted:
        one = 10 ** exponent(total.currency)
        if wanted * one <= total.minor < wanted * one * _SMALL_FEE:
            share = Money(minor=total.minor // wanted, currency=total.currency)
            yield (
                "budget.total",
                f"leaves {share} for each of {wanted} creators; few will agree",
                "raise the budget or lower creators.wanted",
            )
    for section in ("review", "release"):
        remind, escalate, takes_over = (
            values.get(f"{section}.{name}")
            for name in ("remind_after", "escalate_after", "substitute_after")
        )
        if values.get(f"{section}.substitute") and remind and takes_over and takes_over < remind:
            yield (
                f"{section}.substitute_after",
                "the substitute takes over before anybody is reminded",
                f"hand over later than {say_duration(remind)}",
            )
        if remind and escalate and escalate < remind:
            yield (
                f"{section}.escalate_after",
                "escalates before the first reminder",
                f"escalate later than {say_duration(remind)}",
            )
    if values.get("review.on_silence") == "approve":
        yield "review.on_silence", "content goes live without anybody having looked at it", ""
    if values.get("outreach.any_time"):
        yield "outreach.any_time", "mails go out at night too", "use this for trials only"


def _domain(url: str | None) -> str:
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")
