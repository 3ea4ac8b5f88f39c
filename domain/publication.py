"""Is the published post the approved one? Right account, right words, disclosed, with its link.

Similarity only tells whether it is the same post at all: the dangerous edits (a dropped label, 10 %
that became 50 %, a lost "not") change almost nothing of it. What must not change is therefore
compared exactly. Instagram gives captions back without "@", so a mention counts without it.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict
from rapidfuzz.fuzz import token_sort_ratio

from domain.campaign import CampaignFile
from domain.disclosure import DisclosureVerdict, check_disclosure
from domain.lifecycle import CheckState
from domain.text import fold

DIFFERENT_BELOW = 60
"""Similarity (0 to 100, words in any order) below which it is another post."""

MUCH_CHANGED_BELOW = 85
"""Similarity below which a person reads the changed text."""

_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_TAG = re.compile(r"#\w+")
_HANDLE = re.compile(r"(?<!\w)@[\w.]*\w")
_AMOUNT = re.compile(r"[€$£¥]?\s?\d+(?:[.,:/]\d+)*\s?(?:%|€|\$|£|¥)?")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Z])[A-Z0-9]{4,}\b")
_NEGATIONS = frozenset(
    "no not never none without nothing don't doesn't didn't can't won't isn't aren't kein keine"
    " keinen nicht nie ohne pas jamais sans aucun aucune sin nunca ningun non mai senza geen niet"
    " nooit zonder nao nem sem".split()
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SENTENCES = {
    "wrong_account": "The post is on another account than the one agreed on.",
    "no_mention": "The mention of the brand is missing.",
    "no_link": "The agreed link is missing.",
}


class PostRules(BaseModel):
    """What a campaign asks of every post."""

    model_config = ConfigDict(frozen=True)

    country: str
    brand: str
    handle: str
    link: str

    @classmethod
    def of(cls, file: CampaignFile, country: str) -> Self:
        """The rules of a campaign for an audience in ``country``."""
        return cls(
            country=country, brand=file.brand.name, handle=file.brand.handle, link=file.brief.link
        )

    @property
    def names(self) -> tuple[str, ...]:
        """How a label may name the brand."""
        return (self.brand, self.handle)


class PublicationVerdict(BaseModel):
    """What a look at a post found."""

    model_config = ConfigDict(frozen=True)

    state: CheckState
    faults: tuple[str, ...] = ()
    """``no_disclosure``, ``weak_disclosure``, ``wrong_account``, ``changed_text``,
    ``no_mention``, ``no_link``."""
    reasons: tuple[str, ...]
    similarity: int | None = None


class DiffPart(BaseModel):
    """Some words that stayed, came or went."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["same", "added", "removed"]
    text: str


def judge_publication(
    approved: str,
    published: str | None,
    rules: PostRules,
    *,
    right_account: bool | None,
    platform_label: bool | None = None,
    links: Sequence[str] = (),
) -> PublicationVerdict:
    """Compare a live post with what was approved.

    Args:
        approved: The approved caption.
        published: The caption found; None if the source does not give it.
        rules: What the campaign asks of every post.
        right_account: Whether it is on the contracted account; None if the source does not say.
        platform_label: Whether the platform's own label is on; None if not known.
        links: Links of the post outside its text, and where shortened ones lead.
    """
    if right_account is False:
        reason = _SENTENCES["wrong_account"]
        return PublicationVerdict(
            state=CheckState.FAULTY, faults=("wrong_account",), reasons=(reason,)
        )
    if published is None:
        reason = "The source does not give the text: a person has to look at the post."
        return PublicationVerdict(state=CheckState.UNSURE, reasons=(reason,))
    similarity = round(token_sort_ratio(_without_at(approved), _without_at(published)))
    if similarity < DIFFERENT_BELOW:
        reason = "This is not the approved post: the text is a different one."
        return PublicationVerdict(
            state=CheckState.FAULTY, faults=("changed_text",), reasons=(reason,),
            similarity=similarity,
        )  # fmt: skip
    faults, reasons = _mendable(approved, published, rules, platform_label, links)
    changes = changed_tokens(approved, published, ignore=_already_named(faults, approved, rules))
    doubts = [f"Changed against the approved text: {', '.join(changes)}."] if changes else []
    if not changes and similarity < MUCH_CHANGED_BELOW:
        doubts.append("The wording was changed a good deal.")
    if right_account is None:
        doubts.append("The source does not say on which account the post is.")
    if doubts and (changes or similarity < MUCH_CHANGED_BELOW):
        faults.append("changed_text")
    mendable = any(fault != "changed_text" for fault in faults)
    state = CheckState.FAULTY if mendable else CheckState.UNSURE if doubts else CheckState.OK
    found = (*reasons, *doubts) or ("The approved post is live and discloses advertising.",)
    return PublicationVerdict(
        state=state, faults=tuple(faults), reasons=found, similarity=similarity
    )


def _mendable(
    approved: str,
    published: str,
    rules: PostRules,
    platform_label: bool | None,
    links: Sequence[str],
) -> tuple[list[str], list[str]]:
    """What is missing from the post that the creator can put right."""
    faults: list[str] = []
    reasons: list[str] = []
    label = check_disclosure(published, rules.country, rules.names, platform_label=platform_label)
    if label.verdict == "fail":
        faults.append("no_disclosure")
        reasons.extend(label.reasons)
    elif label.verdict == "review" and not _was_approved(label, approved, rules):
        faults.append("weak_disclosure")
        reasons.extend(label.reasons)
    if mentions(approved, rules.handle) and not mentions(published, rules.handle):
        faults.append("no_mention")
    if carries_link(approved, rules.link) and not (
        carries_link(published, rules.link) or any(carries_link(each, rules.link) for each in links)
    ):
        faults.append("no_link")
    reasons.extend(_SENTENCES[fault] for fault in faults if fault in _SENTENCES)
    return faults, reasons


def _was_approved(label: DisclosureVerdict, approved: str, rules: PostRules) -> bool:
    """A reviewer approved exactly this doubtful label: the creator is not asked to change it."""
    before = check_disclosure(approved, rules.country, rules.names)
    return before.verdict == "review" and before.codes == label.codes


def mentions(text: str, handle: str) -> bool:
    """Whether a text mentions a handle; as "@handle", "#handle" or, on Instagram, bare."""
    name = re.escape(fold(handle).text.lstrip("@"))
    return re.search(rf"(?<![\w.])[#@]?{name}(?!\w)", fold(text).text) is not None


def carries_link(text: str, link: str) -> bool:
    """Whether a text carries a link, with or without its scheme and with more after it."""
    wanted = _bare_url(link)
    return any(
        found == wanted or found.startswith((f"{wanted}/", f"{wanted}?", f"{wanted}#"))
        for found in (_bare_url(word) for word in text.split() if "." in word)
    )


def changed_tokens(approved: str, published: str, ignore: Iterable[str] = ()) -> list[str]:
    """What must not change and did: numbers, prices, links, codes, handles, tags, negations."""
    before, after = protected_tokens(approved), protected_tokens(published)
    ignored = set(ignore)
    body = fold(published).text
    changes = []
    for token in sorted((before - after).keys() - ignored):
        if token[0] == "@" and mentions(body, token):
            continue  # Instagram leaves the sign out
        changes.append(f"‘{token}’ is missing")
    changes.extend(f"‘{token}’ is new" for token in sorted((after - before).keys() - ignored))
    return changes


def protected_tokens(text: str) -> Counter[str]:
    """The parts of a text that must be published exactly as approved."""
    found: Counter[str] = Counter()
    rest = text
    for pattern, shape in ((_URL, _bare_url), (_TAG, _plain), (_HANDLE, _plain), (_CODE, str)):
        found.update(shape(match[0]) for match in pattern.finditer(rest))
        rest = pattern.sub(" ", rest)
    plain = fold(rest).text
    found.update(re.sub(r"\s", "", match[0]) for match in _AMOUNT.finditer(plain))
    found.update(
        word.replace("’", "'")
        for word in _WORD.findall(plain)
        if word.replace("’", "'") in _NEGATIONS
    )
    return found


def _already_named(faults: Sequence[str], approved: str, rules: PostRules) -> set[str]:
    """Tokens whose absence is a fault of its own already, so that it is not said twice."""
    ignored: set[str] = set()
    if "no_mention" in faults:
        ignored |= {f"{sign}{_plain(rules.handle).lstrip('@')}" for sign in "@#"}
    if "no_link" in faults:
        ignored |= {
            token for token in protected_tokens(approved) if carries_link(token, rules.link)
        }
    if {"no_disclosure", "weak_disclosure"} & set(faults):
        label = check_disclosure(approved, rules.country, rules.names).label
        ignored.add(_plain(label))
    return ignored


def _without_at(text: str) -> str:
    """A text as Instagram gives it back: the sign would move words when they are sorted."""
    return fold(text).text.replace("@", "")


def _plain(token: str) -> str:
    return fold(token).text


def _bare_url(url: str) -> str:
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", url.strip().lower())
    return bare.rstrip("/.,;:!?)]}»”\"'")


def word_diff(old: str, new: str) -> list[DiffPart]:
    """The words that stayed, went and came, in reading order, for screens."""
    before, after = re.findall(r"\s+|[^\s]+", old), re.findall(r"\s+|[^\s]+", new)
    parts: list[DiffPart] = []
    matcher = difflib.SequenceMatcher(a=before, b=after, autojunk=False)
    for _, low, high, start, end in matcher.get_opcodes():
        removed, added = "".join(before[low:high]), "".join(after[start:end])
        if removed == added:
            parts.append(DiffPart(kind="same", text=removed))
            continue
        if removed:
            parts.append(DiffPart(kind="removed", text=removed))
        if added:
            parts.append(DiffPart(kind="added", text=added))
    return parts
