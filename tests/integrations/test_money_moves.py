"""Money in any order: reserve, pay, fail, recover, take back, forfeit; the books always agree."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.messages import Append, Posting, PostingKind
from local.proof.moves import Move, make, possible
from local.proof.till import Till, Violated
from local.proof.walks import AMOUNTS, walk_all
from store import attempts, ledger, taken_back
from store.engine import make_engine, session
from tests.conftest import PROVE_SEED, Database

LIFE: tuple[tuple[Move, int, int], ...] = (
    # three payments earned, and a bonus
    (Move.RESERVE, 0, 9_000), (Move.REMEMBER, 0, 0), (Move.EARN, 0, 3_000), (Move.EARN, 0, 2_000),
    (Move.EARN, 0, 1_000), (Move.FREE, 0, 1_000), (Move.GRANT, 0, 501), (Move.WITHDRAW, 0, 0),
    # the first is paid, goes to the bank, and is in part taken back and forfeited
    (Move.PAY, 0, 0), (Move.TAKE_TURN, 0, 0), (Move.TWICE, 0, 0), (Move.SENT, 0, 0),
    (Move.BOOK, 0, 0), (Move.BANK, 0, 0), (Move.TAKE_BACK, 0, 700), (Move.FORFEIT, 0, 0),
    # something of it is claimed, and kept back from the second
    (Move.CLAIM, 0, 1_201), (Move.JUDGE, 0, 1), (Move.REPAY, 0, 101), (Move.RELEASE, 0, 5),
    (Move.RELEASE, 0, 1), (Move.CLAIM, 0, 301), (Move.JUDGE, 0, 1), (Move.WAIVE, 0, 1),
    # whose answer is lost: it is looked up while a second worker wants to send
    (Move.PAY, 0, 0), (Move.TAKE_TURN, 0, 0), (Move.SENT_UNHEARD, 0, 0), (Move.TWICE, 1, 0),
    (Move.BOOK, 0, 0), (Move.TAKE_TURN, 0, 0), (Move.RECOVER, 0, 0), (Move.BOOK, 0, 0),
    # the third is refused, lost on its way, and sent by a worker that dies
    (Move.PAY, 0, 0), (Move.TAKE_TURN, 0, 0), (Move.SENT, 0, 0), (Move.REFUSED, 0, 0),
    (Move.BOOK, 0, 0),
    (Move.PAY, 0, 0), (Move.TAKE_TURN, 0, 0), (Move.LOST, 0, 0), (Move.TWICE, 2, 0),
    (Move.WAIT, 2, 0), (Move.TAKE_TURN, 0, 0), (Move.SENT_DEAD, 0, 0), (Move.RECOVER, 0, 0),
    (Move.BOOK, 0, 0), (Move.AGAIN, 3, 5), (Move.TOO_MUCH, 0, 10),
    # and one is refused, and then paid by people, some of it kept back
    (Move.EARN, 0, 900), (Move.PAY, 0, 0), (Move.TAKE_TURN, 0, 0), (Move.REFUSED, 0, 0),
    (Move.BOOK, 0, 0), (Move.CLAIM, 0, 201), (Move.JUDGE, 0, 1), (Move.RELEASE, 0, 1),
    (Move.ELSEWHERE, 0, 0), (Move.AGAIN, 9, 9),
)  # fmt: skip
"""A life in which everything happens, each time to something that it can happen to."""


PICKS, SIZES = st.integers(0, 9), st.integers(1, max(AMOUNTS))


def test_no_order_of_moves_pays_twice_or_unbalances_the_books(database: Database) -> None:
    """Fails with the shortest list of moves that does it; `make prove-money` walks much longer."""
    with asyncio.Runner() as runner:

        class Money(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                self.engine = make_engine(database.app_url)
                self.till = runner.run(Till.begin(self.engine))

            @initialize(length=st.integers(0, len(LIFE)))
            def somewhere_in_a_life(self, length: int) -> None:
                for move, pick, amount in LIFE[:length]:
                    runner.run(make(self.till, move, pick, amount))
                runner.run(self.till.look())

            @rule(data=st.data(), pick=PICKS, amount=SIZES)
            def anything(self, data: st.DataObject, pick: int, amount: int) -> None:
                move = data.draw(st.sampled_from(possible(self.till)))
                runner.run(make(self.till, move, pick, amount))
                runner.run(self.till.look())

            def teardown(self) -> None:
                try:
                    runner.run(self.till.look_back())
                finally:
                    runner.run(self.engine.dispose())

        run_state_machine_as_test(
            seed(int(os.environ[PROVE_SEED]))(Money),
            settings=settings(
                max_examples=6, stateful_step_count=20, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


async def live(engine: AsyncEngine) -> Till:
    """Everything that can happen, one after the other, looked at after each step."""
    till = await Till.begin(engine)
    for move, pick, amount in LIFE:
        assert move in possible(till), f"{move} has nothing to happen to"
        await make(till, move, pick, amount)
        await till.look()
    await till.look_back()
    return till


async def test_a_life_in_which_everything_happens_leaves_the_books_right(
    engine: AsyncEngine,
) -> None:
    till = await live(engine)
    assert set(till.tries) == {move.value for move in Move}
    alive = [each for each in till.provider.transfers if each.counts]
    assert len(alive) == len({each.transfer_group for each in alive}) == 3


async def test_a_second_attempt_beside_an_open_one_would_be_noticed(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_refuse_while_open", lambda earlier, at: None)
    with pytest.raises(Violated, match="beside one that"):
        await live(engine)


async def test_a_unit_that_is_missing_when_money_is_taken_back_would_be_noticed(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_it_is = taken_back.booking

    async def one_less(*given: Any) -> Append | None:
        command = await as_it_is(*given)
        if command is None:
            return None
        first, *others = command.postings
        less = first.model_copy(update={"amount_minor": first.amount_minor - 1})
        return command.model_copy(update={"postings": (less, *others)})

    monkeypatch.setattr(taken_back, "booking", one_less)
    with pytest.raises(Violated, match="EUR"):
        await live(engine)


async def test_the_walks_of_a_seed_are_the_same_and_hold(engine: AsyncEngine) -> None:
    walked = [await walk_all(engine, 7, walks=1, steps=40) for _ in range(2)]
    assert walked[0] == walked[1]
    assert walked[0].violations == ()
    assert walked[0].tries.total() == 40


async def test_a_wrong_posting_is_noticed(engine: AsyncEngine) -> None:
    till = await Till.begin(engine)
    await make(till, Move.RESERVE, 0, 5_000)
    await till.look_back()
    wrong = Posting(kind=PostingKind.FREE, key="by nobody", amount_minor=1)
    async with session(engine) as db:
        campaign = till.campaigns[0]
        await ledger.post(
            db, campaign.id, None, None, None, wrong, campaign.currency, till.now
        )  # fmt: skip
    with pytest.raises(Violated, match="EUR"):
        await till.look()


async def test_a_second_transfer_and_a_changed_past_are_noticed(engine: AsyncEngine) -> None:
    till = await Till.begin(engine)
    for move in (Move.RESERVE, Move.REMEMBER, Move.EARN, Move.PAY, Move.TAKE_TURN, Move.SENT):
        await make(till, move, 0, 5_000)
    (transfer,) = till.provider.transfers
    till.provider.transfers.append(transfer.model_copy(update={"id": "tr_other"}))
    with pytest.raises(Violated, match="2 transfers"):
        await till.look()
    till.provider.transfers.pop()
    moment, before = till.remembered[0]
    till.remembered = [(moment, replace(before, lines=before.lines[1:]))]
    with pytest.raises(Violated, match="another one now"):
        await till.look_back()
