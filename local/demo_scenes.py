"""The scenes of a demonstration, found in what PostgreSQL says happened; nothing is scripted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from store.story import Replacement, Told
from web import words

Say = Callable[[int], str]
"""Writes an amount in the smallest unit for people."""


@dataclass(frozen=True)
class Scene:
    """One thing that may happen in a campaign, and how it happened here."""

    code: str
    title: str
    told: tuple[str, ...]
    """One sentence for each time it happened; empty if it did not happen this time."""


class Tale:
    """All events of a campaign by whom they concern."""

    def __init__(
        self, events: Sequence[Told], replacements: Sequence[Replacement], say: Say
    ) -> None:
        self.say = say
        self.lives: dict[str, list[Told]] = {}
        self.payouts: dict[str, list[Told]] = {}
        for event in events:
            if event.kind == "collaboration":
                self.lives.setdefault(event.entity_id, []).append(event)
            if event.kind == "payout":
                self.payouts.setdefault(event.entity_id, []).append(event)
        ends = [
            event for event in events
            if event.event == "ended" and event.data.get("outcome") == "declined"
        ]  # fmt: skip
        self.successor = _pair(ends, replacements)

    def replaced(self, life: Sequence[Told]) -> str:
        """Who was invited instead, as the end of a sentence."""
        other = self.successor.get(life[-1].collaboration_id)
        return f"{other} from the waitlist was invited instead" if other else "nobody was needed"


def _pair(ends: Sequence[Told], replacements: Sequence[Replacement]) -> dict[str, str]:
    """Each early end with the first one invited after it."""
    left, found = list(replacements), {}
    for end in ends:
        following = next((each for each in left if each.invited_at >= end.at), None)
        if following is not None:
            left.remove(following)
            found[end.collaboration_id] = following.handle
    return found


def find_scenes(
    events: Sequence[Told], replacements: Sequence[Replacement], say: Say
) -> list[Scene]:
    """Every scene that the demonstration looks for, in the order of a campaign."""
    tale = Tale(events, replacements, say)
    return [
        Scene(code, title, tuple(find(tale))) for code, title, find in _SCENES
    ]  # fmt: skip


def _first(life: Sequence[Told], name: str, **data: object) -> Told | None:
    for event in life:
        if event.event == name and all(event.data.get(key) == data[key] for key in data):
            return event
    return None


def _seconds(since: datetime, until: datetime) -> str:
    return f"{(until - since).total_seconds():.0f} s"


def _declines(tale: Tale) -> Iterator[str]:
    for life in tale.lives.values():
        if _first(life, "ended", outcome="declined", reason="no"):
            yield f"{life[0].handle} said no; {tale.replaced(life)}."


def _counters(tale: Tale) -> Iterator[str]:
    for life in tale.lives.values():
        asked = _first(life, "answer_offer", answer="counter")
        offered = _first(life, "offered")
        if asked is None or offered is None:
            continue
        wish = tale.say(int(asked.data["amount_minor"]))
        start = f"{life[0].handle} asked for {wish} instead of "
        start += tale.say(int(offered.data["fee_minor"]))
        answer = _first(life, "answer_counter")
        agreed = _first(life, "terms_agreed")
        if answer is None:
            yield f"{start}; that was within the limit, so Troupe accepted at once."
            continue
        said = answer.data["answer"]
        reply = f"{_who(answer)} "
        if said == "offer":
            reply += f"offered {tale.say(int(answer.data['amount_minor']))}"
        else:
            reply += "accepted" if said == "accept" else "refused"
        yield f"{start}; {reply}, and they {'agreed' if agreed else 'did not agree'}."


def _silent(tale: Tale) -> Iterator[str]:
    for life in tale.lives.values():
        end = _first(life, "ended", reason="silence")
        asked, reminded = _first(life, "offered"), _first(life, "reminded")
        if end and asked and reminded:
            yield (
                f"{end.handle} did not answer, was reminded after "
                f"{_seconds(asked.at, reminded.at)}, counted as declined after "
                f"{_seconds(asked.at, end.at)}; {tale.replaced(life)}."
            )


def _sent_back(tale: Tale) -> Iterator[str]:
    for life in tale.lives.values():
        back = _first(life, "review_draft", answer="changes")
        approved = _first(life, "draft_approved")
        if back is None or approved is None:
            continue
        versions = sum(event.event == "submit_draft" for event in life)
        reason = back.comment.removeprefix("Nearly there.").strip()
        yield (
            f"{back.handle}'s first draft was sent back by {_who(back)} "
            f"(“{_short(reason)}”); version {versions} was approved."
        )


def _cured(tale: Tale) -> Iterator[str]:
    for life in tale.lives.values():
        asked = _first(life, "cure_asked")
        verified = _first(life, "publication_verified")
        if asked and verified and "disclosure" in str(asked.data.get("faults")):
            took = _seconds(asked.at, verified.at)
            yield (
                f"{asked.handle} published without the advertising label; the check found it, "
                f"a mail asked to mend it, and it was mended {took} later."
            )


def _deleted(tale: Tale) -> Iterator[str]:
    for life in tale.lives.values():
        missing = _first(life, "post_missing")
        decided = _first(life, "decide_hearing", answer="withhold")
        if not (missing and decided):
            continue
        spoke = "objected" if _first(life, "object") else "did not object"
        rest = tale.say(decided.fee_minor - _earned(tale, decided.collaboration_id))
        yield (
            f"{missing.handle}'s post was gone while it had to stay up; they were heard and "
            f"{spoke}; {_who(decided)} withheld the remaining {rest}."
        )


def _earned(tale: Tale, collaboration_id: str) -> int:
    return sum(
        payout[0].amount_minor
        for payout in tale.payouts.values()
        if payout[0].collaboration_id == collaboration_id
    )


def _two_people(tale: Tale) -> Iterator[str]:
    for payout in tale.payouts.values():
        released = [event for event in payout if event.event == "release_payout"]
        if len({event.actor_id for event in released}) > 1 and _first(payout, "transferred"):
            names = " and ".join(dict.fromkeys(event.actor for event in released))
            amount = tale.say(payout[0].amount_minor)
            cause = words.milestone(payout[0].payout_kind)
            yield f"{amount} to {payout[0].handle} ({cause}) were released by {names}."


def _refused(tale: Tale) -> Iterator[str]:
    for payout in tale.payouts.values():
        held = _first(payout, "held", reason="not_onboarded")
        paid = _first(payout, "transferred")
        if held and paid:
            who = "Stripe refused" if held.data.get("code") != "no_account" else "Nobody could take"
            yield (
                f"{who} {tale.say(held.amount_minor)} for {held.handle}, whose payment details "
                f"were not complete; a mail said so, they finished, and it was paid "
                f"{_seconds(held.at, paid.at)} later."
            )


def _who(event: Told) -> str:
    """The member of staff in a sentence: the demonstration's are called by what they do."""
    return f"the {event.actor.lower()}"


def _short(text: str, most: int = 90) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rsplit(' ', 1)[0]}…"


_SCENES: tuple[tuple[str, str, Callable[[Tale], Iterator[str]]], ...] = (
    ("decline", "A creator says no and is replaced", _declines),
    ("counter", "A creator asks for another fee", _counters),
    ("silent", "A silent creator is reminded, then replaced", _silent),
    ("sent_back", "A draft is sent back and approved as version 2", _sent_back),
    ("cured", "A post without disclosure is found and mended", _cured),
    ("deleted", "A post is deleted too early, and payment withheld", _deleted),
    ("two_people", "A payment above the limit needs two people", _two_people),
    ("refused", "Stripe refuses a payment, and it is paid later", _refused),
)
