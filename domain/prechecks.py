"""What a machine can say about a draft, before the creator hands it in and beside the review."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from domain.campaign import CampaignFile
from domain.disclosure import check_disclosure
from domain.findings import BRAND_WORDS, SafetyEngine
from domain.fit import competitors_named
from domain.publication import PostRules, carries_link, mentions
from domain.safety import Tolerance, find_all, tolerance_of
from domain.text import fold
from domain.word_lists import LEXICON, find_brand_words

Status = Literal["ok", "warn", "fail"]
_OF_DISCLOSURE: dict[str, Status] = {"pass": "ok", "review": "warn", "fail": "fail"}


class Precheck(BaseModel):
    """One thing looked at in a draft."""

    model_config = ConfigDict(frozen=True)

    code: str
    """``disclosure``, ``mention``, ``hashtags``, ``link``, ``forbidden_words``,
    ``competitors`` or ``safety``."""
    status: Status
    sentence: str


def precheck_draft(
    caption: str,
    file: CampaignFile,
    country: str,
    *,
    language: str = "",
    code: str = "",
    engine: SafetyEngine = LEXICON,
) -> tuple[Precheck, ...]:
    """Look a draft over.

    Args:
        caption: The draft's text.
        file: The campaign.
        country: Of the audience: whose disclosure rules hold.
        language: Of the text, if known.
        code: The creator's own discount code, if there is one: it may stand in for the link.
        engine: What finds unsafe words.
    """
    rules = PostRules.of(file, country)
    return (
        _disclosure(caption, rules),
        _mention(caption, rules),
        _hashtags(caption, file.brief.hashtags),
        _link(caption, rules, code),
        _forbidden(caption, file.brand.blocked_words),
        _competitors(caption, file.brand.competitors),
        _safety(caption, language, engine, tolerance_of(file.brand_safety)),
    )


def can_be_submitted(prechecks: Sequence[Precheck]) -> bool:
    """A draft without a label is not handed in; everything else a person may accept."""
    return all(each.status != "fail" for each in prechecks if each.code == "disclosure")


def _disclosure(caption: str, rules: PostRules) -> Precheck:
    verdict = check_disclosure(caption, rules.country, rules.names)
    return Precheck(
        code="disclosure",
        status=_OF_DISCLOSURE[verdict.verdict],
        sentence=" ".join(verdict.reasons),
    )


def _mention(caption: str, rules: PostRules) -> Precheck:
    handle = "@" + rules.handle.lstrip("@")
    if fold(handle).text in fold(caption).text and mentions(caption, handle):
        return Precheck(code="mention", status="ok", sentence=f"{handle} is mentioned.")
    return Precheck(code="mention", status="fail", sentence=f"Mention {handle} in the text.")


def _hashtags(caption: str, wanted: Sequence[str]) -> Precheck:
    plain = {word.rstrip(".,;:!?)") for word in fold(caption).text.split()}
    missing = [tag for tag in wanted if fold("#" + tag.lstrip("#")).text not in plain]
    if missing:
        return Precheck(code="hashtags", status="fail", sentence=f"Add {', '.join(missing)}.")
    words = "All hashtags are there." if wanted else "No hashtags are asked for."
    return Precheck(code="hashtags", status="ok", sentence=words)


def _link(caption: str, rules: PostRules, code: str) -> Precheck:
    if carries_link(caption, rules.link):
        return Precheck(code="link", status="ok", sentence="The link is there.")
    if code and fold(code).text in fold(caption).text:
        return Precheck(code="link", status="ok", sentence=f"The code {code} is there.")
    return Precheck(
        code="link",
        status="warn",
        sentence=f"The link {rules.link} is not in the text; fine only if it stands elsewhere.",
    )


def _forbidden(caption: str, words: Sequence[str]) -> Precheck:
    found = [each for each in find_brand_words([caption], words) if each.category == BRAND_WORDS]
    if found:
        named = ", ".join(dict.fromkeys(f"‘{each.words}’" for each in found))
        sentence = f"The brand does not want these words: {named}."
        return Precheck(code="forbidden_words", status="fail", sentence=sentence)
    return Precheck(code="forbidden_words", status="ok", sentence="No word that the brand bars.")


def _competitors(caption: str, competitors: Sequence[str]) -> Precheck:
    named = competitors_named([caption], competitors)
    if named:
        sentence = f"Names a competitor: {', '.join(named)}."
        return Precheck(code="competitors", status="fail", sentence=sentence)
    return Precheck(code="competitors", status="ok", sentence="Names no competitor.")


def _safety(
    caption: str, language: str, engine: SafetyEngine, tolerance: Tolerance
) -> Precheck:  # fmt: skip
    looked = find_all([caption], language, engine, tolerance)
    found = looked.findings
    # The creator reads this too, whom our servers do not concern.
    also = " A further look could not be taken just now." if looked.away else ""
    if not found:
        return Precheck(code="safety", status="ok", sentence=f"No unsafe words found.{also}")
    named = ", ".join(dict.fromkeys(f"‘{each.words}’ ({each.title})" for each in found))
    bad = any(
        (each.severity >= 3 or each.category in tolerance.never) and not each.guessed
        for each in found
    )
    status: Status = "fail" if bad else "warn"
    return Precheck(code="safety", status=status, sentence=f"To be looked at: {named}.{also}")
