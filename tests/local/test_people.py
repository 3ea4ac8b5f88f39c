"""Simulated people: what they are like, what they read on a page, and where they refuse to act."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.disclosure import check_disclosure, label_for
from domain.errors import ConfigurationError
from local.people import captions
from local.people.__main__ import refuse_reality
from local.people.captions import Brief
from local.people.creator import read_brief
from local.people.deck import AT_RISK, SCENES, Temperament, card, make_deck
from local.people.memory import Memory
from local.people.pages import Page, read_money
from local.people.persona import Persona
from local.people.staff import Member, counter, hearing, review
from settings import Settings

PAGE = """
<main><ol class="steps"><li class="past">Offer</li><li class="now">Publish</li></ol>
<section class="card ask"><h2>Would you?</h2>
<form method="post" action="/portal/col_1/answer_offer" data-action="answer_offer">
<input type="hidden" name="csrf" value="c1"><input type="hidden" name="seen" value="0:45000">
<input type="checkbox" name="sure"><textarea name="comment">kept
as it is</textarea><button name="answer" value="interested">Yes, €450.00 is fine</button>
<button name="answer" value="no">No</button></form></section>
<section class="card"><dl class="facts">
<dt>Label</dt><dd><span class="paste">Werbung</span><div class="hint">exactly so</div></dd>
<dt>Mention</dt><dd><span class="paste">@brand</span></dd>
<dt>Your link</dt><dd><span class="paste">https://brand.example/x</span></dd></dl>
<h3>Say</h3><ul><li>First thing</li><li>Second thing</li></ul>
<h3>Please do</h3><ul><li>Daylight</li></ul></section></main>
"""


@pytest.mark.parametrize("seed", range(40))
def test_every_scene_is_in_the_first_deck_whatever_the_seed(seed: int) -> None:
    deck = make_deck(seed, 0)
    assert Counter(deck) == Counter([*SCENES, *AT_RISK, *[Temperament.KEEN] * 3])
    assert [card(seed, place) for place in range(len(deck))] == deck


def test_another_seed_deals_another_course_and_the_same_seed_the_same() -> None:
    assert make_deck(1, 0) == make_deck(1, 0)
    assert len({tuple(make_deck(seed, 0)) for seed in range(20)}) > 15


def test_later_decks_are_mostly_keen_and_still_have_every_scene() -> None:
    later = Counter(make_deck(1, 1))
    assert set(SCENES) < set(later)
    assert later[Temperament.KEEN] > len(SCENES)


def test_what_was_dealt_and_done_survives_a_restart(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.json", 7)
    first = memory.life("col_1", "ann")
    memory.life("col_2", "ben")
    memory.did(first, "offer")
    again = Memory(tmp_path / "memory.json", 7)
    assert again.life("col_1", "ann") == first
    assert again.life("col_3", "cem").temperament == card(7, 2)
    assert set(again.dealt()) == {"ann", "ben", "cem"}


def test_a_form_is_read_with_its_fields_and_the_words_on_its_buttons() -> None:
    form = Page(PAGE).forms()["answer_offer"]
    assert form.target == "/portal/col_1/answer_offer"
    assert form.fields == {"csrf": "c1", "seen": "0:45000", "comment": "kept\nas it is"}
    assert form.buttons == {"interested": "Yes, €450.00 is fine", "no": "No"}
    assert form.filled(answer="no")["csrf"] == "c1"
    assert "Would you?" in form.around


def test_the_brief_is_read_from_the_page() -> None:
    page = Page(PAGE)
    assert read_brief(page) == Brief(
        label="Werbung", mention="@brand", link="https://brand.example/x",
        messages=("First thing", "Second thing"),
    )  # fmt: skip
    assert page.text("ol.steps li.now") == "Publish"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("Yes, €450.00 is fine", "450.00"),
        ("Yes, 1.450,50 € is fine", "1450.50"),
        ("Yes, 1\u202f450,50 € is fine", "1450.50"),
        ("Yes, £1,450.00 is fine", "1450.00"),
        ("Yes, CHF 1’450.00 is fine", "1450.00"),
        ("Yes, ¥12,000 is fine", "12000.00"),
    ],
)
def test_an_amount_is_read_in_any_countrys_way(text: str, amount: str) -> None:
    assert read_money(text) == Decimal(amount)


def test_there_is_no_amount_where_there_is_no_number() -> None:
    assert read_money("Yes, with pleasure") is None


@pytest.mark.parametrize("country", ["DE", "GB", "FR", "NL", "US", "ES"])
def test_captions_are_labelled_and_what_is_forgotten_is_the_label(country: str) -> None:
    brief = Brief(label_for(country), "@brand", "https://brand.example", "#one", ("It is good",))
    full = captions.caption(brief, "beauty", random.Random(1))
    assert check_disclosure(full, country, "Brand").verdict == "pass"
    assert all(part in full for part in ("@brand", "https://brand.example", "#one", "It is good"))
    bare = captions.without_label(full, brief.label)
    assert check_disclosure(bare, country, "Brand").verdict != "pass"


def test_the_samples_reviewer_always_leaves_one_draft_to_you() -> None:
    async def nothing(_: str) -> None: ...

    member = Member(
        "http://desk.example", "reviewer", "r@brand.example", "x", 1, nothing,
        only=frozenset({"screening", "draft"}), leaves_one="draft",
    )  # fmt: skip

    def to_do(*kinds: str) -> list[str]:
        base = {"role": "reviewer", "decision": "answer", "seen": "", "code": "", "releases": 0}
        items = [base | {"id": str(place), "kind": kind} for place, kind in enumerate(kinds)]
        return [each["kind"] for each in member._to_do(items)]

    assert to_do("draft") == []
    assert to_do("screening", "draft", "release") == ["screening"]
    assert to_do("draft", "screening", "draft", "draft") == ["draft", "screening", "draft"]


def test_staff_send_back_what_fails_and_say_why() -> None:
    assert review([]) == {"answer": "approve"}
    sent_back = review(["Wrong: Mention @brand."])
    assert sent_back["answer"] == "changes"
    assert "Mention @brand." in sent_back["comment"]


def test_the_manager_meets_a_high_fee_in_the_middle() -> None:
    assert counter(11_500, 10_000)["answer"] == "accept"
    assert counter(13_000, 10_000) == {"answer": "offer", "amount": "112.00"}


def test_the_manager_withholds_only_if_the_post_is_gone() -> None:
    assert hearing([])["answer"] == "pay"
    assert hearing(["Not there any more"])["answer"] == "withhold"


LOCAL = {
    "TROUPE_DATABASE_URL": "postgresql+psycopg://x@127.0.0.1/x",
    "TROUPE_SECRET_KEY": "s" * 40,
    "TROUPE_PUBLIC_URL": "http://127.0.0.1:8000",
    "TROUPE_MAIL_CATCHER_URL": "http://127.0.0.1:8025",
    "TROUPE_STRIPE_API_BASE": "http://127.0.0.1:12111",
    "TROUPE_SOCIAL_BASE": "http://127.0.0.1:8090",
}


def test_simulated_people_act_beside_stand_ins_only() -> None:
    refuse_reality(Settings.from_environment(LOCAL))


@pytest.mark.parametrize(
    "change",
    [
        {"TROUPE_MAIL_CATCHER_URL": ""},
        {"TROUPE_STRIPE_API_BASE": ""},
        {"TROUPE_STRIPE_API_BASE": "https://api.stripe.com"},
        {"TROUPE_SOCIAL_BASE": ""},
        {"TROUPE_STRIPE_API_BASE": "", "TROUPE_STRIPE_KEY": "sk_live_x"},
        {"TROUPE_PUBLIC_URL": "https://campaigns.brand.example"},
    ],
)
def test_simulated_people_refuse_everything_real(change: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        refuse_reality(Settings.from_environment({**LOCAL, **change}))


def test_whoever_the_roster_knows_no_address_of_still_has_one_to_give() -> None:
    known = Persona("@moss_ida", "tiktok", "ida@post.test", "Ida Moss", "DE", "beauty", 9_000)
    assert known.mailbox() == "ida@post.test"
    assert replace(known, email="").mailbox() == "moss.ida@mail.example.com"
