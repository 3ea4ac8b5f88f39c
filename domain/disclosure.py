"""Is advertising recognisable? The rule of each country, with its reasons. Not legal advice.

The rules stand in ``domain/data/disclosure.yaml``, keyed by the country of the audience: the same
word can be right in one country and named as misleading in the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from domain.labels import Found, Grammar, Wanted, find_labels
from domain.language import guess_language
from domain.text import fold, read_data

Verdict = Literal["pass", "review", "fail"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Frozen):
    """Where a country wants the label."""

    zone: Literal["start", "fold"]
    lines: int
    characters: int
    tags: Literal["review", "fail", "first_three"]


class CountryRule(_Frozen):
    """What one country accepts, where, and who says so."""

    name: str
    accepted: tuple[str, ...]
    weak: tuple[str, ...]
    rejected: tuple[str, ...]
    platform_label: Literal["accepted", "weak"]
    place: Place
    paste: Mapping[str, str]
    """The label to print in the brief, by language; "" for any."""
    language_of_post: bool = False
    notes: tuple[str, ...]
    source: str


class DisclosureVerdict(_Frozen):
    """The verdict on one text, and why."""

    verdict: Verdict
    label: str = ""
    """The label that decided, as the text writes it; empty if there is none."""
    reasons: tuple[str, ...]
    codes: tuple[str, ...]
    """Stable names of the reasons: ``late_label``, ``weak_label``, ``no_label``…"""
    rule_version: str
    required_label: str
    """What to paste at the start of the text."""


_DATA: Any = read_data("disclosure.yaml")
RULE_VERSION: str = _DATA["version"]
RULES: dict[str, CountryRule] = {
    code: CountryRule.model_validate(rule) for code, rule in _DATA["countries"].items()
}
REJECTED_EVERYWHERE: tuple[str, ...] = tuple(_DATA["rejected_everywhere"])
_KNOWN_ELSEWHERE: tuple[str, ...] = tuple(_DATA["known_elsewhere"])
_PLATFORM_WORDING: tuple[str, ...] = tuple(_DATA["platform_wording"])
_GRAMMAR = Grammar.of(_DATA["openers"], _DATA["negations"], _DATA["sentence_continues"])


def label_for(country: str, language: str | None = None) -> str:
    """The exact label to print in the brief for an audience in ``country``."""
    rule = RULES.get(country.upper())
    if rule is None:
        return str(_DATA["paste_for_unknown"])
    return rule.paste.get((language or "").lower()[:2], rule.paste[""])


def audience_country(audience: str, home: str, markets: Sequence[str]) -> str:
    """Whose rules hold: the audience's country, else the creator's own, else the first market."""
    return audience or home or (markets[0] if markets else "")


def check_disclosure(
    text: str,
    country: str,
    brand: str | tuple[str, ...],
    *,
    platform_label: bool | None = None,
) -> DisclosureVerdict:
    """Judge whether a text shows that it is advertising.

    Args:
        text: The caption, as it is or will be published.
        country: Where the audience is, ISO 3166-1, like ``DE``.
        brand: The brand's name; or its name and its handle.
        platform_label: Whether the platform's own label is switched on; None if not known.
    """
    brands = (brand,) if isinstance(brand, str) else brand
    rule = RULES.get(country.upper())
    if rule is None:
        return _unknown_country(text, country, brands)
    language = guess_language([text]) if rule.language_of_post else ""
    required = label_for(country, language)
    labels = find_labels(text, brands, _wanted(rule), _GRAMMAR)
    verdict, label, codes, reasons = _judge(text, rule, labels, language, platform_label)
    if verdict != "pass":
        where = "at the very start" if rule.place.zone == "start" else "before the text is cut off"
        reasons = (*reasons, f"Put ‘{required}’ {where}.")
    return DisclosureVerdict(
        verdict=verdict, label=label, reasons=reasons, codes=codes,
        rule_version=RULE_VERSION, required_label=required,
    )  # fmt: skip


_Judgement = tuple[Verdict, str, tuple[str, ...], tuple[str, ...]]


def _judge(
    text: str, rule: CountryRule, labels: list[Found], language: str, platform: bool | None
) -> _Judgement:
    accepted = [found for found in labels if found.wanted.worth == "accepted"]
    judged = [_accepted(text, rule, found, language) for found in accepted]
    judged.sort(key=lambda judgement: ("pass", "review", "fail").index(judgement[0]))
    if judged and judged[0][0] == "pass":
        return judged[0]
    if platform and rule.platform_label == "accepted":
        reason = f"The platform's own label is on, and it is enough in {rule.name}."
        return "pass", "platform label", ("platform_label",), (reason,)
    if judged and judged[0][0] == "review":
        return judged[0]
    return _without_accepted(rule, labels, platform, judged)


def _without_accepted(
    rule: CountryRule, labels: list[Found], platform: bool | None, judged: list[_Judgement]
) -> _Judgement:
    for worth, code, sentence in (
        ("weak", "weak_label", "is ambiguous in {country}, or enough only beside a clear label"),
        ("platform", "platform_label_only", "repeats the platform's label; alone it is not sure to"
         " be enough in {country}"),
        ("elsewhere", "unlisted_label", "is a label in other countries; the rules of {country} do"
         " not name it"),
    ):  # fmt: skip
        for found in labels:
            if found.wanted.worth == worth:
                words = sentence.format(country=rule.name)
                return "review", found.shown, (code,), (f"‘{found.shown}’ {words}.",)
    if platform:
        reason = f"Only the platform's own label is on; alone it is ambiguous in {rule.name}."
        return "review", "platform label", ("platform_label_only",), (reason,)
    if judged:
        return judged[0]
    rejected = list(dict.fromkeys(f.shown for f in labels if f.wanted.worth == "rejected"))
    if rejected:
        named = ", ".join(f"‘{shown}’" for shown in rejected)
        reason = f"{named}: named as not enough in {rule.name}, and there is no other label."
        return "fail", rejected[0], ("rejected_label",), (reason,)
    return "fail", "", ("no_label",), (f"No label that readers in {rule.name} would recognise.",)


def _accepted(text: str, rule: CountryRule, found: Found, language: str) -> _Judgement:
    """Judge an accepted label by its place and, where the country asks for it, its language."""
    shown, place = found.shown, rule.place
    if rule.language_of_post and language == "fr" and found.wanted.language != "fr":
        reason = f"‘{shown}’ is English and the post French: the label follows the post's language."
        return "review", shown, ("wrong_language",), (reason,)
    if found.at_start:
        return "pass", shown, ("accepted",), (f"‘{shown}’ stands at the start.",)
    early = _before_fold(text, found, place)
    if place.tags == "first_three" and early and 0 < found.tag_number <= 3:
        reason = f"‘{shown}’ is among the first three hashtags."
        return "pass", shown, ("accepted",), (reason,)
    if found.in_tag_string:
        verdict: Verdict = "fail" if place.tags == "fail" else "review"
        reason = f"‘{shown}’ is accepted in {rule.name} but hidden among other hashtags."
        return verdict, shown, ("in_hashtags",), (reason,)
    if place.zone == "fold" and early and found.set_apart:
        reason = f"‘{shown}’ stands apart and before the text is cut off."
        return "pass", shown, ("accepted",), (reason,)
    reason = f"‘{shown}’ is accepted in {rule.name} but comes too late in the text."
    return "review", shown, ("late_label",), (reason,)


def _before_fold(text: str, found: Found, place: Place) -> bool:
    folded = fold(text)
    end = folded.origin[found.end - 1] + 1
    return end <= place.characters and text[:end].strip().count("\n") < place.lines


def _unknown_country(text: str, country: str, brands: tuple[str, ...]) -> DisclosureVerdict:
    known = [Wanted(label, "elsewhere") for label in _KNOWN_ELSEWHERE]
    labels = find_labels(text, brands, known, _GRAMMAR)
    reasons = [f"Troupe has no disclosure rule for ‘{country}’: a person decides."]
    if not labels:
        reasons.insert(0, "No label that any country's readers would recognise.")
    required = label_for(country)
    return DisclosureVerdict(
        verdict="review" if labels else "fail",
        label=labels[0].shown if labels else "",
        reasons=(*reasons, f"‘{required}’ at the very start is the safest choice."),
        codes=("unknown_country",) if labels else ("unknown_country", "no_label"),
        rule_version=RULE_VERSION,
        required_label=required,
    )


def _wanted(rule: CountryRule) -> list[Wanted]:
    """Everything to look for, each label once: the country's own word goes before the world's."""
    lists = (
        ("accepted", rule.accepted),
        ("weak", rule.weak),
        ("rejected", rule.rejected),
        ("platform", _PLATFORM_WORDING),
        ("rejected", REJECTED_EVERYWHERE),
        ("elsewhere", _KNOWN_ELSEWHERE),
    )
    taken: dict[str, Wanted] = {}
    for worth, labels in lists:
        for entry in labels:
            language, _, label = entry.rpartition(":")
            key = fold(label).text.removeprefix("#")
            taken.setdefault(key, Wanted(label, worth, language))
    return list(taken.values())
