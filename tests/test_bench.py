"""The benchmark measures what it says, on the smallest scale; how fast is nobody's test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench import choosing
from bench.result import Result, percentile
from domain.programme import GAP

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_a_tiny_benchmark_writes_a_whole_result(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    run = subprocess.run(
        [
            sys.executable, "-m", "bench", "--collaborations", "1", "--rounds", "1",
            "--candidates", "20", "--options", "50", "--json", str(file),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert "collaborations per second" in run.stdout

    result = Result.model_validate_json(file.read_text())
    for side in (result.troupe, result.bare):
        (only,) = side.rounds
        assert only.lives == 1
        assert only.seconds > 0
        # Offer, terms, draft, review, publication, and a release of each of the two payments.
        assert only.decisions == 7
    assert (result.bare_decisions, result.troupe_share_of_bare > 0) == (7, True)

    history = result.collaboration_history
    assert history.events == sum(history.events_by_kind.values())
    # Screening, a last look before publication, five mails, and two watches: of the publication and
    # of the time it has to stay.
    assert history.activities == 9
    assert (history.decisions, result.payout_history.decisions) == (5, 1)
    assert result.rules.candidates == 20
    assert result.rules.choosing.options == 50


def test_the_shortlist_and_scipy_agree_on_how_good_the_best_set_is() -> None:
    found = choosing.measure(600, rounds=1)
    assert found.limits == 20
    assert max(found.gap, found.scipy_gap) <= GAP
    assert found.value == pytest.approx(found.scipy_value, rel=2 * GAP)


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([3.0, 1.0, 2.0], 95) == 3.0
    assert percentile([], 95) == 0.0
