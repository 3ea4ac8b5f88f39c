"""Money in any order: reserve, pay, fail, recover, take back, forfeit; the books always agree."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.messages import Posting, PostingKind
from local.proof.moves import Move, make, possible
from local.proof.till import Till, Violated
from local.proof.walks import AMOUNTS, walk_all
from store import ledger
from store.engine import make_engine, session
from tests.conftest import PROVE_SEED, Database

PICKS, SIZES = st.integers(0, 9), st.integers(1, max(AMOUNTS))


def test_no_order_of_moves_pays_twice_or_unbalances_the_books(database: Database) -> None:
    """Fails with the shortest list of moves that does it; `make prove-money` walks much longer."""
    with asyncio.Runner() as runner:

        class Money(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                self.engine = make_engine(database.app_url)
                self.till = runner.run(Till.begin(self.engine))

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
                max_examples=6, stateful_step_count=25, deadline=None, database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


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
