"""`troupe evaluate credibility` on labelled accounts of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.local.test_cli import Terminal, troupe

__all__ = ["troupe"]

ACCOUNTS = """Fans,follows,posts,er,has picture,fake
12000,900,200,3.5 %,yes,0
8000,700,150,,yes,0
40,4100,0,,no,1
90,3000,2,,yes,1
"""


def test_the_signs_are_judged_on_accounts_of_the_user(troupe: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(ACCOUNTS)
    words = ("evaluate", "credibility", str(file), "--label", "fake")
    found = troupe(*words, "--json").json
    assert (found["accounts"], found["labelled"], found["flagged"]) == (4, 2, 2)
    assert (found["auc"], found["recall"], found["false_alarm_rate"]) == (1.0, 1.0, 0.0)
    assert found["signs"]["mass_following"] == {"accounts": 2, "labelled": 2}
    assert troupe(*words, "--flag-from", "0.999", "--json").json["flagged"] == 0
    assert "mass following" in troupe(*words).out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("fake,posts\n1,2\n", "no column with followers"),
        ("fake,followers\nperhaps,2\n", "line 2: 'perhaps'"),
        ("fake,followers\n1,many\n", "line 2: 'many' is not a number"),
        ("fake,followers\n,7\n", "no row with a label"),
    ],
    ids=["followers missing", "label unreadable", "count unreadable", "nothing labelled"],
)
def test_a_file_that_cannot_be_judged_says_why(
    troupe: Terminal, tmp_path: Path, content: str, said: str
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(content)
    answer = troupe("evaluate", "credibility", str(file), "--label", "fake")
    assert answer.code == 2
    assert said in answer.err
