"""Workers and Stripe are killed at every step of a payment: it moves once, and books balance."""

from __future__ import annotations

import io
import json
import os
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.testing import WorkflowEnvironment

from domain.payments import RailTransfer
from local.ports import any_free
from local.proof import __main__ as command
from local.proof.ground import Ground
from local.proof.looking import to_accounts
from local.proof.matrix import prove
from local.proof.plan import FEW, a_few, cases
from local.proof.steps import GOING, OWING, PLAN, TAKING, UNSENT, Case, End, Part, Step
from local.proof.stripe_process import StripeStandIn
from local.proof.table import show
from local.proof.verdict import Found, Moved, Proof
from local.proof.walks import Walked
from tests.conftest import PROVE_SEED, Database

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


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
            Ground(engine, database.app_url, temporal.client, standin, tmp_path), seed, whole=False
        )
    finally:
        standin.stop()
    wrong = [(f.case.part, f.case.words, f.violations) for f in proof.found if f.violations]
    assert (wrong, proof.faults) == ([], ()), f"SEED={seed}"
    assert proof.holds


# --- the verdict and the command, without anything that runs --------------------------------


ONE, TWO = Moved("tr_1", 15_000), Moved("tr_2", 15_000)


def found(**otherwise: object) -> Found:
    case = Case(1, Part.WORKERS, Step.ROW, 15_000)
    right = Found(
        case=case, status="transferred", ended=True, attempts=1, in_doubt=0, inbox=0,
        transfers=(ONE,), in_transit_minor=0, settled_minor=15_000, progress=2,
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
        {"transfers": (ONE, TWO)}, {"transfers": ()}, {"transfers": (Moved("tr_1", 14_000),)},
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
    less = (Moved("tr_1", 11_000),)
    assert found(case=case, transfers=less, settled_minor=11_000).violations == ()
    assert len(found(case=case).violations) == 2


SHARED = Moved("tr_1", 15_300)
OTHER = Case(1, Part.WORKERS, Step.ROW, 15_000, along_minor=300)
ALONG = Case(2, Part.WORKERS, Step.GOES, 300, end=End.ALONG, other=OTHER)


def together(**otherwise: object) -> tuple[Found, Found]:
    """A payment that takes another one along, and that one, which differs from what is right."""
    takes = found(case=OTHER, transfers=(SHARED,))
    goes = found(case=ALONG, transfers=(SHARED,), of_other=(SHARED,), settled_minor=300, progress=1)
    return takes, replace(goes, **otherwise)  # type: ignore[arg-type]


def test_payments_that_went_together_are_one_transfer_of_their_sum() -> None:
    proof = Proof(7, together())
    assert (proof.holds, proof.transfers, len(proof.found)) == (True, 1, 2)
    takes, goes = proof.as_json()["cases"]
    assert (takes["transfers"], goes["transfers"], goes["along_with"]) == (1, 1, 1)
    assert takes["transferred"] == goes["transferred"] == [{"id": "tr_1", "amount_minor": 15_300}]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"transfers": (SHARED, Moved("tr_2", 300))}, "2 transfers"),
        ({"transfers": ()}, "0 transfers"),
        ({"transfers": (Moved("tr_2", 15_300),)}, "not in the transfer of the other"),
        ({"transfers": (Moved("tr_1", 15_600),)}, "another amount"),
        ({"settled_minor": 0}, "postings not balanced"),
        ({"settled_minor": 600}, "postings not balanced"),
        ({"status": "held", "ended": False, "inbox": 1}, "status held"),
        ({"progress": 0}, "not killed at its step"),
    ],
)
def test_what_went_along_went_once_in_that_transfer_and_is_booked(
    wrong: dict[str, object], words: str
) -> None:
    proof = Proof(7, together(**wrong))
    assert words in proof.found[1].violations
    assert not proof.holds


def test_a_transfer_that_carries_another_sum_than_its_payments_is_named() -> None:
    twice = Moved("tr_1", 15_600)
    takes, goes = together(transfers=(twice,), of_other=(twice,))
    assert "another amount" in goes.violations
    assert "another amount" in replace(takes, transfers=(twice,)).violations
    assert "another amount" in replace(takes, transfers=(ONE,)).violations


@pytest.mark.parametrize(
    ("end", "owed", "settled"), [(End.NETTED, 15_000, 0), (End.ELSEWHERE, 0, 0)]
)
def test_of_what_is_kept_back_whole_or_paid_another_way_nothing_is_sent(
    end: End, owed: int, settled: int
) -> None:
    case = Case(1, Part.WORKERS, Step.POSTED, 15_000, owed, end)
    right = found(case=case, status=end.value, transfers=(), settled_minor=0, progress=5)
    assert right.violations == ()
    for wrong in ({"transfers": (ONE,)}, {"settled_minor": 15_000}, {"status": "transferred"}):
        assert not Proof(7, (replace(right, **wrong),)).holds


def test_stripe_may_have_sent_an_account_what_is_owed_to_it_and_no_more() -> None:
    def sent(amount: int, account: str = "acct_1") -> RailTransfer:
        return RailTransfer(
            id=f"tr_{amount}", account_id=account, amount_minor=amount, currency="EUR",
            created_at=datetime(2026, 6, 1, tzinfo=UTC),
        )  # fmt: skip

    accounts = {OTHER: "acct_1", ALONG: "acct_1"}
    assert to_accounts(accounts, [sent(15_300)]) == []
    for wrong in ([], [sent(15_000)], [sent(15_300), sent(300)], [sent(15_300), sent(9, "acct_2")]):
        assert len(to_accounts(accounts, wrong)) == 1


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
    made = Counter((case.end, case.part, case.step) for case in cases(random.Random(7)))
    sent = [*_each(PLAN), *_each(OWING), *_each(TAKING)]
    sent += [(part, Step.DONE) for part, _ in _each(GOING)]
    sent += [(part, Step.DONE) for part, (end, _) in _each(UNSENT) if end is End.ELSEWHERE]
    along = [*((part, Step.GOES) for part, _ in _each(TAKING)), *_each(GOING)]
    assert made == Counter(
        [
            *((End.SENT, part, step) for part, step in sent),
            *((End.ALONG, part, step) for part, step in along),
            *((end, part, step) for part, (end, step) in _each(UNSENT)),
        ]
    )


def test_the_documentation_counts_what_is_tried() -> None:
    plan = cases(random.Random(7))
    page = (ROOT / "docs" / "payments.md").read_text()
    quiet = [case for case in plan if not case.part.value.startswith("kill")]
    assert f"releases {len(plan)} payments" in page
    assert f"For {len(quiet)} of the payments nobody is killed" in page
    assert f", {sum(map(len, [*TAKING.values(), *GOING.values()]))} times: one transfer" in page


def _each(plan: Mapping[Part, Sequence[T]]) -> list[tuple[Part, T]]:
    return [(part, step) for part, steps in plan.items() for step in steps]


def test_with_the_tests_a_few_of_what_is_shared_or_not_sent_are_tried_by_turns() -> None:
    plan = cases(random.Random(7))
    few = a_few(plan, 7)
    assert few == a_few(plan, 7)
    assert {case.lead for case in few} == {case for case in few if case is case.lead}
    more = [each for taking in (TAKING, GOING, UNSENT) for each in taking.values()]
    left = len({case.lead for case in plan}) - len({case.lead for case in few})
    assert left == sum(map(len, more)) - FEW
    tried = {case.lead for seed in range(99) for case in a_few(plan, seed)}
    assert tried == {case.lead for case in plan}


@pytest.mark.parametrize(("transfers", "code"), [((ONE,), 0), ((ONE, TWO), 1)])
def test_the_command_shows_what_it_found_and_its_exit_code_says_whether_it_holds(
    transfers: tuple[Moved, ...],
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
    assert written["cases"][0]["transfers"] == written["transfers"] == len(transfers)


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


def test_what_went_along_says_in_the_table_that_it_is_in_the_same_transfer() -> None:
    def shown(*payments: Found) -> str:
        out = Console(width=200, file=io.StringIO(), record=True)
        show(Proof(7, payments), out)
        return out.export_text()

    assert "same" in shown(*together()).split("differ:")[0]
    assert "2 payments, 1 transfers" in shown(*together())
    apart = shown(*together(transfers=(SHARED, Moved("tr_2", 300))))
    assert "same" not in apart.split("differ:")[0]
    assert "2 payments, 2 transfers" in apart
