"""Workers and Stripe are killed at every step of a payment: one transfer, and balanced books."""

from __future__ import annotations

import io
import json
import os
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from local.ports import any_free
from local.proof import __main__ as command
from local.proof.ground import Ground
from local.proof.matrix import prove
from local.proof.steps import OWING, PLAN, Case, Part, Step, cases
from local.proof.stripe_process import StripeStandIn
from local.proof.table import show
from local.proof.verdict import Found, Proof
from local.proof.walks import Walked
from tests.conftest import PROVE_SEED, Database


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_payment_killed_at_any_step_is_one_transfer_and_the_ledger_is_balanced(
    engine: AsyncEngine,
    temporal: WorkflowEnvironment,
    database: Database,
    tmp_path: Path,
) -> None:
    seed = int(os.environ[PROVE_SEED])
    webhooks = f"http://127.0.0.1:{any_free()}/webhooks/stripe"
    standin = StripeStandIn(tmp_path / "stripe", any_free(), webhooks)
    standin.start()
    try:
        proof = await prove(
            Ground(engine, database.app_url, temporal.client, standin, tmp_path), seed
        )
    finally:
        standin.stop()
    wrong = [(f.case.part, f.case.words, f.violations) for f in proof.found if f.violations]
    assert (wrong, proof.faults) == ([], ()), f"SEED={seed}"
    assert proof.holds


# --- the verdict and the command, without anything that runs --------------------------------


def found(**otherwise: object) -> Found:
    case = Case(1, Part.WORKERS, Step.ROW, 15_000)
    right = Found(
        case=case, status="transferred", ended=True, attempts=1, in_doubt=0, inbox=0,
        transfers=(15_000,), in_transit_minor=0, settled_minor=15_000, progress=2,
    )  # fmt: skip
    return replace(right, **otherwise)  # type: ignore[arg-type]


def test_one_transfer_and_balanced_books_are_a_proof() -> None:
    assert found().violations == ()
    assert Proof(7, (found(),)).holds
    assert not Proof(7, ()).holds
    assert not Proof(7, (found(),), ("transaction x: its entries sum to 1",)).holds
    assert not Proof(7, (found(),), walked=Walked(violations=("walk 1: two transfers",))).holds


@pytest.mark.parametrize(
    "wrong",
    [
        {"transfers": (15_000, 15_000)}, {"transfers": ()}, {"transfers": (14_000,)},
        {"in_transit_minor": 15_000}, {"settled_minor": 0}, {"settled_minor": 30_000},
        {"in_doubt": 1}, {"status": "sending"}, {"ended": False}, {"progress": 3},
        {"differences": ("paid_twice",)}, {"inbox": 1}, {"bank": "failed"}, {"told": 1},
        {"seen": ("called although all payments stand still",)},
    ],
)  # fmt: skip
def test_whatever_is_not_one_transfer_is_named(wrong: dict[str, object]) -> None:
    assert len(found(**wrong).violations) >= 1
    assert not Proof(7, (found(), found(**wrong))).holds


def test_what_a_creator_owes_is_kept_back_of_the_one_transfer() -> None:
    case = Case(1, Part.WORKERS, Step.ROW, 15_000, owed_minor=4_000)
    assert found(case=case, transfers=(11_000,), settled_minor=11_000).violations == ()
    assert len(found(case=case).violations) == 2


def test_doubt_that_nobody_finds_in_an_inbox_is_counted_by_itself() -> None:
    assert found(in_doubt=2).unexplained == 2
    assert "in doubt without an inbox row" in found(in_doubt=2).violations
    assert "in doubt without an inbox row" not in found(in_doubt=2, inbox=1).violations


def test_what_a_bank_has_sent_back_is_in_the_inbox_and_told_once() -> None:
    case = Case(1, Part.NEWS, Step.LOST, 15_000)
    right = found(case=case, bank="failed", inbox=1, told=1)
    assert right.violations == ()
    for wrong in ({"bank": "paid_out"}, {"bank": ""}, {"inbox": 0}, {"told": 0}, {"told": 2}):
        assert len(replace(right, **wrong).violations) == 1


def test_the_same_seed_is_the_same_course() -> None:
    assert cases(random.Random(7)) == cases(random.Random(7))
    assert cases(random.Random(7)) != cases(random.Random(8))
    made = [(bool(case.owed_minor), case.part, case.step.words) for case in cases(random.Random(7))]
    assert sorted(made) == sorted(
        (owes, part, step.words)
        for owes, plan in ((False, PLAN), (True, OWING))
        for part, steps in plan.items()
        for step in steps
    )


@pytest.mark.parametrize(("transfers", "code"), [((15_000,), 0), ((15_000, 15_000), 1)])
def test_the_command_shows_what_it_found_and_its_exit_code_says_whether_it_holds(
    transfers: tuple[int, ...],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def run(seed: int) -> Proof:
        return Proof(seed, (found(transfers=transfers),))

    monkeypatch.setattr(command, "run", run)
    file = tmp_path / "out" / "proof.json"
    assert command.main(["--seed", "7", "--json", str(file)]) == code
    assert "SEED=7" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert (written["seed"], written["holds"]) == (7, code == 0)
    assert written["cases"][0]["transfers"] == len(transfers)


def test_no_figure_is_cut_off_in_a_terminal_of_eighty_columns() -> None:
    out = Console(width=80, file=io.StringIO(), record=True)
    every = tuple(found(case=case) for case in cases(random.Random(7)))
    show(Proof(7, every, walked=Walked(Counter(pay=1_234))), out)
    assert "…" not in out.export_text()


def test_the_table_names_the_payment_that_is_wrong() -> None:
    out = Console(width=200, file=io.StringIO(), record=True)
    walked = Walked(Counter(pay=12), violations=("walk 1: two transfers",))
    show(Proof(7, (found(), found(transfers=())), walked=walked), out)
    text = out.export_text()
    assert "walk 1: two transfers" in text
    assert "0 transfers" in text
    assert "does not hold for 1 payments and 1 walks" in text
