"""`troupe shortlist` chooses from files alone, explains itself, and says what is wrong in words."""

from __future__ import annotations

from pathlib import Path

from local.child import CHECKOUT
from tests.local.test_cli import Terminal, troupe

__all__ = ["troupe"]

EXAMPLES = CHECKOUT / "examples"
ASKED = (
    "shortlist", str(EXAMPLES / "campaign.yaml"), "--roster", str(EXAMPLES / "roster.csv"),
    "--posts", str(EXAMPLES / "posts.csv"),
)  # fmt: skip


def _campaign(folder: Path, section: str) -> str:
    file = folder / "campaign.yaml"
    file.write_text((EXAMPLES / "campaign.yaml").read_text() + f"\nshortlist:\n{section}")
    return str(file)


def test_everybody_of_the_file_is_chosen_waits_or_is_left_out_with_a_proof(
    troupe: Terminal,
) -> None:
    found = troupe(*ASKED, "--json").json
    lists = [found[name] for name in ("chosen", "waitlist", "out")]
    assert sum(len(each) for each in lists) == found["creators"]
    assert len(found["chosen"]) == found["wanted"] == 14
    assert found["expected"] == sum(each["expected"] for each in found["chosen"])
    assert found["cost"] == sum(each["fee"] for each in found["chosen"]) <= found["spendable"]
    assert found["proof"]["bound"] == found["expected"]
    assert found["proof"]["gap"] == 0
    assert found["proof"]["solver"].startswith("HiGHS ")
    assert min(found["seconds"].values()) > 0
    assert all(each["rule"] for each in found["out"])
    assert "reasons" not in found["chosen"][0]


def test_explained_everybody_has_a_reason_and_those_in_between_what_would_change_it(
    troupe: Terminal,
) -> None:
    found = troupe(*ASKED, "--json", "--explain").json
    assert all(each["reasons"] for name in ("chosen", "waitlist", "out") for each in found[name])
    assert found["chosen"][0]["reasons"][0].startswith("Chosen as number 1:")
    assert found["waitlist"][-1]["reasons"][1].startswith("Would be chosen if it brought ")
    said = troupe(*ASKED, "--explain").out
    assert "Proven: no other set" in said
    assert "left out by a rule" in said


def test_an_earlier_list_tells_who_jumped_without_engaging(
    troupe: Terminal, tmp_path: Path
) -> None:
    header = "platform,handle,followers,engagement_rate,seen_on\n"
    now, before = tmp_path / "now.csv", tmp_path / "before.csv"
    now.write_text(header + "instagram,lena,19500,1.56%,2026-11-10\n")
    before.write_text(header + "instagram,@Lena,8200,3.8%,2026-11-01\n")
    asked = (*ASKED[:2], "--roster", str(now), "--json", "--explain", "--earlier")
    found = troupe(*asked, str(before)).json
    (lena,) = (each for name in ("chosen", "waitlist", "out") for each in found[name])
    assert any(
        each.startswith("From 8,200 to 19,500 followers in 9 days") for each in lena["reasons"]
    )
    before.write_text("platform,handle,followers\ninstagram,lena,8200\n")
    refused = troupe(*asked, str(before))
    assert refused.code == 2
    assert "does not say of which day" in refused.out + refused.err


def test_quotas_of_the_file_are_kept_and_what_cannot_be_had_is_said(
    troupe: Terminal, tmp_path: Path
) -> None:
    some = _campaign(tmp_path, "  quotas: [{tier: nano, min: 1}, {platform: youtube, min: 2}]\n")
    found = troupe("shortlist", some, *ASKED[2:], "--json").json
    assert found["unmet"] == []
    assert sum(each["platform"] == "youtube" for each in found["chosen"]) >= 2
    many = _campaign(
        tmp_path, "  must_have: ['@nobody']\n  quotas: [{platform: youtube, min: 9}]\n"
    )
    said = troupe("shortlist", many, *ASKED[2:])
    assert said.code == 0
    assert "shortlist.must_have[0]: @nobody is chosen could not be kept." in said.out
    assert "several have to give way" in said.out
    known = _campaign(tmp_path, "  quotas: [{experience: known, min: 1}]\n")
    found = troupe("shortlist", known, *ASKED[2:], "--json").json
    assert found["ways"][0]["path"] == "shortlist.quotas[0].min"
    assert "all count as new" in found["notes"][-1]


def test_what_communities_share_counts_once(troupe: Terminal, tmp_path: Path) -> None:
    apart = troupe(*ASKED, "--json").json
    some = _campaign(tmp_path, "  overlap_percent: 10\n")
    found = troupe("shortlist", some, *ASKED[2:], "--json", "--explain").json
    assert apart["overlap"] == 0 < found["overlap"]
    alone = sum(each["expected"] for each in found["chosen"])
    assert found["expected"] == alone - found["overlap"] < apart["expected"]
    assert found["chosen"][0]["reasons"][1].startswith("Counts ")
    assert "count once" in troupe("shortlist", some, *ASKED[2:]).out


def test_without_posts_it_says_what_is_not_known(troupe: Terminal) -> None:
    found = troupe(*ASKED[:4], "--json").json
    assert "no posts were given" in found["notes"][0]


def test_a_roster_without_anybody_and_a_campaign_with_mistakes_are_refused_in_words(
    troupe: Terminal, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("platform,handle,followers\nmyspace,tom,1\n")
    refused = troupe(*ASKED[:3], str(empty), "--json")
    assert refused.code == 2
    assert "no creator that can be used" in refused.json["error"]["message"]
    wrong = _campaign(tmp_path, "  quotas: [{country: DE}]\n")
    refused = troupe("shortlist", wrong, *ASKED[2:])
    assert refused.code == 2
    assert "limits nothing" in refused.err
