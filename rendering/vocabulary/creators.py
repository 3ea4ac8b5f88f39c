"""Creators, their posts and what was found about both."""

from __future__ import annotations

PLATFORMS = {"instagram": "Instagram", "tiktok": "TikTok", "youtube": "YouTube"}

VERDICTS = {
    "clear": "Clear",
    "review": "Needs a look",
    "blocked": "Blocked",
    "unknown": "Too little to read",
}

RULES = {
    "excluded": "excluded by name",
    "platform": "another platform",
    "too_few_followers": "too few followers",
    "too_many_followers": "too many followers",
    "outside_markets": "outside the markets",
    "low_engagement": "engagement too low",
    "brand_safety": "not brand-safe",
    "bad_fit": "does not fit the product",
    "above_ceiling": "above the ceiling for one creator",
    "opted_out": "asked not to be contacted",
    "struck": "struck by a manager",
}

FAULTS = {
    "no_disclosure": "The disclosure label is missing.",
    "weak_disclosure": "The disclosure label is not clear enough.",
    "wrong_account": "The post is on another account.",
    "changed_text": "The text differs from what was approved.",
    "no_mention": "The brand is not mentioned.",
    "no_link": "The personal link is missing.",
    "gone": "The post can't be found.",
    "reviewer": "A reviewer found that something is not as agreed.",
}

CHECK_STATES = {
    "ok": "Live and as approved",
    "faulty": "Live, something is to be mended",
    "gone": "Not there any more",
    "unsure": "A person has to look",
    "unknown": "Could not be checked",
}

EVIDENCE = {
    "E4": "read with the creator's consent",
    "E3": "read through the platform's interface",
    "E2": "read in public",
    "E1": "as the creator handed it in",
    "E0": "no evidence",
}
