"""Stripe's events come twice, in the wrong order, late, never, or from somebody else.

Of each payment the creator's bank says two things: it has arrived, and it has come back. Finance
has to find that in its inbox once, however the events come.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import httpx
import stripe

from domain.errors import NotFound
from domain.ids import attempt_key, derived_id
from domain.lifecycle import BankStatus, PayoutStatus
from domain.messages import LOST_EVENTS_WORKFLOW, Queue
from integrations.stripe_webhooks import TOLERANCE_SECONDS
from integrations.temporal import TASK_TIMEOUT
from local.proof.ground import Ground
from local.proof.scene import Scene
from local.proof.steps import Case, Step
from local.proof.stripe_process import WEBHOOK_SECRET
from local.proof.waiting import until
from store.engine import session
from store.payouts import get_event
from store.tables import ExternalEvent

_OPEN_SECONDS = 6.0
"""So long a call stays open after it has booked, while events about it arrive."""
_BEFORE_THE_ANSWER = (Step.DOUBLED, Step.REORDERED)


class News:
    """Makes events happen, and hands them to the product's endpoint as it should not be."""

    def __init__(self, ground: Ground, scene: Scene) -> None:
        self._ground, self._scene = ground, scene
        self._case = {case.step: case for case in scene.payout_of}
        self.seen: defaultdict[Case, list[str]] = defaultdict(list)
        """What was wrong on the way."""

    async def happen(self, mine: Sequence[Case]) -> None:
        """Pay, and let every event so far be lost: from here on, each comes as it is handed over.

        What happened before, while others were killed, is lost as well.
        """
        standin = self._ground.standin
        standin.pause_deliveries()
        await self._scene.start(mine)
        for step in _BEFORE_THE_ANSWER:
            key = attempt_key(self._scene.payout_of[self._case[step]], 1)
            standin.order_fault("slow_after", method="POST", key=key, seconds=_OPEN_SECONDS)
        await self._scene.release(mine)
        await until(lambda: all(self._transfer(case) for case in mine), "all of them are booked")
        for case in mine:
            if case.step not in {Step.SENT_BACK, Step.FORGED}:
                standin.fail_payout(standin.pay_out(self._scene.account_of[case]))
        standin.lose_events()
        standin.pause_deliveries(False)

    async def come(self) -> None:
        """Hand the events over, all ways together."""
        await asyncio.gather(
            self._doubled(), self._reordered(), self._delayed(), self._forged(), self._sent_back()
        )

    async def _doubled(self) -> None:
        for event in self._events(self._case[Step.DOUBLED]):
            for _ in range(2):
                await self._deliver(event)

    async def _reordered(self) -> None:
        """The last first: that it came back, that it arrived, that it was sent."""
        for event in reversed(self._events(self._case[Step.REORDERED])):
            await self._deliver(event)

    async def _delayed(self) -> None:
        case = self._case[Step.DELAYED]
        events = self._events(case)
        await self._scene.handle(case).result()
        for event in events:
            await self._deliver(event)

    async def find_lost(self) -> None:
        """Ask Stripe for what never arrived, as a schedule does every hour."""
        await self._scene.reaches(
            self._case[Step.LOST], status=PayoutStatus.TRANSFERRED.value
        )  # fmt: skip
        await self._ground.client.execute_workflow(
            LOST_EVENTS_WORKFLOW, id=f"lost-events-{secrets.token_hex(4)}",
            task_queue=Queue.WORKFLOWS.value, task_timeout=TASK_TIMEOUT,
        )  # fmt: skip

    async def _sent_back(self) -> None:
        """The ordinary way, and after it was paid it comes back all the same."""
        case, standin = self._case[Step.SENT_BACK], self._ground.standin
        await self._scene.reaches(case, status=PayoutStatus.TRANSFERRED.value)
        payout = standin.pay_out(self._scene.account_of[case])
        await self._scene.reaches(case, bank_status=BankStatus.PAID_OUT.value)
        standin.fail_payout(payout)

    async def _forged(self) -> None:
        """Somebody who knows the address says that the money has come back."""
        case = self._case[Step.FORGED]
        transfer = self._transfer(case)
        assert transfer is not None, "it was booked before"
        gone = {"object": "payout", "id": f"po_{secrets.token_hex(6)}", "status": "failed"}
        back = transfer | {"reversed": True, "amount_reversed": transfer["amount"]}
        for kind, thing in (("payout.failed", gone), ("transfer.reversed", back)):
            body = _event(kind, thing, self._scene.account_of[case])
            text, old = json.dumps(body), int(time.time()) - 2 * TOLERANCE_SECONDS
            sign = stripe.WebhookSignature.generate_signature_header
            for header in (
                None, "", sign(text, "whsec_of_somebody_else"), sign(text, WEBHOOK_SECRET, old),
                sign(text.replace(kind, "payout.paid"), WEBHOOK_SECRET),
            ):  # fmt: skip
                if await self._post(text, header) < 400:
                    self.seen[case].append(f"{kind} with a wrong signature was accepted")
            if await self._stored(body["id"]):
                self.seen[case].append(f"{kind} with a wrong signature was stored")

    async def applied(self) -> None:
        """Wait until whatever arrived, or was found, was read again and written down."""
        waiting = [each["id"] for each in self._ground.standin.events()]

        async def none_waits() -> bool:
            rows = [await self._stored(each) for each in waiting]
            open_ones = [row.event_id for row in rows if row and row.applied_at is None]
            waiting[:] = open_ones
            return not waiting

        await until(none_waits, "every event was applied")

    async def _stored(self, event_id: str) -> ExternalEvent | None:
        async with session(self._ground.engine) as db:
            try:
                return await get_event(db, derived_id("evt", "stripe", event_id))
            except NotFound:
                return None

    async def _post(self, body: str, header: str | None) -> int:
        headers = {} if header is None else {"Stripe-Signature": header}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(
                self._ground.standin.webhook_url, content=body.encode(), headers=headers
            )
        return answer.status_code

    async def _deliver(self, event: dict[str, Any]) -> None:
        """Have one event posted, and wait until it was."""
        tries = self._now(event)["tries"]
        self._ground.standin.redeliver(event["id"])
        await until(lambda: self._now(event)["tries"] > tries, f"{event['type']} is delivered")

    def _now(self, event: dict[str, Any]) -> dict[str, Any]:
        return next(each for each in self._ground.standin.events() if each["id"] == event["id"])

    def _events(self, case: Case) -> list[dict[str, Any]]:
        """What happened with the money of a payment, oldest first."""
        mine = self._scene.account_of[case]
        return [
            each for each in self._ground.standin.events()
            if each["about"] == mine and each["type"].startswith(("transfer.", "payout."))
        ]  # fmt: skip

    def _transfer(self, case: Case) -> dict[str, Any] | None:
        group = self._scene.payout_of[case]
        return next(
            (each for each in self._ground.standin.transfers() if each["transfer_group"] == group),
            None,
        )


def _event(kind: str, thing: dict[str, Any], account: str) -> dict[str, Any]:
    return {
        "id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": kind, "livemode": False,
        "account": account, "data": {"object": thing},
    }  # fmt: skip
