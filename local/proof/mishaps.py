"""Nobody is killed: Stripe fails, refuses, or does not accept our key any more."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from domain.ids import attempt_key
from domain.lifecycle import BankStatus, HoldReason, PayoutStatus
from local.proof.doomed import Crew
from local.proof.ground import Ground
from local.proof.looking import inbox_rows
from local.proof.scene import Scene
from local.proof.small import Small
from local.proof.steps import ALL_TRIES, FAULTS, TOO_SLOW_SECONDS, Case, Part, Step
from local.proof.waiting import SOON, until
from store import ledger, rail_stops
from store.attempts import UNSETTLED
from store.engine import session
from store.payout_reads import payout_detail

TRANSFERS = "/v1/transfers"
ENOUGH = 100_000_000
"""More than all payments together, in the smallest unit."""
ANOTHER_KEY = "sk_test_of_the_proof_rolled"
UNTIL_HEALED = 1_000
"""More calls than anybody makes."""


class Mishaps:
    """Brings each payment of its part into its trouble, and out of it as it goes in production."""

    def __init__(self, ground: Ground, scene: Scene, crew: Crew) -> None:
        self._ground, self._scene, self._crew = ground, scene, crew
        self._case = {case.step: case for case in scene.payout_of if case.part is not Part.WORKERS}
        self.seen: defaultdict[Case, list[str]] = defaultdict(list)
        """What was wrong on the way."""

    async def calls_fail(self, mine: Sequence[Case]) -> None:
        """Let the calls of each payment fail in their way; whoever works goes on working."""
        await self._scene.start(mine)
        await Small(self._ground, self._scene).are_refused(mine)
        failing = [case for case in mine if not case.small]
        for case in failing:
            kind, count = FAULTS[case.step]
            self._fault(case, kind, count=count, seconds=TOO_SLOW_SECONDS)
        await self._scene.release(failing)

    async def refused(self, mine: Sequence[Case]) -> None:
        """No money there, no account that can take it; then Stripe's event says that there is."""
        empty, restricted = self._case[Step.EMPTY], self._case[Step.RESTRICTED]
        standin, account = self._ground.standin, self._scene.account_of[restricted]
        standin.set_balance(empty.currency, 0)
        standin.restrict(account)
        await self._scene.start(mine)
        await self._scene.release(mine)
        await self._is_held(empty, HoldReason.WAITING_FUNDS)
        standin.top_up(empty.currency, ENOUGH)
        await self._is_held(restricted, HoldReason.NOT_ONBOARDED)
        standin.onboard(account)

    async def key_refused_until_a_person_says_so(self) -> None:
        """All payments stand still, whoever they are to; a person lets them go on."""
        first, other = self._case[Step.KEY_CALL], self._case[Step.KEY_WAITS]
        await self._scene.start([first, other])
        self._fault(first, "401")
        await self._scene.release([first])
        await self._is_held(first, HoldReason.RAIL_STOPPED)
        await self._scene.release([other])
        await self._is_held(other, HoldReason.RAIL_STOPPED)
        if self._calls(other):
            self.seen[other].append("called although all payments stand still")
        await self._look_at_the_doubtful([first, other])
        async with session(self._ground.engine) as db:
            stop = await rail_stops.current(db)
            assert stop is not None, "two payments are held by it"
            # What the button of the payments page does; the sweep then wakes the payments.
            await rail_stops.resume(db, stop.id, datetime.now(UTC), self._scene.finance)
        await self._are_paid([first, other])

    async def key_refused_until_another_is_set(self) -> None:
        """The key is rolled while one payment is in doubt and one in its call.

        To be the last: whatever is not paid otherwise is taken for one of these.
        """
        booked, doubt = self._case[Step.KEY_BOOKED], self._case[Step.KEY_DOUBT]
        news, standin = self._case[Step.KEY_NEWS], self._ground.standin
        await self._scene.start([booked, doubt, news])
        await self._scene.release([news])
        await self._are_paid([news])
        # A look-up sends it again under its key, which is not to pay it before the key is rolled.
        self._fault(doubt, "drop_before", count=UNTIL_HEALED)
        await self._scene.release([doubt])
        await self._scene.reaches(doubt, status=PayoutStatus.IN_DOUBT.value)
        self._fault(booked, "drop_after", count=ALL_TRIES)
        standin.pause_deliveries()  # its event would tell what the answer does not
        await self._scene.release([booked])
        await until(lambda: self._calls(booked), "the call is booked")
        standin.roll_key(ANOTHER_KEY)
        # Whatever is in doubt is looked up at growing distances: the next look may be as far away
        # as the first one was.
        for case in (booked, doubt):
            await self._scene.reaches(
                case, hold_reason=HoldReason.RAIL_STOPPED.value, seconds=4 * SOON
            )
        standin.heal()
        standin.pause_deliveries(False)
        standin.fail_payout(standin.pay_out(self._scene.account_of[news]))
        await self._look_at_the_doubtful([booked, doubt])
        await self._look_at_what_is_kept([booked, doubt])
        self._crew.kill()
        self._crew.start({}, self._ground.environment)
        await self._are_paid([booked, doubt])
        await self._scene.reaches(news, bank_status=BankStatus.FAILED.value)

    async def _look_at_the_doubtful(self, mine: Sequence[Case]) -> None:
        """While all stand still, what is in doubt is in somebody's inbox."""
        async with session(self._ground.engine) as db:
            for case in mine:
                detail = await payout_detail(db, self._scene.payout_of[case])
                doubt = detail and any(each.outcome in UNSETTLED for each in detail.attempts)
                if doubt and not await inbox_rows(db, self._scene.payout_of[case]):
                    self.seen[case].append("in doubt without an inbox row")

    async def _look_at_what_is_kept(self, mine: Sequence[Case]) -> None:
        """What was earned and is not paid stays set aside."""
        async with session(self._ground.engine) as db:
            money = await ledger.balances(db, self._scene.campaign_of[mine[0].currency])
        if money.payable + money.in_transit != sum(case.amount_minor for case in mine):
            self.seen[mine[0]].append("what was earned is not kept for it")

    async def _is_held(self, case: Case, reason: HoldReason) -> None:
        await self._scene.reaches(
            case, status=PayoutStatus.HELD.value, hold_reason=reason.value
        )  # fmt: skip

    async def _are_paid(self, mine: Sequence[Case]) -> None:
        await asyncio.gather(
            *(self._scene.reaches(case, status=PayoutStatus.TRANSFERRED.value) for case in mine)
        )

    def _fault(self, case: Case, kind: str, count: int = 1, seconds: float = 1.0) -> None:
        key = attempt_key(self._scene.payout_of[case], 1)
        self._ground.standin.order_fault(kind, method="POST", key=key, count=count, seconds=seconds)

    def _calls(self, case: Case) -> bool:
        identity = self._scene.payout_of[case]
        asked = [each["key"] for each in self._ground.standin.requests(TRANSFERS)]
        return any(key.startswith(attempt_key(identity, 1)) for key in asked)
