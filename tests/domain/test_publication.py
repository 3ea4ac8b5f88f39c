"""The live post against the approved one: what may differ, what never."""

from __future__ import annotations

import pytest

from domain.lifecycle import CheckState
from domain.publication import (
    PostRules,
    PublicationVerdict,
    carries_link,
    judge_publication,
    mentions,
    protected_tokens,
    word_diff,
)

RULES = PostRules(
    country="US", brand="Lumen & Leaf", handle="@lumenandleaf", link="https://lumen.example/glow"
)
APPROVED = (
    "#ad I have been loving my new drops by @lumenandleaf ☕ Warm light, no glare. Get 10% off with"
    " MAYA10 until 12.05. → https://lumen.example/glow #slowliving"
)


def look(
    published: str | None, right_account: bool | None = True, **more: bool
) -> PublicationVerdict:
    return judge_publication(APPROVED, published, RULES, right_account=right_account)


def test_the_approved_post_is_fine() -> None:
    assert look(APPROVED).state is CheckState.OK


@pytest.mark.parametrize(
    "published",
    [
        APPROVED.replace("@", ""),
        APPROVED.replace("  ", " ").upper().replace("MAYA10", "MAYA10"),
        APPROVED.replace("☕", "✨"),
        APPROVED.replace("loving", "enjoying"),
    ],
)
def test_harmless_differences_are_fine(published: str) -> None:
    assert look(published).state is CheckState.OK, look(published)


@pytest.mark.parametrize(
    ("published", "fault"),
    [
        (APPROVED.replace("#ad ", ""), "no_disclosure"),
        (APPROVED.replace("#ad ", "#collab "), "no_disclosure"),
        (APPROVED.replace("#ad ", "").replace("#slowliving", "#slow #living #life #ad"),
         "weak_disclosure"),
        (APPROVED.replace("@lumenandleaf", "my friends"), "no_mention"),
        (APPROVED.replace("https://lumen.example/glow", "link in bio"), "no_link"),
    ],
)  # fmt: skip
def test_what_the_creator_can_mend_is_a_fault_with_a_reason(published: str, fault: str) -> None:
    found = look(published)
    assert found.state is CheckState.FAULTY
    assert fault in found.faults
    assert found.reasons


def test_a_dropped_label_is_said_once() -> None:
    assert look(APPROVED.replace("#ad ", "")).faults == ("no_disclosure",)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("10%", "50%", "‘50%’ is new"),
        ("no glare", "some glare", "‘no’ is missing"),
        ("MAYA10", "MAYA20", "‘MAYA20’ is new"),
        ("12.05.", "12.06.", "‘12.06’ is new"),
        ("#slowliving", "#fastliving", "‘#fastliving’ is new"),
        ("drops by", "drops by @nordglow and", "‘@nordglow’ is new"),
    ],
)
def test_a_protected_change_goes_to_a_person_and_is_named(old: str, new: str, named: str) -> None:
    found = look(APPROVED.replace(old, new))
    assert (found.state, found.faults) == (CheckState.UNSURE, ("changed_text",))
    assert named in found.reasons[-1]


def test_another_post_is_not_taken_for_the_approved_one() -> None:
    found = look("#ad Look at this view from the mountain! Three days of hiking with my brother.")
    assert (found.state, found.faults) == (CheckState.FAULTY, ("changed_text",))


def test_another_account_is_a_fault_whatever_it_says() -> None:
    assert look(APPROVED, False).faults == ("wrong_account",)


def test_what_the_source_does_not_say_is_for_a_person() -> None:
    assert look(APPROVED, None).state is CheckState.UNSURE
    assert look(None).state is CheckState.UNSURE


def test_a_doubtful_label_that_a_reviewer_approved_is_not_held_against_the_creator() -> None:
    approved = APPROVED.replace("#ad", "#lumenandleafpartner")
    found = judge_publication(approved, approved, RULES, right_account=True)
    assert found.state is CheckState.OK


def test_a_link_outside_the_text_counts() -> None:
    without = APPROVED.replace("https://lumen.example/glow", "")
    found = judge_publication(
        APPROVED, without, RULES, right_account=True, links=["http://www.lumen.example/glow?x=1"]
    )
    assert "no_link" not in found.faults


def test_mentions_and_links_end_where_the_name_ends() -> None:
    assert mentions("by lumenandleaf.", "@lumenandleaf")
    assert not mentions("by lumenandleafs", "@lumenandleaf")
    assert carries_link("see lumen.example/glow!", RULES.link)
    assert not carries_link("see lumen.example/glowing", RULES.link)


def test_numbers_prices_codes_and_negations_are_protected() -> None:
    assert set(protected_tokens("Not 9,99 € but $12 with AB12 #x @y")) == {
        "not", "9,99€", "$12", "AB12", "#x", "@y",
    }  # fmt: skip


def test_the_word_diff_reads_back_to_both_texts() -> None:
    old, new = "Get 10% off my new lamp", "Get 50% off my lamp today"
    parts = word_diff(old, new)
    assert "".join(p.text for p in parts if p.kind != "added") == old
    assert "".join(p.text for p in parts if p.kind != "removed") == new
    assert ("removed", "10%") in [(p.kind, p.text) for p in parts]
    assert word_diff("", "new") == word_diff("", "new")
