"""`troupe quote` explains a fee, uses the brand's own card, and says what is wrong in words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from domain.rate_card import DEFAULT_RATE_CARD
from tests.local.test_cli import Terminal, troupe

__all__ = ["troupe"]

ASKED = (
    "quote", "--platform", "instagram", "--followers", "12k", "--category", "beauty",
    "--country", "DE", "--deliverable", "reel", "--deliverable", "story", "--json",
)  # fmt: skip


def test_a_quote_has_a_total_a_range_and_a_reason_for_every_factor(troupe: Terminal) -> None:
    found = troupe(*ASKED, "--engagement", "3.2%").json
    assert found["low"]["amount"] <= found["total"]["amount"] <= found["high"]["amount"]
    assert {found[name]["currency"] for name in ("total", "low", "high")} == {"EUR"}
    assert len(found["lines"]) == 6
    assert all(line["factor"] > 0 and line["reason"] for line in found["lines"])
    assert troupe(*ASKED, "--engagement", "3.2").json == found


def test_the_brands_own_rate_card_is_used(
    troupe: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = troupe(*ASKED).json["total"]["amount"]
    card = DEFAULT_RATE_CARD.model_dump(mode="json")
    card["base"]["amount_usd"] *= 2
    card["geography"]["regions"] = {
        factor: list(where) for factor, where in DEFAULT_RATE_CARD.geography.regions.items()
    }
    own = tmp_path / "card.yaml"
    own.write_text(yaml.safe_dump(card))
    monkeypatch.setenv("TROUPE_RATE_CARD", str(own))
    assert troupe(*ASKED).json["total"]["amount"] == pytest.approx(2 * usual, rel=0.05)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--engagement", "lots"), "lots"),
        (("--engagement", "300"), "impossible"),
        (("--followers", "0"), "0 followers"),
        (("--country", "Atlantis"), "Atlantis"),
        (("--platform", "myspace"), "myspace"),
        (("--currency", "XTS"), "XTS"),
        (("--rate-card", "nowhere.yaml"), "nowhere.yaml"),
    ],
)
def test_nonsense_is_the_users_mistake(troupe: Terminal, words: tuple[str, ...], said: str) -> None:
    answer = troupe(*ASKED, *words)
    assert answer.code == 2
    assert said in answer.json["error"]["message"]
