"""What creators write: their own words around the brief that stands on their page."""

from __future__ import annotations

import random
from dataclasses import dataclass

OPENINGS = {
    "beauty": (
        "Half past six, bare skin, daylight from the left. That is all the set I need.",
        "My bathroom shelf got shorter this month, and this is why.",
        "You asked what I put on before everything else. Here it is.",
    ),
    "fashion": (
        "Before the coat and the boots comes five minutes at the mirror.",
        "Getting dressed starts with the face, my grandmother said, and she was right.",
    ),
    "fitness": (
        "After the run, after the shower, before coffee: the only order that works for me.",
        "Sweat, rinse, three minutes for my skin. Then the day may begin.",
    ),
    "parenting": (
        "The baby slept until seven. I used eleven minutes of it for myself.",
        "Between lunch boxes and the school bell there is a gap of four minutes. I timed it.",
    ),
    "food": (
        "While the bread is in the oven I have twenty minutes and a kitchen window full of light.",
        "The dough rests, so I may as well.",
    ),
    "travel": (
        "Small bottle, night train, no mirror worth the name. It still works.",
        "Everything I own this week fits under one seat. This made the cut.",
    ),
}
ANYWHERE = (
    "A quiet morning, no filter, and something that I have been using for three weeks now.",
    "I was asked to try this and to be honest about it, so I will be.",
    "No studio today. Kitchen window, a cup of tea, and this.",
)
LIKES = (
    "What I like:",
    "What stayed with me after a few weeks:",
    "Three weeks in, this is what I would tell a friend:",
)
CLOSINGS = (
    "Ask me anything below, I answer in the evening.",
    "Tell me how your mornings look.",
    "Would this fit your routine? Honest answers only.",
)
PICTURES = (
    "One take at the window: hands, bottle, skin in daylight, no cuts.",
    "Vertical, 28 seconds: waking up, three drops, out of the door.",
    "Close-up of the texture on the back of the hand, then my face in soft light.",
)
OBJECTIONS = (
    "I took it down because my account was attacked that night. I can send you the notice.",
    "My sister is in the background and asked me to remove it. I am sorry that I did not write.",
)


@dataclass(frozen=True)
class Brief:
    """What a creator's page asks for."""

    label: str
    mention: str
    link: str
    hashtags: str = ""
    messages: tuple[str, ...] = ()


def caption(brief: Brief, category: str, chance: random.Random) -> str:
    """A caption that keeps to the brief: label first, mention, link and hashtags."""
    body = _body(brief, category, chance)
    return f"{brief.label}\n{body}\n{brief.mention} {brief.link}\n{brief.hashtags}".strip()


def unlabelled(brief: Brief, category: str, chance: random.Random) -> str:
    """The same without the label: what is written in a hurry."""
    return caption(brief, category, chance).removeprefix(brief.label).strip()


def careless(brief: Brief, category: str, chance: random.Random) -> str:
    """Labelled, but without mention and hashtags, and with a promise that no brand wants."""
    body = _body(brief, category, chance)
    return f"{brief.label}\n{body}\nHonestly a miracle, it cures everything.\n{brief.link}"


def without_label(approved: str, label: str) -> str:
    """An approved caption as it is published by somebody who forgets the label."""
    return approved.strip().removeprefix(label).strip()


def picture(chance: random.Random) -> str:
    """What the picture or video shows."""
    return chance.choice(PICTURES)


def _body(brief: Brief, category: str, chance: random.Random) -> str:
    opening = chance.choice(OPENINGS.get(category, ANYWHERE))
    points = " ".join(f"{each.rstrip('.')}." for each in brief.messages)
    likes = f"{chance.choice(LIKES)} {points}" if points else ""
    return "\n".join(part for part in (opening, likes, chance.choice(CLOSINGS)) if part)
