"""Who decides for a campaign, and who takes over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.campaign import CollaborationPolicy, PayoutPolicy
from domain.campaign_approvers import check_approvers
from domain.campaign_yaml import check_campaign
from tests.builders import campaign_file

GOOD = (Path(__file__).parents[2] / "examples" / "campaign.yaml").read_text(encoding="utf-8")
NOOR, SAM, KIM = "noor@brand.example", "sam@brand.example", "kim@brand.example"


@pytest.mark.parametrize(
    ("values", "path", "said"),
    [
        ({"release.substitute": SAM}, "release.substitute", "takes over from nobody"),
        ({"review.substitute": SAM}, "review.substitute", "takes over from nobody"),
        ({"review.approvers": (SAM, KIM), "review.substitute": SAM}, "review.substitute", "is"),
        ({"review.approvers": (NOOR, NOOR)}, "review.approvers", "twice"),
        ({"release.approvers": (NOOR,)}, "release.approvers", "names one person"),
    ],
)  # fmt: skip
def test_people_who_cannot_stand_in_are_a_mistake(
    values: dict[str, Any], path: str, said: str
) -> None:
    ((found, message, hint),) = check_approvers(values)
    assert (found, said in message, bool(hint)) == (path, True, True)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"review.approvers": (NOOR,)},
        {"release.approvers": (NOOR,), "release.substitute": SAM},
        {"release.approvers": (NOOR, SAM)},
        {"release.approvers": (NOOR,), "staffing": "solo"},
    ],
)
def test_people_who_can_are_none(values: dict[str, Any]) -> None:
    assert list(check_approvers(values)) == []


def test_a_file_names_them_by_the_address_they_sign_in_with() -> None:
    named = f"release:\n  approvers: [Noor@Brand.example, {KIM}]\n  substitute: {SAM}\n"
    named += "  substitute_after: 4 days\n"
    found = check_campaign(GOOD.replace("release:\n", named))
    assert found.file is not None, found.mistakes
    assert found.file.release.approvers == (NOOR, KIM)
    wrong = check_campaign(GOOD.replace("release:\n", named.replace(SAM, "Sam")))
    assert [(each.path, "like noor@brand.example" in each.hint) for each in wrong.mistakes] == [
        ("release.substitute", True)
    ]
    early = check_campaign(GOOD.replace("release:\n", named.replace("4 days", "4 hours")))
    assert "release.substitute_after" in [each.path for each in early.warnings]


def test_no_address_goes_into_a_workflow() -> None:
    rules = {"approvers": [NOOR], "substitute": SAM, "substitute_after": "4 days"}
    file = campaign_file(
        review=rules, release={"second_person_above": "400 EUR"} | rules, staffing="solo"
    )
    for policy in (PayoutPolicy.of(file), CollaborationPolicy.of(file)):
        assert "brand.example" not in policy.model_dump_json()
    assert PayoutPolicy.of(file).has_substitute
    assert CollaborationPolicy.of(file).review_has_substitute
    assert PayoutPolicy.of(file).release.substitute_after.days == 4
    assert not PayoutPolicy.of(campaign_file()).has_substitute
